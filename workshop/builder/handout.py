"""An exercise as it is handed out: what its issue is called, and what each of its cells is.

Made of the built notebooks alone, today's or those of an earlier revision, whatever their source looked like.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from nbformat import NotebookNode

from workshop.builder.tasks import HEADING
from workshop.places import LANGUAGES

Role = Literal["answer", "check", "given", "text"]

_BLANK = re.compile(r"^\s*say\.not_solved_yet\(", re.MULTILINE)  # as every stub has begun


def plain(text: str) -> str:
    """A text without what programs change on their own: line endings, blanks at their ends, empty lines around it."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def digest(text: str) -> str:
    """A short hash by which a text is known again."""
    return hashlib.sha256(plain(text).encode("utf-8", "surrogatepass")).hexdigest()[:8]


@dataclass(frozen=True)
class Slot:
    """A cell as handed out: its id, its task (0 before the first), its role in it, and digests of its text.

    There is one digest, or one for each of LANGUAGES where the cell differs between them.
    """

    id: str
    task: int
    role: Role
    digests: tuple[str, ...]

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell."""
        return self.role != "text"

    def language_of(self, text: str) -> str | None:
        """The language in which the cell was handed out with this text; None if it says something else now."""
        found = digest(text)
        return LANGUAGES[self.digests.index(found)] if found in self.digests else None


@dataclass(frozen=True)
class Handout:
    """An issue of an exercise: its name, the English titles of its tasks by number, and its cells in order."""

    issue: str
    titles: Mapping[int, str]
    slots: tuple[Slot, ...]

    @cached_property
    def by_id(self) -> dict[str, Slot]:
        """The cells by id."""
        return {slot.id: slot for slot in self.slots}

    def ids(self, task: int, role: Role) -> list[str]:
        """The cells of a task that have a role, in order."""
        return [slot.id for slot in self.slots if (slot.task, slot.role) == (task, role)]

    @cached_property
    def answers(self) -> dict[str, str]:
        """The answer cells: `3.2` for the second one of task 3 -> id."""
        counted: Counter[int] = Counter()
        found = {}
        for slot in self.slots:
            if slot.role == "answer":
                counted[slot.task] += 1
                found[f"{slot.task}.{counted[slot.task]}"] = slot.id
        return found


def read_handout(notebooks: Mapping[str, NotebookNode]) -> Handout:
    """The issue that an exercise is, of its notebooks in all languages, or in those that there are.

    ValueError if they are not the same exercise.
    """
    languages = [language for language in LANGUAGES if language in notebooks]
    task, titles, slots = 0, {}, []
    for cells in zip(*(notebooks[language].cells for language in languages), strict=True):
        if len({(cell.id, cell.cell_type) for cell in cells}) > 1:
            raise ValueError(f"cell {cells[0].id} differs between the languages")
        if cells[0].cell_type == "markdown":
            for language, cell in zip(languages, cells, strict=True):
                if heading := HEADING[language].search(cell.source):
                    task, titles[int(heading[1])] = int(heading[1]), heading[4].strip()
        texts = [cell.source for cell in cells]
        digests = tuple(digest(text) for text in (texts if len(set(texts)) > 1 else texts[:1]))
        slots.append(Slot(cells[0].id, task, _role(cells[0]), digests))
    return Handout(_issue(notebooks), titles, tuple(slots))


def _role(cell: NotebookNode) -> Role:
    if cell.cell_type != "code":
        return "text"
    if "check" in cell.metadata.get("tags", []):
        return "check"
    return "answer" if _BLANK.search(cell.source) else "given"


def _issue(notebooks: Mapping[str, NotebookNode]) -> str:
    """What the issue of these notebooks is called: as they say, or else as the builder would call it."""
    said = {notebook.metadata.get("workshop", {}).get("issue") for notebook in notebooks.values()}
    return said.pop() if len(said) == 1 and None not in said else issue_of(notebooks)


def issue_of(notebooks: Mapping[str, NotebookNode]) -> str:
    """The name of an issue: a hash of the cells as they are handed out, in all languages that there are.

    Of their metadata the tags count: what else may stand there, such as measured seconds, is no other exercise.
    """
    cells = [
        [(cell.id, cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebooks[language].cells]
        for language in sorted(notebooks)
    ]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:8]
