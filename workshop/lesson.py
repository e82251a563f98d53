"""What a lesson's notebook needs at its start: a sandbox of its own, the texts of its checks, and who watches its cells."""

import atexit
from contextlib import ExitStack
from typing import Any

from workshop import cells, engines
from workshop.engines.base import Session
from workshop.messages import Say, load
from workshop.places import WORK
from workshop.sandbox import Sandbox

_open_engines = ExitStack()
atexit.register(_open_engines.close)  # a notebook that fails half-way leaves no servers behind


def start(lesson: str, lang: str, *, part: str = "lesson", **params: Any) -> tuple[Sandbox, Say]:
    """Give a fresh sandbox for a lesson and the function that says its checks' messages in `lang` ("ru" or "en").

    Walk-through and exercises of a lesson (`part`) have a folder each, so they may be open side by side. Parameters
    of the pipeline can be set by name, dots as double underscores: `ingest__rows=3000`.
    """
    close_engines()  # a notebook that is started again, before its folder goes
    changed = {key.replace("__", "."): value for key, value in params.items()}
    sandbox = Sandbox.create(WORK / f"{lesson}-{part}", params=changed)
    say = load(lesson, lang)
    cells.watch(say)
    return sandbox, say


def open_engine(name: str, sandbox: Sandbox, **options: Any) -> Session:
    """Start an engine's session for a sandbox that lasts over the cells to come, until `close_engines` or the kernel's end.

    `options` go to the engine's `session`, such as ui=True. ValueError if there is no engine of that name.
    """
    return _open_engines.enter_context(engines.load(name).session(sandbox, **options))


def close_engines() -> None:
    """End the sessions of `open_engine` and their servers, the last one first."""
    _open_engines.close()
