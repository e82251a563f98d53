"""Read what the engines left in a run's folder and say whether it is the same."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from flight_delays import artifacts
from flight_delays.pipeline import Project
from flight_delays.stages.ingest import SOURCES, kept
from workshop.engine_run import stored
from workshop.engines import NAMES
from workshop.ground.results import in_order

IDENTICAL = "All engines left the same metrics and the same predictions, byte for byte."


def count_flights(project: Project) -> int:
    """How many flights a project takes in, by its source: for engines that keep the reports in places of their own."""
    total = 0
    for month in project.months:
        options = project.options("ingest", month)
        total += len(kept(SOURCES[options["source"]](month, path=options["path"]).flights, options["rows"]))
    return total


def compare(run_dir: str | Path, engines: Sequence[str], *, profile: str, project: Project) -> dict[str, Any]:
    """Write results.json of a run of `project` and give its content.

    "identical" is true only if every engine that was asked for left results, and all left the same bytes.
    """
    found = {engine: entry[0] for engine in engines if (entry := stored(run_dir, engine))}
    hashes = {(entry["metrics_sha256"], entry["predictions_sha256"]) for entry in found.values()}
    results = {
        "profile": profile,
        "flights": next((entry["flights"] for entry in found.values() if entry.get("flights")), None) or count_flights(project),
        "engines": found,
        "identical": len(found) == len(engines) and len(hashes) == 1,
    }
    artifacts.write_json(Path(run_dir) / "results.json", results)
    return results


def table(results: dict[str, Any]) -> pd.DataFrame:
    """A row for each engine: seconds, overhead over plain, stages run, AUC, hash, same or not.

    "Same" compares with the plain scripts, or with the first engine where scripts did not run.
    """
    engines = in_order(results["engines"], NAMES)
    if not engines:
        return pd.DataFrame()
    reference = engines.get("scripts") or next(iter(engines.values()))
    plain = engines.get("scripts", {}).get("seconds")
    rows = []
    for name, entry in engines.items():
        same = all(entry[key] == reference[key] for key in ("metrics_sha256", "predictions_sha256"))
        rows.append(
            {
                "engine": name,
                "start, s": f"{entry['start_seconds']:.1f}",
                "run, s": f"{entry['seconds']:.1f}",
                "over plain, s": f"{entry['seconds'] - plain:+.1f}" if plain and name != "scripts" else "",
                "stages": entry["stages_run"],
                "ROC AUC": f"{entry['metrics']['candidates'][entry['metrics']['best']]['roc_auc']:.4f}",
                "predictions": entry["predictions_sha256"][:10],
                "same": "yes" if same else "NO",
            }
        )
    return pd.DataFrame(rows).set_index("engine")


def memory(megabytes: Mapping[str, Any]) -> str:
    """The line of a run that says what each engine took at most."""
    shown = ", ".join(f"{name} {most} MB" for name, most in megabytes.items())
    return f"Memory at most, with the servers and the notebook's kernel: {shown}"
