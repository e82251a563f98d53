"""What a student is told: one page, in the language of the notebook, that needs no network and runs no script."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from markupsafe import Markup, escape
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from workshop.ground.rendering import render
from workshop.ground.texts import read

Section: TypeAlias = dict[str, Any]

_TEMPLATE = Path(__file__).with_name("feedback.html.j2")
_TEXTS = read(Path(__file__).with_name("texts.yaml"))
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_MOST_COLOURED = 100_000  # characters of code: colours make the page seven times as long
_MOST_CODE, _MOST_OUTPUT = 300_000, 1_500_000  # characters that are shown
_CUT = "\n..."


def text(key: str, language: str, **values: Any) -> str:
    """A text of texts.yaml in "ru" or "en", its {places} filled; KeyError if there is none."""
    return _TEXTS[key][language].format(**values)


def page(grade: Any, sections: Sequence[Section], language: str, *, plain: bool = False) -> str:
    """The feedback page of a `grader.Grade`; `plain` does without colours, which may take minutes to make."""
    code = sum(len(cell["code"]) for one in sections for cell in one["cells"])
    room = _Room(_MOST_CODE, _MOST_OUTPUT)
    colour = _as_it_is if plain or code > _MOST_COLOURED else _coloured
    shown = [
        {
            **one,
            "cells": [
                {**cell, "code": colour(room.of_code(cell["code"])), "outputs": list(_outputs(cell["outputs"], room))}
                for cell in one["cells"]
            ],
        }
        for one in sections
    ]
    texts = partial(text, language=language)
    return render(_TEMPLATE, grade=grade, sections=shown, language=language, text=texts)


def _coloured(code: str) -> Markup:
    return Markup(highlight(code, PythonLexer(), HtmlFormatter(noclasses=True)))


def _as_it_is(code: str) -> Markup:
    return Markup("<pre>{}</pre>").format(escape(code))


def section(title: str, cells: list[NotebookNode], results: dict[str, dict[str, Any]], *, opened: bool) -> Section:
    """A part of the page: code cells with what they printed."""
    shown = [
        {
            "code": cell.source,
            "added": "added" in cell.metadata.get("tags", []),
            "outputs": results.get(cell.id, {}).get("outputs", []),
        }
        for cell in cells
    ]
    return {"title": title, "cells": shown, "open": opened}


@dataclass
class _Room:
    """How much more of a submission is shown."""

    code: int
    output: int

    def of_code(self, code: str) -> str:
        """As much of the code as there is room for."""
        shown, self.code = code[: self.code], max(0, self.code - len(code))
        return shown if shown == code else shown + _CUT

    def of_output(self, part: dict[str, Any]) -> dict[str, Any]:
        """The same; a picture is shown whole or not at all."""
        size = len(part["text"]) + len(part["image"])
        before, self.output = self.output, max(0, self.output - size)
        if size <= before:
            return part
        return {**part, "image": "", "text": part["text"][:before] + _CUT}


def _outputs(outputs: list[dict[str, Any]], room: _Room) -> Iterator[dict[str, Any]]:
    for output in outputs:
        if (shown := _output(output)) and room.output:
            yield room.of_output(shown)


def _output(output: dict[str, Any]) -> dict[str, Any] | None:
    """Text and pictures only: HTML of a student's making has no business in the instructor's browser."""
    if output["output_type"] == "stream":
        return _shown(text=strip_ansi(_joined(output["text"])))
    if output["output_type"] == "error":
        return _shown(text=strip_ansi("\n".join(map(str, output["traceback"]))), error=True)
    data = output.get("data", {})
    image = _joined(data.get("image/png", ""))
    if image and _BASE64.fullmatch(image):
        return _shown(image=image)
    plain = _joined(data.get("text/plain", ""))
    return _shown(text=strip_ansi(plain)) if plain else None


def _shown(*, text: str = "", image: str = "", error: bool = False) -> dict[str, Any]:
    return {"text": text, "image": image, "error": error}


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else "".join(map(str, value))
