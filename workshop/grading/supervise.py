"""Run a restored notebook in a folder of its own, with limits of time, memory and processes, and end all of it."""

import json
import multiprocessing
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
from nbformat import NotebookNode

from workshop.grading import jail, worker
from workshop.ground.processes import GUARD, alive
from workshop.places import ROOT, not_copied, settings

_MARK = "WORKSHOP_SUBMISSION"
_LOG_TAIL = 2000  # bytes
_LOOK_EVERY = 0.1  # seconds
_SOURCES = shutil.ignore_patterns("__pycache__", "lesson.py", "exercise.py")  # the solutions are in there
# a token in the instructor's environment is not for students to print
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for a cell and for all, memory and processes in all, whether it is jailed."""

    cell_seconds: int = 120
    seconds: int = 900
    memory_mb: int = 3000
    processes: int = 300
    namespaces: bool = True


@dataclass(frozen=True)
class Outcome:
    """How it ended (`done`, or why not: died, stuck, time, memory, processes, worker), the results of cells by id, and
    the last lines of the worker's log.
    """

    end: str
    cells: dict[str, dict[str, Any]]
    log: str = ""


def run(notebook: NotebookNode, lessons: Path, language: str, limits: Limits) -> Outcome:
    """Run all code cells of the notebook in a jail.

    The notebook works in a copy of the kit. The copy and whatever the submission started are gone afterwards.
    """
    mark = secrets.token_hex(8)
    with _folder() as base:
        inside = base / "in"
        cwd = _copy_kit(inside / "kit", lessons, language)
        notebook_file, results_file, log = base / "notebook.ipynb", base / "results.jsonl", base / "log"
        job = {
            "notebook": str(notebook_file),
            "results": str(results_file),
            "connection_file": str(inside / "k.json"),
            "jail": jail.prefix(inside, limits.memory_mb, namespaces=limits.namespaces),
            "environment": _environment(inside, mark),
            "folder": str(cwd),
            "cell_seconds": limits.cell_seconds,
        }
        notebook_file.write_text(json.dumps(notebook), encoding="utf-8")
        for file in (results_file, log):
            file.touch()
        (base / "job.json").write_text(json.dumps(job), encoding="utf-8")
        end = _watched(base / "job.json", limits, mark, log)
        lines = results_file.read_text(encoding="utf-8").splitlines()
        results = [json.loads(line) for line in lines if line.endswith("}")]
        if end == "done" and results and results[-1]["status"] in ("died", "stuck"):
            end = results[-1]["status"]
        return Outcome(end, {result["id"]: result for result in results}, _tail(log))


def _tail(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _LOG_TAIL))
        return stream.read().decode("utf-8", "replace")


@contextmanager
def _folder() -> Iterator[Path]:
    # a short path: the names of socket files have room for about 100 characters
    base = Path(tempfile.mkdtemp(prefix="grade-")).resolve()
    try:
        yield base
    finally:
        # not shutil's: it follows nested folders by calling itself, and a submission may leave thousands of them
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", str(base)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _copy_kit(kit: Path, lessons: Path, language: str) -> Path:
    """A copy of what a notebook needs of the kit, and of lessons all but their sources; gives the notebook's folder."""
    shutil.copytree(ROOT / "workshop", kit / "workshop", ignore=not_copied)
    shutil.copytree(ROOT / "sample_project", kit / "sample_project", ignore=not_copied)
    for lesson in (file.parent for file in lessons.glob("*/messages.yaml")):
        shutil.copytree(lesson, kit / "lessons" / lesson.name, ignore=_SOURCES)
    cwd = kit / "exercises" / language
    for folder in (cwd, kit.parent / "home", kit.parent / "tmp"):
        folder.mkdir(parents=True)
    return cwd


def _environment(inside: Path, mark: str) -> dict[str, str]:
    inherited = {key: os.environ[key] for key in _INHERITED if key in os.environ}
    home = str(inside / "home")
    folders = {"HOME": home, "WORKSHOP_HOME": home, "TMPDIR": str(inside / "tmp"), "PYTHONPATH": str(inside / "kit")}
    return {**inherited, **settings(), **folders, "PYTHONDONTWRITEBYTECODE": "1", _MARK: mark}


def _watched(job: Path, limits: Limits, mark: str, log: Path) -> str:
    """Let a worker do the job and say how it ended; no process of it is left."""
    # forked from a server that has the worker's imports, which take longer than most submissions
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["workshop.grading.worker"])
    process = context.Process(target=worker.start, args=(job, log))
    process.start()
    pid = process.pid
    assert pid is not None  # it is started
    GUARD.watch(pid)  # if we are killed, that ends it
    try:
        return _wait(process, pid, limits)
    finally:
        _end(process, mark)
        GUARD.release(pid)


def _wait(process: BaseProcess, pid: int, limits: Limits) -> str:
    deadline = time.monotonic() + limits.seconds
    while process.is_alive():
        if time.monotonic() > deadline:
            return "time"
        memory, count = _use(pid)
        if memory > limits.memory_mb * 1024**2:
            return "memory"
        if count > limits.processes:
            return "processes"
        process.join(_LOOK_EVERY)
    return "done" if process.exitcode == 0 else "worker"


def _use(worker_pid: int) -> tuple[int, int]:
    """Memory in bytes and number of processes, the worker and all below it."""
    memory, count = 0, 0
    with suppress(psutil.NoSuchProcess):
        tree = psutil.Process(worker_pid)
        for process in [tree, *tree.children(recursive=True)]:
            count += 1
            with suppress(psutil.Error):
                memory += process.memory_info().rss
    return memory, count


def _end(process: BaseProcess, mark: str) -> None:
    """Kill the worker, then the jail and all in it: by descent, and by their mark where a process got away."""
    below = []
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.join()
    for _ in range(20):  # a process may have been starting another
        left = [one for one in [*below, *_marked(mark)] if alive(one)]
        if not left:
            return
        for one in left:
            with suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(left, timeout=1)


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(_MARK) == mark:
                yield process
