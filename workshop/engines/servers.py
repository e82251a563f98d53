"""What the engines with servers have in common: a free port, start and stop."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from workshop.ground.processes import Started, end, guarded
from workshop.sandbox import CommandFailed

STOP_SECONDS = 15  # seconds from the request to end until the processes are killed
_LAST_LINES = 15


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(
    commands: Mapping[Path, Sequence[str]], env: Mapping[str, str], *, cwd: Path | None = None
) -> Iterator[Mapping[Path, subprocess.Popen]]:
    """Start servers, given as log file -> command, and end them and all they started at the end, however that comes.

    Each works in `cwd`, by default in its log's folder, in a session of its own, and keeps its files from other users.
    Gives log file -> process.
    """
    processes: dict[Path, Started] = {}
    with ExitStack() as guards:
        try:
            for log, command in commands.items():
                log.touch(mode=0o600)
                with log.open("wb") as output:
                    server = guarded(
                        command,
                        cwd=cwd or log.parent,
                        env=env,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        umask=0o077,
                    )
                    processes[log] = guards.enter_context(server)
            yield processes
        finally:
            end({process.pid: process.mark for process in processes.values()}, STOP_SECONDS)


def check(processes: Mapping[Path, subprocess.Popen]) -> None:
    """CommandFailed, with the last lines of its log, if one of the servers has ended."""
    for log, process in processes.items():
        if process.poll() is not None:
            last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
            raise CommandFailed(f"{log.parent.name} {log.stem} ended with exit code {process.returncode}:\n{last}")


def wait_for(
    condition: Callable[[], Any], seconds: float = 120, *, every: float = 0.1, or_fail: Exception | None = None
) -> Any:
    """What a condition gives as soon as it gives something true, asked again after `every` seconds.

    If that does not come within `seconds`, `or_fail` is raised, by default a TimeoutError. It is asked once in any case.
    """
    until = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > until:
            raise or_fail or TimeoutError(f"waited {seconds} s in vain")
        time.sleep(every)
    return found
