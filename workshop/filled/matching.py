"""Know the cells of a filled-in notebook again: what of it are answers, to which task of today, and what is the student's own.

A cell is known by its id, by its text, and what is then left between two cells of ours by its place and likeness: not all
programs keep ids, and an answer's text is the student's. What was handed out in a former issue is known by that issue.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from nbformat import NotebookNode

from workshop.builder import making
from workshop.builder.former import Issues
from workshop.builder.handout import Handout, Slot, digest, plain
from workshop.filled.parsing import Submission
from workshop.places import LANGUAGES


@dataclass(frozen=True)
class Match:
    """What a cell of a notebook is: the id of today's cell that it belongs to, or ""; the cell that was handed out, None if
    the student added it; the number of its task today, None if that is no more; and the language in which it says what was
    handed out, None if it says something else.
    """

    id: str = ""
    slot: Slot | None = None
    task: int | None = None
    untouched: str | None = None


def issue_of(submission: Submission, issues: Issues) -> Handout:
    """The issue that a notebook is of: as it says, else the one that most of its cells are of; of equals the one
    that misses least, else the newest."""
    known = _newest_first(issues)
    for handout in known:
        if handout.issue == submission.issue:
            return handout
    texts = [(cell["kind"] == "code", digest(cell["text"])) for cell in submission.cells]

    def alike(handout: Handout) -> tuple[int, int, int]:
        said = {(slot.is_code, one) for slot in handout.slots for one in slot.digests}
        ids = sum(cell["id"] in handout.by_id or cell["kept"] in handout.by_id for cell in submission.cells)
        return ids, sum(text in said for text in texts), -len(handout.slots)

    return max(known, key=alike)


def _newest_first(issues: Issues) -> list[Handout]:
    return [issues.today, *issues.former]


def recognise(submission: Submission, issues: Issues) -> list[Match]:
    """What each cell of a notebook is, in order."""
    own = issue_of(submission, issues)
    tables = [own, *(one for one in _newest_first(issues) if one is not own)]
    matches = [_by_id(cell, tables, issues) for cell in submission.cells]
    for handout in tables:
        _by_text(submission, matches, handout, issues)
    _by_place(submission, matches, own, issues)
    return matches


def _by_id(cell: Mapping[str, str], tables: Sequence[Handout], issues: Issues) -> Match:
    for handout in tables:
        for id_ in (cell["id"], cell["kept"]):
            if slot := handout.by_id.get(id_):
                return _match(cell, handout, slot, issues)
    return Match()


def _match(cell: Mapping[str, str], handout: Handout, slot: Slot, issues: Issues) -> Match:
    said = slot.language_of(cell["text"]) if (cell["kind"] == "code") == slot.is_code else None
    id_ = issues.places[handout.issue].get(slot.id, "")
    return Match(id_, slot, issues.tasks[handout.issue].get(slot.task), said)


def _by_text(submission: Submission, matches: list[Match], handout: Handout, issues: Issues) -> None:
    """Fill in matches of cells that say what the issue handed out in cells that were not found."""
    places = issues.places[handout.issue]
    found = {match.slot.id for match in matches if match.slot} | {match.id for match in matches}
    free: dict[tuple[bool, str], deque[Slot]] = {}
    for slot in handout.slots:
        if slot.id not in found and places.get(slot.id, "none") not in found:
            for said in set(slot.digests):
                free.setdefault((slot.is_code, said), deque()).append(slot)
    for number, cell in enumerate(submission.cells):
        waiting = free.get((cell["kind"] == "code", digest(cell["text"])))
        if not matches[number].slot and waiting:
            matches[number] = _match(cell, handout, waiting.popleft(), issues)


def _by_place(submission: Submission, matches: list[Match], own: Handout, issues: Issues) -> None:
    """Fill in matches of code cells between two of ours, by what their issue had there and what was not found."""
    ours = issues.notebooks[min(issues.notebooks, key=LANGUAGES.index)].cells
    place = {cell.id: number for number, cell in enumerate(ours)}
    found = {match.id for match in matches}
    had = set(issues.places[own.issue].values())
    left = [cell for cell in ours if cell.cell_type == "code" and cell.id in had - found]
    answers = set(issues.today.answers.values())
    # what was handed out and has no place today neither stands between others nor is one of them
    numbers = [number for number, match in enumerate(matches) if match.id or not match.slot]
    ids = [matches[number].id for number in numbers]
    for first, last in _gaps(ids):
        after = place[ids[first - 1]] if first else -1
        before = place[ids[last]] if last < len(ids) else len(ours)
        slots = [cell for cell in left if after < place[cell.id] < before]
        between = [number for number in numbers[first:last] if submission.cells[number]["kind"] == "code"]
        texts = [submission.cells[number]["text"] for number in between]
        for number, id_ in zip(between, _aligned(texts, slots, answers), strict=True):
            if id_:
                matches[number] = _match(submission.cells[number], issues.today, issues.today.by_id[id_], issues)


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
    lines = [set(plain(text).splitlines()) for text in texts]
    wanted = [{line for line in plain(slot.source).splitlines() if making.STUB not in line and line.strip()} for slot in slots]
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


def identify(submission: Submission, issues: Issues) -> Submission:
    """The same with today's ids, as if it were of today's issue: what its issue handed out says what today's does.

    What a former issue handed out and today's does not have is left out, but for answers: they are the student's code.
    """
    cells = []
    for cell, match in zip(submission.cells, recognise(submission, issues), strict=True):
        if match.slot and not match.id and (match.slot.role != "answer" or match.untouched):
            continue
        text = cell["text"]
        if match.untouched and match.slot is not issues.today.by_id[match.id]:
            text = _said(issues, match)
        cells.append({**cell, "id": match.id, "kept": "", "text": text})
    own = issue_of(submission, issues)
    had = set(issues.places[own.issue].values())
    # nobody has removed a check that was not handed out; at the beginning nothing stands before it
    new = [id_ for id_, slot in issues.today.by_id.items() if slot.role == "check" and id_ not in had]
    texts = {cell.id: cell.source for cell in next(iter(issues.notebooks.values())).cells}
    given = [{"id": id_, "kept": "", "kind": "code", "text": texts[id_]} for id_ in new]
    return Submission((*given, *cells), submission.issue)


def _said(issues: Issues, match: Match) -> str:
    """What today's cell says in the language in which the former one was handed out."""
    said = match.untouched or ""
    language = said if said in issues.notebooks else next(iter(issues.notebooks))
    return next(cell.source for cell in issues.notebooks[language].cells if cell.id == match.id)


def filled(submission: Submission, issues: Issues) -> dict[str, str]:
    """The answers by id that are not as they were handed out; of a submission as `identify` gives it."""
    slots = {id_: issues.today.by_id[id_] for id_ in issues.today.answers.values()}
    code = [(cell["id"], cell["text"]) for cell in submission.cells if cell["kind"] == "code"]
    return {id_: plain(text) for id_, text in code if id_ in slots and not slots[id_].language_of(text)}


def language_of(submission: Submission, issues: Issues, default: str) -> str:
    """The language whose texts the submission has most of; as `identify` gives it."""
    texts = {cell["id"]: plain(cell["text"]) for cell in submission.cells}
    found = {
        language: sum(texts.get(cell.id) == plain(cell.source) for cell in notebook.cells if cell.source)
        for language, notebook in issues.notebooks.items()
    }
    return max(found, key=lambda language: (found[language], language == default))
