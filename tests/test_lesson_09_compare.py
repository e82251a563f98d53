"""What lesson 09 says of its own tables: who wins, by how much, and which commands set an engine up."""

import ast
import re

import pandas as pd
import pytest
import yaml

from workshop.engines import NAMES
from workshop.places import LESSONS
from workshop.sandbox import Sandbox

FOLDER = LESSONS / "09_compare"
SCORES = pd.read_csv(FOLDER / "scores.csv", index_col="criterion")
SETUP = yaml.safe_load((FOLDER / "setup.yaml").read_text(encoding="utf-8"))


def start_up() -> dict[str, int]:
    """The weights of the start-up, as the lesson and the exercise have them."""
    found = {
        tuple(ast.literal_eval(line.partition(" = ")[2]).items())
        for file in ("lesson.py", "exercise.py")
        for line in (FOLDER / file).read_text(encoding="utf-8").splitlines()
        if line.startswith("weights = {")
    }
    assert len(found) == 1
    return dict(found.pop())


def totals(weights):
    return SCORES.mul(pd.Series(weights), axis=0).sum() / sum(weights.values())


def test_every_engine_is_in_the_tables():
    assert set(SETUP) == set(NAMES) == set(SCORES)
    assert SCORES.isin(range(1, 6)).all(axis=None)
    # idxmax takes the first of equals, the exercise the first in the alphabet: one and the same only in this order
    assert list(SCORES) == sorted(SCORES)


def test_the_start_up_wins_by_a_hundredth_and_nearly_any_weight_changes_that():
    weights = start_up()
    first, second = totals(weights).nlargest(2)
    assert 0 < first - second < 0.1
    winner = totals(weights).idxmax()
    flipping = [c for c in SCORES.index if {totals(weights | {c: value}).idxmax() for value in range(11)} != {winner}]
    assert len(flipping) >= len(SCORES) - 1


def test_criteria_are_explained_in_the_order_of_the_table():
    text = (FOLDER / "lesson.py").read_text(encoding="utf-8")
    explained = re.findall(r"^# - `(\w+)`: ", text, re.MULTILINE)
    assert explained == [*SCORES.index, *SCORES.index]  # in both languages


@pytest.mark.engine
@pytest.mark.parametrize(
    ("group", "commands"),
    [
        (["dvc"], ["init", "remote"]),
        (["airflow"], ["api-server", "scheduler", "dag-processor"]),
        (["airflow", "db"], ["migrate"]),
        (["prefect", "server"], ["start"]),
        (["prefect", "config"], ["set"]),
    ],
    ids=" ".join,
)
def test_the_commands_of_setup_exist(tmp_path, group, commands):
    listed = [" ".join(step.split()[: len(group) + 1]) for steps in SETUP.values() for part in steps.values() for step in part]
    assert {" ".join([*group, command]) for command in commands} <= set(listed)
    sandbox = Sandbox.create(tmp_path / "project")
    done = sandbox.run([*group, "--help"], AIRFLOW_HOME=str(tmp_path), PREFECT_HOME=str(tmp_path))
    assert all(re.search(rf"\b{command}\b", done.stdout) for command in commands)
