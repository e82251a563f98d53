"""What a run costs with each engine, in five situations."""

import sys
from typing import Any

from workshop import engines
from workshop.engines.base import Outcome, Session
from workshop.ground.months import split
from workshop.ground.results import BENCH, SITUATIONS
from workshop.sandbox import Sandbox


def seconds_of_plain(results: dict[str, Any]) -> dict[str, float]:
    """Seconds of the plain scripts by situation, as far as they have been measured."""
    measured = results["engines"].get("scripts", {}).get("situations", {})
    return {situation: entry["seconds"] for situation, entry in measured.items()}


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
            print(f"{name}, {situation}: {outcome.seconds:.1f} s, {len(outcome.records)} stages", file=sys.stderr, flush=True)
    return measured


def _in_situation(situation: str, session: Session) -> Outcome:
    box = session.sandbox
    match situation:
        case "hyper-parameter changed":
            box.set_param("train.candidates.boosting.max_iter", 90)
        case "month added":
            box.set_param("months", split(["2013-01", "2013-02", "2013-03", "2013-04"], ["2013-05"]))
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


def _entry(outcome: Outcome) -> dict[str, Any]:
    return {
        "seconds": round(outcome.seconds, 2),
        "work_seconds": round(outcome.work_seconds, 2),
        "stages_run": len(outcome.records),
    }
