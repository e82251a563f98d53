"""What the tasks use beside Airflow: the runs of a schedule, loading a file, running a DAG, what answers are held against."""

import contextlib
import io
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterable
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import DagSerialization
from schedules import runs, starts, stored

from workshop.trying import beside, carry, fresh

if TYPE_CHECKING:
    from flight_delays.pipeline import Project
    from workshop.sandbox import Sandbox

HERE = Path(__file__).parent
TIMEOUT = 300  # seconds
LATE = 15  # minutes, as in old_report.txt
NEEDS = {
    "check_flights": {"flights"},
    "features": {"check_flights", "weather", "planes"},
    "data_report": {"check_flights"},
    "train_logistic": {"features"},
    "train_boosting": {"features"},
    "evaluate": {"train_logistic", "train_boosting"},
    "register": {"evaluate"},
}


carry("DAG", DAG, DagSerialization.to_dict, DagSerialization.from_dict)

# --- schedules


@beside
def with_a_task(settings: dict[str, Any]) -> DAG:
    """A DAG with these settings and one task, `only`."""
    dag = DAG("weekly", **settings)
    EmptyOperator(task_id="only", dag=dag)
    return dag


def next_runs(dag: DAG | SerializedDAG, count: int = 4) -> pd.DataFrame:
    """The first runs of a DAG after its start and the dates that each is given, all in UTC."""
    rows = [(run.run_after, run.logical_date, *(run.data_interval or (None, None))) for run in runs(dag)[:count]]
    table = pd.DataFrame(rows, columns=["run_after", "logical_date", "data_interval_start", "data_interval_end"])
    return table.map(lambda moment: f"{moment:%a %d.%m.%Y %H:%M}" if moment else "none")


# --- arrows


def misplaced(dag: DAG) -> tuple[list[str], list[str]]:
    """(the night's tasks that may begin before what they need is there, those that wait for what they do not need), by name."""
    waits = {task.task_id: task.get_flat_relative_ids(upstream=True) for task in dag.tasks}
    early = sorted(name for name, before in waits.items() if _all_before(name) - before)
    patient = sorted(name for name, before in waits.items() if before - _all_before(name))
    return early, patient


def _all_before(name: str) -> set[str]:
    needed = NEEDS.get(name, set())
    return needed.union(*(_all_before(one) for one in needed))


# --- nights


def label(instance: dict[str, Any]) -> str:
    """What the tasks call an instance of a task in a log, such as `gate` or `train logistic`."""
    mapped = instance["map_index"] >= 0
    return f"{instance['task_id']} {instance['rendered_map_index']}" if mapped else instance["task_id"]


def nights(log: list[dict], later: list[dict]) -> list[tuple[list[dict], dict[str, set[str]]]]:
    """Logs of nights with what is true of each: the real one first, then others of the same tasks, and one of a single task.

    `later` is the log of the real one after Clear: what began anew ran again.
    """
    began = {label(one): one["start_date"] for one in log}
    again = {label(one) for one in later if one["start_date"] != began[label(one)]}
    real = {"failed": {"train boosting"}, "recovered": {"ingest 2013-02"}, "again": again}
    draw = fresh("nights")
    month, other = draw.sample(["2013-01", "2013-02", "2013-03"], 2)
    tries = draw.sample(range(2, 9), 3)
    waiting = (f"validate {month}", f"prepare {month}", "train boosting", "train logistic", "evaluate", "gate", "register")
    others = [
        _night(log, failed={"gate": 1}, recovered={"evaluate": tries[0]}, waiting=("register",)),
        _night(log, failed={f"ingest {month}": tries[1]}, recovered={f"ingest {other}": 3, "plan_months": 2}, waiting=waiting),
        _night(log, failed={"evaluate": 2, "train logistic": tries[2]}, recovered={}, waiting=("gate", "register")),
        _night(log, failed={}, recovered={}, waiting=()),
    ]
    return [(log, real), (log[::-1], real), *others, (others[0][0][:1], {"failed": set(), "recovered": set(), "again": set()})]


def _night(
    log: list[dict], *, failed: dict[str, int], recovered: dict[str, int], waiting: Iterable[str]
) -> tuple[list[dict], dict[str, set[str]]]:
    """A night with other fates: by name, in which try a task failed for good or came to its end; all others at the first."""
    fates = {name: ("failed", tries) for name, tries in failed.items()}
    fates |= {name: ("success", tries) for name, tries in recovered.items()}
    fates |= dict.fromkeys(waiting, ("upstream_failed", 0))
    other = [one | dict(zip(("state", "try_number"), fates.get(label(one), ("success", 1)), strict=True)) for one in log]
    return other, {"failed": set(failed), "recovered": set(recovered), "again": {*failed, *waiting}}


def told_of(log: list[dict]) -> str:
    """A night in one line: all that did not succeed at the first try."""
    unusual = [one for one in log if (one["state"], one["try_number"]) != ("success", 1)]
    return "; ".join(f"{label(one)}: {one['state']}, {one['try_number']}" for one in unusual) or f"{len(log)} x success, 1"


# --- files and runs


def load(home: Path, text: str) -> tuple[dict[str, SerializedDAG], str, str]:
    """Save the text of a DAG file as the only one in `dags`; gives the DAGs by id, the error and the warnings as text."""
    _saved(home, text)
    dags, error, warned = _loaded(home, text)
    return {id_: stored(dag) for id_, dag in dags.items()}, error, warned


def _saved(home: Path, text: str) -> Path:
    for old in (home / "dags").glob("*_dag.py"):
        old.unlink()
    file = home / "dags/my_dag.py"
    file.write_text(text, encoding="utf-8")
    # bytecode of a former text that is as long and was written in the same second would pass for this one's
    Path(cache_from_source(file)).unlink(missing_ok=True)
    return file


@beside
def _loaded(home: Path, text: str) -> tuple[dict[str, DAG], str, str]:
    file = _saved(home, text)
    logging.disable(logging.CRITICAL)  # the answer says it all
    sys.path.insert(0, str(file.parent))  # Airflow does the same
    try:
        with warnings.catch_warnings(record=True), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("always")
            bag = DagBag(str(file))
    finally:
        sys.path.remove(str(file.parent))
        logging.disable(logging.NOTSET)
    errors = [str(error).strip().splitlines()[-1] for error in bag.import_errors.values()]
    return bag.dags, "".join(errors[:1]), "\n".join(sorted({w for ws in bag.captured_warnings.values() for w in ws}))


def dags_test(sandbox: "Sandbox", dag_id: str) -> int:
    """Run a DAG of the folder once by `airflow dags test` and give its exit code; -1 if it does not end."""
    return _run(sandbox, ["airflow", "dags", "test", dag_id])


def run_on_schedule(sandbox: "Sandbox", dag_id: str, *moments: str) -> int:
    """Run a DAG with the dates that its schedule gives the runs of these moments, until one fails: exit code as `dags_test`."""
    return _run(sandbox, ["python", str(HERE / "run_on_schedule.py"), str(sandbox.root / "airflow/dags"), dag_id, *moments])


def _run(sandbox: "Sandbox", command: list[str]) -> int:
    settings = {"AIRFLOW_HOME": str(sandbox.root / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    try:
        return sandbox.run(command, check=False, log="test.log", timeout=TIMEOUT, **settings).returncode
    except subprocess.TimeoutExpired:
        return -1


def late_flights(project: "Project", day: str) -> int:
    """How many flights of a day were late, among those that were loaded."""
    flights = pd.read_parquet(project.raw(day[:7]) / "flights.parquet")
    return int((flights.loc[flights["date"] == day, "arr_delay"] >= LATE).sum())


def reported(sandbox: "Sandbox", pattern: str) -> dict[str, str]:
    """The text of each file in reports/ that fits a pattern, by name."""
    return {file.name: file.read_text(encoding="utf-8").strip() for file in (sandbox.root / "reports").glob(pattern)}


def alarms(sandbox: "Sandbox") -> list[str]:
    """The lines of logs/alarm.txt, without empty ones."""
    file = sandbox.root / "logs/alarm.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [line.strip() for line in lines if line.strip()]


def clear_reports(sandbox: "Sandbox") -> None:
    """Take away what earlier runs of the tasks' DAGs have left: reports, alarms, and the stations' count of calls."""
    logs, reports = sandbox.root / "logs", sandbox.root / "reports"
    for left in (*logs.glob("*.calls"), *logs.glob("alarm.txt"), *reports.glob("???.*"), *reports.glob("late-*.txt")):
        left.unlink()


def is_bash(task: Any) -> bool:
    """Whether a task is a shell command: a BashOperator, or made by `@task.bash`."""
    return getattr(task, "operator_name", type(task).__name__) in ("BashOperator", "@task.bash")
