"""Have mutants tried in the kernel of their solution, by the plugin that proves solutions."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

from workshop.ground.processes import guarded
from workshop.mutants.verdicts import Kit
from workshop.places import ROOT, environment

_SCRIPT = ROOT / "tests" / "try_mutants.py"


class NotTried(Exception):
    """The kernel did not come to the end of what it was to try; the message is what it said last."""


@dataclass(frozen=True)
class Tried:
    """The verdicts of a task's mutants by their names, and whether its check is a slow one."""

    task: int
    slow: bool
    verdicts: dict[str, str]


def try_mutants(kit: Kit, lesson: str, tasks: Sequence[int]) -> Iterator[Tried]:
    """The verdicts of each task as soon as all its mutants have been tried. NotTried at the end, if that went wrong.

    Left early, it ends what it has started.
    """
    if not tasks:
        return
    told, tell = os.pipe()
    numbers = ",".join(map(str, tasks))
    command = [sys.executable, str(_SCRIPT), str(kit.root), lesson, str(tell), numbers]
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as log, os.fdopen(told, encoding="utf-8") as lines:
        with guarded(command, env=environment(), stdout=log, stderr=log, pass_fds=[tell]) as process:
            os.close(tell)  # so that the lines end with whoever writes them
            for line in lines:
                found = json.loads(line)
                yield Tried(found["task"], found["slow"], found["verdicts"])
        if process.returncode:
            log.seek(0)
            raise NotTried(log.read().strip())
