"""The model card of the last run: what a colleague should know before the model is used. Beside the graph."""

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from flight_delays import artifacts, reports
from flight_delays.errors import DataError

LIMITS = [
    "It knows nothing of what happens later than the horizon before departure, nor of other airports than its own.",
    "Flights that were cancelled or diverted taught it nothing: it says nothing about whether a flight takes place.",
    "Best candidate and verdict come from the same test months, which flatters the best a little.",
    "Months unlike those that it learned from, of another season or after a change of timetable, were not tried.",
]


def card(
    metrics_path: str | os.PathLike[str],
    decision_path: str | os.PathLike[str],
    training_path: str | os.PathLike[str],
    receipt_path: str | os.PathLike[str],
    card_path: str | os.PathLike[str],
    *,
    source: str,
    model_name: str,
) -> None:
    """Write a card (Markdown) of the best candidate of the last run, passed or refused, from the reports of that run.

    `receipt_path` need not exist: what was refused has none. DataError if another report is missing, or if they are of
    different runs.
    """
    metrics = reports.read(metrics_path, reports.Metrics)
    decision = reports.read(decision_path, reports.Decision)
    best, tags = decision["candidate"], decision["tags"]
    learned = reports.read_training(training_path, best)[best]
    if tags["metrics_hash"] != artifacts.sha256(metrics_path) or tags["model_hash"] != learned["model_hash"]:
        raise DataError(f"{decision_path}: speaks of another run than {metrics_path}; run gate again")
    late = f"{metrics['late_share']:.1%}"
    parts = [
        f"# Model card: {model_name}, {best}",
        _version(receipt_path, tags),
        "## What it is for",
        "The probability that a scheduled flight arrives late, to plan with before departure. Not for decisions about people, "
        f"nor for safety. Features and target were made with {tags['prepared_with']}.",
        "## Data",
        f"- source: {source}",
        f"- learned from {learned['flights']} flights of {', '.join(learned['months'])}",
        f"- tested on {metrics['flights']} flights of {', '.join(decision['test_months'])}; {late} were late",
        f"- SHA-256 of the training data: `{tags['data_hash']}`",
        "## Candidates",
        _scores(metrics),
        f"Parameters of {best}: " + ", ".join(f"{name} {value}" for name, value in sorted(learned["params"].items())) + ".",
        "## Verdict",
        f"**{'Passed' if decision['passed'] else 'Refused'}**, judged by {' and '.join(decision['judged_by'])}.",
        *(f"- {reason}" for reason in decision["reasons"]),
        "Thresholds: " + ", ".join(f"{name} {value}" for name, value in sorted(decision["thresholds"].items())) + ".",
        "## Known limits",
        *(f"- {limit}" for limit in LIMITS),
    ]
    with artifacts.replacing(card_path) as partial:
        partial.write_text(_joined(parts), encoding="utf-8")


def _version(receipt_path: str | os.PathLike[str], tags: Mapping[str, str]) -> str:
    """Which version it became, and of which code; a receipt that is left of an earlier run counts for nothing."""
    state = "Not in the registry"
    if Path(receipt_path).exists():
        receipt = reports.read(receipt_path, reports.Receipt)
        if tags.items() <= receipt.items():
            alias = f", {receipt['alias']} when it was registered" if receipt["alias"] else ""
            state = f"Version {receipt['version']}{alias}"
    return f"{state}. Commit `{tags['git_commit']}`, parameters `{tags['params_hash']}`."


def _scores(metrics: Mapping[str, Any]) -> str:
    names = sorted(metrics["candidates"][metrics["best"]])
    rows = [["candidate", *names], ["---"] * (1 + len(names))]
    for candidate, scores in sorted(metrics["candidates"].items()):
        rows.append([f"**{candidate}**" if candidate == metrics["best"] else candidate, *(f"{scores[n]:.4f}" for n in names)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _joined(parts: list[str]) -> str:
    """Paragraphs are apart by an empty line, items of a list are not."""
    text = parts[0]
    for before, part in pairwise(parts):
        text += ("\n" if before.startswith("- ") and part.startswith("- ") else "\n\n") + part
    return text + "\n"
