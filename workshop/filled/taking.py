"""Take what a student has written in another issue of an exercise over to today's."""

import re
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, writes

from workshop.builder.former import Issues
from workshop.filled.matching import Match, issue_of, recognise
from workshop.filled.parsing import parse
from workshop.ground.texts import by_language

TEXTS = by_language(Path(__file__).with_name("texts.yaml"))
_OURS = {"workshop": "changed"}  # the metadata of a cell that shows what has changed


def state(notebook: NotebookNode, issues: Issues) -> Literal["same", "untouched", "other"]:
    """Whether a notebook is of today's issue; of another, with nothing in it of the student's; or of another, with something.

    Refused if it cannot be read.
    """
    submission = parse(writes(notebook).encode("utf-8", "surrogatepass"))
    if submission.issue == issues.today.issue or (not submission.issue and issue_of(submission, issues) is issues.today):
        return "same"
    theirs = (
        cell.source.strip() and not match.untouched
        for cell, match in zip(notebook.cells, recognise(submission, issues), strict=True)
    )
    return "other" if any(theirs) else "untouched"


def take(notebook: NotebookNode, issues: Issues, language: str) -> NotebookNode:
    """Today's notebook with what a student has written in a notebook of another issue. Refused if that cannot be read.

    Answers stand in the cells of their tasks, and where such a cell was handed out otherwise now, the new one is shown below.
    Cells of the student's own stand before the cell of ours that they stood before. At the end is, as text, what has no place:
    answers to tasks that are no more, changes of cells of ours that hold no answer. There are no outputs.
    """
    new = deepcopy(issues.notebooks[language])
    ours = {cell.id: cell for cell in new.cells}
    answers: dict[str, tuple[NotebookNode, Match]] = {}
    before: dict[str, list[NotebookNode]] = {}
    waiting: list[NotebookNode] = []
    homeless: list[NotebookNode] = []
    submission = parse(writes(notebook).encode("utf-8", "surrogatepass"))
    for cell, match in zip(notebook.cells, recognise(submission, issues), strict=True):
        slot, code = match.slot, cell.cell_type == "code"
        if match.id:
            before.setdefault(match.id, []).extend(waiting)
            waiting = []
        if match.untouched or not cell.source.strip() or cell.metadata.get("workshop") == _OURS["workshop"]:
            continue
        if slot and slot.role == "answer" and code and match.id:
            if match.id in answers:  # two cells of the same id: the last one counts
                homeless.append(answers[match.id][0])
            answers[match.id] = (cell, match)
        elif slot is None or (slot.role == "answer" and match.task is not None):
            waiting.append(cell)
        else:
            homeless.append(cell)

    used = set(ours)
    cells: list[NotebookNode] = []
    for cell in new.cells:
        cells += [_own(one, used) for one in before.get(cell.id, [])]
        cells.append(cell)
        if cell.id in answers:
            answer, match = answers[cell.id]
            if match.slot and match.slot.digests != issues.today.by_id[cell.id].digests:
                cells.append(new_markdown_cell(f"{TEXTS[language]['changed']}\n\n{_fenced(cell.source)}", metadata=_OURS))
            cell.source = answer.source
    cells += [_own(one, used) for one in waiting]
    new.cells = [*cells, *_at_the_end(homeless, language)]
    return new


def _own(cell: NotebookNode, used: set[str]) -> NotebookNode:
    """A cell of the student's without outputs and the builder's notes, with another id if its own is taken."""
    own = deepcopy(cell)
    own.metadata.pop("workshop", None)
    if own.cell_type == "code":
        own.outputs, own.execution_count = [], None
    if own.id in used:
        own.id = new_code_cell().id
    used.add(own.id)
    return own


def _at_the_end(homeless: Sequence[NotebookNode], language: str) -> list[NotebookNode]:
    """What has no place any more, as text."""
    if not homeless:
        return []
    texts = [cell.source if cell.cell_type == "markdown" else _fenced(cell.source) for cell in homeless]
    kept = [new_markdown_cell(text) for text in texts]
    for cell, new in zip(homeless, kept, strict=True):
        if cell.get("attachments") and cell.cell_type == "markdown":
            new.attachments = deepcopy(cell.attachments)
    return [new_markdown_cell(TEXTS[language]["homeless"]), *kept]


def _fenced(code: str) -> str:
    """Code as Markdown, whatever quotes it has in it."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{code}\n{fence}"
