"""The flow on a real server: one for the file, in a folder with a space and Cyrillic letters in its path."""

import csv
import hashlib
import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing

import httpx
import psutil
import pytest

from tests.reach import beyond_loopback
from workshop.engines import databases, prefect
from workshop.engines.servers import wait_for
from workshop.places import environment
from workshop.sandbox import Sandbox

pytestmark = pytest.mark.engine

AFTER_BOOSTING = ["evaluate", "gate", "register", "train boosting"]
# A failure that comes and goes while the code stays the same.
BREAK_TRAIN = """    import os
    if os.environ.get("BREAK_TRAIN") == candidate:
        raise RuntimeError("no memory left")
"""


def outputs(sandbox):
    """The hashes that every engine must agree on."""
    files = {name: sandbox.root / "reports" / name for name in ("metrics.json", "predictions.parquet")}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def names(outcome):
    return sorted(record.name for record in outcome.records)


def python(sandbox, code):
    """What a piece of code prints in the project of a sandbox, read as JSON."""
    return json.loads(sandbox.run(["python", "-c", code]).stdout.splitlines()[-1])


def champion(sandbox):
    """The version that is champion, asked where MLflow keeps it."""
    with closing(sqlite3.connect(sandbox.root / "registry/mlflow.db")) as database:
        [(version,)] = database.execute("SELECT version FROM registered_model_aliases WHERE alias = 'champion'")
    return version


def receipt(sandbox):
    return json.loads((sandbox.root / "reports/registered.json").read_text(encoding="utf-8"))


def insert(sandbox, file, before, text):
    path = sandbox.root / file
    code = path.read_text(encoding="utf-8")
    assert code.count(before) == 1
    path.write_text(code.replace(before, text + before), encoding="utf-8")


@pytest.fixture(scope="module")
def engine(new_sandbox, tmp_path_factory):
    """A session after a cold run; its outcome, the hashes and the receipt it left are kept for the tests."""
    sandbox = new_sandbox(tmp_path_factory.mktemp("prefect") / "с пробелом")
    insert(sandbox, "flight_delays/stages/train.py", "    table = model.read_features(", BREAK_TRAIN)
    with prefect.session(sandbox) as session:
        session.cold = session.run()
        assert session.cold.exit_code == 0, session.cold.log
        session.first, session.first_receipt = outputs(sandbox), receipt(sandbox)
        yield session


@pytest.fixture
def set_param(engine):
    """Set a parameter for one test."""
    params = engine.sandbox.root / "params.yaml"
    before = params.read_text(encoding="utf-8")
    yield engine.sandbox.set_param
    params.write_text(before, encoding="utf-8")


def test_cold_run_gives_what_the_plain_script_gives(engine, finished):
    assert Counter(record.stage for record in engine.cold.records) == {
        **dict.fromkeys(("ingest", "validate", "prepare"), 3),
        "train": 2,
        **dict.fromkeys(("evaluate", "gate", "register"), 1),
    }
    assert engine.first == outputs(finished)
    for folder in ("reports", "models"):
        published = {file.relative_to(engine.sandbox.root) for file in (engine.sandbox.root / folder).rglob("*")}
        assert published == {file.relative_to(finished.root) for file in (finished.root / folder).rglob("*")}
    # results and the files they point at are in one folder, so that nobody removes the one without the other
    results = engine.sandbox.root / ".engines/prefect/results"
    assert all(json.loads(file.read_text())["result"] for file in results.iterdir() if file.is_file())
    assert {path.suffix for path in (results / "store").glob("*/*")} == {"", ".json", ".parquet"}


def test_the_server_shows_the_graph_of_the_pipeline(engine):
    expected = python(
        engine.sandbox,
        "import json; from flight_delays.pipeline import STAGES, edges; print(json.dumps([list(STAGES), sorted(edges())]))",
    )
    stages, edges = engine.graph()
    assert stages == set(expected[0])
    assert edges == {tuple(edge) for edge in expected[1]}


def test_nothing_changed_runs_no_stage(engine):
    again = engine.run()
    assert (again.exit_code, names(again)) == (0, []), again.log  # Prefect says there why it finds no key
    runs = engine.task_runs()
    assert sorted(run["name"] for run in runs) == names(engine.cold)
    assert all(run["cached"] and run["state"] == "COMPLETED" and run["start"] <= run["end"] for run in runs)
    assert sorted(record.name for record in engine.own_records()) == names(engine.cold)
    assert {record.status for record in engine.own_records()} == {"cached"}
    assert outputs(engine.sandbox) == engine.first


def test_one_changed_parameter_and_back(engine, set_param):
    set_param("train.candidates.boosting.max_iter", 30)
    changed = engine.run()
    assert (changed.exit_code, names(changed)) == (0, AFTER_BOOSTING)
    assert outputs(engine.sandbox)["predictions.parquet"] != engine.first["predictions.parquet"]
    assert champion(engine.sandbox) == receipt(engine.sandbox)["version"] != engine.first_receipt["version"]

    set_param("train.candidates.boosting.max_iter", 80)
    back = engine.run()
    assert (back.exit_code, names(back)) == (0, ["gate", "register"])
    assert outputs(engine.sandbox) == engine.first
    assert receipt(engine.sandbox) == engine.first_receipt
    assert champion(engine.sandbox) == engine.first_receipt["version"]


def test_resume_after_a_failure_runs_what_is_left(engine, set_param):
    set_param("train.seed", 7)
    engine.settings["BREAK_TRAIN"] = "boosting"
    try:
        failed = engine.run()
    finally:
        del engine.settings["BREAK_TRAIN"]
    assert failed.exit_code == 1
    assert "no memory left" in failed.log
    # tried three times; the other candidate does not suffer
    assert Counter((record.name, record.status) for record in failed.records) == {
        ("train boosting", "failed"): 3,
        ("train logistic", "done"): 1,
    }
    states = {run["name"]: run["state"] for run in engine.task_runs()}
    assert (states["train boosting"], states["train logistic"]) == ("FAILED", "COMPLETED")
    assert "evaluate" not in states
    own = {record.name: record for record in engine.own_records()}
    assert (own["train boosting"].status, own["train logistic"].status) == ("failed", "done")
    resumed = engine.resume()
    assert (resumed.exit_code, names(resumed)) == (0, AFTER_BOOSTING)
    ran = {record.name: record for record in engine.own_records()}
    for record in resumed.records:
        assert ran[record.name].start <= record.start <= record.end <= ran[record.name].end


def test_closed_gate_ends_with_3_and_is_not_tried_again(engine, set_param):
    before = champion(engine.sandbox)
    set_param("gate.min_roc_auc", 0.99)
    closed = engine.run()
    assert closed.exit_code == 3
    assert [(record.name, record.status) for record in closed.records if record.stage == "gate"] == [("gate", "failed")]
    assert "register" not in names(closed)
    assert "below gate.min_roc_auc 0.99" in closed.log
    assert json.loads((engine.sandbox.root / "reports/decision.json").read_text(encoding="utf-8"))["passed"] is False
    assert champion(engine.sandbox) == before


SAME_AT_ONCE = """
import json, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from flows import store

together, mkdir = threading.Barrier(2, timeout=10), Path.mkdir


def mkdir_together(folder, *arguments, **options):
    mkdir(folder, *arguments, **options)
    if folder.parent == store.STORE:  # the last step before the one moves there what the other moves there too
        together.wait()


def run(_):
    with store.workplace() as folder:
        trained = Path(folder, "boosting")
        trained.mkdir()
        (trained / "model.skops").write_text("the same")
        return store.keep(trained)


Path.mkdir = mkdir_together
with ThreadPoolExecutor(2) as runs:
    print(json.dumps([Path(kept).name for kept in set(runs.map(run, range(2)))]))
"""

CLEAN = """
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from flows import store


def result(name, kept, days):
    until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    (store.RESULTS / name).write_text(json.dumps({"metadata": {"expiration": until}, "result": json.dumps(kept)}))


def keep(name):
    with store.workplace() as folder:
        Path(folder, name).write_text(name)
        return store.keep(Path(folder, name))


def left():
    results = [path.name for path in store.RESULTS.iterdir() if path != store.STORE]
    return sorted(results), sorted(path.name for path in store.STORE.glob("*/*"))


with store.in_use():
    good, old, shared = keep("good"), keep("old"), keep("shared")
    keep("of no result")
    result("good", good, 1), result("old", old, -1), result("shared", shared, 1), result("shared before", shared, -1)
    result("without its file", str(store.STORE / "gone/gone"), 1)
    (store.RESULTS / "half written").write_text("{")
    before = left()
    with store.in_use():
        pass
    during = left()
print(json.dumps([before == during, *left()]))
"""


def test_two_runs_that_make_the_same_keep_it_once(tmp_path):
    assert python(Sandbox.create(tmp_path / "project"), SAME_AT_ONCE) == ["boosting"]


def test_results_and_their_files_go_together_and_not_under_a_run_at_work(tmp_path):
    assert python(Sandbox.create(tmp_path / "project"), CLEAN) == [True, ["good", "shared"], ["good", "shared"]]


INGEST = ["ingest 2013-01", "ingest 2013-02", "ingest 2013-03"]
AFTER_PREPARE = ["evaluate", "gate", "register", "train boosting", "train logistic"]


@pytest.mark.parametrize(("module", "run"), [("model.py", AFTER_PREPARE), ("sources/bts.py", INGEST)])
def test_an_edit_of_a_module_runs_the_stages_that_import_it(engine, module, run):
    file = engine.sandbox.root / "flight_delays" / module
    code = file.read_text(encoding="utf-8")
    file.write_text(code + "# edited\n", encoding="utf-8")
    try:
        edited = engine.run()
    finally:
        file.write_text(code, encoding="utf-8")
    assert (edited.exit_code, names(edited)) == (0, run)  # the data are the same, so what is made of them is known


KEYS = """
import json, os, sys, threading
from concurrent.futures import ThreadPoolExecutor
from flows import store

sys.setswitchinterval(1e-6)  # as if the machine were busy: a thread stops anywhere
together = threading.Barrier(2)


def key():
    together.wait()
    try:
        return store.code_of("ingest")
    except KeyError as error:
        return repr(error)


keys = set()
for _ in range(60):  # each in a fork of its own: the first two tasks of a flow find everything as new
    reader, writer = os.pipe()
    if not os.fork():
        with ThreadPoolExecutor(2) as threads:
            found = [thread.result() for thread in [threads.submit(key), threads.submit(key)]]
        os.write(writer, json.dumps(found).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as answer:
        keys.update(json.load(answer))
    os.wait()
print(json.dumps(sorted(keys)))
"""


def test_tasks_that_start_at_the_same_moment_have_their_keys(finished):
    [key] = python(finished, KEYS)  # one that failed would be none, and its task would run again
    assert re.fullmatch("[0-9a-f]{64}", key)


def write_bts(folder, month, delay):
    """A month in the format of the US Bureau of Transportation Statistics, in which some flights are late."""
    columns = [
        *("FlightDate", "Reporting_Airline", "Tail_Number", "Flight_Number_Reporting_Airline", "Origin", "Dest"),
        *("CRSDepTime", "DepTime", "DepDelay", "CRSArrTime", "ArrTime", "ArrDelay", "AirTime", "Distance"),
    ]
    with (folder / f"on_time_2013_{month}.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(columns)
        for number in range(200):
            hour, late = 6 + number % 16, delay if number % 3 else -2
            times = [f"{hour:02}00", f"{hour:02}30", late, f"{hour + 1:02}00", f"{hour + 1:02}30", late]
            rows.writerow([f"2013-{month:02}-{1 + number % 28:02}", "AA", "N1", 1 + number, "JFK", "LAX", *times, 60, 500])


def test_changed_bts_file_is_ingested_again(engine, tmp_path):
    (tmp_path / "data").mkdir()
    for month in (1, 2):
        write_bts(tmp_path / "data", month, 40)
    sandbox = Sandbox.create(
        tmp_path / "bts",
        params={
            "months": {"2013-01": "train", "2013-02": "test"},
            "ingest.source": "bts",
            "ingest.path": str(tmp_path / "data"),
            "train.candidates": {"logistic": {"C": 0.1, "max_iter": 300}},
            "gate.min_roc_auc": 1.0,  # closed: the registry is not the point here, and takes its time
        },
    )
    session = prefect.Prefect(sandbox, engine.url, engine.settings)
    first = session.run()
    assert first.exit_code == 3, first.log
    write_bts(tmp_path / "data", 2, 50)
    second = session.run()
    assert second.exit_code == 3, second.log
    # both months lie in the folder that changed; beyond ingest, only the month that became another one counts
    assert {"ingest 2013-02", "validate 2013-02", "prepare 2013-02", "evaluate"} <= set(names(second))
    assert not {"validate 2013-01", "prepare 2013-01", "train logistic"} & set(names(second))


def test_served_flow_has_its_schedule_and_runs(engine):
    with engine.serving("0 6 1 * *", PREFECT_RUNNER_POLL_FREQUENCY="1"):
        found = engine.api("/deployments/filter", {})
        assert [(d["name"], [s["schedule"]["cron"] for s in d["schedules"]]) for d in found] == [("scheduled", ["0 6 1 * *"])]
        due = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        runs = wait_for(lambda: engine.api("/flow_runs/filter", due))  # the server itself reads the schedule
        assert {run["expected_start_time"][8:16] for run in runs} == {"01T06:00"}
        once = {"idempotency_key": "by hand"}
        run, again = (engine.api(f"/deployments/{found[0]['id']}/create_flow_run", once) for _ in range(2))
        assert run["id"] == again["id"]
        ended = wait_for(lambda: (r := engine.api(f"/flow_runs/{run['id']}")) and r["end_time"] and r)
        assert ended["state_type"] == "COMPLETED"


def asked(url, credential=None, **headers):
    """How the server at `url` answers whoever asks for its flows, with this credential: status and headers."""
    auth = tuple(credential.split(":", 1)) if credential else None
    answer = httpx.post(f"{url}/api/flows/filter", json={}, headers=headers, auth=auth, timeout=30, trust_env=False)
    return answer.status_code, answer.headers


def test_the_server_answers_those_with_its_credential_only(engine):
    assert asked(engine.url)[0] == 401
    for wrong in ("admin:admin", "admin:", engine.credential[:-1], f"{engine.credential}0"):
        assert asked(engine.url, wrong)[0] == 401
    assert asked(engine.url, engine.credential)[0] == 200


def test_pages_of_other_sites_get_no_answer(engine):
    for origin in ("http://a.page.somewhere", "null", "http://127.0.0.1:80", engine.url + "0"):
        assert asked(engine.url, engine.credential, Origin=origin)[1].get("Access-Control-Allow-Origin") is None
    assert asked(engine.url, engine.credential, Origin=engine.url)[1]["Access-Control-Allow-Origin"] == engine.url


def test_the_credential_is_in_no_file_and_no_command_line(engine):
    secret = engine.credential.partition(":")[2].encode()
    assert len(secret) >= 16
    with engine.serving("0 6 1 * *"):
        ours = psutil.Process().children(recursive=True)
        assert any(prefect.FLOW in process.cmdline() for process in ours)
        assert not [process for process in ours if secret in " ".join(process.cmdline()).encode()]
    files = [file for file in engine.sandbox.root.rglob("*") if file.is_file()]
    assert engine.sandbox.root / ".engines/prefect/prefect.db" in files
    assert not [file for file in files if secret in file.read_bytes()]


def test_other_users_cannot_read_what_the_server_writes(engine):
    home = engine.sandbox.root / ".engines/prefect"
    # results are files of the flow, as readable as its models; but nobody gets past the folder
    files = [home, *(file for file in home.rglob("*") if "results" not in file.relative_to(home).parts)]
    assert {"prefect", "prefect.db", "server.log"} <= {file.name for file in files}
    assert not [file for file in files if file.stat().st_mode & 0o077]


@pytest.mark.parametrize("kept", [True, False])
def test_an_empty_database_is_its_owners_alone(tmp_path, monkeypatch, kept):
    place = tmp_path / "environment"
    if not kept:
        place.write_text("no folder can be made below")
    monkeypatch.setattr(sys, "prefix", str(place))
    database = tmp_path / "new.db"
    databases.provide(database, "prefect", lambda folder: (folder / "made.db", (folder / "made.db").write_text("tables"))[0])
    assert database.read_text() == "tables"
    assert database.stat().st_mode & 0o777 == 0o600
    assert [file.stat().st_mode & 0o444 for file in place.rglob("*.db")] == [0o444] * kept  # others may start theirs from it


def test_the_ui_tells_how_to_log_in_and_ends_with_ctrl_c(tmp_path):
    command = [sys.executable, "-m", "workshop", "ui", "prefect"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(WORKSHOP_WORK=str(tmp_path))) as ui:
        try:
            _, *printed = [ui.stdout.readline() for _ in range(3)]
            started = psutil.Process(ui.pid).children(recursive=True)
            url, credential = (line.split()[3] for line in printed)
            assert url.startswith("http://127.0.0.1:")
            assert asked(url, credential)[0] == 200
            answer = httpx.get(f"{url}/ui-settings", timeout=30, trust_env=False)
            assert answer.json()["auth"] == "BASIC"  # so its pages ask for it
        finally:
            ui.send_signal(signal.SIGINT)
        assert ui.wait(60) == 0
    assert started
    psutil.wait_procs(started, 5)
    assert not [process for process in started if process.is_running()]


OPENED = """
import sys
from pathlib import Path
from workshop.lesson import open_engine
from workshop.sandbox import Sandbox
print(open_engine("prefect", Sandbox.create(Path(sys.argv[1]))).url, flush=True)
raise RuntimeError("a cell fails")
"""


def test_an_engine_opened_by_a_notebook_ends_with_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", OPENED, tmp_path / "opened"], env=environment(), capture_output=True, text=True
    )
    assert "a cell fails" in done.stderr
    url = done.stdout.strip()
    assert url.startswith("http://127.0.0.1:")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/api/health", timeout=5, trust_env=False)


def test_only_this_machine_can_reach_the_server_and_it_goes_away(engine, tmp_path):
    sandbox = Sandbox.create(tmp_path / "short")
    before = psutil.Process().children(recursive=True)
    with pytest.raises(ZeroDivisionError), prefect.session(sandbox) as session:
        started = [process for process in psutil.Process().children(recursive=True) if process not in before]
        listening = [c.laddr for p in started for c in p.net_connections() if c.status == psutil.CONN_LISTEN]
        assert beyond_loopback(started) == []
        assert {f"http://{address.ip}:{address.port}" for address in listening} == {session.url}
        assert session.url.startswith("http://127.0.0.1:")
        assert 0 < session.start_seconds < 120
        assert session.credential != engine.credential
        assert asked(session.url, engine.credential)[0] == 401
        1 / 0  # noqa: B018
    assert started
    assert not [process for process in started if process.is_running()]
