"""Run a stage again and again, killed before its first change to a file, before its second, and so on to its end.

    python killed_stage.py STAGE ITEM EVENTS ARTEFACT...

in a project's folder. Python tells of each change by an audit event; EVENTS are those that count (comma-separated).
Before each run the artefacts are made "old". Prints a line of JSON for each run: its exit code, the state of the
artefacts after it ("old", "gone" or a hash), their state after another, undisturbed run, and what that left behind.
"""

import importlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from flight_delays import artifacts
from flight_delays.pipeline import Project


def make_old(artefact: Path) -> None:
    """Put something in the artefact's place that is complete and known."""
    if artefact.is_dir():
        shutil.rmtree(artefact)
        artefact.mkdir()
        artefact = artefact / "old"
    artefact.write_text("old")


def state(artefact: Path) -> str:
    """What is in the artefact's place now."""
    if not artefact.exists():
        return "gone"
    if artefact.is_dir() and [file.name for file in artefact.iterdir()] == ["old"]:
        return "old"
    if artefact.is_file() and artefact.read_bytes() == b"old":
        return "old"
    return artifacts.sha256(artefact)


def child(work: Callable[[], object], events: set[str], killed_before: int | None = None) -> int:
    """Work in a child that kills itself before the change of this number; give its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    seen = 0

    def watch(event: str, arguments: tuple) -> None:
        nonlocal seen
        if event not in events or (event == "open" and not _opens_ours_to_write(*arguments)):
            return
        if seen == killed_before:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    sys.addaudithook(watch)
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _opens_ours_to_write(path: object, _mode: object, flags: int) -> bool:
    ours = isinstance(path, str | Path) and Path(path).absolute().is_relative_to(Path.cwd())
    return ours and bool(flags & (os.O_WRONLY | os.O_RDWR))


def main(stage: str, item: str, events: str, *paths: str) -> None:
    """Kill, look, run again, look, until a run comes to its end."""
    importlib.import_module(f"flight_delays.stages.{stage}")  # once, for all the children
    project, wanted, made = Project.load(), set(events.split(",")), [Path(path) for path in paths]
    work = partial(project.run, stage, item or None)
    number, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        for artefact in made:
            make_old(artefact)
        code = child(work, wanted, killed_before=number)
        killed = [state(artefact) for artefact in made]
        again = child(work, set())
        left = [
            file.name
            for folder in {artefact.parent for artefact in made}
            for file in folder.iterdir()
            if file.name.endswith((".partial", ".previous"))
        ]
        after = [state(artefact) for artefact in made]
        print(json.dumps({"code": code, "killed": killed, "again": again, "after": after, "left": left}), flush=True)
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
