"""How answers are tried: a check that tells them apart badly, or says the wrong thing, is caught."""

import contextlib
import sys
from pathlib import Path

import pytest
import yaml

from workshop.__main__ import main
from workshop.builder.tasks import read_exercise
from workshop.places import LESSONS

HERE = Path(__file__).parent
sys.path.append(str(HERE))
import try_answers  # noqa: E402
from nbval_answers import attempts, count_problems, prove  # noqa: E402
from tiny_lessons import FILE, FUNCTION, GOOD, NUMBER, SUM, write_lesson  # noqa: E402

ANSWERS = HERE / "answers"


def test_every_lesson_has_answers():
    assert sorted(file.stem for file in ANSWERS.glob("*.yaml")) == sorted(
        file.parent.name for file in LESSONS.glob("*/exercise.py")
    )


def changed(**parts) -> dict:
    """GOOD with parts replaced: `task_2_right=[...]`."""
    answers = {number: dict(given) for number, given in GOOD.items()}
    for name, value in parts.items():
        _, number, kind = name.split("_")
        answers[int(number)][kind] = value
    return answers


def tried(tmp_path: Path, answers: dict, name: str = "01_tiny", tasks=(NUMBER, FUNCTION, FILE, SUM)) -> list[str]:
    """The problems of a tiny lesson with these answers, in this process, which is quicker than a kernel."""
    exercise = read_exercise(write_lesson(tmp_path / "lessons", name, tasks))
    found, namespace = list(count_problems(exercise, answers)), {"__name__": "__main__"}
    with contextlib.chdir(tmp_path):
        _run(exercise.opening, namespace)
        for task in exercise.tasks:
            found += try_answers.problems(attempts(exercise, task, answers), namespace)
            _run(task.cells, namespace)
    return found


def _run(cells, namespace: dict) -> None:
    try_answers.run([(cell.line, cell.text) for cell in cells], namespace)


def test_good_answers_pass(tmp_path):
    assert tried(tmp_path, GOOD) == []


@pytest.fixture
def solved(tmp_path):
    """A kit with a tiny lesson whose checks are sound and whose solution is stored with its outputs."""
    shown = (SUM[0] + "\nprint(total)", SUM[1])
    write_lesson(tmp_path / "lessons", "01_tiny", (NUMBER, FUNCTION, FILE, shown))
    assert main(["build", "--root", str(tmp_path), "--execute", "all"]) == 0
    return tmp_path


def in_the_kernel(kit: Path, answers: dict):
    """How nbval ends with the answers in its kernel."""
    file = kit / "answers.yaml"
    file.write_text(yaml.safe_dump(answers), encoding="utf-8")
    solution = kit / "solutions/en/01_tiny.ipynb"
    return prove(solution, kit / "lessons/01_tiny/exercise.py", file, kit / "work")


def test_nbval_tries_the_answers_and_still_compares_the_outputs(solved):
    done = in_the_kernel(solved, GOOD)
    assert done.returncode == 0, done.stdout
    assert "14 passed" in done.stdout  # 2 cells of the opening, 2 of each of 4 tasks, 4 times answers

    wrong = changed(task_1_right=["print('noise'); answer = 42", "answer = 41"])
    done = in_the_kernel(solved, wrong)
    assert done.returncode == 1
    assert "01_tiny task 1, right answer 2: met the key 'wrong_number' instead of no objection" in done.stdout
    assert "1 failed, 13 passed" in done.stdout  # the kernel goes on as if nothing had been tried

    solution = solved / "solutions/en/01_tiny.ipynb"
    solution.write_text(solution.read_text(encoding="utf-8").replace('"6\\n"', '"7\\n"'), encoding="utf-8")
    done = in_the_kernel(solved, GOOD)
    assert done.returncode == 1
    assert "1 failed, 13 passed" in done.stdout
    assert "Cell outputs differ" in done.stdout


def test_nbval_refuses_answers_of_another_exercise_and_too_few_of_them(solved):
    done = in_the_kernel(solved, {1: GOOD[1]})
    assert done.returncode != 0
    assert "01_tiny task 2: 0 right answers, but at least 2 are needed" in done.stdout + done.stderr
    file = solved / "lessons/01_tiny/exercise.py"
    file.write_text(file.read_text(encoding="utf-8").replace("answer = 42", "answer = 6 * 7"), encoding="utf-8")
    done = in_the_kernel(solved, GOOD)
    assert done.returncode != 0
    assert "not the solution of this exercise" in done.stdout + done.stderr


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
