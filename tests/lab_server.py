"""A JupyterLab as `make lab` starts it, with a home folder of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from workshop.engines.servers import wait_for


@dataclass(frozen=True)
class Lab:
    """A server at work: its process, and the address with the token that it printed."""

    process: subprocess.Popen
    address: str

    @property
    def origin(self) -> str:
        return self.address.split("/lab")[0]

    @property
    def token(self) -> str:
        return self.address.split("token=")[1]

    def processes(self) -> list[psutil.Process]:
        """The server and all that it started."""
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]


@contextmanager
def serve(kit: Path, home: Path, *arguments: str, **env: str) -> Iterator[Lab]:
    """Start JupyterLab in the copy `kit` and end it afterwards."""
    log = home / "lab.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "workshop", "lab", "--no-browser", *arguments],
            cwd=kit,
            env={**os.environ, "HOME": str(home), **env},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Lab(process, _address(process, log))
    finally:
        process.terminate()  # kernels have sessions of their own, and end when the server does in order
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(origin: str) -> bool:
    try:
        return httpx.get(f"{origin}/api", timeout=60, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _address(process: subprocess.Popen, log: Path) -> str:
    def printed() -> str | None:
        assert process.poll() is None, f"JupyterLab did not start:\n{log.read_text()[-3000:]}"
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+token=\w+", log.read_text())
        return found[0] if found and _answers(found[0].split("/lab")[0]) else None

    return wait_for(printed, every=0.2)
