"""What the engines with servers have in common: a free port, a way to talk, start and stop.

Servers end with the process that started them, also when that is killed: a guard, a small process of its own, reads
from a pipe that nobody but the starter holds open, and ends them when the pipe closes.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from workshop.places import environment
from workshop.sandbox import CommandFailed

# The server is on this machine, whatever proxy is set.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_STOP_TIMEOUT = 15  # seconds from the request to end until the processes are killed
_LAST_LINES = 15


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(
    commands: Mapping[Path, Sequence[str]], env: Mapping[str, str], *, cwd: Path | None = None
) -> Iterator[dict[Path, subprocess.Popen]]:
    """Start servers, given as log file -> command, and end them and all they started at the end, however that comes.

    Each works in `cwd`, by default in its log's folder, in a session of its own, and keeps its files from other users.
    Gives log file -> process.
    """
    guard = subprocess.Popen([sys.executable, "-m", __name__], env=environment(), stdin=subprocess.PIPE, start_new_session=True)
    processes: dict[Path, subprocess.Popen] = {}
    try:
        for log, command in commands.items():
            log.touch(mode=0o600)
            with log.open("wb") as output:
                processes[log] = subprocess.Popen(
                    command,
                    cwd=cwd or log.parent,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,  # by which whatever it starts is found again
                    umask=0o077,
                )
            guard.stdin.write(b"%d\n" % processes[log].pid)
            guard.stdin.flush()
        yield processes
    finally:
        end([process.pid for process in processes.values()])
        for process in processes.values():
            process.wait()
        guard.kill()
        guard.wait()
        guard.stdin.close()


def check(processes: Mapping[Path, subprocess.Popen]) -> None:
    """CommandFailed, with the last lines of its log, if one of the servers has ended."""
    for log, process in processes.items():
        if process.poll() is not None:
            last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
            raise CommandFailed(f"{log.parent.name} {log.stem} ended with exit code {process.returncode}:\n{last}")


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> Any:
    """What a condition gives as soon as it gives something true; TimeoutError if it never does."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds} s in vain")
        time.sleep(0.1)
    return found


def end(leaders: Iterable[int]) -> None:
    """End process groups by their leaders' ids and all that they started: asked first, then killed."""
    leaders = set(leaders)
    for pid in leaders:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)
    psutil.wait_procs([process for process in psutil.process_iter() if process.pid in leaders], _STOP_TIMEOUT)
    # A task may have a process group of its own, but is still of the session of the server that started it.
    left = [process for process in psutil.process_iter() if _session_of(process) in leaders]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, _STOP_TIMEOUT)


def _session_of(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None


def _guard() -> None:
    """End the process groups named on standard input as soon as it closes."""
    end([int(line) for line in sys.stdin])


if __name__ == "__main__":
    _guard()
