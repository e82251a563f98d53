"""Pages from templates, by Jinja."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

CODE = r"```.*?```|`[^`\n]+`"  # of Markdown
_WORD = re.compile(r"\{\{ *(?P<word>[^{}\n]+?) *\}\}|(?P<open>\{\{)")
_WORD_OR_CODE = re.compile(f"{CODE}|{_WORD.pattern}", re.DOTALL)


def render(template: Path, **values: Any) -> str:
    """A template, such as `report.html.j2`, with its values: escaped in HTML, as they are in Markdown.

    jinja2.UndefinedError if one is missing.
    """
    return _environment(template.parent).get_template(template.name).render(values)


def fill(text: str, word: Callable[[str], str], *, code: bool = True) -> tuple[str, list[tuple[int, str]]]:
    """A text with what `word` gives for each of its {{ words }}, and what is wrong: (line from 0, why), by its ValueErrors.

    A word that is wrong stays as it is. With `code=False` Markdown's code, in a line or fenced, stays as it is, too.
    """
    wrong: list[tuple[int, str]] = []

    def filled(found: re.Match[str]) -> str:
        if found["word"] is None and found["open"] is None:
            return found[0]
        try:
            if found["open"]:
                raise ValueError("{{ is never closed: expected {{ word }}")
            return word(found["word"])
        except ValueError as error:
            wrong.append((text.count("\n", 0, found.start()), str(error)))
            return found[0]

    return (_WORD if code else _WORD_OR_CODE).sub(filled, text), wrong


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
