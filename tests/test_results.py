"""The order of engines, and the split of months, which all who read a run share."""

import json

import yaml

from workshop.compare import table
from workshop.engines import NAMES
from workshop.ground.months import split
from workshop.ground.results import in_order
from workshop.places import SAMPLE_PROJECT


def test_engines_come_in_the_order_of_the_lecture_and_those_that_are_not_there_do_not():
    stored = json.loads(json.dumps({name: {"seconds": 1} for name in NAMES if name != "dvc"}, sort_keys=True))
    assert list(stored) != list(in_order(stored, NAMES)) == ["scripts", "airflow", "prefect", "kubeflow"]
    assert in_order(stored, NAMES)["airflow"] is stored["airflow"]


def test_a_table_has_the_order_of_the_lecture():
    entry = {
        "start_seconds": 0.0,
        "seconds": 1.0,
        "stages_run": 1,
        "metrics_sha256": "a",
        "predictions_sha256": "b",
        "metrics": {"best": "one", "candidates": {"one": {"roc_auc": 0.7}}},
    }
    assert list(table({"engines": dict.fromkeys(sorted(NAMES), entry)}).index) == list(NAMES)


def test_a_split_is_what_params_yaml_says():
    months = yaml.safe_load((SAMPLE_PROJECT / "params.yaml").read_text(encoding="utf-8"))["months"]
    assert split(["2013-01", "2013-02", "2013-03"], ["2013-04"]) == months
    assert list(split(["2013-02", "2013-01"], ["2013-03"])) == ["2013-02", "2013-01", "2013-03"]
