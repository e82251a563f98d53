"""The plain script: one process, from the top, every time."""

from collections.abc import Iterator
from contextlib import contextmanager

from workshop.engines.base import Session
from workshop.sandbox import Sandbox


class Scripts(Session):
    """Runs run_pipeline.py."""

    def _run(self) -> tuple[int, str]:
        done = self.sandbox.run(["python", "run_pipeline.py"], log="scripts.log", check=False)
        return done.returncode, done.stdout


@contextmanager
def session(sandbox: Sandbox) -> Iterator[Scripts]:
    """Nothing to start, nothing to stop."""
    yield Scripts(sandbox)
