"""Answers of every task meet in the grader, where checks have a kernel of their own, what they meet in JupyterLab."""

import copy
import random
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter

import pytest
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from workshop.builder.tasks import Task
from workshop.grading import jail, plan
from workshop.grading.notebook import Assignment, read_assignment
from workshop.grading.supervise import Limits, run, workplace
from workshop.places import LESSONS, ROOT

sys.path.append(str(Path(__file__).parent))
from nbval_answers import attempts, read_answers
from try_answers import NOT_SOLVED

LANGUAGE = "en"
KEEP = "_before = None; _before = {name: value for name, value in globals().items() if name != '_before'}"
PUT_BACK = """
for _name in set(globals()) - set(_before) - {"_before"}:
    del globals()[_name]
globals().update(_before)
"""
FEW = 2  # answers that are drawn where a check starts a kernel of its own; the solution is tried with them
NAMES = sorted(file.parent.name for file in LESSONS.glob("*/exercise.py"))
LIMITS = Limits(cell_seconds=600, seconds=3000, memory_mb=6000, disk_mb=4000)


@dataclass(frozen=True)
class Tried:
    """An answer: what to call it, the ids of its cells, those of its checks, and the key of the message it is to meet."""

    what: str
    cells: tuple[str, ...]
    checks: tuple[str, ...]
    expected: str | None


@dataclass
class Laid:
    """A notebook in which each task is answered several times, one answer after the other, the solution last."""

    assignment: Assignment
    notebook: NotebookNode
    steps: dict[str, plan.Step]
    tried: list[Tried]


def laid_out(lesson: str) -> Laid:
    assignment = read_assignment(LESSONS / lesson)
    answers = read_answers(ROOT / f"tests/answers/{lesson}.yaml")
    notebook = assignment.notebook(LANGUAGE)
    texts = {assignment.ids[cell.line]: cell.text for task in assignment.exercise.tasks for cell in task.attempted}
    for cell in notebook.cells:
        cell.source = texts.get(cell.id, cell.source)
    laid = Laid(assignment, notebook, plan.steps(notebook, assignment), [])
    for task in assignment.exercise.tasks:
        for number, attempt in enumerate(chosen(task, laid, attempts(assignment.exercise, task, answers))):
            put_before(laid, task, attempt_cells(laid, task, attempt, number), KEEP if number == 0 else PUT_BACK)
        put_before(laid, task, [], PUT_BACK)
        ids = tuple(assignment.ids[cell.line] for cell in task.attempted)
        laid.tried.append(Tried(f"{lesson} task {task.number}, our solution", ids, tuple(assignment.check_ids(task)), None))
    return laid


def chosen(task: Task, laid: Laid, found: list[dict]) -> list[dict]:
    """All of them, or few where each takes long."""
    if any(laid.steps[id_].alone for id_ in laid.assignment.check_ids(task)):
        return random.Random(str(found)).sample(found, FEW)
    return found


def attempt_cells(laid: Laid, task: Task, attempt: dict, number: int) -> list[NotebookNode]:
    """The cells of an attempt, noted with their steps."""
    cells = []
    for line, code in attempt["cells"]:
        id_ = laid.assignment.ids[line]
        cell = copy.deepcopy(next(one for one in laid.notebook.cells if one.id == id_))
        cell.source, cell.id = code, f"{id_}-{number}"
        laid.steps[cell.id] = replace(laid.steps[id_], task=100 * task.number + number)  # each may have a kernel of its own
        cells.append(cell)
    checks = tuple(cell.id for cell in cells if laid.steps[cell.id].kind == plan.CHECK)
    laid.tried.append(Tried(attempt["what"], tuple(cell.id for cell in cells), checks, attempt["expected"]))
    return cells


def put_before(laid: Laid, task: Task, cells: list[NotebookNode], code: str) -> None:
    """Put cells before those of a task, after one more with some code."""
    start = laid.assignment.ids[task.attempted[0].line]
    place = next(place for place, one in enumerate(laid.notebook.cells) if one.id == start)
    first = new_code_cell(code, id=f"first-{place}")
    laid.steps[first.id] = plan.Step(plan.ADDED, 0)
    laid.notebook.cells[place:place] = [first, *cells]


def patterns(lesson: str) -> dict[str, str]:
    """What the texts of a lesson look like, whatever values they hold, by their keys."""
    texts: dict[str, dict[str, str]] = {}
    for file in (ROOT / "workshop/messages.yaml", LESSONS / lesson / "messages.yaml"):
        texts |= yaml.safe_load(file.read_text(encoding="utf-8"))
    return {key: pattern(text[LANGUAGE].strip()) for key, text in texts.items()}


def pattern(text: str) -> str:
    parts = Formatter().parse(text)
    return "".join(re.escape(literal) + (r"[\s\S]*" if field is not None else "") for literal, field, *_ in parts)


def problems(laid: Laid, results: Mapping[str, dict]) -> Iterator[str]:
    known = patterns(laid.assignment.lesson)
    for one in laid.tried:
        failed = next((results[id_] for id_ in one.cells if results[id_]["status"] != "ok"), None)
        met = f"{failed['name']}: {failed['text']}"[:500] if failed else "it passed"
        if one.expected is None:
            if not all(results[id_]["status"] == "ok" for id_ in one.checks):
                yield f"{one.what}: {met}"
        elif one.expected == NOT_SOLVED:
            if not (failed and failed["name"] == "NotSolvedYet"):
                yield f"{one.what}: {met}"
        elif not (failed and failed["id"] in one.checks and re.fullmatch(known[one.expected], failed["text"].strip())):
            yield f"{one.what}: {met}, not {one.expected}"


@pytest.mark.engine
@pytest.mark.parametrize("lesson", NAMES)
def test_answers_meet_the_same_as_in_jupyterlab(lesson, tmp_path):
    laid = laid_out(lesson)
    isolation = jail.available(tmp_path)
    with workplace(LESSONS) as place:
        outcome = run(laid.notebook, laid.steps, place, LANGUAGE, replace(LIMITS, isolation=isolation))
    assert outcome.end == "done", outcome.log
    assert "not handed over" not in outcome.log, outcome.log
    assert not (found := list(problems(laid, outcome.cells))), "\n".join(found)
