"""Prefect: one local server, started for the session and stopped after it; each run of the flow is a process.

Any page that is open in the student's browser can send requests to a port of this machine. So the server answers only
those that bring its credential, a new one at each start, which travels in the environment of our processes.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from workshop.engines import databases
from workshop.engines.base import Session, engine_record
from workshop.engines.rest import Rest
from workshop.engines.servers import check, free_port, running, wait_for
from workshop.ground.records import Record
from workshop.places import as_documented, environment
from workshop.sandbox import CommandFailed, Sandbox

FLOW = "flows/flight_delays_flow.py"
_START_TIMEOUT = 300  # seconds; a server comes up in 6 to 20
_RECORD_TIMEOUT = 30
_CREDENTIAL = "PREFECT_API_AUTH_STRING"  # where Prefect's clients look for it
_QUESTIONS = ("/filter", "/count")  # how the paths of POSTs end that change nothing


class Prefect(Session):
    """Runs the flow against a server that is up at `url`; `settings` are the environment of whoever talks to it."""

    def __init__(self, sandbox: Sandbox, url: str, settings: dict[str, str]):
        super().__init__(sandbox)
        self.url = url
        self.settings = settings
        user, _, password = self.credential.partition(":")
        self._rest = Rest(f"{url}/api", auth=(user, password))

    def _run(self) -> tuple[int, str]:
        # the settings are environment variables, and none is called like an argument of `run`
        done = self.sandbox.run(["python", FLOW], log="prefect.log", check=False, **self.settings)  # type: ignore[arg-type]
        return done.returncode, done.stdout

    def api(self, path: str, content: dict[str, Any] | None = None) -> Any:
        """What the server's API answers to a GET, or to a POST of `content`.

        What may come twice is tried again while the server is busy, its database locked by another request: a GET, a
        search, and what has an `idempotency_key`, by which Prefect knows a run that it has made already.
        httpx.HTTPStatusError, which has the `response`, if it refuses.
        """
        idempotent = content is None or path.endswith(_QUESTIONS) or "idempotency_key" in content
        return self._rest.ask(path, content, idempotent=idempotent)

    @property
    def credential(self) -> str:
        """What the server wants to be told, as `user:password`; its log-in page too. Not for outputs and logs."""
        return self.settings[_CREDENTIAL]

    @contextmanager
    def serving(self, cron: str, **env: str) -> Iterator[dict[str, Any]]:
        """Keep the flow on a schedule by its `serve`, with more environment if wanted; gives its deployment."""
        command = [sys.executable, FLOW, "serve", "--cron", cron]
        log, root = self.sandbox.root / "logs/serve.log", self.sandbox.root
        with running({log: command}, self.sandbox.environment(**self.settings, **env), cwd=root):
            yield wait_for(lambda: self.api("/deployments/filter", {}))[0]

    def task_runs(self) -> list[dict[str, Any]]:
        """The tasks of the last run that started, by start, as the server recorded them.

        Each has name (such as `train boosting`), start and end (ISO 8601), state (such as COMPLETED) and cached.
        """
        return [
            {
                "name": run["name"],
                "start": run["start_time"],
                "end": run["end_time"],
                "state": run["state_type"],
                "cached": run["state_name"] == "Cached",
            }
            for run in self._recorded()
            if run["start_time"]
        ]

    def own_records(self) -> list[Record]:
        """The tasks of the last run as the server recorded them."""
        return [
            engine_record(
                run["name"],
                datetime.fromisoformat(run["start"]).timestamp(),
                datetime.fromisoformat(run["end"]).timestamp(),
                "cached" if run["cached"] else "done" if run["state"] == "COMPLETED" else "failed",
            )
            for run in self.task_runs()
            if run["end"]
        ]

    def graph(self) -> tuple[set[str], set[tuple[str, str]]]:
        """The stages of the last run, which went well, and the pairs (stage, stage that takes its result)."""
        runs = self._recorded()
        stages = {run["id"]: run["name"].split()[0] for run in runs}
        edges = {
            (stages[source["id"]], stages[run["id"]])
            for run in runs
            for sources in run["task_inputs"].values()
            for source in sources
            if source["input_type"] == "task_run"
        }
        return set(stages.values()), edges

    def _recorded(self) -> list[dict[str, Any]]:
        """The task runs of the last flow run, by start.

        The server learns of them by events that may still be on their way: wait until all have ended (or can
        never start, after a failure) and no more come.
        """
        flow_run = self.api("/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 1})[0]
        wanted = {"flow_runs": {"id": {"any_": [flow_run["id"]]}}}
        runs: list[dict[str, Any]] = []
        states = None

        def settled() -> bool:
            nonlocal runs, states
            before, runs = states, self.api("/task_runs/filter", wanted)
            states = {run["id"]: run["state_name"] for run in runs}
            return states == before and all(run["end_time"] or run["state_name"] == "NotReady" for run in runs)

        unknown = TimeoutError(f"the Prefect server at {self.url} does not know how {flow_run['name']} ended")
        wait_for(settled, _RECORD_TIMEOUT, every=0.2, or_fail=unknown)
        return sorted(runs, key=lambda run: run["start_time"] or run["created"])


@contextmanager
def session(sandbox: Sandbox, *, ui: bool = False) -> Iterator[Prefect]:
    """Start a server of the sandbox's own, with its pages if `ui`, and stop it at the end, however that comes.

    Other users of the machine can neither ask it nor read its files.
    """
    home = sandbox.root / ".engines/prefect"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "PREFECT_HOME": str(home),
        "PREFECT_LOCAL_STORAGE_PATH": str(home / "storage"),  # of other flows; ours says where its results are
        "PREFECT_MEMO_STORE_PATH": str(home / "memo_store.toml"),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "NO_PROXY": "127.0.0.1",
        _CREDENTIAL: f"admin:{secrets.token_urlsafe(12)}",
    }
    if not as_documented():
        settings["PREFECT_API_BLOCKS_REGISTER_ON_START"] = "false"
        settings["PREFECT_UI_ENABLED"] = settings["PREFECT_LOGGING_TO_API_ENABLED"] = str(ui).lower()
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # the flow may have made it, to keep its results in
    if not (home / "prefect.db").exists():
        empty_database(home / "prefect.db")
    started = time.perf_counter()
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    env = sandbox.environment(**settings, **access_settings(settings[_CREDENTIAL], pages=url))
    with running({home / "server.log": command}, env) as processes:
        _wait_until_healthy(url, processes)
        prefect = Prefect(sandbox, url, settings)
        prefect.start_seconds = time.perf_counter() - started
        yield prefect


def access_settings(credential: str, *, pages: str = "") -> dict[str, str]:
    """Settings of a server that answers nobody without the credential, nor pages of other addresses than `pages`."""
    return {"PREFECT_SERVER_API_AUTH_STRING": credential, "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": pages}


def graph(project_root: str | os.PathLike[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """The stages and edges of the flow in a sandbox's folder, as a real run there shows them to the server.

    CommandFailed if that run fails.
    """
    with session(Sandbox(Path(project_root))) as prefect:
        outcome = prefect.run()
        if outcome.exit_code:
            raise CommandFailed(f"{FLOW} ended with exit code {outcome.exit_code}:\n{outcome.log}")
        return prefect.graph()


def _wait_until_healthy(url: str, processes: Mapping[Path, subprocess.Popen]) -> None:
    rest = Rest(f"{url}/api")

    def healthy() -> bool:
        check(processes)
        with suppress(httpx.HTTPError):
            rest.ask("/health", tries=1)
            return True
        return False

    late = CommandFailed(f"the Prefect server did not come up at {url} within {_START_TIMEOUT} s")
    wait_for(healthy, _START_TIMEOUT, or_fail=late)


def empty_database(target: Path) -> None:
    """Put a database with all of Prefect's tables at `target`, a new file."""
    databases.provide(target, "prefect", _make_database)


def _make_database(home: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"],
        cwd=home,
        env=environment(PREFECT_HOME=str(home), PREFECT_MEMO_STORE_PATH=str(home / "memo_store.toml")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=_START_TIMEOUT,
    )
    return home / "prefect.db"
