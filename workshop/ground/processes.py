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
from pathlib import Path
from typing import Any

import psutil

from workshop.places import environment

_PATIENCE = 3  # seconds from the request to end until the processes are killed
MARK = "WORKSHOP_STARTED_BY"  # in the environment of a command and of all below it, those that left its session too


class Guard:
    """Ends the processes that were named to it as soon as the one that started it has ended, however that came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._named: dict[int, str] = {}  # marks by process id
        self._temporary: list[Path] = []
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, pid: int, mark: str = "") -> None:
        """End this process and all that it started, which `mark` tells, when the process that calls this is no more."""
        with self._lock:
            self._named[pid] = mark
            self._tell(f"+{pid} {mark}")

    def keep_house(self, mark: str, *temporary: Path) -> None:
        """End what `mark` tells, and remove folders, when this process is no more; `release(0)` takes back the first."""
        with self._lock:
            self._named[0] = mark
            self._temporary += temporary
            self._tell(f"+0 {mark}", *(f"~{folder}" for folder in temporary))

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
            ours = {name: value for name, value in environment().items() if name != MARK}  # it must not end itself
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(os.getsid(0))],
                cwd="/",
                env=ours,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            lines = (
                *(f"+{pid} {mark}" for pid, mark in self._named.items()),
                *(f"~{folder}" for folder in self._temporary),
                *lines,
            )
        told = self._process.stdin
        assert told is not None  # it was asked for
        told.write(os.fsencode("".join(f"{line}\n" for line in lines)))
        told.flush()


GUARD = Guard()  # of this process


def new_mark() -> str:
    """A mark for something that this process starts; whoever ends what has this process's own mark ends that too."""
    return f"{os.environ.get(MARK, '')}/{secrets.token_hex(8)}"


def remove(folder: Path) -> None:
    """Remove a folder, whatever lies in it.

    Not by shutil: it follows nested folders by calling itself, and a submission may leave thousands of them.
    """
    for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        subprocess.run([*command, "--", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


class Started(subprocess.Popen):
    """A command in a session of its own; `mark` is in the environment of all that it starts."""

    def __init__(self, command: Sequence[str | os.PathLike[str]], *, env: Mapping[str, str] | None = None, **options: Any):
        env = os.environ if env is None else env
        self.mark = new_mark()
        super().__init__(command, env={**env, MARK: self.mark}, start_new_session=True, **options)


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


def end(marks: Mapping[int, str], patience: float = _PATIENCE, *, spared: Iterable[int] = ()) -> None:
    """End processes, given as id -> mark, and all that they started: asked first, killed after `patience` seconds, if any.

    What they started is found by session, by descent and by the mark: a kernel or a server in a session of its own ends
    as well, a process that let go of its parents, and what is started meanwhile. With 0 as the id the mark alone tells.
    Of the session of this process, and of those that are `spared`, nobody ends who was not found otherwise.
    """
    others = {0, os.getsid(0), *spared}
    sessions = set(marks) - others
    asked = _look(marks, sessions, others)
    for pid in sessions:
        with suppress(ProcessLookupError, PermissionError):  # the latter is what macOS says of a group of dead ones
            os.killpg(pid, signal.SIGTERM)
    singly = [process for process in asked if _session_of(process.pid) in others]
    for process in singly:
        with suppress(psutil.Error):
            process.terminate()
    psutil.wait_procs([*singly, *(process for process in asked if process.pid in sessions)], patience)
    until = time.monotonic() + _PATIENCE  # one may be starting another
    while (left := _look(marks, sessions, others)) and time.monotonic() < until:
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, 1)


def _look(marks: Mapping[int, str], sessions: set[int], others: set[int]) -> list[psutil.Process]:
    """What is there of the processes and of all that they started; its sessions, but `others`, are added to `sessions`."""
    below = {process for pid in marks if pid for process in _family(pid)}
    found = []
    for process in psutil.process_iter():
        session = _session_of(process.pid)
        if process in below or session in sessions or _has_mark(process, marks.values()):
            found.append(process)
            if session is not None and session not in others:
                sessions.add(session)
    return [process for process in found if alive(process)]


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _has_mark(process: psutil.Process, marks: Iterable[str]) -> bool:
    with suppress(psutil.Error, OSError):
        found = process.environ().get(MARK, "")
        return any(mark and f"{found}/".startswith(f"{mark}/") for mark in marks)
    return False


def alive(process: psutil.Process) -> bool:
    """Whether a process is there, and no zombie."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _end_what_is_left(session: int) -> None:
    """The guard of a process in `session`: read what it tells until the pipe closes, then end what was named and not released.

    It tells `+ID MARK`, `-ID`, `!ID` for an end at once, and `~FOLDER` for what goes last.
    """
    named: dict[int, str] = {}
    temporary: list[Path] = []
    for line in sys.stdin:
        what, told = line[0], line[1:].rstrip("\n")
        if what == "~":
            temporary.append(Path(told))
            continue
        pid, _, mark = told.partition(" ")
        if what == "+":
            named[int(pid)] = mark
            continue
        ended = named.pop(int(pid), "")
        if what == "!":
            end({int(pid): ended}, spared=[session])
    end(named, spared=[session])
    for folder in temporary:
        remove(folder)


if __name__ == "__main__":
    _end_what_is_left(int(sys.argv[1]))
