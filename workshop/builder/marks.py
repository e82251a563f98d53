"""Figures of runs in texts that are read as they are, such as README.md: what stands between two marks is written here.

`<!-- run.total_seconds -->3 min 2 s<!-- / -->` is a figure in a line, and a mark on a line of its own opens a block of text
(blocks.py), up to the same closing mark. Comments are not seen on GitHub; within a line's or a fence's code they would be,
so marks in code are no marks, and a block goes around the whole fence.
"""

import re
from functools import partial
from pathlib import Path

from workshop.builder import blocks
from workshop.builder.format import Problem
from workshop.ground import measured
from workshop.ground.rendering import CODE

TEXTS = ("*.md", "docs/*.md", "docs/instructor/??/*.md", "lessons/*.md", "slides/*.md", "sample_project/*.md")
_END = "<!-- / -->"
_MARK = re.compile(
    rf"(?P<open><!-- (?P<name>[\w.:+]*[.:][\w.:+]*) -->)(?:(?P<inside>(?:(?!<!--).)*){_END})?|(?P<end>{_END})|{CODE}", re.DOTALL
)
# of a line, of an item of a list, of a quotation
_BEGINNING = re.compile(r"[\s>]*(?:(?:[-*+]|\d+[.)])\s+)?")


def files(root: Path) -> list[Path]:
    """The texts of a kit that may have marks."""
    return sorted(file for pattern in TEXTS for file in root.glob(pattern))


def language(file: Path) -> str:
    """The language in which a text is written."""
    return "ru" if file.name.endswith(".ru.md") or file.parent.name == "ru" else "en"


def filled(file: Path, root: Path) -> tuple[str | None, list[Problem]]:
    """A text of the kit in `root` with all its figures as they are measured, and what is wrong with its marks.

    None for a text without marks: it is not written anew.
    """
    text = file.read_text(encoding="utf-8")
    if not re.search(r"<!-- (?:/|[\w.:+]*[.:][\w.:+]*) -->", text):
        return None, []
    problems: list[Problem] = []
    new = _MARK.sub(partial(_filled, file, root, problems), text)
    return new, problems


def _filled(file: Path, root: Path, problems: list[Problem], found: re.Match[str]) -> str:
    text, start = found.string, found.start()
    try:
        if found["end"]:
            raise ValueError(f"{_END} closes no mark")
        if not found["open"]:
            return found[0]  # code
        if found["inside"] is None:
            raise ValueError(f"{found['open']} is not closed by {_END}")
        name = found["name"]
        alone = _is_alone(found)
        if name in blocks.BLOCKS:
            if not alone:
                raise ValueError(f"{name} is a block: its marks stand on lines of their own")
            inside = blocks.BLOCKS[name](measured.read(root), language(file))
            return f"{found['open']}\n{inside}{_END}"
        inside = measured.read(root).shown(name, language(file))
        if _BEGINNING.fullmatch(text[:start].rpartition("\n")[2]):
            raise ValueError(f"{found['open']} begins a line, which Markdown then takes for HTML: put a word before it")
        return f"{found['open']}{inside}{_END}"
    except (ValueError, measured.MeasuredError) as error:
        problems.append(Problem(file, text.count("\n", 0, start) + 1, str(error)))
        return found[0]


def _is_alone(found: re.Match[str]) -> bool:
    """Whether both marks stand on lines of their own."""
    text = found.string
    before, after = text[: found.start()], text[found.end() :]
    return (
        before.endswith("\n")
        and found["inside"].startswith("\n")
        and found["inside"].endswith("\n")
        and after[:1] in ("", "\n")
    )


def without(text: str) -> str:
    """A text without what stands between marks: the words that somebody has typed."""
    return _MARK.sub(lambda found: found[0] if not found["inside"] else "\n" * found["inside"].count("\n"), text)
