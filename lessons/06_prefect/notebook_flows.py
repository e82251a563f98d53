"""Flows that run in a notebook's own kernel, on the server of a session, and what that server recorded of them."""

import ast
import asyncio
import difflib
import functools
import importlib.util
import inspect
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
from IPython.display import Code

from workshop import figures
from workshop.engines.base import engine_record
from workshop.engines.prefect import Prefect, access_settings
from workshop.engines.servers import free_port, wait_for
from workshop.sandbox import Record
from workshop.trying import beside, stand_in

stand_in("prefect.flows.Flow", "prefect.tasks.Task")

HERE = Path(__file__).parent
_RECORD_TIMEOUT = 20  # seconds
_POLL = 0.15
_SAME_POLLS = 3  # so often the same answer, and the server has heard of everything


@dataclass(frozen=True)
class TaskRun:
    """A task as the server recorded it: its last state, such as Completed, Cached or Failed; start and end in Unix seconds."""

    id: str
    name: str
    state: str
    start: float
    end: float
    attempts: int


@dataclass(frozen=True)
class Watched:
    """What a flow returned, or the error it ended with, and its tasks by start."""

    value: Any
    error: BaseException | None
    tasks: list[TaskRun]

    @property
    def names(self) -> list[str]:
        """The names of the tasks, sorted."""
        return sorted(task.name for task in self.tasks)


def connect(session: Prefect) -> None:
    """Let the flows of this kernel go to the session's server, and Prefect be quiet but for errors that are raised."""
    os.environ.update(session.settings, PREFECT_LOGGING_LEVEL="CRITICAL", DO_NOT_TRACK="1")
    import prefect.context
    from prefect.events.worker import EventsWorker

    # after a second start in the same kernel: the old connection goes, the new address counts
    _in_a_thread(functools.partial(EventsWorker.drain_all, timeout=5))
    prefect.context.refresh_global_settings_context()


def call(flow: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, BaseException | None]:
    """Run a flow and give (what it returned, the error it ended with)."""
    return _in_a_thread(functools.partial(flow, *args, **kwargs))


@beside
def watch(session: Prefect, flow: Callable[..., Any], *args: Any, **kwargs: Any) -> Watched:
    """Run a flow and ask the server what it saw."""
    since = datetime.now(UTC)
    value, error = call(flow, *args, **kwargs)
    return Watched(value, error, _task_runs(session, since))


def _in_a_thread(function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    # A notebook's own thread has a running event loop, in which Prefect would do some things in another way.
    def run() -> Any:
        value = function()
        return asyncio.run(value) if inspect.iscoroutine(value) else value  # a flow may be async too

    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(run)
        error = future.exception()
        return (None if error else future.result()), error


def _task_runs(session: Prefect, since: datetime) -> list[TaskRun]:
    from prefect.events.worker import EventsWorker

    EventsWorker.instance().wait_until_empty()  # all was sent; the server may still be writing
    started = {"flow_runs": {"start_time": {"after_": since.isoformat()}}}
    flows = [run["id"] for run in session.api("/flow_runs/filter", started)]
    wanted = {"flow_runs": {"id": {"any_": flows}}, "limit": 200}
    answers: list[list[dict[str, Any]]] = []

    def heard_of_everything() -> bool:
        answers.append(session.api("/task_runs/filter", wanted))
        last = [{run["id"]: (run["state_name"], run["run_count"]) for run in runs} for runs in answers[-_SAME_POLLS:]]
        return len(last) == _SAME_POLLS and all(states == last[0] for states in last)

    if not flows:
        return []
    try:
        wait_for(heard_of_everything, _RECORD_TIMEOUT, every=_POLL)
    except TimeoutError:
        return []
    return sorted((_task_run(run) for run in answers[-1] if run["start_time"]), key=lambda run: run.start)


def _task_run(run: dict[str, Any]) -> TaskRun:
    start, end = (_seconds(run[when] or run["start_time"]) for when in ("start_time", "end_time"))
    return TaskRun(run["id"], run["name"], run["state_name"], start, end, run["run_count"])


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def table(watched: Watched) -> pd.DataFrame:
    """The tasks of a flow, as the server recorded them."""
    rows = [(task.name, task.state, task.attempts, round(task.end - task.start, 2)) for task in watched.tasks]
    return pd.DataFrame(rows, columns=["task", "state", "attempts", "seconds"])


def history(session: Prefect, task: TaskRun) -> pd.DataFrame:
    """Every state that a task went through."""
    states = session.api(f"/task_run_states/?task_run_id={task.id}")
    rows = sorted(
        (max(0.0, round(_seconds(state["timestamp"]) - task.start, 1)), n, state["name"]) for n, state in enumerate(states)
    )
    return pd.DataFrame([(second, state) for second, _, state in rows], columns=["second", "state"])


def records(watched: Watched) -> list[Record]:
    """The tasks of a flow for a Gantt chart."""
    return [engine_record(task.name, task.start, task.end, _status(task.state)) for task in watched.tasks]


def gantt(watched: Watched, title: str):
    """The tasks of a flow as a Gantt chart."""
    return figures.gantt(records(watched), title)


def _status(state: str) -> str:
    return {"Completed": "done", "Cached": "cached"}.get(state, "failed")


def arcs(stages: list[str], edges: set[tuple[str, str]]):
    """The graph as arcs over a line of stages: an arrow from each stage to those that take its result."""
    figure = figures.Picture(figsize=(9, 2.2), layout="constrained")
    axes = figure.subplots()
    for before, after in edges:
        arrow = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.45", "color": figures.COLOURS[before]}
        axes.annotate("", (stages.index(after), 0.05), (stages.index(before), 0.05), arrowprops=arrow)
    for place, stage in enumerate(stages):
        axes.text(place, 0, stage, ha="center", va="top")
    axes.set(xlim=(-0.5, len(stages) - 0.5), ylim=(-0.2, 1.3))
    axes.set_axis_off()
    return figure


def load_step(name: str) -> ModuleType:
    """The module of one step, read anew from the lesson's folder."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def step(name: str) -> Code:
    """The file of one step."""
    return Code(HERE / f"{name}.py")


def part_of(file: Path, title: str) -> Code:
    """The part of a project file below the line `# --- title ---`."""
    parts = file.read_text(encoding="utf-8").split("\n# --- ")
    return Code("# --- " + next(part for part in parts if part.startswith(title)).rstrip(), language="python")


def diff(before: str, after: str) -> Code:
    """What one step changes in the one before."""
    old, new = ((HERE / f"{name}.py").read_text(encoding="utf-8").splitlines() for name in (before, after))
    return Code("\n".join(difflib.unified_diff(old, new, f"{before}.py", f"{after}.py", n=2, lineterm="")), language="diff")


def function_of(file: Path, name: str) -> Code:
    """A function of a project file, with its decorators."""
    text = file.read_text(encoding="utf-8")
    found = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == name)
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    return Code("\n".join(text.splitlines()[first - 1 : found.end_lineno]), language="python")


def temporary_server(session: Prefect, folder: Path) -> dict[str, str]:
    """Settings with no address, so that Prefect starts a server for the run; everything it writes lies in `folder`.

    The database there is a copy of the session's, with its tables, and the credential is the session's too.
    """
    shutil.rmtree(folder, ignore_errors=True)  # left by the cell that is run again
    folder.mkdir(parents=True)
    ours = Path(session.settings["PREFECT_HOME"], "prefect.db")
    with closing(sqlite3.connect(ours)) as source, closing(sqlite3.connect(folder / "prefect.db")) as target:
        source.backup(target)
    return {
        "PREFECT_HOME": str(folder),
        "PREFECT_LOCAL_STORAGE_PATH": str(folder / "results"),
        "PREFECT_MEMO_STORE_PATH": str(folder / "memo_store.toml"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_API_AUTH_STRING": session.credential,
        **access_settings(session.credential),
    }


@contextmanager
def archive(folder: Path, *, opens_after: float) -> Iterator[str]:
    """An HTTP server with the files of a folder that answers only after some seconds; gives its address."""
    port = free_port()
    handler = functools.partial(_Quiet, directory=str(folder))
    servers: list[ThreadingHTTPServer] = []

    def serve() -> None:
        servers.append(ThreadingHTTPServer(("127.0.0.1", port), handler))
        servers[0].serve_forever()

    opening = threading.Timer(opens_after, serve)
    opening.daemon = True
    opening.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        opening.cancel()
        for server in servers:
            server.shutdown()
            server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def next_dates(schedule: dict[str, Any], number: int) -> list[datetime]:
    """The next dates of a deployment's cron schedule, by Prefect's own reckoning."""
    from prefect.server.schemas.schedules import CronSchedule
    from prefect.utilities.asyncutils import run_coro_as_sync

    dates, error = _in_a_thread(lambda: run_coro_as_sync(CronSchedule(**schedule).get_dates(number)))
    if error:
        raise error
    return dates
