"""MLproject: its entry points, and real runs of `mlflow run`."""

import hashlib
import sqlite3
from contextlib import closing

import pytest
import yaml

from workshop.engines import mlproject
from workshop.places import SAMPLE_PROJECT
from workshop.sandbox import Sandbox


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def recorded(sandbox):
    """What MLflow's database knows of the runs, by start: entry point and status."""
    query = """SELECT tags.value, runs.status FROM runs JOIN tags USING (run_uuid)
               WHERE tags.key = 'mlflow.project.entryPoint' ORDER BY runs.start_time"""
    with closing(sqlite3.connect(sandbox.root / ".engines/mlflow/runs.db")) as database:
        return database.execute(query).fetchall()


def test_entry_points_are_the_stages_with_what_they_are_repeated_for_and_main(tmp_path):
    sandbox = Sandbox.create(tmp_path / "project")
    code = "from flight_delays.pipeline import STAGES; print(*[f'{s.name} {s.each}' for s in STAGES.values()], sep='\\n')"
    each = dict(line.split() for line in sandbox.run(["python", "-c", code]).stdout.splitlines())
    project = yaml.safe_load((SAMPLE_PROJECT / "MLproject").read_text(encoding="utf-8"))
    assert project["name"] == "flight_delays"
    assert {name: list(point.get("parameters", {})) for name, point in project["entry_points"].items()} == {
        "main": [],
        **{stage: [] if item == "None" else [item] for stage, item in each.items()},
    }


@pytest.mark.engine
def test_a_stage_and_then_everything_give_what_the_plain_script_gives(new_sandbox, finished, tmp_path):
    sandbox = new_sandbox(tmp_path / "с пробелом")

    ingested = mlproject.run(sandbox, "ingest", month="2013-01")
    assert ingested.exit_code == 0, ingested.log
    assert [record.name for record in ingested.records] == ["ingest 2013-01"]
    flights = "data/raw/2013-01/flights.parquet"
    assert sha256(sandbox.root / flights) == sha256(finished.root / flights)

    everything = mlproject.run(sandbox)
    assert everything.exit_code == 0, everything.log
    assert len(everything.records) == 14
    for name in ("metrics.json", "predictions.parquet", "decision.json", "registered.json"):
        assert sha256(sandbox.root / "reports" / name) == sha256(finished.root / "reports" / name)
    assert recorded(sandbox) == [("ingest", "FINISHED"), ("main", "FINISHED")]
    assert not list(sandbox.root.glob("ml*runs*")) + list(sandbox.root.glob("mlflow.db"))


@pytest.mark.engine
def test_a_stage_that_fails_ends_with_1(tmp_path):
    sandbox = Sandbox.create(tmp_path / "project")
    failed = mlproject.run(sandbox, "train", candidate="nobody")
    assert (failed.exit_code, failed.records) == (1, [])
    assert "'nobody' is not in params.yaml" in failed.log
    assert recorded(sandbox) == [("train", "FAILED")]
