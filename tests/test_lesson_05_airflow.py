"""The clinic of lesson 5: the errors that its notebook explains come in this order, and what helps against them, helps."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from workshop.places import BIN, LESSONS, environment

LESSON = LESSONS / "05_airflow"
# Loads DAG files one after the other, as Airflow does, and prints [error, tasks with what follows them, warnings] of each.
LOAD = """
import json, runpy, sys, warnings
told = []
for file in sys.argv[1:]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = runpy.run_path(file)["dag"]
            error, tasks = "", {task.task_id: sorted(task.downstream_task_ids) for task in found.tasks}
        except Exception as problem:
            error, tasks = f"{type(problem).__name__}: {problem}", {}
    told.append([error, tasks, sorted({str(one.message) for one in caught if "airflow" in one.filename})])
print(json.dumps(told))
"""
# Prints the dates of the second run of one schedule, written in two ways, as the tasks show them.
DATES = """
import json
from datetime import UTC, datetime
import notebook_dags
from airflow.sdk import DAG, CronDataIntervalTimetable
cron = "0 6 * * *"
told = []
for schedule in (cron, CronDataIntervalTimetable(cron, timezone="UTC")):
    table = notebook_dags.next_runs(DAG("daily", schedule=schedule, start_date=datetime(2026, 2, 1, tzinfo=UTC)))
    told.append(table.iloc[1].to_dict())
print(json.dumps(told))
"""
CHAIN = {
    "preprocess_data": ["train_model"],
    "train_model": ["evaluate_model"],
    "evaluate_model": ["register_model"],
    "register_model": [],
}
NO_MODULE = "ModuleNotFoundError: No module named 'airflow.operators.python_operator'"
NO_SCHEDULE_INTERVAL = "TypeError: DAG.__init__() got an unexpected keyword argument 'schedule_interval'"
NO_PROVIDE_CONTEXT = (
    "TypeError: Invalid arguments were passed to PythonOperator (task_id: preprocess_data). Invalid arguments were:\n"
    "**kwargs: {'provide_context': True}"
)
SLA_IS_GONE = "The SLA feature is removed in Airflow 3.0, replaced with Deadline Alerts in >=3.1"
MENDS = [
    {
        "airflow.operators.bash_operator": "airflow.providers.standard.operators.bash",
        "airflow.operators.python_operator": "airflow.providers.standard.operators.python",
    },
    {"schedule_interval=": "schedule="},
    {"    provide_context=True,\n": ""},
]


def loaded(folder, *texts):
    """What Airflow says of DAG files with these texts."""
    files = [folder / f"dags{number}" / "dag.py" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", LOAD, *map(str, files)]
    env = environment(AIRFLOW_HOME=str(folder / "home"))
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def dates_by_schedule(folder):
    """(dates of a run by a cron string, dates by a schedule with data intervals)."""
    env = environment(AIRFLOW_HOME=str(folder / "home"), PYTHONPATH=str(LESSON))
    command = [sys.executable, "-c", DATES]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def ruff(file, *options):
    command = [BIN / "ruff", "check", "--isolated", "--no-cache", "--select", "AIR", "--target-version", "py311"]
    command += ["--output-format", "concise", *options, file]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}, check=False).stdout


@pytest.fixture
def old():
    return (LESSON / "old_dag.txt").read_text(encoding="utf-8")


@pytest.fixture
def migrated():
    return (LESSON / "new_dag.txt").read_text(encoding="utf-8")


def test_one_error_hides_the_next_and_the_sla_only_warns(old, tmp_path):
    texts = [old]
    for mend in MENDS:
        text = texts[-1]
        for before, after in mend.items():
            assert before in text
            text = text.replace(before, after)
        texts.append(text)
    first, second, third, last = loaded(tmp_path, *texts)
    assert [first[0], second[0], third[0]] == [NO_MODULE, NO_SCHEDULE_INTERVAL, NO_PROVIDE_CONTEXT]
    assert last[0] == ""
    assert last[1] == CHAIN
    assert SLA_IS_GONE in last[2]
    assert "Setting email_on_failure on a task is deprecated; please migrate to SmtpNotifier." in last[2]


def test_ruff_is_first_aid_and_no_more(old, tmp_path):
    file = tmp_path / "old_dag.py"
    file.write_text(old, encoding="utf-8")
    seen = ruff(file)
    for name in ("airflow.DAG", "schedule_interval", "PythonOperator", "BashOperator", "provide_context"):
        assert name in seen
    assert "sla" not in seen.replace(str(file), "")
    left = ruff(file, "--fix", "--unsafe-fixes").splitlines()[:-1]
    assert len(left) == old.count("provide_context")
    assert all("`provide_context` is removed in Airflow 3.0" in line for line in left)
    [(error, _, _)] = loaded(tmp_path, file.read_text(encoding="utf-8"))
    assert error == NO_PROVIDE_CONTEXT


def test_the_migrated_dag_loads_in_silence_and_has_the_same_tasks(migrated, tmp_path):
    assert loaded(tmp_path, migrated) == [["", CHAIN, []]]
    file = tmp_path / "new_dag.py"
    file.write_text(migrated, encoding="utf-8")
    assert ruff(file).strip() == "All checks passed!"
    assert "sla" not in migrated


@pytest.mark.engine
def test_the_migrated_dag_runs(migrated, few_flights, new_sandbox, tmp_path):
    sandbox = new_sandbox(tmp_path / "project")
    shutil.rmtree(sandbox.root / "dags")
    (sandbox.root / "dags").mkdir()
    (sandbox.root / "dags/nightly_dag.py").write_text(migrated, encoding="utf-8")
    home = tmp_path / "home"
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(sandbox.root / "dags"),
    }
    sandbox.run(["airflow", "db", "migrate"], **settings)
    sandbox.run(["airflow", "dags", "test", "flight_delays_nightly"], timeout=300, **settings)
    assert [record.stage for record in sandbox.records()][-1] == "register"
    assert (sandbox.root / "reports/registered.json").exists()


def test_a_cron_string_names_a_run_by_its_moment_and_a_data_interval_by_the_day_before(tmp_path):
    cron, intervals = dates_by_schedule(tmp_path)
    second, third = "Mon 02.02.2026 06:00", "Tue 03.02.2026 06:00"
    assert set(cron.values()) == {second}
    assert intervals["run_after"] == intervals["data_interval_end"] == third
    assert intervals["logical_date"] == intervals["data_interval_start"] == second


def test_the_recorded_night_is_what_the_exercise_says_of_it():
    night, morning = (json.loads((LESSON / f"{name}.json").read_text(encoding="utf-8")) for name in ("night", "morning"))
    began = {(one["task_id"], one["map_index"]): one["start_date"] for one in night}
    again = {one["task_id"] for one in morning if one["start_date"] != began[one["task_id"], one["map_index"]]}
    assert again == {"train", "evaluate", "gate", "register"}
    states = {(one["task_id"], one["rendered_map_index"]): (one["state"], one["try_number"]) for one in night}
    assert states["ingest", "2013-02"] == ("success", 2)
    assert states["train", "boosting"] == ("failed", 3)
    unusual = {key for key, fate in states.items() if fate not in {("success", 1), ("upstream_failed", 0)}}
    assert unusual == {("ingest", "2013-02"), ("train", "boosting")}
    assert {state for state, _ in states.values()} == {"success", "failed", "upstream_failed"}
    assert {one["state"] for one in morning} == {"success"}
