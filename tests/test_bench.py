"""What `make bench` measures with: empty stages that an engine cannot tell from real ones, and runs that begin from nothing."""

import json
import re

import pytest

from workshop import bench, engines
from workshop.bench_report import write_chart, write_table
from workshop.engines.base import Outcome
from workshop.sandbox import Record


def names(outcome):
    return [record.name for record in outcome.records]


@pytest.mark.engine
def test_empty_stages_run_as_the_real_ones_do_and_leave_next_to_nothing(finished, new_sandbox, tmp_path):
    box = new_sandbox(tmp_path / "empty")
    bench.make_stages_empty(box)
    with engines.load("dvc").session(box) as session:
        outcome = session.run()
        assert outcome.exit_code == 0, outcome.log
        assert sorted(names(outcome)) == sorted(record.name for record in finished.records())
        # gate and register still import what they need
        assert sum(record.end - record.start for record in outcome.records if record.stage not in ("gate", "register")) < 0.5
        assert names(session.run()) == []
        bench.forget(box)
        assert sorted(names(session.run())) == sorted(names(outcome))  # not from DVC's run cache either


@pytest.mark.engine
def test_a_resumption_after_a_mended_failure_runs_what_was_left(finished, tmp_path, new_sandbox):
    box = new_sandbox(tmp_path / "broken")
    with engines.load("dvc").session(box) as session:
        session.run()
        outcome = bench.after_failure(session)
    assert outcome.exit_code == 0, outcome.log
    assert {"train boosting", "evaluate", "gate", "register"} <= set(names(outcome))
    assert not {record.stage for record in outcome.records} & {"ingest", "validate", "prepare"}


def test_pauses_are_what_the_stages_leave_of_a_run():
    def record(start, end):
        return Record("ingest", None, start, end, "done", 1, 0)

    outcome = Outcome(
        started=10.0, seconds=9.0, records=[record(11.0, 14.0), record(12.0, 13.0), record(15.5, 17.0)], exit_code=0
    )
    assert bench.pauses(outcome) == [1.0, 0.0, 1.5, 2.0]
    assert sum(bench.pauses(outcome)) == outcome.seconds - outcome.work_seconds


def test_table_and_chart_show_every_engine_and_situation(tmp_path):
    def engine(factor):
        situations = {
            name: {"seconds": factor * n, "work_seconds": 1.0, "stages_run": n, "plain_seconds": n}
            for n, name in enumerate(bench.SITUATIONS, start=1)
        }
        adapter = dict.fromkeys(["own_seconds_real", "own_seconds_empty", "added_seconds", "spread_seconds"], 0.25)
        return {"situations": situations, "start_seconds": 2.0, "adapter": {**adapter, "share_of_plain": 0.025}}

    results = {
        "machine": {"cpu": 2, "python": "3.12", "system": "Linux"},
        "engines": {"scripts": engine(1), "dvc": engine(3)},
    }
    table = write_table(results, tmp_path / "table.md")
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == table
    for text in (*bench.SITUATIONS, "| dvc | 3.0 s, 1 stages |", "| dvc | 3.0 | 3.0 |", "+2.5%", "+0.25 s"):
        assert text in re.sub(" +", " ", table), json.dumps(text)  # columns are padded
    write_chart(results, tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text(encoding="utf-8").startswith("<svg")


def test_an_engine_that_fails_stops_the_bench(tmp_path, new_sandbox):
    box = new_sandbox(tmp_path / "wrong")
    box.set_param("validate.min_rows", 10**6)
    with engines.load("scripts").session(box) as session, pytest.raises(RuntimeError, match="at least 1000000 expected"):
        bench.run_from_nothing(session)
