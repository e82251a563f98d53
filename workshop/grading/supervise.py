"""Run a restored notebook in a folder of its own, with limits of time, memory and processes, and end all of it."""

import compileall
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from typing import Any

import psutil
from nbformat import NotebookNode

from workshop.grading import jail, limited, worker
from workshop.grading.plan import Step, asked_for
from workshop.ground.processes import GUARD, MARK, end, new_mark, remove
from workshop.places import CACHES, LANGUAGES, ROOT, not_copied, settings
from workshop.surroundings import passing
from workshop.trying import SEED

_LOG_TAIL = 2000  # bytes
_LOOK_EVERY = 0.1  # seconds
_SOURCES = shutil.ignore_patterns(*CACHES, "lesson.py", "exercise.py", "former.json")  # solutions, and ids


class NoRoom(Exception):
    """There is no folder to run submissions in; nothing can be graded."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for a cell and for all; memory, disk and processes in all; how it is jailed."""

    cell_seconds: int = 120
    seconds: int = 900
    memory_mb: int = 3000
    disk_mb: int = 1000
    processes: int = 400 + 50 * (os.cpu_count() or 1)  # with their threads, of which libraries start one for each core
    isolation: str = jail.NAMESPACES
    hidden: tuple[Path, ...] = ()

    @property
    def isolated(self) -> bool:
        """Whether a submission is cut off from network and files."""
        return self.isolation != jail.OPEN


@dataclass(frozen=True)
class Outcome:
    """How it ended (`done`, or why not: died, stuck, time, memory, processes, worker), the results of cells by id, and
    the last lines of the worker's log.
    """

    end: str
    cells: dict[str, dict[str, Any]]
    log: str = ""


@contextmanager
def workplace(lessons: Path) -> Iterator[Path]:
    """A folder for submissions to be run in, with a copy of what they need of the kit; gone afterwards.

    NoRoom if it cannot be made.
    """
    with _folder() as base:
        try:
            _copy_kit(base / "kit", lessons)
        except OSError as error:
            reason = error.args[0][0][-1] if isinstance(error, shutil.Error) else error.strerror  # a line for each file
            raise NoRoom(f"{base} cannot be filled: {reason}") from None
        yield base


def run(
    notebook: NotebookNode,
    steps: Mapping[str, Step],
    place: Path,
    language: str,
    limits: Limits,
    seed: int = 0,
    stop: Event | None = None,
) -> Outcome:
    """Run all code cells of the notebook by their `steps`, in jails, in a folder of its own in a `workplace`.

    Each kernel works in a copy of the kit; that of the checks knows the `seed` of their inputs. The copies and whatever the
    submission started are gone afterwards. Stopped is raised when `stop` is set meanwhile.
    """
    mark = new_mark()
    with _folder(place) as base:
        notebook_file, results_file, log = base / "notebook.ipynb", base / "results.jsonl", base / "log"
        content = {
            "notebook": str(notebook_file),
            "results": str(results_file),
            "kernels": {name: _kernel(name, base, place, language, limits, mark) for name in _kernels(steps)},
            "seed": {SEED: str(seed)},
            "steps": {id_: step.as_data() for id_, step in steps.items()},
            "names": sorted(asked_for(steps)),
            "cell_seconds": limits.cell_seconds,
        }
        notebook_file.write_text(json.dumps(notebook), encoding="utf-8")
        for file in (results_file, log):
            file.touch()
        (base / "job.json").write_text(json.dumps(content), encoding="utf-8")
        how = _watched(base / "job.json", limits, mark, log, stop or Event())
        lines = results_file.read_text(encoding="utf-8").splitlines()
        results = [json.loads(line) for line in lines if line.endswith("}")]
        if how == "done" and results and results[-1]["status"] in ("died", "stuck"):
            how = results[-1]["status"]
        return Outcome(how, {result["id"]: result for result in results}, _tail(log))


def _kernels(steps: Mapping[str, Step]) -> list[str]:
    """The names of the kernels that a submission needs."""
    return ["student", "checks", *(f"alone-{step.task}" for step in steps.values() if step.alone)]


def _kernel(name: str, base: Path, place: Path, language: str, limits: Limits, mark: str) -> dict[str, Any]:
    """How to start a kernel in a jail of its own, below the folder of a submission."""
    inside, shown = base / f"{name}-in", base / f"{name}-shown"
    inside.mkdir()
    shown.mkdir()
    kit, job, inner = (jail.KIT, jail.JOB, jail.INSIDE) if limits.isolated else (place / "kit", shown, inside)
    bounds = jail.Bounds(limits.memory_mb, limits.disk_mb, limits.processes)
    program = [sys.executable, str(kit / "workshop/grading/kernel.py"), "-f", str(job / "k.json")]
    jailed = jail.prefix(
        place / "kit", shown, inside, bounds, limits.isolation, folder=f"exercises/{language}", hidden=limits.hidden
    )
    return {
        "name": f"{name[0]}{name[-1]}",  # of its sockets' files
        "connection_file": str(shown / "k.json"),
        "command": [*jailed, *program],
        "environment": _environment(inner, mark),
    }


def _tail(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _LOG_TAIL))
        return stream.read().decode("utf-8", "replace")


@contextmanager
def _folder(parent: Path | None = None) -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="grade-", dir=parent)).resolve()
    try:
        yield base
    finally:
        remove(base)


def _copy_kit(kit: Path, lessons: Path) -> None:
    """A copy of what a notebook needs of the kit, and of lessons all but their sources."""
    shutil.copytree(ROOT / "workshop", kit / "workshop", ignore=not_copied)
    shutil.copytree(ROOT / "sample_project", kit / "sample_project", ignore=not_copied)
    for lesson in (file.parent for file in lessons.glob("*/messages.yaml")):
        shutil.copytree(lesson, kit / "lessons" / lesson.name, ignore=_SOURCES)
    compileall.compile_dir(kit, quiet=2)  # once, and not in each of its kernels
    for language in LANGUAGES:
        (kit / "exercises" / language).mkdir(parents=True)


def _environment(inside: Path, mark: str) -> dict[str, str]:
    passes, ours = passing(os.environ, "submission"), settings(inside / "home")
    folders = {"TMPDIR": str(inside / "tmp"), "PYTHONPATH": str(inside / "kit")}
    return {**passes, **ours, **folders, "PYTHONDONTWRITEBYTECODE": "1", MARK: mark}


def _watched(job: Path, limits: Limits, mark: str, log: Path, stop: Event) -> str:
    """Let a worker do the job and say how it ended; no process of it is left."""
    process = limited.context().Process(target=worker.start, args=(job, log))
    process.start()
    pid = process.pid
    assert pid is not None  # it is started
    GUARD.watch(pid, mark)  # if we are killed, that ends it
    try:
        return _wait(process, pid, limits, stop)
    finally:
        end({pid: mark}, patience=0)
        process.join()
        GUARD.release(pid)


def _wait(process: BaseProcess, pid: int, limits: Limits, stop: Event) -> str:
    deadline = time.monotonic() + limits.seconds
    while process.is_alive():
        if stop.is_set():
            raise limited.Stopped
        if time.monotonic() > deadline:
            return "time"
        memory, count = _use(pid, _resident)
        # what is shared counts for each that shares it; to count it once takes a while
        if memory > limits.memory_mb * 1024**2 and _use(pid, _own_share)[0] > limits.memory_mb * 1024**2:
            return "memory"
        if count > limits.processes:
            return "processes"
        process.join(_LOOK_EVERY)
    return "done" if process.exitcode == 0 else "worker"


def _use(worker_pid: int, size: Callable[[psutil.Process], int]) -> tuple[int, int]:
    """Memory in bytes and number of processes, the worker and all below it."""
    memory, count = 0, 0
    with suppress(psutil.NoSuchProcess):
        tree = psutil.Process(worker_pid)
        for process in [tree, *tree.children(recursive=True)]:
            count += 1
            with suppress(psutil.Error):
                memory += size(process)
    return memory, count


def _resident(process: psutil.Process) -> int:
    return process.memory_info().rss


def _own_share(process: psutil.Process) -> int:
    """What it has alone, and its part of what it shares; all of it where the system does not tell."""
    try:
        memory = process.memory_full_info()
    except psutil.AccessDenied:
        return _resident(process)
    return getattr(memory, "pss", memory.rss)
