"""What the pipeline itself needs as data grow."""

import sys
from typing import Any

from flight_delays.pipeline import STAGES
from workshop import engines
from workshop.ground.months import PROFILES, split
from workshop.ground.records import Record
from workshop.ground.results import BENCH
from workshop.sandbox import Sandbox

ROWS_PER_MONTH = {"x1": 1_700, "x4": 6_800, "x16": 27_200}  # x16 is nearly every flight of 2013


def measure_growth() -> dict[str, Any]:
    """Seconds and peak memory of each stage over the whole year, a process for each stage, for growing numbers of rows."""
    months = split(**PROFILES["full"])
    growth = {}
    for factor, rows in ROWS_PER_MONTH.items():
        box = Sandbox.create(BENCH / "work" / "growth", params={"months": months, "ingest.rows": rows})
        for stage in STAGES:
            box.run(["python", "-m", "flight_delays", stage])
        growth[factor] = {"rows_per_month": rows, "stages": _by_stage(box.records())}
        print(f"growth {factor}: {growth[factor]['stages']}", file=sys.stderr, flush=True)
    box = Sandbox.create(BENCH / "work" / "growth", params={"months": months})
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
        for stage in STAGES
    }
