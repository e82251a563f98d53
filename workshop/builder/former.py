"""Issues of an exercise that were handed out before: kept in lessons/NN_name/former.json, and where their cells are today.

Students may hand in, or take over, what they wrote in a former issue. Its answers are found in today's exercise by their
task, which is known by its title or else by its number, and by their place among the answers of that task.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, cast

from nbformat import NotebookNode
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from workshop.builder.format import BuildError, Problem
from workshop.builder.handout import Handout, Role, Slot, read_handout

FILE = "former.json"


@dataclass(frozen=True)
class Former(Handout):
    """An issue of earlier: the Git revision that it was built in, and the date of that.

    `moved` says where an answer is today that its task and place do not lead to: `3.2` -> `4.1`, or None if it has no place.
    """

    revision: str
    date: str
    moved: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Issues:
    """An exercise as it is handed out today, in all languages, and its former issues, the newest first."""

    notebooks: Mapping[str, NotebookNode]
    today: Handout
    former: tuple[Former, ...]

    @cached_property
    def places(self) -> dict[str, dict[str, str]]:
        """By issue: from the id of a cell of that issue to that of today's, if it has one."""
        return {one.issue: places(one, self.today) for one in self.former} | {
            self.today.issue: {id_: id_ for id_ in self.today.by_id}
        }

    @cached_property
    def tasks(self) -> dict[str, dict[int, int]]:
        """By issue: from the number of a task in it to its number today."""
        return {one.issue: _tasks(one.titles, self.today.titles) for one in (self.today, *self.former)}


def read_issues(notebooks: Mapping[str, NotebookNode], folder: Path) -> Issues:
    """The issues of an exercise, of its notebooks of today and the folder of its lesson. BuildError as for `read`."""
    today = read_handout(notebooks)
    former = tuple(one for one in reversed(read(folder)) if one.issue != today.issue)
    return Issues(notebooks, today, former)


# --- the file


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Issue(_Strict):
    issue: str = Field(pattern=r"^[0-9a-f]{8}$")
    revision: str = Field(pattern=r"^[0-9a-f]{40}$")
    date: AwareDatetime
    tasks: dict[int, str]
    moved: dict[str, str | None] = {}
    cells: list[Annotated[str, Field(pattern=r"^\d+ (answer|check|given|text) \S+( [0-9a-f]{8}){1,2}$")]]


class _File(_Strict):
    issues: list[_Issue]


def read(folder: Path) -> list[Former]:
    """The former issues of the lesson in a folder, the oldest first, or none. BuildError if their file is wrong."""
    file = folder / FILE
    try:
        content = _File.model_validate_json(file.read_text(encoding="utf-8"))
        return sorted(map(_former, content.issues), key=lambda one: (datetime.fromisoformat(one.date), one.issue))
    except FileNotFoundError:
        return []
    except ValidationError as error:
        where = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise BuildError([Problem(file, 1, f"{place}: {why}" if place else why) for place, why in where]) from None
    except ValueError as error:
        raise BuildError([Problem(file, 1, str(error))]) from None


def _former(entry: _Issue) -> Former:
    return Former(entry.issue, entry.tasks, tuple(map(_slot, entry.cells)), entry.revision, entry.date.isoformat(), entry.moved)


def _slot(line: str) -> Slot:
    task, role, id_, *digests = line.split()
    return Slot(id_, int(task), cast("Role", role), tuple(digests))


def as_text(former: Iterable[Former]) -> str:
    """The file of these issues: one line for each cell, with its task, role, id and digests."""
    entries = [
        {
            "issue": one.issue,
            "revision": one.revision,
            "date": one.date,
            "tasks": {str(number): title for number, title in one.titles.items()},
            "moved": dict(one.moved),
            "cells": [" ".join([str(slot.task), slot.role, slot.id, *slot.digests]) for slot in one.slots],
        }
        for one in sorted(former, key=lambda one: (datetime.fromisoformat(one.date), one.issue))
    ]
    return json.dumps({"issues": entries}, indent=1, ensure_ascii=False) + "\n"


# --- where its cells are today


def places_of_answers(former: Former, titles: Mapping[int, str]) -> dict[str, str]:
    """From the answers of a former issue to where they would be in an exercise with tasks of these titles: `3.2` -> `4.2`.

    As `moved` says, or else in the same place of the same task. One that has no place is left out.
    """
    tasks = _tasks(former.titles, titles)
    found = {}
    for place in former.answers:
        task, _, number = place.partition(".")
        to = former.moved[place] if place in former.moved else f"{tasks[int(task)]}.{number}" if int(task) in tasks else None
        if to:
            found[place] = to
    return found


def places(former: Former, today: Handout) -> dict[str, str]:
    """From the ids of a former issue's cells to today's; a cell that has no place is left out.

    An answer is where `moved` says; or else in the cell of its task that has kept its id; or else in the same place of its
    task. Of other cells that have changed the counterpart is only good to know where something stood.
    """
    tasks = _tasks(former.titles, today.titles)
    to = {former.answers[place]: today.answers.get(to, "") for place, to in places_of_answers(former, today.titles).items()}
    by_hand = {former.answers[place] for place in former.moved if place in former.answers}
    found = {id_: to[id_] for id_ in by_hand if to.get(id_)}
    left = [id_ for id_ in former.answers.values() if id_ not in by_hand]
    for id_ in left:
        # an id alone tells no task: many blanks say nothing but that something is to be written there
        if id_ in today.ids(tasks.get(former.by_id[id_].task, -1), "answer") and id_ not in found.values():
            found[id_] = id_
    for id_ in left:
        if id_ not in found and to.get(id_) and to[id_] not in found.values():
            found[id_] = to[id_]
    for slot in former.slots:
        if slot.role == "answer":
            continue
        counterparts = today.ids(tasks.get(slot.task, -1), slot.role)
        if slot.id in today.by_id and today.by_id[slot.id].role != "answer":
            found[slot.id] = slot.id
        elif counterparts:
            number = former.ids(slot.task, slot.role).index(slot.id)
            found[slot.id] = counterparts[min(number, len(counterparts) - 1)]
    return found


def _tasks(former: Mapping[int, str], today: Mapping[int, str]) -> dict[int, int]:
    """From the numbers of tasks to today's: by title, else by number; 0 is what stands before the first."""
    by_title = {title: number for number, title in today.items()}
    found = {0: 0} | {number: by_title[title] for number, title in former.items() if title in by_title}
    same = former.keys() & today.keys() - found.keys() - set(found.values())
    return found | {number: number for number in same}


def astray(former: Former, today: Handout) -> list[str]:
    """What is to be said in `moved` of a former issue, a line each: its answers that have no place in today's exercise."""
    found = places(former, today)
    name = f"issue {former.issue} ({former.revision[:7]})"
    lines = [
        f"answer {place} of {name} has no place any more: say in its `moved` where it is now, or null"
        for place, id_ in former.answers.items()
        if id_ not in found and place not in former.moved
    ]
    for place, to in former.moved.items():
        if place not in former.answers:
            lines.append(f"`moved` of {name} names answer {place}, which that issue does not have")
        elif to is not None and to not in today.answers:
            lines.append(f"`moved` of {name} leads to answer {to}, which today's exercise does not have")
    if len({to for to in former.moved.values() if to}) < sum(to is not None for to in former.moved.values()):
        lines.append(f"`moved` of {name} leads two answers to the same place")
    return lines
