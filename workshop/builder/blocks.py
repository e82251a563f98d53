"""Blocks of figures of runs, as Markdown: what a text shows of them in one piece. A mark asks for a block by its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from workshop import compare
from workshop.engines import NAMES
from workshop.ground.measured import BENCH, Figures
from workshop.ground.texts import by_language

_WORDS = by_language(Path(__file__).with_suffix(".yaml"))


def printed(figures: Figures, lang: str) -> str:
    """What `make run` prints: made of the figures by what prints them there. It is the same in both languages."""
    engines = {}
    memory = {}
    for name in NAMES:
        measured = figures.of(f"run.{name}")
        if not measured:
            continue
        memory[name] = measured["memory_mb"]
        engines[name] = {
            "start_seconds": measured["start_seconds"],
            "seconds": measured["seconds"],
            "stages_run": figures.value("run.stages"),
            "metrics": {"best": "best", "candidates": {"best": {"roc_auc": figures.value("run.roc_auc")}}},
            "metrics_sha256": "",
            "predictions_sha256": figures.value("run.hash"),
        }
    table = compare.table({"engines": engines}).to_string()
    return f"\n```\n{table}\n\n{compare.IDENTICAL}\n{compare.memory(memory)}\n```\n\n"


def documented(figures: Figures, lang: str) -> str:
    """A run from nothing as the kit starts an engine and as its documentation does, if `make bench` has measured that."""
    words = _WORDS[lang]
    rows: list[list[Any]] = []
    for name in NAMES:
        places = [
            f"{BENCH}.engines.{name}.from_nothing.{kind}.{what}"
            for kind in ("tuned", "documented")
            for what in ("start_seconds", "seconds")
        ]
        if all(place in figures.values for place in places):
            shown = [figures.shown(f"{place}:1", lang) for place in places]
            rows.append([name, " + ".join(shown[:2]), " + ".join(shown[2:])])
    if not rows:
        return ""
    head = [words["engine"], words["tuned"], words["as_documented"]]
    return f"\n{words['documented']}\n{_markdown(head, rows)}\n\n"


def stops(figures: Figures, lang: str) -> str:
    """What bench/stops.py found: how long after a signal nothing of a run was left."""
    words = _WORDS[lang]
    names = {tuple(key.split(".")[:2]) for key in figures.of("stops")}
    ordered = [(engine, wanted) for engine in NAMES for wanted in sorted({one for other, one in names if other == engine})]
    rows = [[engine, wanted.upper(), figures.shown(f"stops.{engine}.{wanted}.seconds:1", lang)] for engine, wanted in ordered]
    return f"\n{_markdown([words['engine'], words['signal'], words['left']], rows)}\n\n"


def _markdown(head: list[str], rows: list[list[Any]]) -> str:
    return pd.DataFrame(rows, columns=head).to_markdown(index=False, disable_numparse=True)


BLOCKS: dict[str, Callable[[Figures, str], str]] = {
    "run.printed": printed,
    "bench.documented": documented,
    "stops.table": stops,
}
