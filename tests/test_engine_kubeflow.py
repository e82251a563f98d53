"""The compiled pipeline, and real runs with the local runner in a folder with a space and Cyrillic letters in its path."""

import ast
import hashlib
import json
import os
import re
import runpy
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from flight_delays.pipeline import STAGES
from workshop.engines import kubeflow
from workshop.engines.base import Outcome
from workshop.places import BIN, ROOT, SAMPLE_PROJECT
from workshop.sandbox import Sandbox


def published(sandbox):
    """The hashes of what the project keeps."""
    files = [file for folder in ("reports", "models") for file in (sandbox.root / folder).rglob("*") if file.is_file()]
    return {str(file.relative_to(sandbox.root)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def expected_graph(sandbox):
    code = "import json; from flight_delays.pipeline import STAGES, edges; print(json.dumps([list(STAGES), sorted(edges())]))"
    stages, edges = json.loads(sandbox.run(["python", "-c", code]).stdout)
    return set(stages), {tuple(edge) for edge in edges}


def compile_in(sandbox):
    """Compile the pipeline in a sandbox and give the content of the YAML."""
    done = sandbox.run(["python", "-W", "error", kubeflow.SCRIPT, "compile"])
    assert done.stdout == ""
    return (sandbox.root / kubeflow.COMPILED).read_bytes()


def test_committed_yaml_is_what_the_code_compiles_to(tmp_path):
    sandbox = Sandbox.create(tmp_path / "с пробелом")
    sandbox.git_init()  # the commit is an input of a run, not a part of the file
    assert compile_in(sandbox) == (SAMPLE_PROJECT / kubeflow.COMPILED).read_bytes(), (
        f"params.yaml or the pipeline changed: run `python {kubeflow.SCRIPT} compile` in sample_project"
    )


def test_committed_yaml_is_a_pipeline_spec_that_needs_no_installing():
    content = yaml.safe_load((SAMPLE_PROJECT / kubeflow.COMPILED).read_text(encoding="utf-8"))
    spec = json_format.ParseDict(content, pipeline_spec_pb2.PipelineSpec())
    assert spec.pipeline_info.name == "flight-delays"
    containers = [executor["container"] for executor in content["deploymentSpec"]["executors"].values()]
    assert len(containers) == 17
    assert len({container["image"] for container in containers}) == 1
    assert not [container for container in containers if "pip install" in " ".join(container["command"])]
    assert set(spec.root.input_definitions.parameters) == {"registry", "git_commit", "params_hash"}
    never_cached = {name for name, task in spec.root.dag.tasks.items() if not task.caching_options.enable_cache}
    assert never_cached == {"gate", "register"}  # they look into the registry, which KFP knows nothing of


def test_graph_of_the_compiled_pipeline_is_that_of_the_project(tmp_path):
    sandbox = Sandbox.create(tmp_path / "project")
    assert kubeflow.graph(sandbox.root) == expected_graph(sandbox)


@pytest.mark.parametrize("given", [{}, {"TMPDIR": "/there", "PYTHONPATH": "/some/where"}], ids=["unset", "set"])
def test_what_the_tasks_are_given_is_taken_back(tmp_path, monkeypatch, given):
    for name in ("TMPDIR", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    adapter = runpy.run_path(str(SAMPLE_PROJECT / kubeflow.SCRIPT))
    before = (dict(os.environ), sys.executable)
    with pytest.raises(ZeroDivisionError), adapter["surroundings_of_tasks"](str(tmp_path)):
        assert os.environ["TMPDIR"] == str(tmp_path)
        assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(SAMPLE_PROJECT), *filter(None, [given.get("PYTHONPATH")])]
        assert os.environ["PATH"] == os.pathsep.join([str(Path(before[1]).parent), before[0]["PATH"]])
        assert sys.executable == "python3"
        1 / 0  # noqa: B018
    assert (dict(os.environ), sys.executable) == before


@pytest.mark.parametrize("months", [3, 12])
def test_the_rendered_components_are_python_as_we_write_it(tmp_path, months):
    parts = {f"2013-{n:02}": "train" if n < months else "test" for n in range(1, months + 1)}
    sandbox = Sandbox.create(tmp_path / "project", params={"months": parts})
    compile_in(sandbox)
    components = sandbox.root / ".engines/kubeflow/components.py"
    functions = [node.name for node in ast.parse(components.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert functions == list(STAGES)
    config = ["--config", ROOT / "pyproject.toml", "--no-cache", components]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([BIN / "ruff", *command, *config], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_other_months_and_candidates_are_wired_in(tmp_path):
    months = {f"2013-{n:02}": "train" if n < 10 else "test" for n in range(1, 13)}
    sandbox = Sandbox.create(tmp_path / "year", params={"months": months, "train.candidates.logistic": None})
    tasks = yaml.safe_load(compile_in(sandbox))["root"]["dag"]["tasks"]
    assert kubeflow.graph(sandbox.root) == expected_graph(sandbox)
    assert len(tasks) == 12 * 3 + 1 + 3

    def sources(task):
        return {
            name: tasks[source["taskOutputArtifact"]["producerTask"]]["taskInfo"]["name"]
            for name, source in tasks[task]["inputs"]["artifacts"].items()
        }

    assert sources("train") == {f"months_2013_{n:02}": f"prepare 2013-{n:02}" for n in range(1, 10)}
    assert sources("evaluate") == {
        "models_boosting": "train boosting",
        "records_boosting": "train boosting",
        **{f"months_2013_{n}": f"prepare 2013-{n}" for n in (10, 11, 12)},
    }


def test_task_times_go_on_after_midnight(tmp_path):
    session = kubeflow.Kubeflow(Sandbox(tmp_path))
    assert session.task_times() == []
    (tmp_path / ".engines/kubeflow").mkdir(parents=True)
    (tmp_path / ".engines/kubeflow/pipeline.yaml").write_text("root: {dag: {tasks: {train-2: {taskInfo: {name: train b}}}}}")
    log = """23:59:59.500 - INFO - Executing task \x1b[96m'train-2'\x1b[0m
    10:00:00.000 - INFO - Executing task 'what a stage prints is indented'
00:00:01.500 - INFO - Task \x1b[96m'train-2'\x1b[0m finished with status \x1b[92mSUCCESS\x1b[0m
00:00:01.500 - INFO - Task \x1b[96m'train-2'\x1b[0m outputs:
"""
    started = datetime(2026, 11, 24, 23, 59, 58).timestamp()
    session.last = Outcome(started, 4.0, 0, [], log)
    assert session.task_times() == [{"name": "train b", "start": started + 1.5, "end": started + 3.5, "state": "SUCCESS"}]


@pytest.fixture(scope="module")
def engine(new_sandbox, tmp_path_factory):
    """A session after a cold run of everything; its outcome and what it left are kept for the tests."""
    sandbox = new_sandbox(tmp_path_factory.mktemp("kubeflow") / "с пробелом")
    with kubeflow.session(sandbox) as session:
        session.cold = session.run()
        assert session.cold.exit_code == 0, session.cold.log
        session.tasks, session.first = session.task_times(), published(sandbox)
        yield session


@pytest.fixture
def set_param(engine):
    """Set a parameter for one test."""
    params = engine.sandbox.root / "params.yaml"
    before = params.read_text(encoding="utf-8")
    yield engine.sandbox.set_param
    params.write_text(before, encoding="utf-8")


@pytest.mark.engine
def test_cold_run_gives_what_the_plain_script_gives(engine, finished):
    assert Counter(record.stage for record in engine.cold.records) == {
        **dict.fromkeys(("ingest", "validate", "prepare"), 3),
        "train": 2,
        **dict.fromkeys(("evaluate", "gate", "register"), 1),
    }
    assert engine.first == published(finished)


@pytest.mark.engine
def test_a_run_warns_of_nothing_and_leaves_nothing_lying_about(engine):
    assert re.findall(r".*(?:warning|deprecat).*", engine.cold.log, re.IGNORECASE) == []
    left = sorted(path.name for path in (engine.sandbox.root / ".engines/kubeflow").iterdir())
    assert len(left) == 3
    assert left[1].startswith("flight-delays-")
    assert left[::2] == ["components.py", "pipeline.yaml"]  # what was run, to be looked at


@pytest.mark.engine
def test_kfp_is_shown_the_metrics_and_the_curves(engine):
    [task] = (engine.sandbox.root / ".engines/kubeflow").glob("flight-delays-*/evaluate")
    output = json.loads((task / "executor_output.json").read_text(encoding="utf-8"))
    shown = output["artifacts"]["metrics"]["artifacts"][0]["metadata"]
    for candidate, scores in json.loads((task / "metrics").read_text(encoding="utf-8"))["candidates"].items():
        for name, value in scores.items():
            assert shown[f"{candidate} {name}"] == value
    assert re.findall(r'<img alt="(\w+)" src="data:image/png;base64,', (task / "curves").read_text(encoding="utf-8")) == [
        "calibration",
        "precision_recall",
        "roc",
    ]


@pytest.mark.engine
def test_task_times_enclose_the_stages(engine):
    assert [task["name"] for task in engine.tasks] == [record.name for record in engine.cold.records]
    for task, record in zip(engine.tasks, engine.cold.records, strict=True):
        assert task["state"] == "SUCCESS"
        assert task["start"] <= record.start <= record.end <= task["end"] + 0.001  # the log has milliseconds


@pytest.mark.engine
def test_failure_ends_with_1_and_leaves_what_was_published(engine, set_param):
    set_param("validate.min_rows", 100_000)
    failed = engine.run()
    assert failed.exit_code == 1
    assert "at least 100000 expected (validate.min_rows)" in failed.log
    assert [(record.stage, record.status) for record in failed.records][-1] == ("validate", "failed")
    assert engine.task_times()[-1]["state"] == "FAILURE"
    own = engine.own_records()
    assert (own[-1].stage, own[-1].status, own[0].status) == ("validate", "failed", "done")
    assert published(engine.sandbox) == engine.first


@pytest.mark.engine
def test_closed_gate_ends_with_3_and_tells_why(engine, set_param):
    set_param("months", {"2013-01": "train", "2013-02": "test"})
    set_param("gate.min_roc_auc", 0.99)
    closed = engine.run()
    assert closed.exit_code == 3
    assert "below gate.min_roc_auc 0.99" in closed.log
    assert "register" not in {record.stage for record in closed.records}
    decision = json.loads((engine.sandbox.root / "reports/decision.json").read_text(encoding="utf-8"))
    assert decision["passed"] is False
    assert published(engine.sandbox)["reports/registered.json"] == engine.first["reports/registered.json"]


@pytest.mark.engine
def test_wrong_params_end_with_2(engine, set_param):
    set_param("ingest.rows", "many")
    wrong = engine.run()
    assert (wrong.exit_code, wrong.records) == (2, [])
    assert "ingest.rows" in wrong.log
