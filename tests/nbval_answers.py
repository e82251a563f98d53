"""A plugin for nbval: in the kernel that proves a stored solution, the answers of each task are tried before ours.

So one kernel, with its servers and what the cells before have made, serves both. nbval knows nothing of it: it runs the
cells of the solution and compares their outputs as it always does.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from try_answers import NOT_SOLVED

from tests.inputs import alone
from workshop.builder.making import STUB
from workshop.builder.tasks import Exercise, Task, blank_count, fill, read_exercise
from workshop.places import ROOT, environment

HERE = Path(__file__).resolve().parent
TRY_ANSWERS = HERE / "try_answers.py"
MIN_RIGHT, MIN_WRONG, MIN_TASKS = 2, 3, 4
NO_TASKS_NEEDED = "00_start"
SECONDS = 600  # for a cell, and for an answer


def prove(
    notebook: Path, exercise: Path, answers: Path, work: Path, kit: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Execute a solution with nbval, which compares its outputs with the stored ones, and try the answers on the way.

    `kit` is the folder that the solution takes for the kit, if not the kit itself.
    """
    options = ["--exercise", str(exercise), "--answers", str(answers), *(["--kit", str(kit)] if kit else [])]
    return run_nbval(notebook, "-p", Path(__file__).stem, *options, work=work)


def run_nbval(notebooks: Path, *options: str, work: Path) -> subprocess.CompletedProcess[str]:
    """nbval as we set it, over a notebook or a folder of them."""
    root = notebooks.parent
    ours = ["--nbval-sanitize-with", str(HERE / "nbval_sanitize.cfg"), "--nbval-cell-timeout", str(SECONDS)]
    place = ["-p", "no:cacheprovider", "-q", "--rootdir", str(root), str(notebooks)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", *ours, *options, *place],
        cwd=root,
        env=environment(PYTHONPATH=f"{ROOT}:{HERE}", WORKSHOP_WORK=str(work)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1500,
        start_new_session=True,
        check=False,
    )


# --- what there is to try


def read_answers(file: Path) -> dict:
    """The answers of a lesson by the number of the task."""
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}


def count_problems(exercise: Exercise, answers: dict) -> Iterator[str]:
    """What is missing or too much, before anything is tried."""
    if len(exercise.tasks) < MIN_TASKS and exercise.lesson != NO_TASKS_NEEDED:
        yield f"{exercise.lesson}: {len(exercise.tasks)} tasks, but a lesson has at least {MIN_TASKS}"
    for number in sorted(set(answers) - {task.number for task in exercise.tasks}, key=str):
        yield f"{exercise.lesson} task {number}: answers, but no such task"
    for task in exercise.tasks:
        given = answers.get(task.number) or {}
        for kind, least in (("right", MIN_RIGHT), ("wrong", MIN_WRONG)):
            count = len(given.get(kind) or [])
            if count < least:
                yield f"{exercise.lesson} task {task.number}: {count} {kind} answers, but at least {least} are needed"
        for what, pieces, _ in _answers(task, given):
            if len(pieces) != task.blanks:
                yield f"{exercise.lesson} task {task.number}, {what}: {len(pieces)} pieces of code for {task.blanks} blanks"


def attempts(exercise: Exercise, task: Task, answers: dict) -> list[dict]:
    """What try_answers.py is to try at a task: the blank and every answer."""
    return [
        {
            "what": f"{exercise.lesson} task {task.number}, {what}",
            "cells": _filled(task, pieces),
            "expected": expected,
        }
        for what, pieces, expected in _answers(task, answers.get(task.number) or {})
        if len(pieces) == task.blanks
    ]


def _answers(task: Task, given: dict) -> Iterator[tuple[str, list[str], str | None]]:
    """(what to call it, code for each blank, the key of the message it must meet or None if it is right)."""
    yield "the blank", [STUB] * task.blanks, NOT_SOLVED
    for number, answer in enumerate(given.get("right") or [], start=1):
        yield f"right answer {number}", _pieces(answer), None
    for number, answer in enumerate(given.get("wrong") or [], start=1):
        yield f"wrong answer {number}", _pieces(answer["code"]), answer["message"]


def _pieces(answer: str | list[str]) -> list[str]:
    return [answer] if isinstance(answer, str) else answer


def _filled(task: Task, pieces: list[str]) -> list[tuple[int, str]]:
    """The task's cells up to its last check, without those that only the solution shows: (line, code)."""
    waiting, filled = list(pieces), []
    last = task.cells.index(task.checks[-1])
    for cell in task.cells[: last + 1]:
        if "solution" not in cell.tags:
            count = blank_count(cell.text)
            filled.append((cell.line, fill(cell.text, waiting[:count])))
            waiting = waiting[count:]
    return filled


# --- the plugin


class TaskAnswers(pytest.Item):
    """The answers of one task, tried in the kernel of the notebook that is the parent."""

    def __init__(self, *, attempts: list[dict], **more):
        super().__init__(**more)
        self.attempts = attempts
        self.obj = None  # nbval's items and pytest's skipping look for it

    def runtest(self) -> None:
        """Ask the kernel, and wait until it is idle again."""
        kernel = self.parent.kernel
        with TemporaryDirectory() as folder:
            asked, told = Path(folder, "attempts.json"), Path(folder, "problems.json")
            asked.write_text(json.dumps(self.attempts), encoding="utf-8")
            load = f"__import__('runpy').run_path({str(TRY_ANSWERS)!r})"  # leaves no name behind in the notebook
            number = kernel.execute_cell_input(
                f"{load}['write_problems']({str(asked)!r}, get_ipython().user_ns, {str(told)!r})"
            )
            seconds = SECONDS * len(self.attempts)
            kernel.await_reply(number, timeout=seconds)
            kernel.await_idle(number, seconds)
            problems = json.loads(told.read_text(encoding="utf-8"))
        assert not problems, "\n".join(problems)

    def reportinfo(self):
        """Where a failure is said to be."""
        return self.path, None, self.name


def pytest_addoption(parser: pytest.Parser) -> None:
    """The lesson that the notebook is made of, and what it takes for the kit."""
    parser.addoption("--exercise", type=Path)
    parser.addoption("--answers", type=Path)
    parser.addoption("--kit", type=Path)


def pytest_configure(config: pytest.Config) -> None:
    """Let the kernel, which inherits it, import from there; we ourselves have what we need."""
    if config.option.kit:
        os.environ.update(alone(config.option.kit))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the answers of each task before its first cell."""
    exercise, answers = read_exercise(config.option.exercise), read_answers(config.option.answers)
    assert not (wrong := list(count_problems(exercise, answers))), "\n".join(wrong)
    cells = [*exercise.opening, *(cell for task in exercise.tasks for cell in task.cells)]
    assert [item.cell.source for item in items[1:]] == [cell.text for cell in cells[1:]], "not the solution of this exercise"
    at = len(items)
    for task in reversed(exercise.tasks):
        at -= len(task.cells)
        tried = attempts(exercise, task, answers)
        items.insert(at, TaskAnswers.from_parent(items[0].parent, name=f"answers {task.number}", attempts=tried))
