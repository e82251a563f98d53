"""Airflow: an API server, a scheduler and a dag-processor on SQLite, started for the session and driven over REST."""

import json
import os
import secrets
import subprocess
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from workshop.engines.airflow_home import AIRFLOW, START_TIMEOUT, USER, make_home
from workshop.engines.base import Outcome, Session, engine_record
from workshop.engines.rest import TRIES, Rest
from workshop.engines.servers import check, free_port, running, wait_for
from workshop.ground.records import Record
from workshop.places import as_documented
from workshop.sandbox import CommandFailed, Sandbox

DAG_ID = "flight_delays"
DAG_FILE = "dags/flight_delays_dag.py"
_RUN_TIMEOUT = 1800
_DONE = ("success", "failed")
_PRINT_GRAPH = """
import json, runpy, sys
dag = runpy.run_path(sys.argv[1])["flight_delays_dag"]
print(json.dumps({task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}))
"""


class Airflow(Session):
    """Triggers runs of the DAG over the REST API of servers that are up at `url`."""

    def __init__(self, sandbox: Sandbox, url: str, password: str, processes: Mapping[Path, subprocess.Popen]):
        super().__init__(sandbox)
        self.url = url
        self.user = USER
        self.password = password
        self.processes = processes
        self.run_id = ""  # of the last run
        self._rest = Rest(url, between=partial(check, processes))

    def _log_in(self) -> None:
        """Get the token that every other request carries."""
        answer = self.api("/auth/token", {"username": self.user, "password": self.password}, tries=1)
        self._rest.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def api(self, path: str, content: dict[str, Any] | None = None, *, tries: int = TRIES) -> Any:
        """What the server answers to a GET, or to a POST of `content`.

        A GET is tried again while the server is busy, `tries` times in all. CommandFailed if a server has ended meanwhile;
        httpx.HTTPStatusError, which has the `response`, if it refuses.
        """
        return self._rest.ask(path, content, tries=tries)

    def wait_until_ready(self) -> None:
        """Return as soon as all servers are healthy and the DAG is known; CommandFailed if that does not come."""
        late = CommandFailed(f"Airflow did not come up at {self.url} within {START_TIMEOUT} s")
        wait_for(self._is_ready, START_TIMEOUT, every=0.2, or_fail=late)

    def _is_ready(self) -> bool:
        check(self.processes)
        with suppress(httpx.HTTPError):  # nobody listens yet, or the DAG is not known yet
            if not self._rest.headers:
                # The first request makes the server build its API for tasks, which takes seconds: not at a task's cost.
                self.api("/execution/health", tries=1)
                self._log_in()
            health = self.api("/api/v2/monitor/health", tries=1)
            if all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor")):
                self._refuse_broken_dag()
                self.api(f"/api/v2/dags/{DAG_ID}", tries=1)
                return True
        return False

    def _refuse_broken_dag(self) -> None:
        errors = self.api("/api/v2/importErrors", tries=1)["import_errors"]
        if errors:
            raise CommandFailed("\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors))

    def task_instances(self) -> list[dict[str, Any]]:
        """The tasks of the last run that were tried, by start, as Airflow recorded them.

        Each has task_id, map_index (-1 if it is not mapped), item (its month or candidate, or None), start and end
        (ISO 8601), state (such as success) and tries.
        """
        found: list[dict[str, Any]] = []
        while True:
            page = self.api(f"{self._run_path()}/taskInstances?limit=100&offset={len(found)}")
            found += page["task_instances"]
            if len(found) >= page["total_entries"]:
                break
        return [
            {
                "task_id": task["task_id"],
                "map_index": task["map_index"],
                "item": task["rendered_map_index"] if task["map_index"] >= 0 else None,
                "start": task["start_date"],
                "end": task["end_date"],
                "state": task["state"],
                "tries": task["try_number"],
            }
            for task in sorted(found, key=lambda task: task["start_date"] or "")
            if task["try_number"]
        ]

    def own_records(self) -> list[Record]:
        """The tasks of the last run as Airflow recorded them: its planning tasks too, each with its process."""
        return [
            engine_record(
                f"{task['task_id']} {task['item'] or ''}",
                datetime.fromisoformat(task["start"]).timestamp(),
                datetime.fromisoformat(task["end"]).timestamp(),
                "done" if task["state"] == "success" else "failed",
            )
            for task in self.task_instances()
            if task["start"] and task["end"]
        ]

    def trigger(self, conf: dict[str, Any]) -> Outcome:
        """Run the pipeline with a configuration, such as {"months": {"2013-01": "train", "2013-02": "test"}}."""
        return self._timed(lambda: self._trigger(conf))

    def backfill(self, month: str) -> Outcome:
        """Run the pipeline as it would have run for a past month, such as 2013-05."""
        return self._timed(lambda: self._backfill(month))

    def _run(self) -> tuple[int, str]:
        return self._trigger({})

    def _trigger(self, conf: dict[str, Any]) -> tuple[int, str]:
        run = self.api(f"/api/v2/dags/{DAG_ID}/dagRuns", {"logical_date": None, "conf": conf})
        return self._follow(run["dag_run_id"])

    def _resume(self) -> tuple[int, str]:
        wanted = {"dag_run_id": self.run_id, "only_failed": True, "reset_dag_runs": True, "dry_run": False}
        self.api(f"/api/v2/dags/{DAG_ID}/clearTaskInstances", wanted)
        return self._follow(self.run_id)

    def _backfill(self, month: str) -> tuple[int, str]:
        day = f"{month}-01T00:00:00Z"
        wanted = {"dag_id": DAG_ID, "from_date": day, "to_date": day, "max_active_runs": 1}
        self.api("/api/v2/backfills", wanted)
        query = urllib.parse.urlencode({"run_type": "backfill", "order_by": "-id", "limit": 1})
        return self._follow(self.api(f"/api/v2/dags/{DAG_ID}/dagRuns?{query}")["dag_runs"][0]["dag_run_id"])

    def _follow(self, run_id: str) -> tuple[int, str]:
        """Wait until the run ends; give the project's exit code, and what went wrong."""
        self.run_id = run_id
        failures = _Failures(self.sandbox)
        late = TimeoutError(f"the Airflow run {run_id} did not end within {_RUN_TIMEOUT} s")
        state = wait_for(self._final_state, _RUN_TIMEOUT, every=0.3, or_fail=late)
        return failures.exit_code(state == "success"), f"{run_id}: {state}\n{failures.text()}"

    def _final_state(self) -> str | None:
        """The state of the last run if it is over; CommandFailed if a server has ended before."""
        state = self.api(self._run_path())["state"]
        if state in _DONE:
            return state
        check(self.processes)
        return None

    def _run_path(self) -> str:
        return f"/api/v2/dags/{DAG_ID}/dagRuns/{urllib.parse.quote(self.run_id)}"


class DagsTest(Session):
    """Runs the DAG in one process, by `airflow dags test`, without any server."""

    def _run(self) -> tuple[int, str]:
        home = make_home(self.sandbox, "airflow-test")
        failures = _Failures(self.sandbox)
        done = self.sandbox.run(
            [*AIRFLOW, "dags", "test", DAG_ID], log="airflow_dags_test.log", check=False, AIRFLOW_HOME=str(home)
        )
        return failures.exit_code(done.returncode == 0), done.stdout + failures.text()


class _Failures:
    """What the DAG's failure callback reports from now on."""

    def __init__(self, sandbox: Sandbox):
        self._file = sandbox.root / "logs" / "failures.jsonl"
        self._known = self._file.stat().st_size if self._file.exists() else 0

    def text(self) -> str:
        """The new lines, a JSON object each."""
        return self._file.read_bytes()[self._known :].decode() if self._file.exists() else ""

    def exit_code(self, succeeded: bool) -> int:
        """The project's exit code for a run that ended so."""
        if succeeded:
            return 0
        return 3 if any(json.loads(line)["exception"] == "GateClosed" for line in self.text().splitlines()) else 1


@contextmanager
def session(sandbox: Sandbox, *, ui: bool = False) -> Iterator[Airflow]:
    """Start Airflow for the sandbox alone and stop it at the end, however that comes.

    With `ui` it looks for changes of the DAG file more often. CommandFailed if Airflow does not come up.
    """
    started = time.perf_counter()
    port = free_port()
    password = secrets.token_urlsafe(12)
    home = make_home(sandbox, "airflow", port=port, password=password, parse_every=10 if ui else 300)
    servers = {
        "api-server": [*AIRFLOW, "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        "scheduler": [*AIRFLOW, "scheduler", "--skip-serve-logs"],
        "dag-processor": [*AIRFLOW, "dag-processor"],
    }
    if as_documented():
        servers["triggerer"] = [*AIRFLOW, "triggerer"]  # `airflow standalone` has it, our DAG has no use for it
    commands = {home / f"{name}.log": command for name, command in servers.items()}
    with running(commands, sandbox.environment(AIRFLOW_HOME=str(home), NO_PROXY="127.0.0.1")) as processes:
        airflow = Airflow(sandbox, f"http://127.0.0.1:{port}", password, processes)
        airflow.wait_until_ready()
        airflow.start_seconds = time.perf_counter() - started
        yield airflow


def dags_test(sandbox: Sandbox) -> Outcome:
    """Run the DAG in one process by `airflow dags test`."""
    return DagsTest(sandbox).run()


def graph(project_root: str | os.PathLike[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """The stages and edges of the DAG in a project's folder, without the tasks that only plan.

    CommandFailed if the DAG file cannot be loaded.
    """
    sandbox = Sandbox(Path(project_root))
    with TemporaryDirectory() as home:
        done = sandbox.run(["python", "-c", _PRINT_GRAPH, str(sandbox.root / DAG_FILE)], AIRFLOW_HOME=home)
    downstream = json.loads(done.stdout.splitlines()[-1])
    stages = {name for name in downstream if not name.startswith("plan_")}
    return stages, {(name, after) for name in stages for after in downstream[name]}
