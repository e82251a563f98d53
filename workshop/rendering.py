"""Pages from workshop/templates, by Jinja."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> str:
    """A template, such as `report.html.j2`, with its values: escaped in HTML, as they are in Markdown.

    jinja2.UndefinedError if one is missing.
    """
    return _environment().get_template(template).render(values)


def fill(text: str, **values: Any) -> str:
    """A text with its {{ words }} filled in as they are; jinja2.TemplateError if one is missing or a brace is wrong."""
    return _environment().from_string(text).render(values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
