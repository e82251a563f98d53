"""A plugin for nbval: in the kernel that proves a stored solution, answers and mutants of each task are tried before ours.

So one kernel, with its servers and what the cells before have made, serves both. nbval knows nothing of it: it runs the
cells of the solution and compares their outputs as it always does.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from try_answers import LEAST_SECONDS, NOT_SOLVED

from tests.inputs import alone
from workshop.builder.making import STUB
from workshop.builder.tasks import Exercise, Task, blank_count, fill, read_exercise
from workshop.mutants import verdicts
from workshop.mutants.making import Mutant
from workshop.places import ROOT, environment

HERE = Path(__file__).resolve().parent
TRY_ANSWERS = HERE / "try_answers.py"
MIN_RIGHT, MIN_WRONG, MIN_TASKS = 2, 3, 4
NO_TASKS_NEEDED = "00_start"
SECONDS = 600  # for a cell, and for an answer
SLOW_SECONDS = 300  # for a mutant at a slow check, where the solution is not timed
QUICK_SECONDS = 1  # a check that takes less meets every mutant whenever its lesson is proved


def prove(
    notebook: Path, exercise: Path, answers: Path, work: Path, kit: Path | None = None, mutants: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Execute a solution with nbval, which compares its outputs with the stored ones, and try the answers on the way.

    `kit` is the folder that the solution takes for the kit, if not the kit itself. `mutants` is the file with their
    verdicts, which some of them must meet again.
    """
    options = ["--exercise", exercise, "--answers", answers]
    options += ["--kit", kit] if kit else []
    options += ["--mutants", mutants] if mutants else []
    return run_nbval(notebook, "-p", Path(__file__).stem, *map(str, options), work=work)


def run_nbval(
    notebooks: Path, *options: str, work: Path, seconds: float | None = 1500, tell: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """nbval as we set it, over a notebook or a folder of them; `tell` are files that it may write to, open here."""
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
        timeout=seconds,
        start_new_session=not tell,  # whoever reads what it tells may end it
        pass_fds=tell,
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
    """The cells of an attempt: (line, code)."""
    waiting, filled = list(pieces), []
    for cell in task.attempted:
        count = blank_count(cell.text)
        filled.append((cell.line, fill(cell.text, waiting[:count])))
        waiting = waiting[count:]
    return filled


def with_mutant(task: Task, mutant: Mutant | None) -> dict:
    """The solution as it is, or with a mutant, as try_answers.py tries it."""
    cells = [(cell.line, cell.text) for cell in task.attempted]
    if mutant:
        cells[mutant.cell] = (cells[mutant.cell][0], mutant.code)
    return {"what": mutant.name if mutant else "our solution", "cells": cells}


# --- the plugin


class InKernel(pytest.Item):
    """What is asked of the kernel of the notebook that is the parent, between its cells."""

    obj = None  # nbval's items and pytest's skipping look for it

    def ask(self, function: str, attempts: list[dict], seconds: float) -> list[Any]:
        """What a function of try_answers.py says to attempts, when the kernel is idle again."""
        kernel = self.parent.kernel
        with TemporaryDirectory() as folder:
            asked, told = Path(folder, "attempts.json"), Path(folder, "told.jsonl")
            asked.write_text(json.dumps(attempts), encoding="utf-8")
            load = f"__import__('runpy').run_path({str(TRY_ANSWERS)!r})"  # leaves no name behind in the notebook
            number = kernel.execute_cell_input(f"{load}[{function!r}]({str(asked)!r}, get_ipython().user_ns, {str(told)!r})")
            until = time.monotonic() + seconds
            while not self._replied(number):
                assert kernel.is_alive(), f"{self.name}: the kernel ended at attempt {_lines(told) + 1}"
                assert time.monotonic() < until, f"{self.name}: no end of attempt {_lines(told) + 1}"
            kernel.await_idle(number, seconds)
            return [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]

    def _replied(self, number: str) -> bool:
        """Whether the kernel has answered a request within some seconds."""
        try:
            self.parent.kernel.await_reply(number, timeout=LEAST_SECONDS)
        except Empty:
            return False
        return True

    def meet(self, mutants: list[Mutant], *, limit: float = 0) -> tuple[float, dict[str, str]]:
        """The seconds of the task's solution, which must pass, and the verdict of each mutant by its name.

        With a `limit` in seconds for each mutant the solution is not tried: that costs as much as a mutant.
        """
        attempts = [with_mutant(self.task, one) | {"limit": limit} for one in ([] if limit else [None]) + mutants]
        told = self.ask("write_verdicts", attempts, SECONDS * len(attempts))
        own, seconds = (verdicts.PASSED, 0.0) if limit else told.pop(0)
        assert own == verdicts.PASSED, f"{self.name}: our own solution met {own!r}"
        return seconds, {one.name: verdict for one, (verdict, _) in zip(mutants, told, strict=True)}

    def reportinfo(self):
        """Where a failure is said to be."""
        return self.path, None, self.name


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


class TaskAnswers(InKernel):
    """The answers of one task."""

    def __init__(self, *, attempts: list[dict], **more):
        super().__init__(**more)
        self.attempts = attempts

    def runtest(self) -> None:
        """Try them."""
        problems = self.ask("write_problems", self.attempts, SECONDS * len(self.attempts))
        assert not problems, "\n".join(problems)


class MutantsTried(InKernel):
    """The mutants of one task, tried for their verdicts, which are told as a line of JSON."""

    def __init__(self, *, task: Task, mutants: list[Mutant], tell: int, **more):
        super().__init__(**more)
        self.task = task
        self.mutants = mutants
        self.tell = tell

    def runtest(self) -> None:
        """Try the solution as it is, which tells how many of them are tried, and then these."""
        seconds, _ = self.meet([])
        slow = seconds >= QUICK_SECONDS
        found = verdicts.to_try(self.mutants, slow)
        _, met = self.meet(found)
        line = json.dumps({"task": self.task.number, "slow": slow, "verdicts": met}) + "\n"
        with os.fdopen(os.dup(self.tell), "w", encoding="utf-8") as stream:
            stream.write(line)


class MutantsAgain(InKernel):
    """Some of the mutants of one task, which must pass or not as they did before."""

    def __init__(self, *, task: Task, mutants: list[Mutant], kept: dict, **more):
        super().__init__(**more)
        self.task = task
        self.mutants = verdicts.again(mutants, kept)
        self.kept = kept["verdicts"]
        self.limit = SLOW_SECONDS if kept["check"] == verdicts.SLOW else 0

    def runtest(self) -> None:
        """Try them and compare."""
        _, met = self.meet(self.mutants, limit=self.limit)
        problems = [
            f"{self.name}, {name}: {verdict}, but {self.kept[name]} before"
            for name, verdict in met.items()
            if verdicts.survives(verdict) != verdicts.survives(self.kept[name])
        ]
        assert not problems, "\n".join([*problems, "after a change: make mutants"])


def pytest_addoption(parser: pytest.Parser) -> None:
    """The lesson that the notebook is made of, and what it takes for the kit."""
    parser.addoption("--exercise", type=Path)
    parser.addoption("--answers", type=Path)
    parser.addoption("--kit", type=Path)
    parser.addoption("--mutants", type=Path, help="the file of verdicts that mutants must meet again")
    parser.addoption("--try-mutants", help="numbers of tasks whose mutants to try, and nothing else")
    parser.addoption("--tell", type=int, help="the file to which their verdicts go, open already")


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
        items[at:at] = _before(config.option, items[0].parent, exercise, task, answers)
    if config.option.try_mutants:
        last = max(index for index, item in enumerate(items) if isinstance(item, MutantsTried))
        del items[last + 1 :]


def _before(option: Any, notebook: pytest.Item, exercise: Exercise, task: Task, answers: dict) -> Iterator[pytest.Item]:
    """What comes before the first cell of a task."""
    name = f"{exercise.lesson} task {task.number}"
    if option.try_mutants:
        if str(task.number) in option.try_mutants.split(","):
            found = verdicts.mutants_of(task, answers.get(task.number))
            yield MutantsTried.from_parent(notebook, name=name, task=task, mutants=found, tell=option.tell)
        return
    tried = attempts(exercise, task, answers)
    yield TaskAnswers.from_parent(notebook, name=f"answers {task.number}", attempts=tried)
    if option.mutants and (kept := verdicts.read(option.mutants).get(task.number)):
        found = verdicts.mutants_of(task, answers.get(task.number))
        yield MutantsAgain.from_parent(notebook, name=f"mutants {task.number}", task=task, mutants=found, kept=kept)
