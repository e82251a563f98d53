"""DVC: what `dvc.yaml` says, and what `dvc repro` does with it."""

import ast
import json
import os
import shutil
import signal
import subprocess

import pandas as pd
import psutil
import pytest
import yaml

from flight_delays import artifacts, model, pipeline
from flight_delays.pipeline import STAGES, Project
from flight_delays.registry import Registry
from workshop.engines import dvc
from workshop.engines.servers import wait_for
from workshop.places import SAMPLE_PROJECT
from workshop.sandbox import Sandbox

AFTER_TRAIN = ["evaluate", "gate", "register"]


def names(outcome):
    return [record.name for record in outcome.records]


def results(sandbox):
    project = Project.load(sandbox.root)
    return project.metrics.read_bytes(), project.predictions.read_bytes()


def champion(sandbox):
    return Registry(Project.load(sandbox.root).registry, "flight-delays").champion()


def hash_of_model(sandbox):
    """Of the boosting in the workspace, which must be a whole model."""
    file = Project.load(sandbox.root).model("boosting")
    model.load(file)
    return artifacts.sha256(file)


def replace(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file}: {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def git_status(sandbox):
    return sandbox.run(["git", "status", "--porcelain", "--untracked-files=all"]).stdout.splitlines()


# --- dvc.yaml, without a run ---


def test_graph_is_the_pipelines():
    assert dvc.graph(SAMPLE_PROJECT) == (set(STAGES), pipeline.edges())


def test_graph_sees_a_dependency_that_is_gone(tmp_path):
    sandbox = Sandbox.create(tmp_path / "project")
    taken = "        - data/validated/${key}.json\n        - data/validated/${key}.rejected.csv\n      params:"
    replace(sandbox.root / "dvc.yaml", taken, "      params:")
    assert pipeline.edges() - dvc.graph(sandbox.root)[1] == {("validate", "prepare")}


def _modules_behind(module, seen):
    """Modules of ours that decide what a module does, found by its imports."""
    seen.add(module.relative_to(SAMPLE_PROJECT).as_posix())
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module.startswith("flight_delays"):
            continue
        source = SAMPLE_PROJECT / node.module.replace(".", "/")
        for file in [source / f"{alias.name}.py" for alias in node.names] if source.is_dir() else [source.with_suffix(".py")]:
            if file.stem not in ("journal", "errors"):
                _modules_behind(file, seen)
    return seen


def _modules_of(dependency):
    path = SAMPLE_PROJECT / dependency
    files = [path] if path.is_file() else [file for file in path.glob("*.py") if file.name != "__init__.py"]
    return {file.relative_to(SAMPLE_PROJECT).as_posix() for file in files}


@pytest.mark.parametrize("stage", STAGES)
def test_dependencies_name_the_code(stage):
    described = yaml.safe_load((SAMPLE_PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"][stage]
    code = [_modules_of(dep) for dep in described.get("do", described)["deps"] if dep.startswith("flight_delays")]
    assert set().union(*code) == _modules_behind(SAMPLE_PROJECT / f"flight_delays/stages/{stage}.py", set())


@pytest.mark.parametrize(
    ("returncode", "log", "expected"),
    [
        (0, "", 0),
        (255, "ERROR: failed to reproduce 'gate': failed to run: python -m flight_delays gate, exited with 3\n", 3),
        (255, "ERROR: failed to reproduce 'evaluate': failed to run: python -m flight_delays evaluate, exited with 1\n", 1),
        (255, "ERROR: failed to reproduce 'evaluate': failed to run: python -m flight_delays evaluate, exited with -9\n", 1),
        (255, "ERROR: './dvc.yaml' is invalid.\n", 1),
    ],
    ids=["done", "gate said no", "stage failed", "stage killed", "dvc failed"],
)
def test_exit_code_is_the_projects(returncode, log, expected):
    assert dvc.exit_code(returncode, log) == expected


# --- runs ---


@pytest.fixture(scope="module")
def story(new_sandbox, tmp_path_factory):
    """From nothing until the gate says no; then the gate's threshold is set right, and the run resumed."""
    sandbox = new_sandbox(tmp_path_factory.mktemp("dvc") / "с пробелом")
    sandbox.set_param("gate.min_roc_auc", 0.99)
    with dvc.session(sandbox) as session:
        stopped = session.run()
        status = git_status(sandbox)
        registered = champion(sandbox)
        sandbox.set_param("gate.min_roc_auc", 0.5)
        resumed = session.resume()
        yield {"session": session, "stopped": stopped, "status": status, "registered": registered, "resumed": resumed}


@pytest.fixture
def copy(story, tmp_path):
    """The finished project at another place, with a registry of its own, for tests that leave it changed."""
    root = tmp_path / "копия проекта"
    shutil.copytree(story["session"].sandbox.root, root)
    shutil.rmtree(root / "registry")
    with dvc.session(Sandbox(root)) as session:
        yield session


@pytest.mark.engine
def test_first_run_and_the_gates_no(story):
    project = Project.load(story["session"].sandbox.root)
    stopped = story["stopped"]
    assert stopped.exit_code == 3, stopped.log
    everything = {f"{stage} {item or ''}".strip() for stage in STAGES for item in project.items(stage)}
    assert set(names(stopped)) == everything - {"register"}
    assert len(stopped.records) == len(everything) - 1
    assert "is below gate.min_roc_auc 0.99" in stopped.log
    assert story["registered"] is None


@pytest.mark.engine
def test_git_sees_no_data_after_a_failed_run(story):
    assert story["status"] == ["?? dvc.lock", "?? reports/metrics.json"]


@pytest.mark.engine
def test_resume_skips_what_was_done(story):
    assert story["resumed"].exit_code == 0, story["resumed"].log
    assert names(story["resumed"]) == ["gate", "register"]


@pytest.mark.engine
def test_nothing_changed_runs_nothing(story):
    outcome = story["session"].run()
    assert (outcome.exit_code, names(outcome)) == (0, [])


@pytest.mark.engine
def test_hyperparameter_changed_and_back(story):
    session, sandbox = story["session"], story["session"].sandbox
    before, first, trained = results(sandbox), champion(sandbox), hash_of_model(sandbox)

    sandbox.set_param("train.candidates.boosting.max_iter", 60)
    changed = session.run()
    assert changed.exit_code == 0, changed.log
    assert names(changed) == ["train boosting", *AFTER_TRAIN]
    assert results(sandbox)[0] != before[0]
    assert results(sandbox)[1] != before[1]
    assert champion(sandbox).number == first.number + 1

    sandbox.set_param("train.candidates.boosting.max_iter", 80)
    back = session.run()
    assert back.exit_code == 0, back.log
    # the model is trained anew, to the same bytes, so that what comes of it is in the run cache
    assert names(back) == ["train boosting", "gate", "register"]
    assert hash_of_model(sandbox) == trained
    assert results(sandbox) == before
    assert champion(sandbox) == first


@pytest.mark.engine
def test_train_killed_leaves_the_last_model_until_there_is_a_new_one(copy):
    sandbox, trained = copy.sandbox, hash_of_model(copy.sandbox)
    sandbox.set_param("train.candidates.boosting.max_iter", 500)
    repro = psutil.Popen(
        ["dvc", "repro"],
        cwd=sandbox.root,
        env=sandbox.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: [child for child in repro.children(recursive=True) if "train" in child.cmdline()])
    finally:
        os.killpg(repro.pid, signal.SIGKILL)
    assert repro.wait(30) == -signal.SIGKILL
    assert "train boosting" not in [record.name for record in sandbox.records(since=repro.create_time())]
    assert hash_of_model(sandbox) == trained

    resumed = copy.resume()
    assert (resumed.exit_code, names(resumed)) == (0, ["train boosting", *AFTER_TRAIN])
    assert hash_of_model(sandbox) != trained


@pytest.mark.engine
def test_test_month_changed_does_not_train(copy):
    flights = copy.sandbox.root / "data/raw/2013-03/flights.parquet"
    table = pd.read_parquet(flights)
    table.loc[table["arr_delay"].notna() & (table.index % 10 == 0), "arr_delay"] = 100.0
    artifacts.write_parquet(flights, table)
    copy.sandbox.run(["dvc", "commit", "--force", "ingest@2013-03"])

    before = len(copy.sandbox.records())
    copy.sandbox.run(["dvc", "repro", "gate"])
    ran = [record.name for record in copy.sandbox.records()[before:]]
    assert ran == ["validate 2013-03", "prepare 2013-03", "evaluate", "gate"]


@pytest.mark.engine
def test_edited_module_runs_its_stage_and_what_follows(copy):
    replace(copy.sandbox.root / "flight_delays/stages/evaluate.py", "_DIGITS = 6", "_DIGITS = 5")
    outcome = copy.run()
    assert outcome.exit_code == 0, outcome.log
    assert names(outcome) == AFTER_TRAIN


@pytest.mark.engine
def test_edited_source_runs_ingest_and_nothing_after_it_as_long_as_the_data_stay(copy):
    replace(copy.sandbox.root / "flight_delays/sources/bts.py", "_PREZIPPED = {", "# edited\n_PREZIPPED = {")
    outcome = copy.run()
    assert outcome.exit_code == 0, outcome.log
    assert sorted(names(outcome)) == ["ingest 2013-01", "ingest 2013-02", "ingest 2013-03"]


@pytest.mark.engine
def test_month_that_left_is_noticed_though_its_file_stays(copy):
    copy.sandbox.set_param("months", {"2013-01": "train", "2013-03": "test"})
    status = json.loads(copy.sandbox.run(["dvc", "status", "--json"]).stdout)
    assert (copy.sandbox.root / "data/prepared/train/2013-02.parquet").exists()
    for stage in ("train@boosting", "train@logistic", "evaluate"):
        assert {"changed deps": {"params.yaml": {"months": "modified"}}} in status[stage]


@pytest.mark.engine
def test_failed_stage_and_back(copy):
    before = results(copy.sandbox)
    copy.sandbox.set_param("validate.min_rows", 100_000)
    failed = copy.run()
    assert failed.exit_code == 1, failed.log
    assert names(failed) == ["validate 2013-01"]
    assert results(copy.sandbox) == before

    copy.sandbox.set_param("validate.min_rows", 100)
    resumed = copy.resume()
    assert (resumed.exit_code, names(resumed)) == (0, [])
    assert (copy.sandbox.root / "data/validated/2013-01.json").exists()


@pytest.mark.engine
def test_experiment_metrics_and_plots(copy):
    sandbox = copy.sandbox
    sandbox.git_commit("The first run")
    before = json.loads((sandbox.root / "reports/metrics.json").read_text(encoding="utf-8"))["candidates"]["boosting"]

    sandbox.run(["dvc", "exp", "run", "--name", "shorter", "--set-param", "train.candidates.boosting.max_iter=20"])
    assert [record.name for record in sandbox.records()][-4:] == ["train boosting", *AFTER_TRAIN]
    assert Project.load(sandbox.root).params.section("train")["candidates"]["boosting"]["max_iter"] == 20
    assert "shorter" in sandbox.run(["dvc", "exp", "show", "--csv"]).stdout

    compared = json.loads(sandbox.run(["dvc", "metrics", "diff", "--json"]).stdout)["reports/metrics.json"]
    auc = compared["candidates.boosting.roc_auc"]
    assert auc["old"] == before["roc_auc"]
    assert auc["new"] != before["roc_auc"]

    sandbox.run(["dvc", "plots", "diff", "--out", "logs/plots"])
    page = (sandbox.root / "logs/plots/index.html").read_text(encoding="utf-8")
    for kind in ("roc", "precision_recall", "calibration"):
        for revision in ("HEAD", "workspace"):
            assert (sandbox.root / f"logs/plots/static/{revision}_reports_plots_{kind}.png").exists()
    assert page.count('"color": {"field": "candidate"') == 3
    assert '"candidate": "boosting"' in page
    assert not any(line.endswith((".parquet", ".skops", ".png", ".csv", ".html")) for line in git_status(sandbox))


@pytest.mark.engine
def test_push_and_pull_bring_every_file_back(copy):
    sandbox, folders = copy.sandbox, ("data", "models", "reports")
    before = {folder: artifacts.sha256(sandbox.root / folder) for folder in folders}
    metrics = sandbox.root / "reports/metrics.json"  # which is Git's to keep
    kept = metrics.read_bytes()

    sandbox.run(["dvc", "push"])
    for folder in (".dvc/cache", *folders):
        shutil.rmtree(sandbox.root / folder)
    metrics.parent.mkdir()
    metrics.write_bytes(kept)
    sandbox.run(["dvc", "pull"])

    assert {folder: artifacts.sha256(sandbox.root / folder) for folder in folders} == before
    assert names(copy.run()) == []


def _bts_month(month):
    days = pd.date_range(f"{month}-01", periods=20).strftime("%Y-%m-%d")
    flights = pd.DataFrame([{"FlightDate": day, "Flight_Number_Reporting_Airline": n} for day in days for n in range(1, 7)])
    return flights.assign(
        Reporting_Airline="AA",
        Tail_Number="N100AA",
        Origin="JFK",
        Dest="LAX",
        CRSDepTime=900,
        DepTime=905,
        DepDelay=5,
        CRSArrTime=1200,
        ArrTime=1210,
        ArrDelay=[n % 40 for n in range(len(flights))],
        AirTime=300,
        Distance=2475,
    )


@pytest.mark.engine
def test_own_source_file_is_watched_when_dvc_yaml_names_it(tmp_path):
    sandbox = Sandbox.create(tmp_path / "own data", params={"months": {"2013-01": "train", "2013-02": "test"}})
    sandbox.set_param("ingest.source", "bts")
    sandbox.set_param("ingest.path", "source")
    replace(
        sandbox.root / "dvc.yaml",
        "        - flight_delays/sources\n",
        "        - flight_delays/sources\n        - ${ingest.path}\n",
    )
    (sandbox.root / "source").mkdir()
    tables = {month: _bts_month(month) for month in ("2013-01", "2013-02")}
    files = {month: sandbox.root / f"source/flights_2013_{int(month[-2:])}.csv" for month in tables}
    for month, table in tables.items():
        table.to_csv(files[month], index=False)
    with dvc.session(sandbox):
        sandbox.run(["dvc", "repro", "ingest"])
        first = [record.name for record in sandbox.records()]
        assert sorted(first) == ["ingest 2013-01", "ingest 2013-02"]
        sandbox.run(["dvc", "repro", "ingest"])
        assert len(sandbox.records()) == len(first)

        tables["2013-02"].assign(ArrDelay=7).to_csv(files["2013-02"], index=False)
        sandbox.run(["dvc", "repro", "ingest"])
        again = [record.name for record in sandbox.records()[len(first) :]]
        assert sorted(again) == ["ingest 2013-01", "ingest 2013-02"]
