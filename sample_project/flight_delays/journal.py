"""Who worked when: a line for each stage that ran, in the file named by FLIGHT_DELAYS_JOURNAL.

Engines keep records of their own, each in another form; this one is the same for all, and tells
the stage's own work from what the engine adds to it. Without the variable nothing is written.
"""

import functools
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

P = ParamSpec("P")  # what a stage takes

VARIABLE = "FLIGHT_DELAYS_JOURNAL"
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, KiB on Linux


def recorded(stage: Callable[P, None]) -> Callable[P, None]:
    """Note start, end (Unix seconds), outcome and peak memory (bytes, of the process) of a stage."""

    @functools.wraps(stage)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        started, status = time.time(), "failed"
        try:
            stage(*args, **kwargs)
            status = "done"
        finally:
            if journal := os.environ.get(VARIABLE):
                record = {
                    "stage": stage.__name__,
                    "item": kwargs.get("month") or kwargs.get("candidate"),
                    "start": started,
                    "end": time.time(),
                    "status": status,
                    "pid": os.getpid(),
                    "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT,
                }
                # One short write in append mode: processes that run side by side do not mix lines.
                with Path(journal).open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(record) + "\n")

    return run
