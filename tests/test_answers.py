"""Every check tells right answers from wrong ones, and says what is wrong."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from workshop.places import LESSONS, ROOT, environment

HERE = Path(__file__).parent
sys.path.append(str(HERE))
import try_answers  # noqa: E402
from tiny_lessons import FILE, FUNCTION, NUMBER, SUM, write_lesson  # noqa: E402

ANSWERS = HERE / "answers"
NAMES = sorted(file.parent.name for file in LESSONS.glob("*/exercise.py"))

GOOD = {
    1: {
        "right": ["answer = 40 + 2", "answer = 6 * 7"],
        "wrong": [{"code": f"answer = {n}", "message": "wrong_number"} for n in (0, 1, 2)],
    },
    2: {
        "right": ["return x + x", "y = x\nreturn y * 2"],
        "wrong": [{"code": f"return {code}", "message": "not_doubled"} for code in ("x", "None", "3 * x")],
    },
    3: {
        "right": ["Path('note.txt').touch()", "open('note.txt', 'w').close()"],
        "wrong": [
            {"code": f"Path('note.txt').unlink(missing_ok=True){more}", "message": "no_file"} for more in ("", ";", "; 1")
        ],
    },
    4: {
        "right": ["total = 6", "total = 0\nfor number in numbers:\n    total += number"],
        "wrong": [{"code": f"total = {n}", "message": "wrong_sum"} for n in (0, 1, 2)],
    },
}


def found(lesson: Path, answers: Path, cwd: Path) -> list[str]:
    """The problems that try_answers.py prints, from a fresh process."""
    done = subprocess.run(
        [sys.executable, str(HERE / "try_answers.py"), str(lesson), str(answers)],
        cwd=cwd,
        env=environment(PYTHONPATH=str(ROOT), MPLBACKEND="agg", WORKSHOP_WORK=str(cwd)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1500,
        start_new_session=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", NAMES)
def test_answers_of_a_lesson(name, tmp_path):
    answers = ANSWERS / f"{name}.yaml"
    assert answers.exists(), f"no answers for {name}"
    problems = found(LESSONS / name, answers, tmp_path)
    assert not problems, "\n".join(problems)


def test_no_answers_without_a_lesson():
    assert sorted(file.stem for file in ANSWERS.glob("*.yaml")) == NAMES


def changed(**parts) -> dict:
    """GOOD with parts replaced: `task_2_right=[...]`."""
    answers = {number: dict(given) for number, given in GOOD.items()}
    for name, value in parts.items():
        _, number, kind = name.split("_")
        answers[int(number)][kind] = value
    return answers


def tried(tmp_path: Path, answers: dict, name: str = "01_tiny", tasks=(NUMBER, FUNCTION, FILE, SUM)) -> list[str]:
    """The problems of a tiny lesson with these answers."""
    exercise = write_lesson(tmp_path / "lessons", name, tasks)
    file = tmp_path / "answers.yaml"
    file.write_text(yaml.safe_dump(answers), encoding="utf-8")
    with contextlib.chdir(tmp_path):
        return list(try_answers.problems(exercise.parent, file))


def test_good_answers_pass(tmp_path):
    assert tried(tmp_path, GOOD) == []


def test_a_fresh_process_tells_the_same(tmp_path):
    lenient = (NUMBER[0], 'print("noise")\nassert answer >= 0, say("wrong_number")')
    expected = tried(tmp_path, GOOD, tasks=(lenient, FUNCTION, FILE, SUM))
    assert len(expected) == 3
    assert found(tmp_path / "lessons" / "01_tiny", tmp_path / "answers.yaml", tmp_path) == expected


def test_too_lenient_check_is_caught(tmp_path):
    lenient = (NUMBER[0], 'assert answer >= 0, say("wrong_number")')
    problems = tried(tmp_path, GOOD, tasks=(lenient, FUNCTION, FILE, SUM))
    expected = "met no objection instead of the key 'wrong_number'"
    assert problems == [f"01_tiny task 1, wrong answer {n}: {expected}" for n in (1, 2, 3)]


def test_too_strict_check_is_caught(tmp_path):
    strict = (SUM[0] + "\nhow = 'sum'", 'assert total == 6 and "number" not in globals(), say("wrong_sum")')
    problems = tried(tmp_path, GOOD, tasks=(NUMBER, FUNCTION, FILE, strict))
    assert problems == ["01_tiny task 4, right answer 2: met the key 'wrong_sum' instead of no objection"]


def test_wrong_message_is_caught(tmp_path):
    other = (FUNCTION[0], 'assert double(3) == 6, say("wrong_sum")')
    problems = tried(tmp_path, GOOD, tasks=(NUMBER, other, FILE, SUM))
    assert problems == [
        f"01_tiny task 2, wrong answer {n}: met the key 'wrong_sum' instead of the key 'not_doubled'" for n in (1, 2, 3)
    ]


def test_assertion_without_a_message_is_caught(tmp_path):
    mute = (NUMBER[0], "assert answer == 42, 'no'")
    problems = tried(tmp_path, GOOD, tasks=(mute, FUNCTION, FILE, SUM))
    assert len(problems) == 3
    assert "met an assertion without a message of the lesson: no instead of" in problems[0]


def test_crashing_check_is_caught(tmp_path):
    wrong = [*GOOD[2]["wrong"], {"code": "raise SystemExit", "message": "not_doubled"}]
    (problem,) = tried(tmp_path, changed(task_2_wrong=wrong))
    assert problem.startswith("01_tiny task 2, wrong answer 4: met SystemExit")


def test_blank_that_does_not_stop_is_caught(tmp_path):
    swallowed = (
        "try:\n    # BEGIN SOLUTION\n    answer = 42\n    # END SOLUTION\nexcept Exception:\n    answer = 0",
        NUMBER[1],
    )
    problems = tried(tmp_path, GOOD, tasks=(swallowed, FUNCTION, FILE, SUM))
    assert problems == ["01_tiny task 1, the blank: met the key 'wrong_number' instead of the key 'not_solved_yet'"]


def test_an_answer_leaves_no_variable_behind(tmp_path):
    leaky = (NUMBER[0], 'assert "trace" not in globals() and answer == 42, say("wrong_number")')
    right = ["trace = 1\nanswer = 42", "answer = 42"]
    problems = tried(tmp_path, changed(task_1_right=right), tasks=(leaky, FUNCTION, FILE, SUM))
    assert problems == ["01_tiny task 1, right answer 1: met the key 'wrong_number' instead of no objection"]


def test_too_few_answers_and_tasks_are_caught(tmp_path):
    answers = {1: {"right": GOOD[1]["right"][:1], "wrong": GOOD[1]["wrong"][:2]}, 9: {}}
    problems = tried(tmp_path, answers, tasks=(NUMBER,))
    assert problems == [
        "01_tiny: 1 tasks, but a lesson has at least 4",
        "01_tiny task 9: answers, but no such task",
        "01_tiny task 1: 1 right answers, but at least 2 are needed",
        "01_tiny task 1: 2 wrong answers, but at least 3 are needed",
    ]


def test_the_start_may_have_few_tasks(tmp_path):
    assert tried(tmp_path, {1: GOOD[1]}, name="00_start", tasks=(NUMBER,)) == []


def test_an_answer_in_pieces(tmp_path):
    first = "# BEGIN SOLUTION\none = 1\n# END SOLUTION"
    second = "if one:\n    # BEGIN SOLUTION\n    answer = one + 41\n    # END SOLUTION"
    both = (f"{first}\n\n# %%\n{second}", NUMBER[1])
    pieces = [["one = 2", "answer = one * 21"], ["one = 42", "pass\nanswer = one"]]
    wrong = [{"code": ["one = 1", f"answer = {n}"], "message": "wrong_number"} for n in range(3)]
    answers = changed(task_1_right=pieces, task_1_wrong=wrong)
    assert tried(tmp_path, answers, tasks=(both, FUNCTION, FILE, SUM)) == []


def test_an_answer_short_of_pieces_is_caught(tmp_path):
    (problem,) = tried(tmp_path, changed(task_1_right=[*GOOD[1]["right"], ["answer = 42", "more = 1"]]))
    assert problem == "01_tiny task 1, right answer 3: 2 pieces of code for 1 blanks"
