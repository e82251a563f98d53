"""What every engine has in common: a session in a sandbox, and the outcome of a run."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from workshop.ground.records import Record
from workshop.sandbox import Sandbox


@dataclass(frozen=True)
class Outcome:
    """One run of the pipeline by an engine.

    `started` is in Unix seconds; `seconds` is from the call that starts the run to its end; `exit_code` follows the
    project's (0 done, 1 a stage failed, 3 the gate said no); `records` are the stages that really ran; `log` is what
    the engine printed.
    """

    started: float
    seconds: float
    exit_code: int
    records: list[Record] = field(repr=False)
    log: str = field(default="", repr=False)

    @property
    def work_seconds(self) -> float:
        """Time in which at least one of our stages was at work; the rest of `seconds` is the engine's own."""
        total, until = 0.0, 0.0
        for record in self.records:
            total += max(0.0, record.end - max(record.start, until))
            until = max(until, record.end)
        return total


class Session(ABC):
    """An engine that is ready to run the pipeline of one sandbox."""

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox
        self.start_seconds = 0.0  # what its servers took to come up
        self._started = 0.0  # of the last run

    def run(self) -> Outcome:
        """Run the pipeline from its start, as a user of this engine would."""
        return self._timed(self._run)

    def resume(self) -> Outcome:
        """Go on after a failed run, as far as this engine can."""
        return self._timed(self._resume)

    def own_records(self) -> list[Record]:
        """The tasks of the last run as the engine itself recorded them, by start.

        An engine without records of its own gives what the stages noted in the journal. `pid` and `peak_bytes` are
        0 where the engine does not know them; `status` is done, failed, or cached for a result of before.
        """
        return self.sandbox.records(since=self._started)

    @abstractmethod
    def _run(self) -> tuple[int, str]:
        """Run and give exit code and log."""

    def _resume(self) -> tuple[int, str]:
        return self._run()

    def _timed(self, action: Callable[[], tuple[int, str]]) -> Outcome:
        wall, clock = time.time(), time.perf_counter()
        self._started = wall
        exit_code, log = action()
        seconds = time.perf_counter() - clock
        return Outcome(wall, seconds, exit_code, self.sandbox.records(since=wall), log)


def engine_record(name: str, start: float, end: float, status: str) -> Record:
    """A task as an engine recorded it, named like `train boosting`; times in Unix seconds."""
    stage, _, item = name.strip().partition(" ")
    return Record(stage, item or None, start, end, status, pid=0, peak_bytes=0)
