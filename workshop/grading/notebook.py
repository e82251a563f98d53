"""Put a submission's answers into our own notebook: checks and given code are the source's, whatever was submitted."""

import json
from collections.abc import Iterable
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

_LARGEST = 20 * 1024**2  # bytes of a file, with the outputs
_MOST_CELLS, _MOST_CODE = 1000, 1_000_000  # characters; what takes longer than its limits to be read and shown


class Refused(Exception):
    """A submission that cannot be run; `key` and `values` make the remark."""

    def __init__(self, key: str, **values: Any):
        self.key, self.values = key, values
        super().__init__(key)


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
    """A submitted notebook that could be read: its cells with id, kind and text."""

    cells: tuple[dict[str, str], ...]

    def ids(self) -> set[str]:
        """The ids of its cells."""
        return {cell["id"] for cell in self.cells}


def read_assignment(folder: Path) -> Assignment:
    """Read lessons/NN_name/exercise.py; BuildError if it is wrong."""
    file = folder / "exercise.py"
    exercise = read_exercise(file)
    source, _ = read(file, "exercise", folder.name)  # its problems have been raised above
    ids = dict(zip((block.key.line for block in source.blocks), making.cell_ids(source), strict=True))
    return Assignment(source, exercise, ids)


def read_submission(file: Path) -> Submission:
    """Read a submitted file, expecting anything; Refused if it is not a notebook."""
    try:
        if file.is_symlink():
            raise Refused("link")
        if not file.is_file():
            raise Refused("not_a_file")
        if file.stat().st_size > _LARGEST:
            raise Refused("too_large", megabytes=_LARGEST // 1024**2)
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        cells = tuple(_cell(cell) for cell in content["cells"])
        if len(cells) > _MOST_CELLS or sum(len(cell["text"]) for cell in cells) > _MOST_CODE:
            raise Refused("too_much", cells=_MOST_CELLS, characters=_MOST_CODE)
        return Submission(cells)
    except (ValueError, RecursionError):
        raise Refused("not_json") from None
    except (KeyError, TypeError, AttributeError):
        raise Refused("not_a_notebook") from None
    except OSError as error:
        raise Refused("unreadable", reason=error.strerror) from None


def _cell(cell: dict[str, Any]) -> dict[str, str]:
    text = cell["source"]
    text = text if isinstance(text, str) else "".join(text)
    # half an emoji, as a cut in the middle leaves it, is no text: neither a kernel nor a page takes it
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return {"id": str(cell.get("id", "")), "kind": str(cell["cell_type"]), "text": text}


def recognise(submission: Submission, assignment: Assignment, others: Iterable[Assignment]) -> None:
    """Refused if this is not a notebook of the lesson; says of which one it is, if of any."""
    own = set(assignment.ids.values())
    if submission.ids() & own:
        return
    for other in others:
        if submission.ids() & set(other.ids.values()):
            raise Refused("foreign", other=other.lesson, lesson=assignment.lesson)
    raise Refused("unknown_cells", lesson=assignment.lesson)


def language_of(submission: Submission, assignment: Assignment, default: str) -> str:
    """The language whose texts the submission has most of."""
    texts = {cell["id"]: cell["text"] for cell in submission.cells if cell["kind"] == "markdown"}
    found = {
        language: sum(texts.get(cell.id) == cell.source for cell in assignment.notebook(language).cells if cell.source)
        for language in LANGUAGES
    }
    best = max(found, key=lambda language: (found[language], language == default))
    return best if found[best] else default


def restore(submission: Submission, assignment: Assignment, language: str) -> tuple[NotebookNode, int]:
    """Our notebook with the student's answers, and the number of check cells that had been changed or removed.

    Answers are found by cell id; of cells with the same id the last one that was filled in counts. Code cells that
    the student added run before the cell of ours that they stood before.
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
    touched = sum(any(text != ours[id_].source for text in given.get(id_, [""])) for id_ in checks)

    cells = []
    for cell in notebook.cells:
        cells += [_extra(text, f"{cell.id}-{n}") for n, text in enumerate(added.get(cell.id, []), start=1)]
        if cell.id in answers:
            filled = [text for text in given.get(cell.id, []) if text != cell.source]
            cell.source = filled[-1] if filled else cell.source
        cells.append(cell)
    notebook.cells = cells + [_extra(text, f"end-{n}") for n, text in enumerate(waiting, start=1)]
    return notebook, touched


def _extra(text: str, id_: str) -> NotebookNode:
    return new_code_cell(text, id=id_, metadata={"tags": ["added"]})
