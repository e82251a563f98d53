"""GNU make: `make -f flight_delays.mk`, which compares the times of files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from workshop.engines.base import Session
from workshop.sandbox import Sandbox

COMMAND = ["make", "-f", "flight_delays.mk", "-j", "2"]


class Make(Session):
    """Runs make, also to go on after a failure: what is newer than its sources stays."""

    def _run(self) -> tuple[int, str]:
        # Started by the kit's own `make run`, it must not take itself for a part of it; and its messages are read below.
        done = self.sandbox.run(COMMAND, log="make.log", check=False, MAKEFLAGS="", MAKELEVEL="0", LC_ALL="C.UTF-8")
        return exit_code(done.returncode, done.stdout), done.stdout


def exit_code(returncode: int, log: str) -> int:
    """The project's exit code: make itself always ends with 2, the stage's own code stands in its log."""
    of_stages = re.findall(r"^make: \*\*\* \[.*\] Error (\d+)", log, re.MULTILINE)
    return int(of_stages[-1]) if returncode and of_stages else min(returncode, 1)


@contextmanager
def session(sandbox: Sandbox) -> Iterator[Make]:
    """Nothing to start, nothing to stop."""
    yield Make(sandbox)
