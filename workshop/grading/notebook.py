"""Put a submission's answers into our own notebook: checks and given code are the source's, whatever was submitted."""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from workshop.builder import making
from workshop.builder.format import BEGIN, Source
from workshop.builder.reading import read
from workshop.builder.tasks import Exercise, Task, read_exercise
from workshop.places import LANGUAGES

_MOST_CELLS, _MOST_CODE = 1000, 1_000_000  # characters; what takes longer than its limits to be read and shown


class Refused(Exception):
    """A submission that cannot be run; `key` and `values` make the remark."""

    def __init__(self, key: str, **values: Any):
        self.key, self.values = key, values
        super().__init__(key)

    def __reduce__(self) -> tuple:
        """As processes send it to each other."""
        return _refused, (self.key, self.values)


def _refused(key: str, values: dict[str, Any]) -> Refused:
    return Refused(key, **values)


@dataclass(frozen=True)
class Assignment:
    """An exercise as given: its tasks, and its notebook with ids that lead back to the source."""

    source: Source
    exercise: Exercise
    ids: dict[int, str] = field(repr=False)  # by the line of a cell in the source

    @property
    def lesson(self) -> str:
        """The lesson's name."""
        return self.exercise.lesson

    def notebook(self, language: str) -> NotebookNode:
        """The notebook that students get."""
        return making.make(self.source, language, "exercise")

    def answer_ids(self) -> set[str]:
        """The cells whose content is the student's."""
        return {self.ids[cell.line] for cell in self.source.code if any(map(BEGIN.fullmatch, cell.text.splitlines()))}

    def check_ids(self, task: Task) -> list[str]:
        """The cells that judge a task."""
        return [self.ids[cell.line] for cell in task.checks]

    def code_ids(self, task: Task) -> list[str]:
        """All code cells of a task, in order."""
        return [self.ids[cell.line] for cell in task.cells]


@dataclass(frozen=True)
class Submission:
    """A submitted notebook that could be read: its cells with kind, text and id, and the id that a program kept elsewhere."""

    cells: tuple[dict[str, str], ...]


def read_assignment(folder: Path) -> Assignment:
    """Read lessons/NN_name/exercise.py; BuildError if it is wrong."""
    file = folder / "exercise.py"
    exercise = read_exercise(file)
    source, _ = read(file, "exercise", folder.name)  # its problems have been raised above
    ids = dict(zip((block.key.line for block in source.blocks), making.cell_ids(source), strict=True))
    return Assignment(source, exercise, ids)


def parse(content: bytes) -> Submission:
    """Read a submitted file, expecting anything; Refused if it is not a notebook."""
    if not content.strip():
        raise Refused("empty")
    try:
        read_ = json.loads(content)  # it knows UTF-8, also with a byte order mark, and UTF-16
    except UnicodeDecodeError:
        raise Refused("encoding") from None
    except (ValueError, RecursionError):
        raise Refused("web_page" if content.lstrip()[:1] == b"<" else "not_json") from None
    try:
        # before version 4 a notebook had sheets
        listed = read_["cells"] if "cells" in read_ else [cell for sheet in read_["worksheets"] for cell in sheet["cells"]]
        cells = tuple(_cell(cell) for cell in listed)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Refused("not_a_notebook") from None
    if len(cells) > _MOST_CELLS or sum(len(cell["text"]) for cell in cells) > _MOST_CODE:
        raise Refused("too_much", cells=_MOST_CELLS, characters=_MOST_CODE)
    return Submission(cells)


def _cell(cell: dict[str, Any]) -> dict[str, str]:
    kind = str(cell["cell_type"])
    text = cell["input"] if kind == "code" and "input" in cell else cell["source"]
    text = text if isinstance(text, str) else "".join(text)
    # half an emoji, as a cut in the middle leaves it, is no text: neither a kernel nor a page takes it
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if kind == "heading":  # before version 4 too
        kind, text = "markdown", f"{'#' * min(int(cell.get('level', 1)), 6)} {text}"
    metadata = cell.get("metadata")
    kept = metadata.get("id", "") if isinstance(metadata, dict) else ""  # where Colab keeps it
    return {"id": str(cell.get("id", ""))[:100], "kept": str(kept)[:100], "kind": kind, "text": text}


def _plain(text: str) -> str:
    """A text without what programs change on their own: line endings, blanks at their ends, empty lines around it."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class Catalogue:
    """All exercises, and which of them a notebook is."""

    def __init__(self, assignments: Mapping[str, Assignment]):
        self.assignments = dict(assignments)
        self._ids = {id_: name for name, one in assignments.items() for id_ in one.ids.values()}
        owners: dict[tuple[str, str], set[str]] = defaultdict(set)
        for name, assignment in assignments.items():
            for language in LANGUAGES:
                for cell in assignment.notebook(language).cells:
                    owners[cell.cell_type, _plain(cell.source)].add(name)
        self._texts = {text: only for text, (only, *more) in owners.items() if not more}

    def lesson_of(self, submission: Submission, named: str | None) -> str | None:
        """The lesson that most cells belong to, by id or else by text; of equals the one that the file is named after."""
        found: Counter[str] = Counter()
        for cell in submission.cells:
            lesson = self._ids.get(cell["id"]) or self._ids.get(cell["kept"])
            if lesson := lesson or self._texts.get((cell["kind"], _plain(cell["text"]))):
                found[lesson] += 1
        return max(found, key=lambda name: (found[name], name == named)) if found else None


def identify(submission: Submission, assignment: Assignment) -> Submission:
    """The same with our ids: by id, by text, and for what is then left between two of our cells by its place and likeness.

    Not all programs keep ids, and an answer's text is the student's.
    """
    ours = assignment.notebook(LANGUAGES[0]).cells
    place = {cell.id: number for number, cell in enumerate(ours)}
    found = [next((id_ for id_ in (cell["id"], cell["kept"]) if id_ in place), "") for cell in submission.cells]
    free: dict[tuple[str, str], deque[str]] = defaultdict(deque)
    for cells in zip(*(assignment.notebook(language).cells for language in LANGUAGES), strict=True):
        if cells[0].id not in found:
            for text in {_plain(cell.source) for cell in cells}:
                free[cells[0].cell_type, text].append(cells[0].id)
    for number, cell in enumerate(submission.cells):
        waiting = free.get((cell["kind"], _plain(cell["text"])))
        if not found[number] and waiting:
            found[number] = waiting.popleft()
    left = [cell for cell in ours if cell.cell_type == "code" and cell.id not in found]
    answers = assignment.answer_ids()
    for first, last in _gaps(found):
        after = place[found[first - 1]] if first else -1
        before = place[found[last]] if last < len(found) else len(ours)
        slots = [cell for cell in left if after < place[cell.id] < before]
        numbers = [number for number in range(first, last) if submission.cells[number]["kind"] == "code"]
        texts = [submission.cells[number]["text"] for number in numbers]
        for number, id_ in zip(numbers, _aligned(texts, slots, answers), strict=True):
            found[number] = id_
    cells = tuple({**cell, "id": id_, "kept": ""} for cell, id_ in zip(submission.cells, found, strict=True))
    return Submission(cells)


def _gaps(found: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From where to where nothing was found."""
    start = 0
    for number, id_ in enumerate([*found, "end"]):
        if id_:
            if start < number:
                yield start, number
            start = number + 1


def _aligned(texts: Sequence[str], slots: Sequence[NotebookNode], answers: Set[str]) -> list[str]:
    """For each text the id of the slot that it is most like, in order, or nothing; of equals an answer's, else the last."""
    if not texts or not slots:
        return [""] * len(texts)
    lines = [set(_plain(text).splitlines()) for text in texts]
    wanted = [{line for line in _plain(slot.source).splitlines() if making.STUB not in line and line.strip()} for slot in slots]
    best = [[0.0] * (len(slots) + 1) for _ in range(len(texts) + 1)]  # from a text and a slot on

    def value(text: int, slot: int) -> float:
        alike = len(lines[text] & wanted[slot]) / len(wanted[slot]) if wanted[slot] else 0
        return best[text + 1][slot + 1] + (1 if slots[slot].id in answers else 0.5) + alike * 10

    for text in reversed(range(len(texts))):
        for slot in reversed(range(len(slots))):
            best[text][slot] = max(value(text, slot), best[text + 1][slot], best[text][slot + 1])
    ids, slot = [], 0
    for text in range(len(texts)):
        while slot < len(slots) and best[text][slot] == best[text][slot + 1] and best[text][slot] != best[text + 1][slot]:
            slot += 1
        if slot < len(slots) and best[text][slot] != best[text + 1][slot]:
            ids.append(slots[slot].id)
            slot += 1
        else:
            ids.append("")
    return ids


def filled(submission: Submission, assignment: Assignment) -> dict[str, str]:
    """The answers by id that are not as they were handed out."""
    blanks = {cell.id: _plain(cell.source) for cell in assignment.notebook(LANGUAGES[0]).cells}
    answers = assignment.answer_ids()
    texts = [(cell["id"], _plain(cell["text"])) for cell in submission.cells if cell["kind"] == "code"]
    return {id_: text for id_, text in texts if id_ in answers and text != blanks[id_]}


def language_of(submission: Submission, assignment: Assignment, default: str) -> str:
    """The language whose texts the submission has most of."""
    texts = {cell["id"]: _plain(cell["text"]) for cell in submission.cells}
    found = {
        language: sum(texts.get(cell.id) == _plain(cell.source) for cell in assignment.notebook(language).cells if cell.source)
        for language in LANGUAGES
    }
    return max(found, key=lambda language: (found[language], language == default))


def restore(submission: Submission, assignment: Assignment, language: str) -> tuple[NotebookNode, int]:
    """Our notebook with the student's answers, and the number of check cells that had been changed or removed.

    Answers are found by cell id, as `identify` gives them; of cells with the same id the last one that was filled in counts.
    Code cells that the student added run before the cell of ours that they stood before.
    """
    notebook = assignment.notebook(language)
    ours = {cell.id: cell for cell in notebook.cells}
    answers, checks = assignment.answer_ids(), {id_ for task in assignment.exercise.tasks for id_ in assignment.check_ids(task)}
    given: dict[str, list[str]] = {}
    added: dict[str, list[str]] = {}
    waiting: list[str] = []
    for cell in submission.cells:
        if cell["id"] in ours:
            added.setdefault(cell["id"], []).extend(waiting)
            waiting = []
            if cell["kind"] == ours[cell["id"]].cell_type:
                given.setdefault(cell["id"], []).append(cell["text"])
        elif cell["kind"] == "code" and cell["text"].strip():
            waiting.append(cell["text"])
    for task in assignment.exercise.tasks:
        _rescue(given, added, ours, [id_ for id_ in assignment.code_ids(task) if id_ in answers], assignment.check_ids(task))
    touched = sum(bool(_changed(given.get(id_, [""]), ours[id_])) for id_ in checks)

    cells = []
    for cell in notebook.cells:
        cells += [_extra(text, f"{cell.id}-{n}") for n, text in enumerate(added.get(cell.id, []), start=1)]
        if cell.id in answers:
            changed = _changed(given.get(cell.id, []), cell)
            cell.source = changed[-1] if changed else cell.source
        cells.append(cell)
    notebook.cells = cells + [_extra(text, f"end-{n}") for n, text in enumerate(waiting, start=1)]
    return notebook, touched


def _rescue(
    given: Mapping[str, list[str]],
    added: dict[str, list[str]],
    ours: Mapping[str, NotebookNode],
    answers: Sequence[str],
    checks: Sequence[str],
) -> None:
    """Let what stands in the place of a task's checks run before them, where it may be the answer, or a part of it.

    That is so if no answer is where it should be, as after cells were merged, or if little of the check is left.
    """
    answered = any(_changed(given.get(id_, []), ours[id_]) for id_ in answers)
    for id_ in checks:
        lines = set(_plain(ours[id_].source).splitlines())
        for text in _changed(given.get(id_, []), ours[id_]):
            kept = lines.intersection(_plain(text).splitlines())
            if text.strip() and (not answered or len(kept) * 2 < len(lines)):
                added.setdefault(id_, []).append(text)


def _changed(texts: Sequence[str], cell: NotebookNode) -> list[str]:
    """Those of the texts that are not what our cell says."""
    return [text for text in texts if _plain(text) != _plain(cell.source)]


def _extra(text: str, id_: str) -> NotebookNode:
    return new_code_cell(text, id=id_, metadata={"tags": ["added"]})
