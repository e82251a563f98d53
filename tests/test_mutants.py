"""Mutants of solutions: made of every kind, tried, kept with their reasons; a check that lets one pass is caught."""

import shutil
import sys
from pathlib import Path

import psutil
import pytest

from workshop.__main__ import main
from workshop.builder.tasks import read_exercise
from workshop.mutants import verdicts
from workshop.mutants.kinds import KINDS
from workshop.mutants.making import drawn, mutants
from workshop.mutants.verdicts import Kit
from workshop.places import ROOT

HERE = Path(__file__).parent
sys.path.append(str(HERE))
import try_answers  # noqa: E402
import yaml  # noqa: E402
from nbval_answers import prove, with_mutant  # noqa: E402
from tiny_lessons import FILE, FUNCTION, GOOD, NUMBER, SUM, write_lesson  # noqa: E402

CHECK = "assert True"
LENIENT = (NUMBER[0], 'assert answer >= 42, say("wrong_number")')


@pytest.mark.parametrize("lesson", Kit(ROOT).lessons)
def test_the_verdicts_are_those_of_what_is_there(lesson):
    stale = verdicts.stale(Kit(ROOT), lesson)
    assert not stale, "\n".join(stale)


def test_no_verdicts_without_a_lesson():
    assert {file.stem for file in (ROOT / "tests/mutants").glob("*.yaml")} <= set(Kit(ROOT).lessons)


# --- what is made


def made(folder: Path, code: str, check: str = CHECK, right=()) -> dict[str, str]:
    """The mutants of a blank in a cell: name -> the line or lines that differ from the solution's."""
    exercise = write_lesson(folder / "lessons", "01_tiny", [(code, check)])
    task = read_exercise(exercise).tasks[0]
    ours = code.splitlines()
    return {
        one.name: "\n".join(line.strip() for line in one.code.splitlines() if line not in ours)
        for one in mutants(task, [[answer] for answer in right])
    }


def blank(code: str) -> str:
    return f"# BEGIN SOLUTION\n{code}\n# END SOLUTION"


def function(head: str, *lines: str) -> str:
    return "\n".join([head, "    # BEGIN SOLUTION", *(f"    {line}" for line in lines), "    # END SOLUTION"])


EACH_KIND = {
    "operator": [
        ("late = delay == 15", "delay == 15` -> `delay != 15", "late = delay != 15"),
        ("both = a and b", "a and b` -> `a or b", "both = a or b"),
        ("total = a + b", "a + b` -> `a - b", "total = a - b"),
        ("empty = not a", "not a` -> `a", "empty = a"),
        ("found |= more", "found |= more` -> `found &= more", "found &= more"),
        ("a >> b", "a >> b` -> `a << b", "a << b"),
        ("least = min(a)", "min(a)` -> `max(a)", "least = max(a)"),
        ("x = 1 if a else 2", "a` -> `not (a)", "x = 1 if not (a) else 2"),
    ],
    "boundary": [
        ("late = delay > 15", "delay > 15` -> `delay >= 15", "late = delay >= 15"),
        ("for i in range(n):\n    pass", "n` -> `n + 1", "for i in range(n + 1):"),
    ],
    "position": [
        ("one = a[0]", "0` -> `-1", "one = a[-1]"),
        ("one = a[0]", "0` -> `1", "one = a[1]"),
        ("rest = a[1:]", "1:` -> `:", "rest = a[:]"),
    ],
    "first": [
        ("every = all(a)", "all(a)` -> `any(a)", "every = any(a)"),
        ("total = sum(a)", "a` -> `list(a)[:1]", "total = sum(list(a)[:1])"),
        ("x = [i for i in a]", "a` -> `list(a)[:1]", "x = [i for i in list(a)[:1]]"),
    ],
    "order": [
        ("a = [one, two]", "one, two` -> swapped", "a = [two, one]"),
        ("f(one, two)", "one, two` -> swapped", "f(two, one)"),
        ("f(x=one, y=two)", "one, two` -> swapped", "f(x=two, y=one)"),
        ("x = a - b", "a - b` -> `b - a", "x = b - a"),
    ],
    "constant": [
        ("x = 30", "30` -> `31", "x = 31"),
        ("x = 30", "30` -> `29", "x = 29"),
        ("x = 0.5", "0.5` -> `1.0", "x = 1.0"),
        ("x = True", "True` -> `False", "x = False"),
        ("x = None", "None` -> `False", "x = False"),
        ("x = 'JFK'", "JFK` -> `other", "x = 'other'"),
        ("x = 'JFK', 'LGA'", "JFK` -> `LGA", "x = 'LGA', 'LGA'"),
        ("x = 'dvc repro --force'", "--force` -> nothing", "x = 'dvc repro'"),
        ("x = '30 6 * * 1'", "*` -> `1", "x = '30 6 1 * 1'"),
        ('x = f"{a}-{b}"', "-` -> nothing", 'x = f"{a}{b}"'),
        ("open(a, 'a')", """'a'` -> `"w\"""", 'open(a, "w")'),
        ("x = 'gate.max_brier'", "gate.max_brier` -> `gate", "x = 'gate'"),
        ("f(OSError)", "OSError` -> `ConnectionError", "f(ConnectionError)"),
    ],
    "argument": [("f(a, x=b)", "x=b` -> nothing", "f(a)"), ("f(a, b)", "b` -> nothing", "f(a)")],
    "type": [
        ("x = {a, b}", "{a, b}` -> `[a, b]", "x = [a, b]"),
        ("x = set(a)", "set(a)` -> `list(a)", "x = list(a)"),
        ("x = 5", '5` -> `"5"', 'x = "5"'),
        ("x = float(a)", "float(a)` -> `a", "x = a"),
    ],
    "item": [
        ("x = {'a': 1, 'b': 2}", "'b': 2` -> nothing", "x = {'a': 1}"),
        ("x = {a, b}", "a` -> nothing", "x = {b}"),
        ("x = (a, b)", "b` -> nothing", "x = (a,)"),
        ('x = f"{a}-{b}"', "{b}` -> nothing", 'x = f"{a}-"'),
    ],
    "deleted": [
        ("x = a and b", "a and b` -> `b", "x = b"),
        ("x = [i for i in a if i]", "if i` -> nothing", "x = [i for i in a]"),
        ("x = a.b.dropna()", "a.b.dropna()` -> `a.b", "x = a.b"),
        ("@task\ndef f(): return x", "@task` -> nothing", ""),
        ("x = 1\ny = 2", "x = 1` -> nothing", ""),
    ],
}


def test_there_is_a_case_of_each_kind():
    assert set(EACH_KIND) == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "code", "name", "line"), [(kind, *case) for kind, cases in EACH_KIND.items() for case in cases]
)
def test_each_kind(tmp_path, kind, code, name, line):
    found = made(tmp_path, blank(code))
    names = [one for one in found if f", {kind}: `{name}" in one]
    assert names, found
    assert line in [found[one].splitlines()[0] if found[one] else "" for one in names]


def test_statements_are_swapped_where_it_may_matter(tmp_path):
    found = made(tmp_path, blank("a = 1\nb = 2\nb += a\nprint(a)"))
    assert [name for name in found if "swapped" in name] == [
        "line 2, order: `b = 2; b += a` -> swapped",
        "line 3, order: `b += a; print(a)` -> swapped",
    ]


def test_a_return_within_the_loop(tmp_path):
    found = made(tmp_path, function("def f(a):", "for x in a:", "    print(x)", "return a"))
    assert found["line 3, first: `return a` -> the same within the loop"] == "return a"


def test_an_ignored_argument_is_what_the_check_calls_with_or_of_its_type(tmp_path):
    code = function("def f(stage, limit: float, stages):", "return [x for x in stages if x.stage == stage and x.n > limit]")
    found = made(tmp_path, code, 'assert f("train", 3, stages=[])')
    ignored = {name: line for name, line in found.items() if ", argument: `the argument " in name}
    assert {name.partition("`the argument ")[2] for name in ignored} == {
        "stage` -> `'train'`", "stage` -> `limit`", "stage` -> `stages`",
        "limit` -> `3`", "limit` -> `0.5`", "limit` -> `stage`",
        "stages` -> `stage`", "stages` -> `limit`",
    }  # fmt: skip
    assert "return [x for x in stages if x.stage == 'train' and x.n > limit]" in found.values()


def test_only_the_blank_is_changed(tmp_path):
    found = made(tmp_path, "numbers = [1, 2]\n# BEGIN SOLUTION\nx = 3\n# END SOLUTION\ny = 4")
    assert found
    assert all(name.startswith("line 1, ") and "3" in name for name in found)


def test_code_in_a_string_is_changed_like_code(tmp_path):
    found = made(tmp_path, blank("x = r'''\nimport json\nlate = delay > 15\n'''"))
    assert found["line 3 in a string, boundary: `delay > 15` -> `delay >= 15`"] == "late = delay >= 15"
    assert found["line 2 in a string, deleted: `import json` -> nothing"] == ""
    assert not any("constant: `delay`" in name for name in found)


def test_escapes_in_such_code_stay(tmp_path):
    found = made(tmp_path, blank('x = """\nlines = a.split("\\\\n")[0]\n"""'))
    assert found["line 2 in a string, position: `0` -> `-1`"] == 'lines = a.split("\\\\n")[-1]'


def test_lines_of_yaml_are_left_out(tmp_path):
    found = made(tmp_path, blank('x = """\nstages:\n  count:\n    cmd: python count.py\n"""'))
    names = {name.partition(": ")[2] for name in found}
    assert {"`stages:` -> nothing", "`cmd: python count.py` -> nothing", "`count.py` -> nothing"} <= names


def test_words_of_sentences_and_errors_are_nobodys_business(tmp_path):
    found = made(tmp_path, blank("why = 'nobody has the time to look after servers'"))
    assert [name for name in found if "constant" in name] == [
        "line 1, constant: `nobody has the tim ... after servers` -> nothing"
    ]
    found = made(tmp_path / "other", function("def f(month):", 'raise ValueError(f"{month}: no flights")'))
    assert not [name for name in found if "constant" in name]


def test_a_right_answer_and_what_does_not_compile_are_no_mutants(tmp_path):
    found = made(tmp_path, blank("late = delay > 15"), right=["late = delay >= 15  # as the text allows"])
    assert not any("boundary" in name for name in found)
    exercise = tmp_path / "lessons/01_tiny/exercise.py"
    for one in mutants(read_exercise(exercise).tasks[0]):
        compile(one.code, one.name, "exec")


def test_blanks_are_changed_one_at_a_time(tmp_path):
    found = made(tmp_path, f"{blank('a = 1')}\n\n# %%\n{blank('b = True')}")
    assert "blank 1, line 1, constant: `1` -> `2`" in found
    assert found["blank 2, line 1, constant: `True` -> `False`"] == "b = False"


def test_the_same_mutants_in_the_same_order_each_by_its_name(tmp_path):
    code = function("def f(a, b):", "x = [1, 1, 1]", "return a[0] + b[0] + x[0]")
    exercise = write_lesson(tmp_path, "01_tiny", [(code, CHECK)])
    once, again = (mutants(read_exercise(exercise).tasks[0]) for _ in range(2))
    assert once == again
    assert len({one.name for one in once}) == len({one.hash for one in once}) == len(once)
    assert "line 1, constant: `1` -> `2` (2)" in [one.name for one in once]


def test_few_are_drawn_of_all_kinds(tmp_path):
    code = function("def f(a, b):", "x = [1, 2, 3, 4, 5, 6, 7]", "return a > b and a[0]")
    found = mutants(read_exercise(write_lesson(tmp_path, "01_tiny", [(code, CHECK)])).tasks[0])
    few = drawn(found, 12)
    assert len(few) == 12 < len(found)
    assert {one.kind for one in few} == {one.kind for one in found}
    assert few == drawn(found, 12)
    assert drawn(found, 1000) == found


# --- how they are tried


def met(folder: Path, task: tuple[str, str], *codes: str) -> list[str]:
    """What codes in place of a tiny task's cell meet, after the solution itself."""
    exercise = read_exercise(write_lesson(folder / "lessons", "01_tiny", [task]))
    namespace: dict = {"__name__": "__main__"}
    try_answers.run([(cell.line, cell.text) for cell in exercise.opening], namespace)
    ours = with_mutant(exercise.tasks[0], None)
    attempts = [ours, *({**ours, "cells": [(1, code), ours["cells"][1]]} for code in codes)]
    told = list(try_answers.verdicts(attempts, namespace))
    assert told[0][0] == "passed"
    return [verdict for verdict, _ in told[1:]]


def test_a_verdict_is_a_key_an_error_or_that_it_passed(tmp_path):
    codes = ["answer = 41", "answer = 42", "answer = 1 / 0", "raise SystemExit", "say.not_solved_yet()", "assert 0, 'mine'"]
    assert met(tmp_path, NUMBER, *codes) == [
        "wrong_number",
        "passed",
        "error: ZeroDivisionError",
        "error: SystemExit",
        "not_solved_yet",
        "no message",
    ]


def test_a_mutant_that_loops_is_ended_whatever_it_catches(tmp_path, monkeypatch):
    monkeypatch.setattr(try_answers, "LEAST_SECONDS", 0.2)
    monkeypatch.setattr(try_answers, "AGAIN_SECONDS", 0.2)
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException:\n        break\nwhile True: pass"
    assert met(tmp_path, NUMBER, "while True: pass", stubborn, "answer = 42") == ["timeout", "timeout", "passed"]


def test_an_attempt_leaves_lists_and_tables_as_they_were(tmp_path):
    code = (
        "import pandas as pd\nnumbers = [[1, 2], {3}]\nhow = {'a': 1}\nscores = pd.DataFrame({'a': [1, 2]})\nown = scores['a']"
    )
    exercise = read_exercise(write_lesson(tmp_path / "lessons", "01_tiny", [NUMBER]))
    namespace: dict = {}
    try_answers.run([*((cell.line, cell.text) for cell in exercise.opening), (1, code)], namespace)
    before = dict(namespace)
    spoiled = ["numbers[0].append(5); numbers.append(6); how.clear()", "scores.loc[0, 'a'] = 9; scores['b'] = 1; own[1] = 7"]
    spoils = {"cells": [(1, code) for code in spoiled]}
    asked = ["numbers == [[1, 2], {3}]", "how == {'a': 1}", "scores.to_dict('list') == {'a': [1, 2]}", "list(own) == [1, 2]"]
    asks = {"cells": [(1, f"assert {' and '.join(asked)}")]}
    assert [verdict for verdict, _ in try_answers.verdicts([spoils, asks], namespace)] == ["passed", "passed"]
    assert all(namespace[name] is before[name] for name in ("numbers", "how", "scores", "own"))


# --- the command, and what it keeps


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A kit with a tiny lesson whose solution is stored, one of its checks lenient; to be copied only."""
    folder = tmp_path_factory.mktemp("kit")
    write_lesson(folder / "lessons", "01_tiny", (LENIENT, FUNCTION, FILE, SUM))
    assert main(["build", "--root", str(folder), "--execute", "all"]) == 0
    answers = folder / "tests/answers/01_tiny.yaml"
    answers.parent.mkdir(parents=True)
    answers.write_text(yaml.safe_dump(GOOD), encoding="utf-8")
    return folder


@pytest.fixture
def kit(stored, tmp_path) -> Kit:
    shutil.copytree(stored, tmp_path / "kit")
    return Kit(tmp_path / "kit")


def explain(kit: Kit, reason: str) -> None:
    """Write a reason beside each survivor, as an author does."""
    kept = verdicts.read(kit.verdicts("01_tiny"))
    for survivor in [one for task in kept.values() for one in task["survivors"].values()]:
        survivor["reason"] = reason
    verdicts.write(kit.verdicts("01_tiny"), kept)


@pytest.mark.slow
def test_a_lenient_check_is_caught_and_reasons_stay(kit, capsys):
    name = "line 1, constant: `42` -> `43`"
    assert main(["mutants", "--root", str(kit.root)]) == 1
    said = capsys.readouterr()
    assert f"01_tiny task 1, {name}: passed" in said.err
    assert "01_tiny task 4, " not in said.err  # its check knows the one right sum
    assert "01_tiny task 4: " in said.out
    kept = verdicts.read(kit.verdicts("01_tiny"))
    assert {number: entry["check"] for number, entry in kept.items()} == dict.fromkeys((1, 2, 3, 4), "quick")
    assert kept[1]["verdicts"][name] == "passed"
    assert kept[1]["verdicts"]["line 1, constant: `42` -> `41`"] == "wrong_number"
    assert any(line.endswith("no reason in 01_tiny.yaml") for line in verdicts.stale(kit, "01_tiny"))

    explain(kit, "the text says at least 42")
    assert main(["mutants", "--root", str(kit.root)]) == 0
    assert capsys.readouterr().out.count("tried before") == 4
    assert verdicts.stale(kit, "01_tiny") == []

    exercise = kit.exercise("01_tiny")
    exercise.write_text(exercise.read_text(encoding="utf-8").replace("answer >= 42", "answer > 41"), encoding="utf-8")
    assert verdicts.stale(kit, "01_tiny") == [
        '01_tiny task 1: changed since its mutants were tried: make mutants ARGS="--lesson 01_tiny"'
    ]
    assert main(["build", "--root", str(kit.root)]) == 0
    assert main(["mutants", "--root", str(kit.root), "--lesson", "01"]) == 0
    assert capsys.readouterr().out.count("tried before") == 3
    assert verdicts.read(kit.verdicts("01_tiny"))[1]["survivors"][name]["reason"] == "the text says at least 42"


@pytest.mark.slow
def test_a_solution_that_its_own_check_refuses_gets_no_verdicts(kit, capsys):
    exercise = kit.exercise("01_tiny")
    exercise.write_text(exercise.read_text(encoding="utf-8").replace("double(3) == 6", "double(3) == 7"), encoding="utf-8")
    assert main(["build", "--root", str(kit.root)]) == 0
    assert main(["mutants", "--root", str(kit.root), "--task", "1", "2"]) == 1
    assert list(verdicts.read(kit.verdicts("01_tiny"))) == [1]
    assert "01_tiny task 2: our own solution met 'not_doubled'" in capsys.readouterr().err


@pytest.mark.slow
def test_an_interrupted_run_keeps_what_it_has_tried_and_ends_what_it_has_started(kit, capsys, monkeypatch):
    original = verdicts.write

    def write_and_interrupt(file: Path, entries: verdicts.Entries) -> None:
        original(file, entries)
        raise KeyboardInterrupt

    monkeypatch.setattr(verdicts, "write", write_and_interrupt)
    assert main(["mutants", "--root", str(kit.root)]) == 130
    assert "the same command goes on with the rest" in capsys.readouterr().err
    assert list(verdicts.read(kit.verdicts("01_tiny"))) == [1]
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if str(kit.root) in line]


@pytest.mark.slow
def test_the_proof_meets_the_same_verdicts(kit):
    assert main(["mutants", "--root", str(kit.root)]) == 1
    lesson = "01_tiny"

    def proved():
        more = (kit.exercise(lesson), kit.answers(lesson), kit.root / "work")
        return prove(kit.solution(lesson), *more, mutants=kit.verdicts(lesson))

    done = proved()
    assert "18 passed" in done.stdout, done.stdout  # 2 cells of the opening, 2 of each of 4 tasks, answers, mutants
    kept = verdicts.read(kit.verdicts(lesson))
    name = "line 1, constant: `42` -> `41`"
    kept[1]["verdicts"][name] = "passed"
    kept[4]["check"] = "slow"
    verdicts.write(kit.verdicts(lesson), kept)
    done = proved()
    assert "1 failed, 17 passed" in done.stdout
    assert f"{name}: wrong_number, but passed before" in done.stdout


def test_verdicts_of_other_mutants_are_not_current(tmp_path):
    found = mutants(read_exercise(write_lesson(tmp_path, "01_tiny", [(blank("x = [1, 2, 3, 4]"), CHECK)])).tasks[0])
    kept = {"key": "k", "check": "quick", "verdicts": dict.fromkeys((one.name for one in found), "passed")}
    assert verdicts.is_current(kept, "k", found)
    assert not verdicts.is_current(kept, "other", found)
    assert not verdicts.is_current(kept, "k", found[1:])
    assert not verdicts.is_current(None, "k", found)


def test_a_few_are_tried_again_at_a_slow_check(tmp_path):
    found = mutants(read_exercise(write_lesson(tmp_path, "01_tiny", [(blank("x = [1, 2, 3, 4]"), CHECK)])).tasks[0])
    kept = {"key": "k", "check": "slow", "verdicts": dict.fromkeys((one.name for one in found), "passed")}
    few = verdicts.again(found, kept)
    assert len(few) == 3
    assert few == verdicts.again(found, kept) != verdicts.again(found, kept | {"key": "other"})
    assert verdicts.again(found, kept | {"check": "quick"}) == found


@pytest.mark.parametrize("changed", ["text", "cell", "check", "message", "answers", "module", "earlier"])
def test_a_key_knows_all_that_a_verdict_depends_on(tmp_path, changed):
    code = "import helper\n" + NUMBER[0]
    exercise = write_lesson(tmp_path / "lessons", "01_tiny", [SUM, (code, NUMBER[1]), FUNCTION])
    (exercise.parent / "helper.py").write_text("import deeper", encoding="utf-8")
    (exercise.parent / "deeper.py").write_text("x = 1", encoding="utf-8")
    answers = {"right": ["answer = 42"]}

    def key() -> tuple[str, str]:
        read = read_exercise(exercise)
        return tuple(verdicts.key(exercise, read, task, answers) for task in read.tasks)

    before = key()
    place, old, new = {
        "text": (exercise, "Thing 2", "Thing two"),
        "cell": (exercise, "answer = 42", "answer = 43"),
        "check": (exercise, "assert answer == 42", "assert answer in (42,)"),
        "message": (exercise.parent / "messages.yaml", "count again", "count once more"),
        "answers": (exercise, "", ""),
        "module": (exercise.parent / "deeper.py", "x = 1", "x = 2"),
        "earlier": (exercise, "say = load", "more = 1\nsay = load"),
    }[changed]
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    if changed == "answers":
        answers["right"].append("answer = 6 * 7")
    after = key()
    assert after[1] != before[1]
    if changed not in ("answers", "earlier"):
        assert (after[0], after[2]) == (before[0], before[2])  # other tasks stay as they were tried
