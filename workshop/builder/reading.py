"""Read the sources of the notebooks: py:percent files under lessons/, both languages side by side."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from jupytext.formats import get_format_implementation
from nbformat import NotebookNode

from workshop.builder import engine_texts
from workshop.builder.format import (
    EXERCISE_TAGS,
    GRADED,
    LESSON_TAGS,
    NOT_ALONE,
    ONCE,
    RUN_TAGS,
    WAITS,
    Block,
    Cell,
    Kind,
    Problem,
    Source,
)
from workshop.ground import measured
from workshop.ground.rendering import fill
from workshop.places import LANGUAGES, TWIN

_LESSON_FOLDER = re.compile(r"\d\d_[a-z0-9_]+")
_PIPELINE = "pipeline"
_CELL_MARKER = re.compile(r"^\s*#\s*%%", re.MULTILINE)
# options that jupytext makes of the blank lines around a cell
_LAYOUT_OPTIONS = {"lines_to_next_cell", "lines_to_end_of_cell_marker"}


def find(lessons: Path) -> tuple[list[tuple[Path, Kind, str]], list[Problem]]:
    """The source files in the folder `lessons` as (file, kind, name), and what has no business there."""
    found, problems = [], []
    for file in sorted(lessons.glob("*/*.py")):
        folder = file.parent.name
        if folder == _PIPELINE:
            names, wrong = _names(file)
            found += [(file, "pipeline", f"{_PIPELINE}/{name}") for name in names]
            problems += wrong
        elif file.stem in ("lesson", "exercise"):
            if not _LESSON_FOLDER.fullmatch(folder):
                problems.append(Problem(file, 1, f"the folder of a lesson is named like 04_dvc, not {folder}"))
            found.append((file, file.stem, folder))
        elif _CELL_MARKER.search(file.read_text(encoding="utf-8")):
            problems.append(
                Problem(file, 1, "a file with cells is named lesson.py or exercise.py: this one would never be built")
            )
    if not found and not problems:
        problems.append(Problem(lessons, 1, "no source of a notebook in this folder"))
    return found, problems


def _names(file: Path) -> tuple[list[str], list[Problem]]:
    """The notebooks that a source in lessons/pipeline makes."""
    if file.name != engine_texts.SOURCE:
        return [file.stem], []
    texts = file.with_name(engine_texts.TEXTS)
    engines, wrong = engine_texts.read(texts)
    twice = [name for name in engines if file.with_name(f"{name}.py").exists()]
    problems = [Problem(texts, line, text) for line, text in wrong]
    return list(engines), [*problems, *(Problem(texts, 1, f"{name}.py makes a notebook of that name too") for name in twice)]


def read(file: Path, kind: Kind, name: str) -> tuple[Source, list[Problem]]:
    """Read a source file; what is wrong with single cells and with the twins comes back as problems."""
    cells, problems = read_cells(file)
    cells, wrong = _filled(file, cells, engine_texts.values(file, name))
    problems += wrong
    problems += _tag_problems(file, cells, LESSON_TAGS if kind != "exercise" else EXERCISE_TAGS)
    blocks, more = _pair(file, cells)
    return Source(file, kind, name, tuple(blocks)), problems + more


def _filled(file: Path, cells: list[Cell], words: dict[str, dict[str, str]] | None) -> tuple[list[Cell], list[Problem]]:
    """The cells of a source with their {{ words }} filled: in Markdown figures of runs, in the cell's language.

    In a source that many notebooks are built from, `words` too, and in its code as well, by those of English.
    """
    filled, problems = [], []
    for cell in cells:
        if cell.kind == "code" and words is None:
            filled.append(cell)
            continue
        text, wrong = fill(cell.text, partial(_word, file, cell.language or "en", words), code=words is not None)
        problems += [Problem(file, cell.first + line, why) for line, why in wrong]
        filled.append(replace(cell, text=text))
    return filled, problems


def _word(file: Path, language: str, words: dict[str, dict[str, str]] | None, word: str) -> str:
    """What a word stands for; ValueError if it stands for nothing."""
    if words and word in words[language]:
        return words[language][word]
    try:
        return measured.read(file.resolve().parents[2]).shown(word, language)
    except measured.MeasuredError as error:
        raise ValueError(str(error)) from None


def read_cells(file: Path) -> tuple[list[Cell], list[Problem]]:
    """The cells of a py:percent file with their lines, and what jupytext could not make sense of."""
    cells, problems = [], []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        return [], [Problem(file, 1, f"not UTF-8: {error}")]
    for line, node in _nodes(lines):
        text = node.source.strip("\n")
        if not _CELL_MARKER.match(lines[line - 1]):
            if any(row.strip() and not row.startswith("#") for row in text.splitlines()):
                problems.append(Problem(file, line, "code before the first cell marker"))
            continue  # comments at the top are for authors
        options = set(node.metadata) - {"tags"} - _LAYOUT_OPTIONS
        tags = node.metadata.get("tags", [])
        if options or not isinstance(tags, list):
            problems.append(Problem(file, line, f'a cell marker holds [markdown] and tags=["..."] only: {lines[line - 1]}'))
            tags = []
        if node.cell_type == "raw":
            problems.append(Problem(file, line, "a raw cell"))
            continue
        blank = len(node.source) - len(node.source.lstrip("\n"))
        cells.append(Cell(node.cell_type, text.rstrip(), frozenset(tags), line, line + 1 + blank))
    return cells, problems


def _nodes(lines: list[str]) -> Iterator[tuple[int, NotebookNode]]:
    """Every cell as jupytext reads it, with its line: jupytext.reads does the same and forgets the lines."""
    reader = get_format_implementation(".py", "percent").cell_reader_class
    # else a comment such as "# copy the file" is taken for a magic, and becomes code
    options = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    position = 0
    while position < len(lines):
        node, used = reader(options, "python").read(lines[position:])
        yield position + 1, node
        position += used


def _tag_problems(file: Path, cells: list[Cell], known: set[str]) -> Iterator[Problem]:
    for cell in cells:
        waits = {tag for tag in cell.tags if tag.startswith(WAITS)}
        graded = {tag for tag in cell.tags if tag in (ONCE, NOT_ALONE) or (tag.startswith(GRADED) and "check" in cell.tags)}
        for tag in sorted(cell.tags - known - waits - graded):
            where = "belongs into exercise.py" if tag in EXERCISE_TAGS else f"unknown; known are {', '.join(sorted(known))}"
            yield Problem(file, cell.line, f"tag {tag!r} {where}")
        if cell.kind == "code" and cell.language:
            yield Problem(file, cell.line, f"a code cell is shared by the languages, but is tagged {cell.language!r}")
        if cell.kind == "markdown":
            if len(cell.tags & set(LANGUAGES)) != 1:
                yield Problem(file, cell.line, "a Markdown cell is tagged either 'ru' or 'en'")
            for tag in sorted(cell.tags & {"parameters", "check", *RUN_TAGS, *waits}):
                yield Problem(file, cell.line, f"tag {tag!r} is for code cells")


def _pair(file: Path, cells: list[Cell]) -> tuple[list[Block], list[Problem]]:
    """Join every Markdown cell with its twin, which must be the next cell."""
    blocks, problems, waiting = [], [], list(cells)
    while waiting:
        cell = waiting.pop(0)
        if cell.kind == "code":
            blocks.append(Block((cell,)))
        elif cell.language:
            other = TWIN[cell.language]
            if not waiting or waiting[0].language != other:
                problems.append(Problem(file, cell.line, f"a cell in {cell.language!r} without its twin in {other!r} after it"))
                continue
            twin = waiting.pop(0)
            if cell.tags - {cell.language} != twin.tags - {other}:
                problems.append(Problem(file, twin.line, f"other tags than its twin in line {cell.line}"))
            blocks.append(Block((cell, twin)))
    return blocks, problems
