"""What lesson 02 says of the leak is so: its own cells give the published figure, and each honest step takes from it."""

import json
import re

import jupytext
import pandas as pd
import pytest

from flight_delays.pipeline import Project
from workshop.places import LESSONS
from workshop.sandbox import Sandbox

pytestmark = pytest.mark.slow  # the whole year

PUBLISHED = 0.764  # https://www.tidymodels.org/start/recipes/


@pytest.fixture(scope="module")
def cells():
    """The code cells of the section on the leak."""
    found = jupytext.read(LESSONS / "02_plain_scripts/lesson.py").cells
    starts = [at for at, cell in enumerate(found) if cell.source.startswith("## The leak")]
    ends = [at for at, cell in enumerate(found) if cell.source.startswith("## Check yourself")]
    assert len(starts) == len(ends) == 1
    return [cell.source for cell in found[starts[0] : ends[0]] if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def ran(cells, tmp_path_factory):
    """The names that the section leaves, all but the plot's."""
    sandbox = Sandbox.create(tmp_path_factory.mktemp("leak") / "project", params={"ingest.rows": 3000})
    names = {"sandbox": sandbox, "Project": Project, "json": json}
    for source in cells:
        if ".plot" not in source:
            exec(source, names)
    return names


def test_the_published_figure_comes_out(ran):
    assert len(ran["table"]) == 325_819
    assert ran["ladder"]["as published"] == pytest.approx(PUBLISHED, abs=0.01)


def test_each_honest_step_takes_from_the_figure(ran):
    steps = list(ran["ladder"])
    assert steps[:4] == ["as published", "scheduled time only", "whole days apart", "later months"]
    figures = pd.Series(ran["ladder"])[:4]
    assert (figures.diff().dropna() < 0).all(), figures
    assert (ran["lost"] > 0).all(), "what the table says is lost"
    assert ran["lost"].sum() == pytest.approx(figures.iloc[0] - figures.iloc[-1])


def test_our_features_are_better_than_the_honest_recipe_and_than_the_published_figure(ran):
    ladder = ran["ladder"]
    assert ladder["our features, boosting"] > ladder["later months"] + 0.05
    assert ladder["our features, logistic"] > ladder["later months"] + 0.05
    assert ladder["our features, boosting"] > PUBLISHED


def test_no_day_is_on_both_sides(ran):
    table, tested = ran["table"], []
    for learn, check in ran["days"]:
        assert not {*table["date"].iloc[learn]} & {*table["date"].iloc[check]}
        tested += [*table["date"].iloc[check].unique()]
    assert sorted(tested) == sorted(table["date"].unique())


def test_later_months_have_no_month_and_no_holiday_that_was_learnt(ran):
    past, future = ran["past"], ran["future"]
    assert past["date"].max() < future["date"].min()
    assert not {*past["month"]} & {*future["month"]}
    assert not {*past["holiday"]} & {*future["holiday"]} - {"none"}


def test_no_figure_of_ours_is_typed_into_the_text():
    found = jupytext.read(LESSONS / "02_plain_scripts/lesson.py").cells
    text = "\n".join(cell.source for cell in found if cell.cell_type == "markdown")
    assert {*re.findall(r"\b0\.\d{2,}", text)} == {str(PUBLISHED)}
