"""The tasks of an exercise: what they are worth, which cells belong to them, and other answers in place of ours."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workshop.builder.format import BEGIN, END, Block, BuildError, Cell, Problem
from workshop.builder.reading import read
from workshop.places import LANGUAGES

_HEADING = {
    "ru": re.compile(r"^### Задача (\d+) \((\d+) мин, (\d+) балл(?:а|ов)?\)\. (.+)$", re.MULTILINE),
    "en": re.compile(r"^### Task (\d+) \((\d+) min, (\d+) points?\)\. (.+)$", re.MULTILINE),
}
_LOOKS_LIKE_TASK = re.compile(r"^#+ *(Задача|Task)\b", re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """A task: its number from 1, minutes and points, its title and text by language, and its code cells in order."""

    number: int
    minutes: int
    points: int
    titles: dict[str, str]
    texts: dict[str, str]
    cells: tuple[Cell, ...]

    @property
    def checks(self) -> tuple[Cell, ...]:
        """The cells that judge the answer."""
        return tuple(cell for cell in self.cells if "check" in cell.tags)

    @property
    def attempted(self) -> tuple[Cell, ...]:
        """The cells of an attempt: up to the last check, without those that only the solution shows."""
        last = self.cells.index(self.checks[-1])
        return tuple(cell for cell in self.cells[: last + 1] if "solution" not in cell.tags)

    @property
    def answer_cells(self) -> tuple[Cell, ...]:
        """The cells that the student fills in."""
        return tuple(cell for cell in self.cells if blank_count(cell.text))

    @property
    def blanks(self) -> int:
        """How many pieces of code an answer consists of."""
        return sum(blank_count(cell.text) for cell in self.cells)


@dataclass(frozen=True)
class Exercise:
    """An exercise.py: the lesson's name, the code cells before the first task, and the tasks."""

    lesson: str
    opening: tuple[Cell, ...]
    tasks: tuple[Task, ...]

    @property
    def max_points(self) -> int:
        """What a student can reach."""
        return sum(task.points for task in self.tasks)


def read_exercise(file: Path) -> Exercise:
    """Read lessons/NN_name/exercise.py; BuildError names file and line if a task is not written as agreed."""
    lesson = file.parent.name
    source, problems = read(file, "exercise", lesson)
    opening: list[Cell] = []
    tasks: list[tuple[Block, list[Cell]]] = []
    for block in source.blocks:
        if not block.is_code and any(_LOOKS_LIKE_TASK.search(cell.text) for cell in block.cells):
            tasks.append((block, []))
        elif block.is_code:
            (tasks[-1][1] if tasks else opening).append(block.key)
    found = [_task(file, block, cells, number, problems) for number, (block, cells) in enumerate(tasks, start=1)]
    if problems:
        raise BuildError(problems)
    return Exercise(lesson, tuple(opening), tuple(task for task in found if task))


def _task(file: Path, block: Block, cells: list[Cell], number: int, problems: list[Problem]) -> Task | None:
    """The task that a heading opens; None, and why in `problems`, if it is not as agreed."""
    found = {cell.language: _HEADING[cell.language].search(cell.text) for cell in block.cells}
    headings = {language: match for language, match in found.items() if match}
    line = block.key.line
    if set(headings) != set(LANGUAGES):
        problems.append(Problem(file, line, "a task's heading is `### Task 2 (4 min, 2 points). Title`, and so in Russian"))
        return None
    facts = {tuple(int(match[n]) for n in (1, 2, 3)) for match in headings.values()}
    if len(facts) > 1:
        problems.append(Problem(file, line, "number, minutes or points of the task differ between the languages"))
        return None
    stated, minutes, points = facts.pop()
    titles = {language: match[4].strip() for language, match in headings.items()}
    texts = {language: block.cell(language).text for language in headings}
    task = Task(number, minutes, points, titles, texts, tuple(cells))
    for wrong, text in (
        (stated != number, f"this is task {number}, not {stated}"),
        (points == 0, "a task is worth at least one point"),
        (not task.blanks, "a task without anything to fill in"),
        (not task.checks, "a task without a check cell"),
    ):
        if wrong:
            problems.append(Problem(file, line, text))
    return task


def blank_count(code: str) -> int:
    """How many blanks a cell has."""
    return sum(bool(BEGIN.fullmatch(line)) for line in code.splitlines())


def fill(code: str, answers: Sequence[str]) -> str:
    """The cell with `answers` in place of our solutions, in order, indented as the markers are.

    ValueError if there are not as many answers as blanks.
    """
    if len(answers) != blank_count(code):
        raise ValueError(f"{len(answers)} answers for {blank_count(code)} blanks")
    waiting, lines, inside = list(answers), [], False
    for line in code.splitlines():
        if begin := BEGIN.fullmatch(line):
            lines.append(textwrap.indent(textwrap.dedent(waiting.pop(0)).strip("\n"), begin[1]))
            inside = True
        elif END.fullmatch(line):
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)
