"""Processes that end with whoever started them, also when that one is killed.

A guard, a small process of its own, reads from a pipe that nobody but the starter holds open, and when the pipe closes
it ends what it was told of. There is one for each process that starts others, from the first of them on.
"""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psutil

from workshop.places import environment

_PATIENCE = 3  # seconds from the request to end until the processes are killed
_MARK = "WORKSHOP_STARTED_BY"  # in the environment of a command and of all below it, those that left its session too


class Guard:
    """Ends the processes that were named to it as soon as the one that started it has ended, however that came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._named: dict[int, str] = {}  # marks by process id
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, pid: int, mark: str = "") -> None:
        """End this process and all that it started, which `mark` tells, when the process that calls this is no more."""
        with self._lock:
            self._named[pid] = mark
            self._tell(f"+{pid} {mark}")

    def release(self, pid: int) -> None:
        """Forget a process that has ended: its number may become another's."""
        with self._lock:
            self._named.pop(pid, None)
            self._tell(f"-{pid}")

    def end(self, pid: int) -> None:
        """End a watched process and all that it started, now, whatever interrupts the one that calls this."""
        with self._lock:
            self._tell(f"!{pid}")
            self._named.pop(pid, None)

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
            lines = (*(f"+{pid} {mark}" for pid, mark in self._named.items()), *lines)
        told = self._process.stdin
        assert told is not None  # it was asked for
        told.write("".join(f"{line}\n" for line in lines).encode())
        told.flush()


GUARD = Guard()  # of this process


class Started(subprocess.Popen):
    """A command in a session of its own; `mark` is in the environment of all that it starts."""

    def __init__(self, command: Sequence[str | os.PathLike[str]], *, env: Mapping[str, str] | None = None, **options: Any):
        env = os.environ if env is None else env
        self.mark = f"{os.environ.get(_MARK, '')}/{secrets.token_hex(8)}"
        super().__init__(command, env={**env, _MARK: self.mark}, start_new_session=True, **options)


@contextmanager
def guarded(command: Sequence[str | os.PathLike[str]], **options: Any) -> Iterator[Started]:
    """Start a command; `options` are those of subprocess.Popen.

    Left with an exception, Ctrl-C and a time limit included, the block ends the command and all that it started; so does
    the end of this process, whatever kills it. Else the block waits for the command.
    """
    GUARD.ready()
    with Started(command, **options) as process:  # closes its pipes and waits for it
        try:
            GUARD.watch(process.pid, process.mark)
            yield process
        except BaseException:
            try:
                end({process.pid: process.mark})
            except BaseException:  # an impatient second Ctrl-C
                GUARD.end(process.pid)
                raise
            GUARD.release(process.pid)
            raise
    GUARD.release(process.pid)


def end(marks: Mapping[int, str], patience: float = _PATIENCE) -> None:
    """End processes, given as id -> mark, and all that they started: asked first, killed after `patience` seconds.

    What they started is found by session, by descent and by the mark: a kernel or a server in a session of its own ends
    as well, a process that let go of its parents, and what is started meanwhile.
    """
    sessions = set(marks)
    asked = _look(marks, sessions)
    for pid in sessions:
        with suppress(ProcessLookupError, PermissionError):  # the latter is what macOS says of a group of dead ones
            os.killpg(pid, signal.SIGTERM)
    psutil.wait_procs([process for process in asked if process.pid in sessions], patience)
    until = time.monotonic() + patience
    while (left := _look(marks, sessions)) and time.monotonic() < until:
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, 1)


def _look(marks: Mapping[int, str], sessions: set[int]) -> list[psutil.Process]:
    """What is there of the processes and of all that they started; its sessions are added to `sessions`."""
    below = {child for pid in marks for child in _descendants(pid)}
    found = []
    for process in psutil.process_iter():
        session = _session_of(process.pid)
        if process in below or session in sessions or _has_mark(process, marks.values()):
            found.append(process)
            if session is not None:
                sessions.add(session)
    sessions.discard(os.getsid(0))
    return [process for process in found if alive(process)]


def _descendants(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _has_mark(process: psutil.Process, marks: Iterable[str]) -> bool:
    with suppress(psutil.Error, OSError):
        found = process.environ().get(_MARK, "")
        return any(mark and f"{found}/".startswith(f"{mark}/") for mark in marks)
    return False


def alive(process: psutil.Process) -> bool:
    """Whether a process is there, and no zombie."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _end_what_is_left() -> None:
    """The guard: read `+ID MARK`, `-ID` and `!ID` until the pipe closes, then end what was named and not released."""
    named: dict[int, str] = {}
    for line in sys.stdin:
        what, (pid, *mark) = line[0], line[1:].split()
        if what == "+":
            named[int(pid)] = "".join(mark)
            continue
        ended = named.pop(int(pid), "")
        if what == "!":
            end({int(pid): ended})
    end(named)


if __name__ == "__main__":
    _end_what_is_left()
