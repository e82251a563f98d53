"""What a notebook of `make run` does around its engine: a sandbox before, the results after."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flight_delays import artifacts
from flight_delays.pipeline import STAGES, Project
from workshop.engines.base import Outcome, Session
from workshop.ground.months import split
from workshop.ground.records import Record
from workshop.sandbox import Sandbox


class RunFailed(RuntimeError):
    """The engine did not bring the pipeline to its end."""


def open_sandbox(
    run_dir: str | Path, engine: str, *, train_months: Sequence[str], test_months: Sequence[str], rows: int | None, seed: int
) -> Sandbox:
    """A fresh copy of the project for one engine below `run_dir`, with the parameters of the run."""
    sandbox = Sandbox.create(Path(run_dir) / "work" / engine)
    months = split(train_months, test_months)
    for key, value in {"months": months, "ingest.rows": rows, "train.seed": seed}.items():
        sandbox.set_param(key, value)
    Project.load(sandbox.root)  # a wrong parameter shows here, not in the middle of an engine's log
    return sandbox


def expected_stages(project: Project) -> int:
    """How many pieces of work a run from nothing has."""
    return sum(len(project.items(stage)) for stage in STAGES)


def flights_taken_in(project: Project) -> int | None:
    """How many flights were taken in, by the reports of `validate`; None where an engine keeps them in a place of its own."""
    reports = [project.report(month) for month in project.months]
    if not all(report.exists() for report in reports):
        return None
    return sum(artifacts.read_json(report)["rows"]["flights"] for report in reports)


def store(run_dir: str | Path, engine: str, session: Session, outcome: Outcome) -> dict[str, Any]:
    """Keep what the engine left in `run_dir`/results and give its entry for results.json.

    RunFailed, with the end of the engine's log, if the pipeline did not come to its end.
    """
    if outcome.exit_code != 0:
        end = "\n".join(outcome.log.strip().splitlines()[-20:])
        raise RunFailed(f"{engine} ended with exit code {outcome.exit_code}; the last lines of its log:\n{end}")
    project = Project.load(session.sandbox.root)
    folder = Path(run_dir) / "results" / engine
    with artifacts.replacing(folder) as partial:
        partial.mkdir(parents=True)
        for path in (project.metrics, project.predictions):
            shutil.copy(path, partial)
        shutil.copytree(project.plots, partial / "plots")
        entry = {
            "started": outcome.started,
            "seconds": round(outcome.seconds, 2),
            "start_seconds": round(session.start_seconds, 2),
            "work_seconds": round(outcome.work_seconds, 2),
            "stages_run": len(outcome.records),
            "metrics": artifacts.read_json(project.metrics),
            "metrics_sha256": artifacts.sha256(project.metrics),
            "predictions_sha256": artifacts.sha256(project.predictions),
            "flights": flights_taken_in(project),
        }
        records = [asdict(record) for record in outcome.records]
        artifacts.write_json(partial / "entry.json", entry)
        artifacts.write_json(partial / "records.json", records)
    return entry


def stored(run_dir: str | Path, engine: str) -> tuple[dict[str, Any], list[Record]] | None:
    """The entry and the records that `store` kept for an engine, or None."""
    folder = Path(run_dir) / "results" / engine
    if not (folder / "entry.json").exists():
        return None
    records = json.loads((folder / "records.json").read_text(encoding="utf-8"))
    return artifacts.read_json(folder / "entry.json"), [Record(**record) for record in records]
