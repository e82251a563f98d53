"""The table and the chart of `make bench`."""

from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from flight_delays.pipeline import STAGES
from workshop import engines, figures
from workshop.bench.growth import ROWS_PER_MONTH
from workshop.ground.results import SITUATIONS, in_order


def as_read(results: dict[str, Any]) -> dict[str, Any]:
    """The results in the order in which people read them."""
    ordered = {"machine": results["machine"], "engines": in_order(results["engines"], engines.NAMES)}
    for name, engine in ordered["engines"].items():
        ordered["engines"][name] = {**engine, "situations": in_order(engine["situations"], SITUATIONS)}
    if growth := results.get("growth"):
        factors = in_order(growth, ROWS_PER_MONTH)
        ordered["growth"] = {
            **{factor: {**measured, "stages": in_order(measured["stages"], STAGES)} for factor, measured in factors.items()},
            **{name: whole for name, whole in growth.items() if name not in factors},
        }
    return ordered


def write_table(results: dict[str, Any], path: Path) -> str:
    """Write a Markdown table of every measurement and give its text."""
    parts = ["# Measured by `make bench`", "", _machine(results["machine"]), ""]
    rows = {
        name: {situation: f"{m['seconds']:.1f} s, {m['stages_run']} stages" for situation, m in engine["situations"].items()}
        for name, engine in results["engines"].items()
    }
    parts += ["Seconds of a run, servers started before, and stages that ran:", "", _markdown(rows), ""]
    ratios = {
        name: {situation: f"{m['seconds'] / m['plain_seconds']:.1f}" for situation, m in engine["situations"].items()}
        for name, engine in results["engines"].items()
    }
    parts += ["The same as a multiple of the plain scripts in the same situation:", "", _markdown(ratios), ""]
    started = {
        f"{name}{row}": {
            "servers start": f"{measured['start_seconds']:.1f} s",
            "run": f"{measured['seconds']:.1f} s",
            "over the plain scripts": _over(measured, results["engines"], kind),
        }
        for name, engine in results["engines"].items()
        for kind, row in (("tuned", ""), ("documented", ", as documented"))
        if (measured := engine.get("from_nothing", {}).get(kind))
    }
    if started:
        parts += [
            "A run from nothing, as the kit starts the engines and as their documentation does:",
            "",
            _markdown(started),
            "",
        ]
    adapters = {
        name: {
            "servers start": f"{engine['start_seconds']:.1f} s",
            "engine's own time, real stages": f"{engine['adapter']['own_seconds_real']:.1f} s",
            "empty stages": f"{engine['adapter']['own_seconds_empty']:.1f} s",
            "added by the adapter": f"{engine['adapter']['added_seconds']:+.2f} s",
            "spread of the runs": f"{engine['adapter']['spread_seconds']:.2f} s",
            "share of a plain run": f"{engine['adapter']['share_of_plain']:+.1%}",
        }
        for name, engine in results["engines"].items()
        if "adapter" in engine
    }
    parts += ["What the adapter adds to the engine's own time for the same graph of empty stages:", "", _markdown(adapters), ""]
    if growth := results.get("growth"):
        whole = growth["whole year, one process"]
        stages = {
            stage: {
                factor: f"{m['stages'][stage]['seconds']:.1f} s, {m['stages'][stage]['peak_megabytes']} MB"
                for factor, m in growth.items()
                if "stages" in m
            }
            for stage in growth["x1"]["stages"]
        }
        counts = ", ".join(f"{factor}: {m['rows_per_month']} flights a month" for factor, m in growth.items() if "stages" in m)
        parts += [
            f"The plain pipeline over twelve months, each stage in a process of its own ({counts}):",
            "",
            _markdown(stages),
        ]
        parts += ["", f"The whole year in one process: {whole['seconds']:.0f} s, {whole['peak_megabytes']} MB at most.", ""]
    text = "\n".join(parts)
    path.write_text(text, encoding="utf-8")
    return text


def _over(measured: dict[str, float], engines: dict[str, Any], kind: str) -> str:
    plain = engines.get("scripts", {}).get("from_nothing", {}).get(kind)
    return f"{measured['seconds'] - plain['seconds']:+.1f} s" if plain and plain is not measured else ""


def _machine(machine: dict[str, Any]) -> str:
    return f"{machine['system']}, {machine['cpu']} CPU, Python {machine['python']}."


def _markdown(rows: dict[str, dict[str, str]]) -> str:
    return pd.DataFrame.from_dict(rows, orient="index").to_markdown(disable_numparse=True)


def write_chart(results: dict[str, Any], path: Path) -> None:
    """Draw seconds by situation and engine."""
    measured = results["engines"]
    situations = list(next(iter(measured.values()))["situations"])
    with matplotlib.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(9, 4), layout="constrained")
        axes = figure.subplots()
        width = 0.8 / len(measured)
        for number, (name, colour) in enumerate(zip(measured, cycle(figures.COLOURS.values()), strict=False)):
            places = [n + (number - (len(measured) - 1) / 2) * width for n in range(len(situations))]
            seconds = [measured[name]["situations"][s]["seconds"] for s in situations]
            bars = axes.bar(places, seconds, width=width * 0.92, color=colour, label=name)
            axes.bar_label(bars, [f"{value:.0f}" for value in seconds], fontsize=8)
        axes.set_xticks(range(len(situations)), situations)
        axes.set_ylabel("seconds")
        axes.legend(frameon=False, ncols=len(measured), loc="upper center", bbox_to_anchor=(0.5, 1.12))
        path.write_text(figures.svg(figure), encoding="utf-8")
