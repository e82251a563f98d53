"""What has become of the mutants: tests/mutants/NN_name.yaml, a verdict for each, and why those that passed may pass."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from flight_delays import artifacts
from workshop.builder.tasks import Exercise, Task, blank_count, read_exercise
from workshop.mutants.making import Mutant, drawn, mutants

Entry = dict[str, Any]  # of a task: key, check, mutants, tried, verdicts, survivors
Entries = dict[int, Entry]

QUICK, SLOW = "quick", "slow"  # checks of less and of more than a second
MOST_OF_SLOW = 40  # mutants that are tried at a slow check
DRAWN = 3  # of those, tried again by `make test`
PASSED, BLANK = "passed", "not_solved_yet"
_SURVIVES = {PASSED, BLANK}  # the latter says that a filled blank is empty
_HEADER = """\
# Written by `make mutants`: what the check of each task said to each mutant of the solution. By hand: the reasons of survivors.
"""


class Kit:
    """The places of a kit's exercises, answers and verdicts, and what is read there."""

    def __init__(self, root: Path):
        self.root = root

    @property
    def lessons(self) -> list[str]:
        """The names of the lessons that have exercises."""
        return sorted(file.parent.name for file in (self.root / "lessons").glob("*/exercise.py"))

    def exercise(self, lesson: str) -> Path:
        """The source of a lesson's tasks."""
        return self.root / "lessons" / lesson / "exercise.py"

    def solution(self, lesson: str) -> Path:
        """The stored solution in whose kernel mutants are tried."""
        return self.root / "solutions" / "en" / f"{lesson}.ipynb"

    def answers(self, lesson: str) -> Path:
        """The answers that checks must tell apart."""
        return self.root / "tests" / "answers" / f"{lesson}.yaml"

    def verdicts(self, lesson: str) -> Path:
        """What has become of a lesson's mutants."""
        return self.root / "tests" / "mutants" / f"{lesson}.yaml"


def read(file: Path) -> dict[int, Any]:
    """A file of answers or of verdicts by the number of the task; empty if it is not there."""
    if not file.exists():
        return {}
    return yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}


def write(file: Path, entries: Entries) -> None:
    """Write the verdicts of a lesson, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(dict(sorted(entries.items())), sort_keys=False, allow_unicode=True, width=10_000)
    with artifacts.replacing(file) as partial:
        partial.write_text(_HEADER + text, encoding="utf-8")


def mutants_of(task: Task, answers: Mapping[str, Any] | None) -> list[Mutant]:
    """The mutants of a task, whose part of the answers' file is given."""
    right = (answers or {}).get("right") or []
    return mutants(task, [[answer] if isinstance(answer, str) else answer for answer in right])


def key(file: Path, exercise: Exercise, task: Task, answers: Mapping[str, Any] | None) -> str:
    """A hash of all that the verdicts of a task depend on: its texts and cells, what prepares them, what they import of
    the lesson's folder, the messages they say, the answers."""
    earlier = [cell for other in exercise.tasks[: task.number - 1] for cell in other.cells]
    prepared = [cell for cell in earlier if not cell.tags & {"check", "solution"} and not blank_count(cell.text)]
    cells = [cell.text for cell in (*exercise.opening, *prepared, *task.attempted)]
    used = _used(file.parent, cells)
    messages = file.with_name("messages.yaml")
    texts = yaml.safe_load(messages.read_text(encoding="utf-8")) if messages.exists() else {}
    said = set(re.findall(r"[\"'](\w+)[\"']", "\n".join([*cells, *used.values()])))
    content = [task.texts, cells, used, {name: texts[name] for name in sorted(said & set(texts))}, answers or {}]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _used(folder: Path, cells: Sequence[str]) -> dict[str, str]:
    """The lesson's own files that cells name, and those that these name."""
    rest = {
        file for file in folder.iterdir() if file.is_file() and file.name not in ("lesson.py", "exercise.py", "messages.yaml")
    }
    found: dict[str, str] = {}
    texts = list(cells)
    while texts:
        text = texts.pop()
        for file in sorted(rest):
            if file.name in text or (file.suffix == ".py" and re.search(rf"\b{re.escape(file.stem)}\b", text)):
                rest.discard(file)
                found[file.name] = file.read_bytes().decode(errors="replace")
                texts.append(found[file.name])
    return found


def entry(new_key: str, slow: bool, found: Sequence[Mutant], verdicts: Mapping[str, str], earlier: Entry) -> Entry:
    """What is kept of a task; the reasons of `earlier` are kept for those mutants that are still the same."""
    reasons = {survivor["mutant"]: survivor["reason"] for survivor in (earlier.get("survivors") or {}).values()}
    survivors = {
        one.name: {"mutant": one.hash, "reason": reasons.get(one.hash, "")}
        for one in found
        if verdicts.get(one.name) in _SURVIVES
    }
    return {
        "key": new_key,
        "check": SLOW if slow else QUICK,
        "mutants": len(found),
        "tried": len(verdicts),
        "survivors": survivors,
        "verdicts": dict(verdicts),
    }


def survives(verdict: str) -> bool:
    """Whether a verdict is no refusal."""
    return verdict in _SURVIVES


def unexplained(lesson: str, number: int, kept: Entry) -> Iterator[str]:
    """A line for each survivor without a reason."""
    for name, survivor in (kept.get("survivors") or {}).items():
        if not str(survivor.get("reason") or "").strip():
            yield f"{lesson} task {number}, {name}: {kept['verdicts'][name]}"


def stale(kit: Kit, lesson: str) -> list[str]:
    """A line for each task whose verdicts are not those of what is there now, and for each survivor without a reason."""
    file = kit.verdicts(lesson)
    exercise, answers, kept = read_exercise(kit.exercise(lesson)), read(kit.answers(lesson)), read(file)
    command = f'make mutants ARGS="--lesson {lesson}"'
    lines = [f"{lesson} task {number}: no such task" for number in sorted(set(kept) - {task.number for task in exercise.tasks})]
    for task in exercise.tasks:
        given, own = answers.get(task.number), kept.get(task.number)
        if own is None:
            lines.append(f"{lesson} task {task.number}: its mutants were never tried: {command}")
        elif not is_current(own, key(kit.exercise(lesson), exercise, task, given), mutants_of(task, given)):
            lines.append(f"{lesson} task {task.number}: changed since its mutants were tried: {command}")
        else:
            lines += [f"{line}: no reason in {file.name}" for line in unexplained(lesson, task.number, own)]
    return lines


def is_current(kept: Entry | None, now: str, found: Sequence[Mutant]) -> bool:
    """Whether the verdicts of a task are those of the key that it has now, and of the mutants that are made now."""
    if not kept or kept["key"] != now:
        return False
    return set(kept["verdicts"]) == {one.name for one in to_try(found, kept["check"] == SLOW)}


def to_try(found: Sequence[Mutant], slow: bool) -> list[Mutant]:
    """Those of a task's mutants that `make mutants` tries."""
    return drawn(found, MOST_OF_SLOW) if slow else list(found)


def again(found: Sequence[Mutant], kept: Entry) -> list[Mutant]:
    """Those of a task's mutants that `make test` tries: all, or a few of those with a verdict if the check is slow."""
    known = [one for one in found if one.name in kept["verdicts"]]
    if kept["check"] == QUICK:
        return known
    return sorted(known, key=lambda one: hashlib.sha256(f"{kept['key']} {one.hash}".encode()).hexdigest())[:DRAWN]


def summary(kept: Entry) -> str:
    """What has become of a task's mutants, in a line."""
    met = kept["verdicts"].values()
    survivors, bare = sum(map(survives, met)), sum(verdict.startswith("error") for verdict in met)
    tried = f"{kept['tried']} of {kept['mutants']} mutants" if kept["tried"] < kept["mutants"] else f"{kept['tried']} mutants"
    return f"{tried}, {survivors} passed, {bare} ended in an error without a message"
