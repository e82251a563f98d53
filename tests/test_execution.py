"""Folders of runs: every run has its own, also of those that start in the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from workshop.runner import execution
from workshop.runner.execution import Run


@pytest.mark.parametrize("turn", range(3))
def test_runs_that_start_at_once_have_a_folder_each(tmp_path, monkeypatch, turn):
    monkeypatch.setattr(execution, "RUNS", tmp_path / "runs")
    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(lambda number: Run.create({"number": number}, "latest"), range(60)))
    assert len({run.folder for run in runs}) == 60
    assert [run.read()["number"] for run in runs] == list(range(60))
    assert Run.last("latest", "make run").folder in {run.folder for run in runs}
    assert not list((tmp_path / "runs").glob(".*"))
