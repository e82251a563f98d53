"""What a lesson's notebook needs at its start: a sandbox of its own, and the texts of its checks."""

from collections.abc import Callable

from workshop.messages import load
from workshop.places import WORK
from workshop.sandbox import Sandbox

Say = Callable[[str], str]


def start(lesson: str, lang: str, *, part: str = "lesson", **params) -> tuple[Sandbox, Say]:
    """Give a fresh sandbox for a lesson and the function that says its checks' messages in `lang` ("ru" or "en").

    Walk-through and exercises of a lesson (`part`) have a folder each, so they may be open side by side. Parameters
    of the pipeline can be set by name, dots as double underscores: `ingest__rows=3000`.
    """
    changed = {key.replace("__", "."): value for key, value in params.items()}
    sandbox = Sandbox.create(WORK / f"{lesson}-{part}", params=changed)
    return sandbox, load(lesson, lang)
