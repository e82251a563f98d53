"""What a student is told: one page, in the language of the notebook, that needs no network and runs no script."""

import re
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from workshop.ground.rendering import render
from workshop.ground.texts import read

_TEMPLATE = Path(__file__).with_name("feedback.html.j2")
_TEXTS = read(Path(__file__).with_name("texts.yaml"))
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")


def text(key: str, language: str, **values: Any) -> str:
    """A text of texts.yaml in "ru" or "en", its {places} filled; KeyError if there is none."""
    return _TEXTS[key][language].format(**values)


def page(grade: Any, sections: list[dict[str, Any]], language: str) -> str:
    """The feedback page of a `grader.Grade`; `sections` are of `section()`."""
    texts = partial(text, language=language)
    return render(_TEMPLATE, grade=grade, sections=sections, language=language, text=texts)


def section(title: str, cells: list[NotebookNode], results: dict[str, dict[str, Any]], *, opened: bool) -> dict[str, Any]:
    """A part of the page: code cells with what they printed."""
    shown = [
        {
            "code": Markup(highlight(cell.source, PythonLexer(), HtmlFormatter(noclasses=True))),
            "added": "added" in cell.metadata.get("tags", []),
            "outputs": [shown for output in results.get(cell.id, {}).get("outputs", []) if (shown := _output(output))],
        }
        for cell in cells
    ]
    return {"title": title, "cells": shown, "open": opened}


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
