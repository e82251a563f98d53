"""Pages from templates, by Jinja."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(template: Path, **values: Any) -> str:
    """A template, such as `report.html.j2`, with its values: escaped in HTML, as they are in Markdown.

    jinja2.UndefinedError if one is missing.
    """
    return _environment(template.parent).get_template(template.name).render(values)


def fill(text: str, **values: Any) -> str:
    """A text with its {{ words }} filled in as they are; jinja2.TemplateError if one is missing or a brace is wrong."""
    return _environment(Path()).from_string(text).render(values)


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
