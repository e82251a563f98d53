"""Put a submission's answers into our own notebook: checks and given code are the source's, whatever was submitted."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from workshop.builder import making
from workshop.builder.format import BEGIN, Source
from workshop.builder.former import Issues, read_issues
from workshop.builder.handout import digest, plain
from workshop.builder.reading import read
from workshop.builder.tasks import Exercise, Task, read_exercise
from workshop.filled.parsing import Submission


@dataclass(frozen=True)
class Assignment:
    """An exercise as given: its tasks, its issues, and its notebook with ids that lead back to the source."""

    source: Source
    exercise: Exercise
    issues: Issues = field(repr=False)
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


def read_assignment(folder: Path) -> Assignment:
    """Read exercise.py and former.json of lessons/NN_name; BuildError if one is wrong."""
    file = folder / "exercise.py"
    exercise = read_exercise(file)
    source, _ = read(file, "exercise", folder.name)  # its problems have been raised above
    ids = dict(zip((block.key.line for block in source.blocks), making.cell_ids(source), strict=True))
    return Assignment(source, exercise, read_issues(making.exercises(source), folder), ids)


class Catalogue:
    """All exercises with their former issues, and which of them a notebook is."""

    def __init__(self, assignments: Mapping[str, Assignment]):
        self.assignments = dict(assignments)
        self._ids: dict[str, str] = {}
        owners: dict[tuple[bool, str], set[str]] = defaultdict(set)
        for name, one in assignments.items():
            self._ids |= dict.fromkeys(one.ids.values(), name)
            for slot in (slot for handout in (one.issues.today, *one.issues.former) for slot in handout.slots):
                self._ids.setdefault(slot.id, name)
                for said in slot.digests:
                    owners[slot.is_code, said].add(name)
        self._texts = {said: only for said, (only, *more) in owners.items() if not more}

    def lesson_of(self, submission: Submission, named: str | None) -> str | None:
        """The lesson that most cells belong to, by id or else by text; of equals the one that the file is named after."""
        found: Counter[str] = Counter()
        for cell in submission.cells:
            lesson = self._ids.get(cell["id"]) or self._ids.get(cell["kept"])
            if lesson := lesson or self._texts.get((cell["kind"] == "code", digest(cell["text"]))):
                found[lesson] += 1
        return max(found, key=lambda name: (found[name], name == named)) if found else None


def restore(submission: Submission, assignment: Assignment, language: str) -> tuple[NotebookNode, int]:
    """Our notebook with the student's answers, and the number of check cells that had been changed or removed.

    The submission has today's ids, as `matching.identify` gives them. Of cells with the same id the last one that was filled
    in counts. Code cells that the student added run before the cell of ours that they stood before.
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
        lines = set(plain(ours[id_].source).splitlines())
        for text in _changed(given.get(id_, []), ours[id_]):
            kept = lines.intersection(plain(text).splitlines())
            if text.strip() and (not answered or len(kept) * 2 < len(lines)):
                added.setdefault(id_, []).append(text)


def _changed(texts: Sequence[str], cell: NotebookNode) -> list[str]:
    """Those of the texts that are not what our cell says."""
    return [text for text in texts if plain(text) != plain(cell.source)]


def _extra(text: str, id_: str) -> NotebookNode:
    return new_code_cell(text, id=id_, metadata={"tags": ["added"]})
