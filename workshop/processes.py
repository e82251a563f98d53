"""Processes that end with whoever started them, also when that one is killed.

A guard, a small process of its own, reads from a pipe that nobody but the starter holds open, and when the pipe closes
it ends what it was told of. There is one for each process that starts others, from the first of them on.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psutil

from workshop.places import environment

_PATIENCE = 3  # seconds from the request to end until the processes are killed


class Guard:
    """Ends the processes that were named to it as soon as the one that started it has ended, however that came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._named: set[int] = set()
        self._process: subprocess.Popen | None = None

    def watch(self, pid: int) -> None:
        """End this process and all that it started when the process that calls this is no more."""
        with self._lock:
            self._named.add(pid)
            self._tell(f"+{pid}")

    def release(self, pid: int) -> None:
        """Forget a process that has ended: its number may become another's."""
        with self._lock:
            self._named.discard(pid)
            self._tell(f"-{pid}")

    def ready(self) -> None:
        """Start the guard, so that there is no moment between a process and its guard."""
        with self._lock:
            self._tell()

    def _tell(self, *lines: str) -> None:
        if self._process is None or self._process.poll() is not None:  # not yet, or somebody has killed it
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                cwd="/",
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            lines = tuple(f"+{pid}" for pid in self._named)
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._process.stdin.flush()


GUARD = Guard()  # of this process


@contextmanager
def guarded(command: Sequence[str | os.PathLike[str]], **options: Any) -> Iterator[subprocess.Popen]:
    """Start a command in a session of its own; `options` are those of subprocess.Popen.

    Left with an exception, Ctrl-C and a time limit included, the block ends the command and all that it started; so does
    the end of this process, whatever kills it. Else the block waits for the command.
    """
    GUARD.ready()
    process = subprocess.Popen(command, start_new_session=True, **options)
    GUARD.watch(process.pid)
    try:
        with process:  # closes its pipes and waits for it
            try:
                yield process
            except BaseException:
                end([process.pid])
                raise
    finally:
        GUARD.release(process.pid)


def end(leaders: Iterable[int], patience: float = _PATIENCE) -> None:
    """End the sessions of processes, given by id, and all that they started: asked first, killed after `patience` seconds.

    What they started is found by descent, so a kernel or a server in a session of its own ends as well.
    """
    leaders = set(leaders)
    family = {child for pid in leaders for child in _descendants(pid)}
    sessions = leaders | {_session_of(process.pid) for process in family} - {None, os.getsid(0)}
    for pid in sessions:
        with suppress(ProcessLookupError, PermissionError):  # the latter is what macOS says of a group of dead ones
            os.killpg(pid, signal.SIGTERM)
    psutil.wait_procs([process for process in psutil.process_iter() if process.pid in sessions], patience)
    # a task may have a process group of its own, but is still of the session of the server that started it
    left = [process for process in psutil.process_iter() if process in family or _session_of(process.pid) in sessions]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, patience)


def _descendants(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _end_what_is_left() -> None:
    """The guard: read +PID and -PID until the pipe closes, then end what was named and not released."""
    named: set[int] = set()
    for line in sys.stdin:
        (named.add if line[0] == "+" else named.discard)(int(line[1:]))
    end(named)


if __name__ == "__main__":
    _end_what_is_left()
