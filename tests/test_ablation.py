"""bench/ablation.json tells of every group of features, and its pictures show what it says."""

import json
import math
import sys

import pytest

from flight_delays.columns import CATEGORIES, GROUPS, NUMBERS
from workshop.places import LANGUAGES, ROOT

BENCH = ROOT / "bench"
FIGURES = ("features", "boosting", "logistic", "seconds")


@pytest.fixture(scope="module")
def ablation():
    sys.path.append(str(BENCH))
    import ablation

    return ablation


@pytest.fixture(scope="module")
def found():
    return json.loads((BENCH / "ablation.json").read_text(encoding="utf-8"))


def test_there_is_a_row_for_every_group_added_and_left_out(found):
    named = [(row["kind"], row["group"]) for row in found["rows"]]
    assert named == [(kind, group) for kind in ("added", "left out") for group in GROUPS]


def test_every_figure_is_a_number(found):
    for row in found["rows"]:
        assert set(row) == {"kind", "group", *FIGURES}
        assert all(isinstance(row[name], int | float) and math.isfinite(row[name]) for name in FIGURES), row
        assert 0.5 < row["logistic"] < 1
        assert 0.5 < row["boosting"] < 1
        assert row["seconds"] > 0


def test_the_rows_have_as_many_features_as_their_groups_now(found, ablation):
    wanted = [len(CATEGORIES) + len(columns) for _, _, columns in ablation.variants()]
    assert [row["features"] for row in found["rows"]] == wanted
    assert wanted[len(GROUPS) - 1] == len(CATEGORIES) + len(NUMBERS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_picture_is_that_of_the_figures(found, ablation, lang):
    stored = (BENCH / f"ablation.{lang}.svg").read_text(encoding="utf-8")
    drawn = ablation.picture(found, lang)
    assert stored == drawn, "draw it anew: bench/ablation.py --draw"
    assert "<dc:date>" not in stored


def test_every_group_has_a_russian_name(ablation):
    assert set(GROUPS) <= set(ablation.TEXTS["ru"])
