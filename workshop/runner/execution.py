"""A run: a folder of its own under runs/, and papermill, which executes notebooks into it."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import papermill
from filelock import FileLock, Timeout
from papermill.exceptions import PapermillException

from flight_delays import artifacts
from workshop.ground.memory import Peak
from workshop.places import RUNS
from workshop.run import RunError


@dataclass(frozen=True)
class Run:
    """A folder under runs/ with the parameters of a run and what became of each notebook."""

    folder: Path

    @property
    def state_file(self) -> Path:
        """Where parameters and outcomes are kept for --resume."""
        return self.folder / "run.json"

    def read(self) -> dict[str, Any]:
        """Parameters and outcomes so far."""
        return json.loads(self.state_file.read_text(encoding="utf-8"))

    def write(self, state: dict[str, Any]) -> None:
        """Keep parameters and outcomes."""
        artifacts.write_json(self.state_file, state)

    def executed(self, name: str) -> Path:
        """The executed copy of a notebook."""
        return self.folder / "notebooks" / f"{name}.ipynb"

    @classmethod
    def create(cls, state: dict[str, Any], link: str) -> "Run":
        """A new folder named by the time, which no other run has, and to which runs/`link` points."""
        RUNS.mkdir(exist_ok=True)
        name = time.strftime("%Y-%m-%dT%H-%M-%S")
        for number in count(1):
            folder = RUNS / (name if number == 1 else f"{name}-{number}")
            with suppress(FileExistsError):  # of a run that started in the same second
                folder.mkdir()
                break
        run = cls(folder)
        run.write(state)
        partial = RUNS / f".{link}-{folder.name}"
        partial.symlink_to(folder.name, target_is_directory=True)
        partial.replace(RUNS / link)
        return run

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other process work at this run meanwhile; RunError if one does."""
        lock = FileLock(self.folder / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise RunError(f"{self.folder} is still at work: wait for its end, or start another run") from None
        try:
            yield
        finally:
            lock.release()

    @classmethod
    def last(cls, link: str, command: str) -> "Run":
        """The run that runs/`link` points at; RunError, naming the command that makes one, if there is none."""
        run = cls((RUNS / link).resolve())
        if not run.state_file.exists():
            raise RunError(f"there is no run to resume: start one with `{command}`")
        return run


@dataclass(frozen=True)
class Execution:
    """How long a notebook took, what went wrong, if anything did, and the most memory (MB) of its kernel and all below."""

    seconds: float
    problem: str | None = None
    peak_megabytes: int = 0


def execute(source: Path, target: Path, parameters: dict[str, Any], *, cwd: Path, **options: Any) -> Execution:
    """Execute a notebook into `target`, which is kept whatever happens. `options` are nbclient's.

    A cell that fails, a kernel that dies and a cell that takes too long come back as the execution's `problem`; an
    interrupt and what is wrong with the source are raised.
    """
    logging.getLogger("papermill").setLevel(logging.ERROR)
    target.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with Peak() as peak:
        problem = _problem(source, target, parameters, cwd, options)
    return Execution(time.perf_counter() - started, problem, peak.megabytes)


def _problem(source: Path, target: Path, parameters: dict[str, Any], cwd: Path, options: dict[str, Any]) -> str | None:
    """Execute the notebook and say why it did not come to its end."""
    try:
        papermill.execute_notebook(
            str(source),
            str(target),
            parameters=parameters,
            kernel_name="python3",
            cwd=str(cwd),
            progress_bar=False,
            extra_arguments=["--log-level=CRITICAL"],  # for the kernel, which warns of TCP on the loopback
            **options,
        )
    except papermill.PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}".strip()
    except (PapermillException, RuntimeError, TimeoutError) as error:  # a kernel that died, hung or never started
        return f"{type(error).__name__}: {error}".strip()
    return None
