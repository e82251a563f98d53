"""What a cell's metadata tell the kernel that runs it: which task it answers or checks, and what it waits for.

The kernel's side is workshop/cells.py. A note holds all that is needed there: nothing has to be read when a notebook starts.
"""

import json
from typing import Any

from workshop.builder.format import WAITS, Cell, Source
from workshop.builder.tasks import Task, blank_count, exercise_of, fill

RECORD = "bench/waits.json"  # how long slow cells take, by lesson and id: bench/waits.py
_LONG = 70  # characters of a line that is quoted


def tagged(cell: Cell) -> str | None:
    """The key of the text that says what the cell waits for, by its tag; None if it has none."""
    return next((tag.replace("-", "_") for tag in sorted(cell.tags) if tag.startswith(WAITS)), None)


def waits_for(cell: Cell) -> str | None:
    """The same; a check without such a tag waits for itself."""
    return tagged(cell) or ("waits_check" if "check" in cell.tags else None)


def usual_seconds(source: Source) -> dict[str, int]:
    """How long the slow cells of a source usually take, by id."""
    record = source.file.resolve().parents[2] / RECORD
    if not record.exists():
        return {}
    return json.loads(record.read_text(encoding="utf-8")).get(source.name, {}).get("seconds", {}).get(source.kind, {})


def notes(source: Source, ids: list[str]) -> list[dict[str, Any]]:
    """For each block of a source what its cell's metadata say; `ids` are those of the blocks."""
    found: dict[int, dict[str, Any]] = {}  # by line
    if source.kind == "exercise":
        exercise, problems = exercise_of(source)
        if not problems:
            for task in exercise.tasks:
                found |= _of_task(task, exercise.max_points)
    usual = usual_seconds(source)
    result = []
    for block, id_ in zip(source.blocks, ids, strict=True):
        note = found.get(block.key.line, {})
        if key := waits_for(block.key):
            note = {**note, "waits": {"for": key} | ({"seconds": usual[id_]} if id_ in usual else {})}
        result.append(note)
    return result


def _of_task(task: Task, all_points: int) -> dict[int, dict[str, Any]]:
    places = [_place(task, cell) for cell in task.answer_cells]
    found: dict[int, dict[str, Any]] = {
        cell.line: {"task": task.number, "answer": number} for number, cell in enumerate(task.answer_cells, start=1)
    }
    for number, cell in enumerate(task.checks, start=1):
        # a check judges the answers above it
        above = [place for place, answer in zip(places, task.answer_cells, strict=True) if answer.line < cell.line]
        found[cell.line] = {
            "task": task.number,
            "check": number,
            "checks": len(task.checks),
            "answers": above,
            "points": task.points,
            "all": all_points,
        }
    return found


def _place(task: Task, cell: Cell) -> str | int:
    """What an answer's cell is known by: a line that is given in it, or else its number below the task's text."""
    for line in fill(cell.text, [""] * blank_count(cell.text)).splitlines():
        given = line.strip()
        if given.startswith(("def ", "class ")):
            return given.partition("(")[0]  # a student may write the arguments otherwise
        if given and not given.startswith(("#", "@", "import ", "from ")):
            return given if len(given) <= _LONG else given[: _LONG - 1] + "…"
    shown = [other for other in task.cells if "solution" not in other.tags]
    return shown.index(cell) + 1
