"""What the champion says about a month, by our own command and by MLflow's."""

import json
import shutil
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from skops import __version__ as skops_version

from flight_delays import artifacts, model
from flight_delays.columns import FEATURES, KEY
from flight_delays.errors import DataError
from flight_delays.pipeline import Project
from flight_delays.registry import Registry
from flight_delays.stages.ingest import SOURCES


@pytest.fixture
def moved(finished, new_copy, tmp_path):
    """A finished project that a test may change."""
    copy = new_copy(tmp_path / "project")
    for folder in ("data", "models", "reports", "registry"):
        shutil.copytree(finished.root / folder, copy.root / folder)
    return copy


def _scheduled(project: Project, month: str) -> pd.DataFrame:
    options = project.options("ingest", project.months[0])
    flights = SOURCES[options["source"]](month, path=options["path"]).flights
    return flights.sort_values(KEY, ignore_index=True)


def test_every_scheduled_flight_has_a_row_with_the_version(moved):
    moved.set(months={"2013-01": "train", "2013-02": "test"}, ingest__rows=None)  # the month need not be one of them
    project = Project.load(moved.root)
    done = moved.stage("predict", "--month", "2013-03")
    assert (done.returncode, done.stdout) == (0, "data/predicted/2013-03.parquet\n")
    answers, flights = artifacts.read_parquet(project.predicted("2013-03")), _scheduled(project, "2013-03")
    assert done.stderr == f"INFO flight_delays.predict: 2013-03: {len(flights)} flights, by version 1\n"
    assert flights["arr_delay"].isna().any()  # some of them never arrived
    assert list(answers) == [*KEY, "dest", "probability", "model_version"]
    pd.testing.assert_frame_equal(answers[[*KEY, "dest"]], flights[[*KEY, "dest"]])
    assert set(answers["model_version"]) == {1}
    assert answers["probability"].between(0, 1).all()


def test_the_probabilities_are_those_of_evaluate_and_nothing_else_changes(moved):
    project = Project.load(moved.root)
    folders = ("data/raw", "data/validated", "data/prepared", "models", "reports")
    before = {folder: artifacts.sha256(moved.root / folder) for folder in folders}
    answers = artifacts.read_parquet(project.predict("2013-03"))
    assert {folder: artifacts.sha256(moved.root / folder) for folder in folders} == before
    both = artifacts.read_parquet(project.predictions).merge(answers, on=KEY)
    metrics = artifacts.read_json(project.metrics)
    assert len(both) == metrics["flights"]
    assert (both[metrics["best"]] == both["probability"]).all()


def test_a_month_that_is_yet_to_come_has_no_outcomes(moved, tmp_path, source):
    folder = tmp_path / "future"
    shutil.copytree(source, folder)
    flights = pd.read_csv(folder / "flights.csv.zip", dtype=str, keep_default_na=False)
    march = flights[flights["month"] == "3"].assign(
        **dict.fromkeys(["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"], "")
    )
    with zipfile.ZipFile(folder / "flights.csv.zip", "w") as archive:
        archive.writestr("flights.csv", march.to_csv(index=False))
    moved.set(ingest__path=str(folder))
    done = moved.stage("predict", "--month", "2013-03")
    assert done.returncode == 0, done.stderr
    answers = artifacts.read_parquet(moved.root / "data/predicted/2013-03.parquet")
    assert len(answers) == len(march)
    assert np.isfinite(answers["probability"]).all()


def test_a_row_that_cannot_be_gets_no_forecast_but_a_warning(moved, tmp_path, source):
    folder = tmp_path / "odd"
    shutil.copytree(source, folder)
    flights = pd.read_csv(folder / "flights.csv.zip", dtype=str, keep_default_na=False)
    march = flights[flights["month"] == "3"].reset_index(drop=True)
    march.loc[0, "distance"] = "far"
    march.loc[1, "arr_time"] = "2505"
    with zipfile.ZipFile(folder / "flights.csv.zip", "w") as archive:
        archive.writestr("flights.csv", march.to_csv(index=False))
    moved.set(ingest__path=str(folder))
    done = moved.stage("predict", "--month", "2013-03")
    assert done.returncode == 0, done.stderr
    assert (
        "WARNING flight_delays.predict: 2013-03: no forecast for 2 rows: flights.csv.zip line 2: distance 'far'" in done.stderr
    )
    assert "; flights.csv.zip line 3: arr_time '2505': not a time of day" in done.stderr
    assert len(artifacts.read_parquet(moved.root / "data/predicted/2013-03.parquet")) == len(march) - 2


def test_all_flights_are_asked_about_where_training_took_a_few_and_that_is_said(moved, caplog):
    moved.set(ingest__rows=200)
    project = Project.load(moved.root)
    answers = artifacts.read_parquet(project.predict("2013-03"))
    assert len(answers) == len(_scheduled(project, "2013-03")) > 200
    assert "ingest.rows is 200" in caplog.text


@pytest.mark.parametrize(
    ("setting", "month", "said"),
    [
        ({"register__model_name": "other"}, "2013-03", r"registry: no champion of other; run the pipeline first$"),
        ({"prepare__window_hours": 3}, "2013-03", r"version 1 learned from features with .* window_hours=2.0, not .*=3.0$"),
        ({}, "2013-09", r"flights\.csv\.zip: no flights in 2013-09; it has 2013-01 to 2013-03$"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(moved, setting, month, said):
    moved.set(**setting)
    with pytest.raises(DataError, match=said) as refused:
        Project.load(moved.root).predict(month)
    assert len(str(refused.value).splitlines()) == 1
    assert not (moved.root / "data/predicted").exists()


@pytest.fixture(scope="module")
def champion(finished):
    """The champion, and what MLflow noted beside its model."""
    version = Registry(finished.root / "registry", "flight-delays").champion()
    return version, version.model_file.parent


def test_the_model_is_kept_with_signature_example_and_pinned_requirements(champion):
    _, folder = champion
    described = (folder / "MLmodel").read_text(encoding="utf-8")
    for name in FEATURES:
        assert f'"name": "{name}", "required": true' in " ".join(described.split())
    example = json.loads((folder / "input_example.json").read_text(encoding="utf-8"))
    assert example["columns"] == FEATURES
    assert len(example["data"]) == 5
    requirements = (folder / "requirements.txt").read_text(encoding="utf-8").split()
    assert f"skops=={skops_version}" in requirements
    assert {line.split("==")[0] for line in requirements} == {"mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops"}
    assert all("==" in line for line in requirements)


def test_mlflows_own_command_gives_our_probabilities(finished, champion, tmp_path):
    version, _ = champion
    flights = model.read_features(Project.load(finished.root).features_of("test")).head(20)
    rows = flights[FEATURES].astype(object).where(flights[FEATURES].notna(), None).to_numpy().tolist()
    content = {"dataframe_split": {"columns": FEATURES, "data": rows}}  # to_json would round
    (tmp_path / "flights.json").write_text(json.dumps(content))
    done = finished.python(
        *("-m", "mlflow", "models", "predict", "--model-uri", "models:/flight-delays@champion", "--env-manager", "local"),
        *("--input-path", str(tmp_path / "flights.json"), "--output-path", str(tmp_path / "answers.json")),
        MLFLOW_TRACKING_URI=f"sqlite:///{finished.root / 'registry/mlflow.db'}",
        MLFLOW_DISABLE_TELEMETRY="true",
        PATH=f"{sys.prefix}/bin:/usr/bin:/bin",
    )
    assert done.returncode == 0, done.stderr
    answers = np.array(json.loads((tmp_path / "answers.json").read_text())["predictions"])
    assert answers[:, 1] == pytest.approx(model.predict(model.load(version.model_file), flights), rel=1e-12)
