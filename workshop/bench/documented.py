"""A run from nothing by an engine as its documentation starts it, beside one as the kit starts it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from workshop import engines
from workshop.ground.results import BENCH
from workshop.places import AS_DOCUMENTED
from workshop.sandbox import Sandbox

_REPEATS = 3


def measure_documented(name: str) -> dict[str, Any]:
    """Medians of seconds to start the servers and to run, `documented` and `tuned`, the two by turns."""
    measured: dict[str, dict[str, list[float]]] = {
        kind: {"start_seconds": [], "seconds": []} for kind in ("documented", "tuned")
    }
    for _ in range(_REPEATS):
        for kind, seconds in measured.items():  # by turns, since the machine may slow down in between
            with _environment(documented=kind == "documented"):
                box = Sandbox.create(BENCH / "work" / f"{name}-{kind}")
                with engines.load(name).session(box) as session:
                    outcome = session.run()
            if outcome.exit_code:
                raise RuntimeError(f"{name}, {kind}: exit code {outcome.exit_code}\n{outcome.log[-3000:]}")
            seconds["start_seconds"].append(session.start_seconds)
            seconds["seconds"].append(outcome.seconds)
    medians = {kind: {key: round(median(values), 2) for key, values in seconds.items()} for kind, seconds in measured.items()}
    print(f"{name}, as documented: {medians}", file=sys.stderr, flush=True)
    return medians


@contextmanager
def _environment(*, documented: bool) -> Iterator[None]:
    before = os.environ.pop(AS_DOCUMENTED, None)
    try:
        if documented:
            os.environ[AS_DOCUMENTED] = "1"
        yield
    finally:
        os.environ.pop(AS_DOCUMENTED, None)
        if before is not None:
            os.environ[AS_DOCUMENTED] = before
