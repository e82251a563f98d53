"""`make bench`: what each engine costs, in five situations, and what the pipeline itself needs as data grow.

Every figure comes from this run, the plain scripts' too, so that ratios can be compared on a noisy machine.
Results go to bench/: results.json, a table (table.md) and a chart (chart.svg).
"""

import argparse
import os
import platform
import shutil
import sys
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from workshop import engines
from workshop.engines.base import Outcome, Session
from workshop.places import ROOT
from workshop.sandbox import Record, Sandbox

BENCH = ROOT / "bench"
SITUATIONS = ("cold", "nothing changed", "hyper-parameter changed", "month added", "resumed after a failure")
PARTS = ("situations", "adapters", "growth")
ROWS_PER_MONTH = {"x1": 1_700, "x4": 6_800, "x16": 27_200}  # x16 is nearly every flight of 2013
_REPEATS = 5  # for differences smaller than the machine's noise
_FEW_ROWS = 2_000  # of each month, where only the engine's own time counts

# What makes the stages empty: the imports stay, since a process needs a second to end after them, and the work goes.
_LATE_IMPORTS = {
    "gate": """import mlflow
    import mlflow.store.tracking.sqlalchemy_store""",
    "register": """import mlflow.sklearn
    import mlflow.store.model_registry.sqlalchemy_store
    import mlflow.store.tracking.sqlalchemy_store
    from flight_delays import model""",
}
# Which arguments each one writes to:
_OUTPUTS = {
    "ingest": [0],
    "validate": [1],
    "prepare": [2],
    "train": [1, 2],
    "evaluate": [3, 4, 5, 6],
    "gate": [4],
    "register": [5],
}
_FOLDERS = {"ingest": [0], "evaluate": [5]}
_EMPTY_STAGE = '''

@recorded
def {stage}(*paths, **options):
    """Nothing but the outputs that the next stage looks for."""
    import json
    from pathlib import Path

    {late_imports}
    scores = dict.fromkeys(["roc_auc", "average_precision", "brier", "log_loss", "calibration_error"], 0.5)
    text = json.dumps({{"best": "boosting", "candidates": {{"boosting": scores, "logistic": scores}}, "passed": True,
                       "candidate": "boosting", "reasons": [], "flights": 0, "late_share": 0.5, "version": 1}})
    for number in {outputs}:
        target = Path(paths[number])
        folder = number in {folders}
        (target if folder else target.parent).mkdir(parents=True, exist_ok=True)
        (target / "empty.json" if folder else target).write_text(text)
'''


def add_parser(commands) -> None:
    """Describe `bench` to the command line."""
    parser = commands.add_parser("bench", help="measure engines, memory and growth", description=__doc__)
    parser.add_argument("--engines", help=f"comma-separated, of {','.join(engines.NAMES)} (default: all)")
    parser.add_argument(
        "--part",
        action="append",
        choices=PARTS,
        help="this part only, into the results that are there; may be repeated",
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Measure and write bench/."""
    from flight_delays import artifacts
    from workshop.bench_report import write_chart, write_table

    parts = options.part or PARTS
    names = options.engines.split(",") if options.engines else list(engines.NAMES)
    names = ["scripts", *(name for name in names if name != "scripts")]
    file = BENCH / "results.json"
    if "situations" not in parts and not file.exists():
        print(f"{file} is not there yet: measure the situations first, with `make bench`", file=sys.stderr)
        return 2
    results: dict[str, Any] = artifacts.read_json(file) if options.part and file.exists() else {"engines": {}}
    results["machine"] = {"cpu": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    if "situations" in parts:
        for name in names:
            results["engines"].setdefault(name, {}).update(measure_engine(name, _plain(results)))
            artifacts.write_json(file, results)
    if "adapters" in parts:
        plain_seconds = _plain_seconds()
        for name in names[1:]:
            results["engines"].setdefault(name, {})["adapter"] = measure_adapter(name, plain_seconds)
            artifacts.write_json(file, results)
    if "growth" in parts:
        results["growth"] = measure_growth()
        artifacts.write_json(file, results)
    results = _in_order(results)
    print(write_table(results, BENCH / "table.md"))
    write_chart(results, BENCH / "chart.svg")
    return 0


def _in_order(results: dict[str, Any]) -> dict[str, Any]:
    """The results as people read them: a file of JSON has its keys by the alphabet."""
    ordered = {"machine": results["machine"], "engines": {}}
    for name in engines.NAMES:
        if engine := results["engines"].get(name):
            ordered["engines"][name] = {**engine, "situations": {s: engine["situations"][s] for s in SITUATIONS}}
    if growth := results.get("growth"):
        factors = {factor: growth[factor] for factor in ROWS_PER_MONTH}
        ordered["growth"] = {
            **{factor: {**m, "stages": {stage: m["stages"][stage] for stage in _OUTPUTS}} for factor, m in factors.items()},
            **{name: whole for name, whole in growth.items() if name not in factors},
        }
    return ordered


def _plain(results: dict[str, Any]) -> dict[str, float]:
    """Seconds of the plain scripts by situation, as far as they have been measured."""
    measured = results["engines"].get("scripts", {}).get("situations", {})
    return {situation: entry["seconds"] for situation, entry in measured.items()}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _entry(outcome: Outcome) -> dict[str, Any]:
    return {
        "seconds": round(outcome.seconds, 2),
        "work_seconds": round(outcome.work_seconds, 2),
        "stages_run": len(outcome.records),
    }


def measure_engine(name: str, plain: dict[str, float]) -> dict[str, Any]:
    """The five situations for one engine, beside `plain` (situation -> seconds of the plain scripts)."""
    measured: dict[str, Any] = {"situations": {}}
    with engines.load(name).session(Sandbox.create(BENCH / "work" / name)) as session:
        measured["start_seconds"] = round(session.start_seconds, 2)
        for situation in SITUATIONS:
            outcome = _in_situation(situation, session)
            if outcome.exit_code:
                raise RuntimeError(f"{name}, {situation}: exit code {outcome.exit_code}\n{outcome.log[-3000:]}")
            entry = _entry(outcome)
            measured["situations"][situation] = {**entry, "plain_seconds": plain.get(situation, entry["seconds"])}
            _say(f"{name}, {situation}: {outcome.seconds:.1f} s, {len(outcome.records)} stages")
    return measured


def _in_situation(situation: str, session: Session) -> Outcome:
    box = session.sandbox
    match situation:
        case "hyper-parameter changed":
            box.set_param("train.candidates.boosting.max_iter", 90)
        case "month added":
            months = ["2013-01", "2013-02", "2013-03", "2013-04"]
            box.set_param("months", dict.fromkeys(months, "train") | {"2013-05": "test"})
        case "resumed after a failure":
            return after_failure(session)
    return session.run()


def after_failure(session: Session) -> Outcome:
    """Break one candidate's training, run, mend it, resume: the resumption is measured."""
    module = session.sandbox.root / "flight_delays/stages/train.py"
    sound = module.read_text(encoding="utf-8")
    session.sandbox.set_param("train.candidates.boosting.max_iter", 85)
    line = "    table = model.read_features("
    if sound.count(line) != 1:
        raise RuntimeError(f"{module}: expected one line {line!r} to break")
    module.write_text(
        sound.replace(line, f"    if candidate == 'boosting':\n        raise RuntimeError('broken on purpose')\n{line}"),
        encoding="utf-8",
    )
    try:
        failed = session.run()
    finally:
        module.write_text(sound, encoding="utf-8")
    if failed.exit_code == 0:
        raise RuntimeError("the broken stage did not fail")
    return session.resume()


def make_stages_empty(box: Sandbox) -> None:
    """Override every stage of a sandbox by one that imports the same, does nothing and leaves small files."""
    for stage, outputs in _OUTPUTS.items():
        with (box.root / f"flight_delays/stages/{stage}.py").open("a", encoding="utf-8") as module:
            module.write(
                _EMPTY_STAGE.format(
                    stage=stage,
                    late_imports=_LATE_IMPORTS.get(stage, "pass"),
                    outputs=outputs,
                    folders=_FOLDERS.get(stage, []),
                )
            )


def _plain_seconds() -> float:
    with engines.load("scripts").session(Sandbox.create(BENCH / "work" / "scripts")) as session:
        return session.run().seconds


def measure_adapter(name: str, plain_seconds: float) -> dict[str, float]:
    """What the adapter adds to real stages beyond what the engine needs for the same graph of empty ones.

    Of several runs from nothing, and of few rows: what an adapter does, it does by task, not by row. What else a machine
    does can only add to a run (as the documentation of Python's timeit says), so the least counts: of every pause between
    two stages where all runs have the stages in the same order, else of the whole. In seconds and as a share of the plain
    run of all rows.
    """
    runs: dict[str, list[Outcome]] = {"real": [], "empty": []}
    with ExitStack() as stack:
        sessions = {kind: stack.enter_context(_adapter_session(name, empty=kind == "empty")) for kind in runs}
        for _ in range(_REPEATS):
            for kind, session in sessions.items():  # by turns, since the machine may slow down in between
                runs[kind].append(run_from_nothing(session))
    orders = {tuple(record.name for record in outcome.records) for kind in runs.values() for outcome in kind}
    pauses = {kind: [pauses(outcome) for outcome in outcomes] for kind, outcomes in runs.items()}
    least = {
        kind: sum(map(min, zip(*those, strict=True))) if len(orders) == 1 else min(map(sum, those))
        for kind, those in pauses.items()
    }
    added = least["real"] - least["empty"]
    measured = {
        "own_seconds_real": round(least["real"], 2),
        "own_seconds_empty": round(least["empty"], 2),
        "added_seconds": round(added, 2),
        "spread_seconds": round(max(max(map(sum, those)) - min(map(sum, those)) for those in pauses.values()), 2),
        "share_of_plain": round(added / plain_seconds, 3),
    }
    _say(f"{name}, adapter: {measured}")
    return measured


def pauses(outcome: Outcome) -> list[float]:
    """Seconds in which no stage was at work: before the first, between one and the next, after the last."""
    found, until = [], outcome.started
    for record in outcome.records:
        found.append(max(0.0, record.start - until))
        until = max(until, record.end)
    return [*found, outcome.started + outcome.seconds - until]


def _adapter_session(name: str, *, empty: bool) -> AbstractContextManager[Session]:
    box = Sandbox.create(BENCH / "work" / f"{name}-{'empty' if empty else 'real'}", params={"ingest.rows": _FEW_ROWS})
    if empty:
        make_stages_empty(box)
    return engines.load(name).session(box)


def run_from_nothing(session: Session) -> Outcome:
    """A run that finds nothing of an earlier one; RuntimeError if it fails."""
    forget(session.sandbox)
    outcome = session.run()
    if outcome.exit_code:
        raise RuntimeError(f"exit code {outcome.exit_code}\n{outcome.log[-2000:]}")
    return outcome


def forget(box: Sandbox) -> None:
    """Remove all that runs have left, engines' memories of results too, so that the next one begins from nothing."""
    for name in ("data", "models", "reports", "registry", ".engines/prefect/results", ".dvc/cache", "dvc.lock"):
        path = box.root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def measure_growth() -> dict[str, Any]:
    """Seconds and peak memory of each stage over the whole year, a process for each stage, for growing numbers of rows."""
    from workshop.run import PROFILES

    months = PROFILES["full"]
    split = dict.fromkeys(months["train_months"], "train") | dict.fromkeys(months["test_months"], "test")
    growth = {}
    for factor, rows in ROWS_PER_MONTH.items():
        box = Sandbox.create(BENCH / "work" / "growth", params={"months": split, "ingest.rows": rows})
        for stage in _OUTPUTS:
            box.run(["python", "-m", "flight_delays", stage])
        growth[factor] = {"rows_per_month": rows, "stages": _by_stage(box.records())}
        _say(f"growth {factor}: {growth[factor]['stages']}")
    box = Sandbox.create(BENCH / "work" / "growth", params={"months": split})
    with engines.load("scripts").session(box) as session:
        outcome = session.run()
    if outcome.exit_code:
        raise RuntimeError(outcome.log[-2000:])
    growth["whole year, one process"] = {
        "seconds": round(outcome.seconds, 2),
        "peak_megabytes": round(max(record.peak_bytes for record in outcome.records) / 1e6),
    }
    return growth


def _by_stage(records: list[Record]) -> dict[str, dict[str, float]]:
    return {
        stage: {
            "seconds": round(sum(r.end - r.start for r in records if r.stage == stage), 2),
            "peak_megabytes": round(max(r.peak_bytes for r in records if r.stage == stage) / 1e6),
        }
        for stage in _OUTPUTS
    }
