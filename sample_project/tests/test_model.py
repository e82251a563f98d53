"""The candidates: the same result whatever the order, threads or hash seed, stored without pickle, scored as defined."""

import json
import os
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from flight_delays import artifacts, model
from flight_delays.columns import FEATURES, TARGET
from flight_delays.errors import DataError
from flight_delays.pipeline import Project

UP_TO_EVALUATE = """
from flight_delays.pipeline import STAGES, Project
project = Project.load()
for stage in list(STAGES)[:-2]:
    for item in project.items(stage):
        project.run(stage, item)
"""


@pytest.fixture(scope="module")
def project(finished) -> Project:
    return Project.load(finished.root)


@pytest.mark.parametrize("candidate", model.CANDIDATES)
def test_order_of_paths_and_rows_changes_no_prediction(project, tmp_path, candidate):
    paths = project.features_of("train")
    shuffled = []
    for path in reversed(paths):
        shuffled.append(tmp_path / path.name)
        artifacts.write_parquet(shuffled[-1], artifacts.read_parquet(path).sample(frac=1, random_state=5))
    test = model.read_features(project.features_of("test"))
    options = project.options("train", candidate)
    one, other = (model.predict(model.fit(model.read_features(order), **options), test) for order in (paths, shuffled))
    assert one.tobytes() == other.tobytes()


def test_a_model_with_parts_of_other_kinds_is_stored_too(tmp_path):
    parts = {"raw": b"\x00\x01", "text": 'says "__id__": 140'}
    odd = make_pipeline(FunctionTransformer(np.log, kw_args=parts), LogisticRegression())
    for name in ("one", "other"):
        model.save(tmp_path / name, odd)
    assert skops.io.load(tmp_path / "one", trusted=["numpy.log"])[0].kw_args == parts
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("candidate", model.CANDIDATES)
def test_a_stored_model_predicts_as_before_and_holds_no_pickle(project, tmp_path, candidate):
    table = model.read_features(project.features_of("train"))
    fitted = model.fit(table, **project.options("train", candidate))
    file = tmp_path / "m.skops"
    model.save(file, fitted)
    assert model.predict(model.load(file), table).tobytes() == model.predict(fitted, table).tobytes()
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            assert name == "schema.json" or name.endswith(".npy"), name
            if name.endswith(".npy"):
                with archive.open(name) as stream:
                    np.lib.format.read_array(stream, allow_pickle=False)  # an array of objects would be a pickle


def test_registered_files_hold_no_pickle(finished):
    names = {path.name for path in (finished.root / "registry/artifacts").rglob("*") if path.is_file()}
    assert "model.skops" in names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib", ".cloudpickle"))]


def test_a_file_with_an_untrusted_type_is_refused(tmp_path):
    file = tmp_path / "foreign.skops"
    skops.io.dump(make_pipeline(FunctionTransformer(os.getcwd), LogisticRegression()), file)
    with pytest.raises(DataError, match=r"foreign\.skops: cannot be loaded as a model: .*getcwd"):
        model.load(file)


def test_a_file_that_holds_no_model_is_refused(tmp_path):
    file = tmp_path / "dict.skops"
    skops.io.dump({"a": 1}, file)
    with pytest.raises(DataError, match=r"dict\.skops: holds a dict, not a model"):
        model.load(file)


def test_unknown_categories_and_empty_columns_are_predicted(project):
    train = model.read_features(project.features_of("train"))
    test = train.head(50).assign(carrier="ZZ", dest="XXX", temp=np.nan)
    for candidate in model.CANDIDATES:
        options = project.options("train", candidate)
        assert np.isfinite(model.predict(model.fit(train, **options), test)).all()
        empty = train.assign(temp=np.nan, seats=np.nan)
        assert np.isfinite(model.predict(model.fit(empty, **options), test)).all()


def test_scores_of_a_small_case_by_hand():
    late = np.array([0, 0, 1, 1])
    scores = model.score(late, np.array([0.1, 0.6, 0.4, 0.9]), bins=2)
    assert scores["roc_auc"] == 0.75
    assert scores["brier"] == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)
    assert scores["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.4, 0.9]).mean())
    assert scores["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["calibration_error"] == pytest.approx(0.25)


def test_the_best_candidate_and_the_predictions_fit_together(project):
    metrics = artifacts.read_json(project.metrics)
    predictions = artifacts.read_parquet(project.predictions)
    assert metrics["flights"] == len(predictions)
    assert metrics["best"] == max(metrics["candidates"], key=lambda name: metrics["candidates"][name]["roc_auc"])
    for name, scores in metrics["candidates"].items():
        again = model.score(predictions[TARGET].to_numpy(), predictions[name].to_numpy())
        assert {metric: round(value, 6) for metric, value in again.items()} == scores


def test_a_second_run_with_other_threads_and_hash_seed_leaves_the_same_bytes(finished, new_copy, tmp_path):
    again = new_copy(tmp_path / "again")
    done = again.python("-c", UP_TO_EVALUATE, OMP_NUM_THREADS="2", PYTHONHASHSEED="123")
    assert done.returncode == 0, done.stderr
    for name in ("reports/metrics.json", "reports/predictions.parquet", "data/prepared/train/2013-01.parquet"):
        assert (again.root / name).read_bytes() == (finished.root / name).read_bytes(), name
    for folder in ("reports/plots", "models"):
        assert artifacts.sha256(again.root / folder) == artifacts.sha256(finished.root / folder), folder


def test_nothing_in_the_artefacts_speaks_of_time_or_place(finished):
    for file in [*(finished.root / "reports").glob("*.json"), *(finished.root / "data").rglob("*.json")]:
        assert str(finished.root) not in file.read_text(encoding="utf-8")
        json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("value", [None, 2, 0.5])
def test_a_broken_target_is_named_with_its_rows(project, tmp_path, value):
    table = artifacts.read_parquet(project.features("2013-01"))
    target = table[TARGET].astype(object)
    target.iloc[3] = value
    artifacts.write_parquet(tmp_path / "f.parquet", table.assign(late=pd.to_numeric(target)))
    with pytest.raises(DataError, match=r"f\.parquet: column late: 1 values are neither 0 nor 1 \(row 3: "):
        model.read_features([tmp_path / "f.parquet"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"temp": "warm"}, "column temp is of type object, not a number"),
        ({"temp": np.inf}, "column temp: .* values are infinite"),
        ({TARGET: 1}, "column late: all .* flights are of one class, 1"),
    ],
)
def test_features_that_no_model_can_take_are_named(project, tmp_path, change, said):
    table = artifacts.read_parquet(project.features("2013-01"))
    artifacts.write_parquet(tmp_path / "f.parquet", table.assign(**change))
    with pytest.raises(DataError, match=r"f\.parquet: " + said):
        model.read_features([tmp_path / "f.parquet"])


@pytest.mark.parametrize("column", ["scheduled", FEATURES[-1], TARGET])
def test_a_missing_column_is_named(project, tmp_path, column):
    table = artifacts.read_parquet(project.features("2013-01"))
    artifacts.write_parquet(tmp_path / "f.parquet", table.drop(columns=column))
    with pytest.raises(DataError, match=rf"f\.parquet: missing column {column}$"):
        model.read_features([tmp_path / "f.parquet"])
