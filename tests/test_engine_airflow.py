"""The Airflow engine: real servers, real runs. One session is shared; each test leaves its project as it found it."""

import configparser
import json
import re
import signal
import stat
import subprocess
import sys
import urllib.parse

import httpx
import psutil
import pytest

from flight_delays import artifacts
from flight_delays.pipeline import STAGES, Project, edges
from flight_delays.registry import Registry
from tests.reach import beyond_loopback
from workshop.engines import airflow, airflow_home
from workshop.engines.servers import wait_for
from workshop.places import BIN, SAMPLE_PROJECT, environment
from workshop.sandbox import CommandFailed, Sandbox

TWO_MONTHS = {"months": {"2013-01": "train", "2013-02": "test"}}


def results(sandbox):
    project = Project.load(sandbox.root)
    return artifacts.sha256(project.metrics), artifacts.sha256(project.predictions)


def names(outcome):
    return sorted(record.name for record in outcome.records)


def failures(sandbox):
    return [json.loads(line) for line in (sandbox.root / "logs/failures.jsonl").read_text().splitlines()]


def processes_in(folder):
    found = []
    for process in psutil.process_iter(["cwd", "status"]):
        cwd = process.info["cwd"]
        if cwd and cwd.startswith(str(folder)) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


@pytest.fixture(scope="module")
def shared(new_sandbox, tmp_path_factory):
    with airflow.session(new_sandbox(tmp_path_factory.mktemp("airflow") / "с пробелом")) as session:
        yield session


@pytest.fixture
def session(shared):
    """The shared session, and its project put back afterwards."""
    files = [shared.sandbox.root / "params.yaml", shared.sandbox.root / "flight_delays/stages/train.py"]
    before = [file.read_bytes() for file in files]
    yield shared
    for file, content in zip(files, before, strict=True):
        file.write_bytes(content)


def test_the_dag_has_the_stages_and_edges_of_the_pipeline():
    assert airflow.graph(SAMPLE_PROJECT) == (set(STAGES), edges())


def test_the_dag_file_uses_nothing_deprecated(tmp_path):
    sandbox = Sandbox.create(tmp_path / "project")
    code = (
        "import runpy, sys, warnings, airflow.sdk\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    runpy.run_path(sys.argv[1])\n"
        "print([str(w.message) for w in caught])\n"
    )
    dag_file = sandbox.root / airflow.DAG_FILE
    done = sandbox.run(["python", "-c", code, dag_file], AIRFLOW_HOME=str(tmp_path / "home"))
    assert done.stdout.splitlines()[-1] == "[]"
    ruff = [BIN / "ruff", "check", "--isolated", "--preview", "--select", "AIR", "--target-version", "py311", dag_file]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.engine
def test_a_run_leaves_what_the_plain_script_leaves(session, finished):
    outcome = session.run()
    assert outcome.exit_code == 0, outcome.log
    project = Project.load(session.sandbox.root)
    assert names(outcome) == sorted(f"{s} {i}" if i else s for s in STAGES for i in project.items(s))
    assert results(session.sandbox) == results(finished)

    tasks = session.task_instances()
    assert {task["task_id"] for task in tasks} == {*STAGES, "plan_months", "plan_candidates"}
    assert {(task["state"], task["tries"]) for task in tasks} == {("success", 1)}
    assert [task["item"] for task in sorted(tasks, key=lambda t: t["map_index"]) if task["task_id"] == "prepare"] == (
        project.months
    )
    own = {record.name: record for record in session.own_records()}
    assert {name for name in own if not name.startswith("plan_")} == set(names(outcome))
    for record in outcome.records:
        assert own[record.name].start <= record.start <= record.end <= own[record.name].end
    assert {record.status for record in own.values()} == {"done"}
    events = session.api("/api/v2/assets/events")["asset_events"]
    assert [event["name"] for event in events] == ["flight-delays-registry"]


@pytest.mark.engine
def test_the_servers_know_the_dag_without_error_or_warning(session):
    assert session.api("/api/v2/importErrors")["total_entries"] == 0
    assert session.api("/api/v2/dagWarnings")["total_entries"] == 0
    dag = session.api("/api/v2/dags/flight_delays/details")
    assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)
    assert dag["timetable_summary"] == "0 0 1 * *"
    assert dag["description"].startswith("Will the flight arrive late?")
    assert dag["doc_md"].lstrip().startswith("### Will the flight arrive late?")  # not indented, or it would be shown as code


@pytest.mark.engine
def test_only_this_machine_and_this_user_reach_it(session):
    processes = processes_in(session.sandbox.root)
    assert [c for one in processes for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert beyond_loopback(processes) == []
    home = session.sandbox.root / ".engines/airflow"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    open_to_others = [file for file in home.rglob("*") if file.is_file() and file.stat().st_mode & 0o077]
    assert open_to_others == []


def asked(url, path, token=None):
    """What the server at `url` answers to whoever asks, with this token: its status."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{url}{path}", headers=headers, timeout=60, trust_env=False).status_code


@pytest.mark.engine
def test_the_servers_answer_those_with_the_password_only(session):
    for path in ("/api/v2/dags", "/api/v2/dags/flight_delays/dagRuns", "/api/v2/connections", "/execution/variables/x"):
        assert asked(session.url, path) == 401
        assert asked(session.url, path, "ey.ey.ey") in (401, 403)
    for password in ("admin", "", session.password[:-1]):
        answer = httpx.post(
            f"{session.url}/auth/token", json={"username": session.user, "password": password}, timeout=60, trust_env=False
        )
        assert answer.status_code in (400, 401)


@pytest.mark.engine
def test_what_is_secret_is_where_the_servers_need_it_and_nowhere_else(session):
    home = session.sandbox.root / ".engines/airflow"
    config = configparser.ConfigParser(interpolation=None)
    config.read(home / "airflow.cfg")
    keys = [config["core"]["fernet_key"], config["api"]["secret_key"], config["api_auth"]["jwt_secret"]]
    places = {session.password: "simple_auth_manager_passwords.json.generated", **dict.fromkeys(keys, "airflow.cfg")}
    files = [file for file in session.sandbox.root.rglob("*") if file.is_file()]
    assert home / "api-server.log" in files
    for secret, name in places.items():
        assert len(secret) >= 16
        assert [file.name for file in files if secret.encode() in file.read_bytes()] == [name]
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    commands = [" ".join(process.cmdline()) for process in processes_in(session.sandbox.root)]
    assert not [command for command in commands for secret in places if secret in command]


@pytest.mark.engine
def test_a_failed_stage_is_tried_again_reported_and_resumed(session, finished):
    sandbox = session.sandbox
    code = sandbox.root / "flight_delays/stages/train.py"
    whole = code.read_text(encoding="utf-8")
    fault = '    if candidate == "boosting":\n        raise RuntimeError("the disk is full")\n'
    line = "    table = model.read_features"
    assert line in whole
    code.write_text(whole.replace(line, fault + line), encoding="utf-8")
    outcome = session.run()
    assert outcome.exit_code == 1
    assert names(outcome).count("train boosting") == 3
    assert names(outcome).count("train logistic") == 1
    assert "evaluate" not in names(outcome)
    [failure] = [failure for failure in failures(sandbox) if failure["run"] == session.run_id]
    assert (failure["dag"], failure["task"], failure["map_index"], failure["try"]) == ("flight_delays", "train", 0, 3)
    assert (failure["exception"], failure["message"]) == ("RuntimeError", "the disk is full")
    assert "the disk is full" in outcome.log

    code.write_text(whole, encoding="utf-8")
    outcome = session.resume()
    assert outcome.exit_code == 0, outcome.log
    assert names(outcome) == ["evaluate", "gate", "register", "train boosting"]
    assert results(sandbox) == results(finished)


@pytest.mark.engine
def test_a_closed_gate_ends_the_run_at_once(session):
    session.sandbox.set_param("gate.min_roc_auc", 0.99)
    outcome = session.trigger(TWO_MONTHS)  # a configuration with months of its own
    assert outcome.exit_code == 3
    assert {record.item for record in outcome.records if record.stage == "ingest"} == set(TWO_MONTHS["months"])
    assert names(outcome).count("gate") == 1
    assert "register" not in names(outcome)
    assert failures(session.sandbox)[-1]["exception"] == "GateClosed"


@pytest.mark.engine
def test_wrong_months_are_refused_without_a_second_try(session):
    outcome = session.trigger({"months": {"2013-02": "train"}})
    assert (outcome.exit_code, outcome.records) == (1, [])
    assert {(task["task_id"], task["state"], task["tries"]) for task in session.task_instances()} == {
        ("plan_months", "failed", 1),
        ("plan_candidates", "failed", 1),
    }
    assert "at least one month must be train and one test" in outcome.log


@pytest.mark.engine
def test_a_backfill_takes_the_month_of_its_data_interval(session):
    project = Project.load(session.sandbox.root)
    if Registry(project.registry, "flight-delays").champion() is None:  # where this test is run alone
        assert session.run().exit_code == 0
    champion = Registry(project.registry, "flight-delays").champion()
    outcome = session.backfill("2013-02")
    assert outcome.exit_code == 0, outcome.log
    assert {record.item for record in outcome.records if record.stage == "prepare"} == {"2013-01", "2013-02"}
    receipt = artifacts.read_json(project.receipt)
    prepared = session.sandbox.root / "data/prepared"
    assert receipt["data_hash"] == artifacts.sha256_of_all([prepared / "train/2013-01.parquet"])
    assert receipt["train_months"] == "2013-01"
    tested = artifacts.read_json(project.metrics)["flights"]
    assert tested == len(artifacts.read_parquet(prepared / "test/2013-02.parquet"))
    # the champion of the other runs has learned from this month, and would win
    decision = artifacts.read_json(project.decision)
    assert (decision["judged_by"], decision["seen_by_champion"]) == (["thresholds"], ["2013-02"])
    assert Registry(project.registry, "flight-delays").champion() == champion  # a run about the past moves nothing
    assert receipt["alias"] is None


@pytest.mark.engine
def test_a_schedule_beyond_the_last_month_with_flights_skips_and_does_not_fail(tmp_path, monkeypatch):
    scheduler = airflow_home._FOR_TWO_CORES.get("scheduler", {}) | {"use_job_schedule": True}
    monkeypatch.setitem(airflow_home._FOR_TWO_CORES, "scheduler", scheduler)
    with airflow.session(Sandbox.create(tmp_path / "project")) as session:
        runs = "/api/v2/dags/flight_delays/dagRuns"
        run = wait_for(lambda: [run for run in session.api(runs)["dag_runs"] if run["end_date"]], 120)[0]
        assert (run["run_type"], run["state"]) == ("scheduled", "success")  # of last month, whenever this is tried
        tasks = session.api(f"{runs}/{urllib.parse.quote(run['dag_run_id'])}/taskInstances")["task_instances"]
        states = {task["task_id"]: task["state"] for task in tasks}
        assert states == {**dict.fromkeys(["plan_months", *STAGES], "skipped"), "plan_candidates": "success"}
    assert not (session.sandbox.root / "data").exists()


@pytest.mark.engine
def test_dags_test_leaves_what_the_plain_script_leaves(new_sandbox, finished, tmp_path):
    sandbox = new_sandbox(tmp_path / "project")
    outcome = airflow.dags_test(sandbox)
    assert outcome.exit_code == 0, outcome.log
    assert results(sandbox) == results(finished)


@pytest.mark.engine
def test_a_broken_dag_file_is_named_and_nothing_is_left(tmp_path):
    sandbox = Sandbox.create(tmp_path / "project")
    file = sandbox.root / airflow.DAG_FILE
    file.write_text(file.read_text(encoding="utf-8") + "\nraise ValueError('no such thing')\n", encoding="utf-8")
    with pytest.raises(CommandFailed, match=r"flight_delays_dag.py(.|\n)*no such thing"), airflow.session(sandbox):
        pass
    assert processes_in(sandbox.root) == []


@pytest.mark.engine
def test_the_ui_tells_its_password_and_ctrl_c_in_the_middle_of_a_task_leaves_nothing(session, tmp_path):
    sandbox = Sandbox.create(tmp_path / "project")
    stage = sandbox.root / "flight_delays/stages/ingest.py"
    code = stage.read_text(encoding="utf-8")
    marker = sandbox.root / "logs/asleep"
    line = "    tables = SOURCES"
    assert line in code
    nap = f"    open({str(marker)!r}, 'w').close()\n    __import__('time').sleep(600)\n"
    stage.write_text(code.replace(line, nap + line), encoding="utf-8")
    command = [sys.executable, "-m", "workshop", "ui", "airflow", "--project", str(sandbox.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(), cwd=tmp_path) as ui:
        printed = ""
        while "Ctrl-C" not in printed:
            line = ui.stdout.readline()
            assert line, printed
            printed += line
        url, password = re.search(r"(http://127.0.0.1:\d+)/(?:.|\n)*user admin, password (\S+)", printed).groups()
        assert password != session.password
        browser = airflow.Airflow(sandbox, url, password, {})
        browser.wait_until_ready()
        browser.api("/api/v2/dags/flight_delays/dagRuns", {"logical_date": None, "conf": {}})
        wait_for(marker.exists, 60)
        assert len(processes_in(sandbox.root)) >= 6  # three servers, two workers, a task
        ui.send_signal(signal.SIGINT)
        assert ui.wait(60) == 0
    assert processes_in(sandbox.root) == []
