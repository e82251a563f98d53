"""python -m flight_delays, and its exit codes: 0 done, 1 a stage failed, 2 wrong use, 3 the gate said no."""

import json
import shutil
import subprocess
from collections import Counter

import pytest

from flight_delays.pipeline import STAGES, edges, git_commit
from flight_delays.registry import Registry


def test_help_names_stages_and_exit_codes(copy):
    done = copy.stage("--help")
    assert done.returncode == 0
    assert ", ".join(STAGES) in " ".join(done.stdout.split())
    assert "3 the gate said no" in " ".join(done.stdout.split())


def test_graph_as_text_and_as_mermaid(copy):
    done = copy.stage("graph")
    assert done.returncode == 0
    text, mermaid = done.stdout.split("flowchart LR\n")
    assert [line.split()[0] for line in text.strip().splitlines()] == list(STAGES)
    assert "ingest    <- source   for each month: 2013-01, 2013-02, 2013-03" in text
    assert "train     <- prepare   for each candidate: boosting, logistic" in text
    arrows = [tuple(line.strip().split(" --> ")) for line in mermaid.splitlines() if "-->" in line]
    assert len(arrows) == len(set(arrows))
    assert set(arrows) == edges()


def test_one_month_then_all(copy):
    assert copy.stage("ingest", "--month", "2013-02").stdout == "ingest 2013-02 done\n"
    assert [folder.name for folder in (copy.root / "data/raw").iterdir()] == ["2013-02"]
    assert copy.stage("ingest").stdout == "ingest 2013-01 done\ningest 2013-02 done\ningest 2013-03 done\n"


def test_a_table_is_not_read_through_a_file_of_python(copy):
    """Or a thread of Arrow's may still hold it when the process ends, which then aborts: seen in 11 of 400 busy ones."""
    code = """
import sys
import pandas as pd
from flight_delays import artifacts

opened = []
artifacts.write_parquet("a.parquet", pd.DataFrame({"x": [1, 2]}))
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
print(len(artifacts.read_parquet("a.parquet")), [path for path in opened if path.endswith(".parquet")])
"""
    assert copy.python("-c", code).stdout == "2 []\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: STAGE"),
        (["deploy"], "invalid choice: 'deploy'"),
        (["ingest", "--year", "2013"], "unrecognized arguments"),
        (["ingest", "--month", "2013-07"], "'2013-07' is not in params.yaml, which has 2013-01, 2013-02, 2013-03"),
        (["train", "--candidate", "forest"], "'forest' is not in params.yaml, which has boosting, logistic"),
        (["ingest", "--month", ""], "'' is not in params.yaml, which has 2013-01, 2013-02, 2013-03"),
        (["train", "--candidate", ""], "'' is not in params.yaml, which has boosting, logistic"),
        (["evaluate", "--month", ""], "--month does not go with this stage"),
        (["graph", "--params", ""], "cannot be read"),
        (["evaluate", "--month", "2013-01"], "--month does not go with this stage"),
        (["ingest", "--candidate", "boosting"], "--candidate does not go with this stage"),
        (["graph", "--params", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["predict"], "predict: needs a --month, such as 2013-01, and nothing else"),
        (["predict", "--month", "2013-03", "--candidate", "boosting"], "predict: needs a --month"),
        (["predict", "--month", "2013-13"], "predict: '2013-13' is not a month such as 2013-01"),
    ],
)
def test_wrong_use_ends_with_2(copy, arguments, said):
    done = copy.stage(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_that_fails_ends_with_1(copy):
    done = copy.stage("evaluate")
    assert done.returncode == 1
    assert done.stderr.startswith("evaluate: data/prepared/test/2013-03.parquet: no such file")
    assert len(done.stderr.splitlines()) == 1


def test_a_closed_gate_ends_with_3_and_registers_nothing(finished, copy):
    for folder in ("data", "models", "reports"):
        shutil.copytree(finished.root / folder, copy.root / folder)
    copy.set(gate__min_roc_auc=0.99)
    gate = copy.stage("gate")
    assert gate.returncode == 3
    assert "is below gate.min_roc_auc 0.99" in gate.stderr
    register = copy.stage("register")
    assert register.returncode == 1
    assert "reports/decision.json: says no to" in register.stderr
    assert Registry(copy.root / "registry", "flight-delays").versions() == []


def test_the_whole_script_says_what_is_wrong_without_a_traceback(copy):
    copy.set(ingest__path="nowhere")
    done = copy.python("run_pipeline.py")
    assert done.returncode == 1
    assert done.stderr == "nowhere/flights.csv.zip: no such file\n"


def test_every_stage_says_in_one_line_what_it_did(finished):
    said = Counter(line.split(":")[0].removeprefix("INFO flight_delays.stages.") for line in finished.log.splitlines())
    assert said == {**dict.fromkeys(("ingest", "validate", "prepare"), 3), "train": 2, "evaluate": 1, "gate": 1, "register": 1}
    flights = json.loads((finished.root / "data/validated/2013-02.json").read_text())["rows"]["flights"]
    assert f"ingest: 2013-02: {flights} flights of {flights}" in finished.log


def _git(root, *command: str) -> str:
    identity = ["-c", "user.name=we", "-c", "user.email=we@localhost"]
    return subprocess.run(["git", *identity, *command], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_is_dirty_by_what_decides_a_result_and_not_by_what_a_run_writes(copy):
    assert git_commit(copy.root) == "unknown"
    for name in ("reports/metrics.json", "dvc.lock", "dvc.yaml"):
        (copy.root / name).parent.mkdir(exist_ok=True)
        (copy.root / name).write_text("{}")
    _git(copy.root, "init", "-q")
    assert git_commit(copy.root) == "unknown"  # there is no commit yet
    _git(copy.root, "add", "-A")
    _git(copy.root, "commit", "-q", "-m", "All of it")
    commit = _git(copy.root, "rev-parse", "HEAD")
    for name in ("reports/metrics.json", "dvc.lock", "notes.txt"):
        (copy.root / name).write_text("written by a run")
    assert git_commit(copy.root) == commit
    for name in ("params.yaml", "dvc.yaml", "flight_delays/model.py", "flight_delays/new.py"):
        file = copy.root / name
        before = file.read_bytes() if file.exists() else None
        file.write_bytes((before or b"") + b"# edited")
        assert git_commit(copy.root) == f"{commit}-dirty", name
        file.write_bytes(before) if before else file.unlink()
        assert git_commit(copy.root) == commit
