"""What a source is: a list of blocks, each a code cell shared by the languages or a Markdown cell with its twin."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workshop.builder import engine_texts
from workshop.places import LANGUAGES

BEGIN = re.compile(r"(\s*)# BEGIN SOLUTION\s*")
END = re.compile(r"(\s*)# END SOLUTION\s*")
LANGUAGE_LINE = re.compile(r'^lang = "en".*$', re.MULTILINE)

# what nbval and nbclient understand, beside our own tags
RUN_TAGS = {"raises-exception", "nbval-ignore-output", "nbval-check-output"}
LESSON_TAGS = {"parameters", *LANGUAGES, *RUN_TAGS}
EXERCISE_TAGS = {*LESSON_TAGS, "exercise", "solution", "check"}
GRADED = "graded-"  # begins what the grader is to know of a cell, see workshop/grading/plan.py; the notebooks have none of it
ONCE = f"{GRADED}once"  # of a given cell that takes long: what it leaves is handed over
NOT_ALONE = f"{GRADED}not-alone"  # of a given cell that a task whose answer has a kernel of its own does without
WAITS = "waits-"  # begins the tag of a slow cell; what it waits for says `waits_NAME` in messages.yaml

Kind = Literal["lesson", "exercise", "pipeline"]


@dataclass(frozen=True, order=True)
class Problem:
    """Something in a source that must be mended: the file, its line from 1, and what is wrong."""

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        """Such as `lessons/04_dvc/lesson.py:12: what is wrong`."""
        return f"{self.file}:{self.line}: {self.text}"


class BuildError(Exception):
    """The sources cannot be built; `problems` says why, by file and line."""

    def __init__(self, problems: list[Problem]):
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Cell:
    """A cell of a source; `line` is that of its marker, `first` that of its first line of text."""

    kind: Literal["code", "markdown"]
    text: str
    tags: frozenset[str]
    line: int
    first: int

    @property
    def language(self) -> str:
        """The language of a Markdown cell; "" for code."""
        return next((language for language in LANGUAGES if language in self.tags), "")


@dataclass(frozen=True)
class Block:
    """One code cell, or a Markdown cell in every language."""

    cells: tuple[Cell, ...]

    def cell(self, language: str) -> Cell:
        """The code cell, or the one of the twins in that language."""
        return next(cell for cell in self.cells if cell.kind == "code" or cell.language == language)

    @property
    def key(self) -> Cell:
        """The code cell, or the English one of the twins."""
        return self.cell("en")

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell."""
        return self.key.kind == "code"


@dataclass(frozen=True)
class Source:
    """A file that notebooks are built from.

    `name` is the basename of the notebooks, such as `04_dvc` or `pipeline/dvc`; `lesson` is the name of
    the folder, whose messages.yaml the notebooks speak with.
    """

    file: Path
    kind: Kind
    name: str
    blocks: tuple[Block, ...]

    @property
    def lesson(self) -> str:
        """The folder's name."""
        return self.file.parent.name

    @property
    def is_one_of_many(self) -> bool:
        """Whether the file makes other notebooks too."""
        return self.file.name == engine_texts.SOURCE

    @property
    def code(self) -> list[Cell]:
        """The code cells, in order."""
        return [block.key for block in self.blocks if block.is_code]
