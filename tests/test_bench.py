"""What `make bench` measures with: empty stages that an engine cannot tell from real ones, and runs that begin from nothing."""

import functools
import json
import os
import re
from types import SimpleNamespace

import pytest

from workshop import engines
from workshop.__main__ import main
from workshop.bench import adapters, documented
from workshop.bench.report import write_chart, write_table
from workshop.bench.situations import after_failure
from workshop.engines.base import Outcome
from workshop.ground.records import Record
from workshop.ground.results import SITUATIONS
from workshop.places import AS_DOCUMENTED
from workshop.sandbox import Sandbox


def names(outcome):
    return [record.name for record in outcome.records]


@pytest.mark.engine
def test_empty_stages_run_as_the_real_ones_do_and_leave_next_to_nothing(finished, new_sandbox, tmp_path):
    box = new_sandbox(tmp_path / "empty")
    adapters.make_stages_empty(box)
    with engines.load("dvc").session(box) as session:
        outcome = session.run()
        assert outcome.exit_code == 0, outcome.log
        assert sorted(names(outcome)) == sorted(record.name for record in finished.records())
        assert sum(record.end - record.start for record in outcome.records) < 0.5
        assert names(session.run()) == []
        adapters.forget(box)
        assert sorted(names(session.run())) == sorted(names(outcome))  # not from DVC's run cache either


@pytest.mark.engine
def test_a_resumption_after_a_mended_failure_runs_what_was_left(finished, tmp_path, new_sandbox):
    box = new_sandbox(tmp_path / "broken")
    with engines.load("dvc").session(box) as session:
        session.run()
        outcome = after_failure(session)
    assert outcome.exit_code == 0, outcome.log
    assert {"train boosting", "evaluate", "gate", "register"} <= set(names(outcome))
    assert not {record.stage for record in outcome.records} & {"ingest", "validate", "prepare"}


@pytest.mark.engine
def test_as_documented_and_as_the_kit_starts_it_are_measured_by_turns(tmp_path, monkeypatch):
    few = {"ingest.rows": 500, "gate.min_roc_auc": 0.5, "gate.min_average_precision": 0.0}
    load, seen = engines.load, []

    def load_and_note(name):
        seen.append(AS_DOCUMENTED in os.environ)
        return load(name)

    monkeypatch.setattr(documented, "BENCH", tmp_path)
    monkeypatch.setattr(documented, "_REPEATS", 2)
    monkeypatch.setattr(documented, "Sandbox", SimpleNamespace(create=functools.partial(Sandbox.create, params=few)))
    monkeypatch.setattr(engines, "load", load_and_note)
    monkeypatch.delenv(AS_DOCUMENTED, raising=False)
    measured = documented.measure_documented("scripts")
    assert seen == [True, False, True, False]
    assert AS_DOCUMENTED not in os.environ
    assert {kind: medians["seconds"] > 1 for kind, medians in measured.items()} == {"documented": True, "tuned": True}


def test_pauses_are_what_the_stages_leave_of_a_run():
    def record(start, end):
        return Record("ingest", None, start, end, "done", 1, 0)

    outcome = Outcome(
        started=10.0, seconds=9.0, records=[record(11.0, 14.0), record(12.0, 13.0), record(15.5, 17.0)], exit_code=0
    )
    assert adapters.pauses(outcome) == [1.0, 0.0, 1.5, 2.0]
    assert sum(adapters.pauses(outcome)) == outcome.seconds - outcome.work_seconds


def test_an_adapter_adds_what_the_least_pauses_of_real_runs_have_more():
    def outcome(*pauses, names=("ingest", "train")):
        spans = [(10.0 + pauses[0], 20.0), (20.0 + pauses[1], 30.0)]
        records = [Record(name, None, start, end, "done", 1, 0) for name, (start, end) in zip(names, spans, strict=True)]
        return Outcome(started=10.0, seconds=20.0 + pauses[2], records=records, exit_code=0)

    runs = {"real": [outcome(1.0, 3.0, 2.0), outcome(2.0, 2.0, 2.0)], "empty": [outcome(1.0, 1.0, 1.0), outcome(1.0, 1.0, 2.0)]}
    assert adapters.compared(runs, plain=20.0) == {
        "own_seconds_real": 5.0,
        "own_seconds_empty": 3.0,
        "added_seconds": 2.0,
        "spread_seconds": 1.0,
        "share_of_plain": 0.1,
    }
    runs["empty"].append(outcome(1.0, 1.0, 1.0, names=("train", "ingest")))  # pauses of another order are other pauses
    assert adapters.compared(runs, plain=20.0)["own_seconds_real"] == 6.0


def test_table_and_chart_show_every_engine_and_situation(tmp_path):
    def engine(factor):
        situations = {
            name: {"seconds": factor * n, "work_seconds": 1.0, "stages_run": n, "plain_seconds": n}
            for n, name in enumerate(SITUATIONS, start=1)
        }
        adapter = dict.fromkeys(["own_seconds_real", "own_seconds_empty", "added_seconds", "spread_seconds"], 0.25)
        from_nothing = {
            kind: {"start_seconds": 1.0, "seconds": factor * seconds} for kind, seconds in (("tuned", 10), ("documented", 12))
        }
        return {
            "situations": situations,
            "start_seconds": 2.0,
            "adapter": {**adapter, "share_of_plain": 0.025},
            "from_nothing": from_nothing,
        }

    results = {
        "machine": {"cpu": 2, "python": "3.12", "system": "Linux"},
        "engines": {"scripts": engine(1), "dvc": engine(3)},
    }
    table = write_table(results, tmp_path / "table.md")
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == table
    rows = [
        "| scripts | 1.0 s | 10.0 s | |",
        "| dvc | 1.0 s | 30.0 s | +20.0 s |",
        "| dvc, as documented | 1.0 s | 36.0 s | +24.0 s |",
    ]
    for text in (*SITUATIONS, "| dvc | 3.0 s, 1 stages |", "| dvc | 3.0 | 3.0 |", "+2.5%", "+0.25 s", *rows):
        assert text in re.sub(" +", " ", table), json.dumps(text)  # columns are padded
    write_chart(results, tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text(encoding="utf-8").startswith("<svg")


def test_plain_scripts_are_never_measured_by_those_of_an_earlier_bench(tmp_path, monkeypatch):
    def measured(seconds):
        entry = {"seconds": seconds, "work_seconds": 1.0, "stages_run": 1, "plain_seconds": seconds}
        return {"situations": dict.fromkeys(SITUATIONS, entry), "start_seconds": 0.0}

    given = {}

    def measure(name, plain):
        given[name] = plain
        return measured(2.0)

    (tmp_path / "results.json").write_text(json.dumps({"engines": {"scripts": measured(1.0)}}), encoding="utf-8")
    monkeypatch.setattr("workshop.commands.bench.BENCH", tmp_path)
    monkeypatch.setattr("workshop.bench.situations.measure_engine", measure)
    assert main(["bench", "--part", "situations", "--engines", "dvc"]) == 0
    assert given == {"scripts": {}, "dvc": dict.fromkeys(SITUATIONS, 2.0)}


def test_an_engine_that_fails_stops_the_bench(tmp_path, new_sandbox):
    box = new_sandbox(tmp_path / "wrong")
    box.set_param("validate.min_rows", 10**6)
    with engines.load("scripts").session(box) as session, pytest.raises(RuntimeError, match="at least 1000000 expected"):
        adapters.run_from_nothing(session)
