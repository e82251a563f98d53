"""The pictures of the kit, for notebooks and for the report. Every function gives a matplotlib Figure."""

import io
from collections.abc import Mapping, Sequence
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from workshop.ground import boxes, colours
from workshop.ground.boxes import Arrow, Box, Look
from workshop.ground.records import Record
from workshop.ground.texts import by_language

COLOURS = colours.STAGES
_OWN, _WORK, _START = colours.ORANGE, colours.BLUE, colours.START
_TEXTS = by_language(Path(__file__).with_suffix(".yaml"))
_STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "kit",
}


def svg(figure: Figure, *, transparent: bool = False) -> str:
    """The figure as an SVG element to put into a page; `transparent` leaves out the white behind it."""
    buffer = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=transparent)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


class Picture(Figure):
    """A figure that a notebook shows though pyplot, which would see to that, is never imported."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with matplotlib.rc_context(_STYLE):
            self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()


def _figure(width: float, height: float) -> Figure:
    return Picture(figsize=(width, height), layout="constrained")


def gantt(
    records: Sequence[Record],
    title: str = "",
    *,
    start: float | None = None,
    seconds: float | None = None,
    labels: float = 8,
    lang: str = "en",
) -> Figure:
    """Which stage was at work when: a bar for each record, in seconds from `start` (the first record's, if not given).

    With `seconds`, the length of the whole run, the axis ends there, and what no bar covers is the engine's own time.
    `labels` is the size of the stages' names.
    """
    with matplotlib.rc_context(_STYLE):
        figure = _figure(8, 0.6 + 0.22 * max(len(records), 1))
        axes = figure.subplots()
        start = start if start is not None else min((r.start for r in records), default=0.0)
        for row, record in enumerate(records):
            colour = COLOURS.get(record.stage, colours.GREY)
            axes.barh(row, record.end - record.start, left=record.start - start, color=colour, height=0.72)
            if record.status != "done":
                noted = colours.GREY if record.status == "cached" else colours.VERMILION
                axes.text(record.end - start, row, f" {record.status}", va="center", color=noted)
        axes.set_yticks(range(len(records)), [record.name for record in records], fontsize=labels)
        axes.invert_yaxis()
        axes.set_xlim(0, seconds)
        axes.set(xlabel=_TEXTS[lang]["seconds"], title=title)
        axes.grid(axis="x", color=colours.GRID)
        axes.set_axisbelow(True)
        return figure


def overhead_bars(engines: Mapping[str, Mapping[str, float]], *, width: float = 8, lang: str = "en") -> Figure:
    """Start of servers, the engine's own time and our work, stacked, for each engine.

    Takes name -> {"start_seconds", "seconds", "work_seconds"}.
    """
    with matplotlib.rc_context(_STYLE):
        figure = _figure(width, 0.9 + 0.42 * len(engines))
        axes = figure.subplots()
        names = list(engines)
        left = [0.0] * len(names)
        texts = _TEXTS[lang]
        parts = {
            texts["start"]: ([engines[n]["start_seconds"] for n in names], _START),
            texts["own"]: ([engines[n]["seconds"] - engines[n]["work_seconds"] for n in names], _OWN),
            texts["work"]: ([engines[n]["work_seconds"] for n in names], _WORK),
        }
        for label, (widths, colour) in parts.items():
            bars = axes.barh(names, widths, left=left, color=colour, label=label, height=0.65)
            shown = [f"{seconds:.0f}" if seconds >= 1.5 else "" for seconds in widths]
            axes.bar_label(bars, shown, label_type="center", color="white" if colour == _WORK else colours.ON_BAR, fontsize=9)
            left = [a + b for a, b in zip(left, widths, strict=True)]
        axes.invert_yaxis()
        axes.set_xlabel(texts["seconds"])
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.18), ncols=3, fontsize=9)
        return figure


def curve(tables: Mapping[str, pd.DataFrame], title: str, *, diagonal: bool, height: float = 4, lang: str = "en") -> Figure:
    """One kind of curve (columns x, y, candidate) for each candidate; `tables` is candidate -> points."""
    with matplotlib.rc_context(_STYLE):
        figure = _figure(1.1 * height, height)
        axes = figure.subplots()
        for colour, (name, table) in zip(cycle(colours.CURVES), tables.items(), strict=False):
            x, y = table.columns[:2]
            axes.plot(table[x], table[y], color=colour, label=name, marker="o" if len(table) < 50 else None)
        if diagonal:
            axes.plot([0, 1], [0, 1], color=colours.DIAGONAL, linestyle="--", linewidth=1)
        names = [name.replace("_", " ") for name in (x, y)]
        xlabel, ylabel = (_TEXTS[lang].get(name, name) for name in names)
        axes.set(title=title, xlabel=xlabel, ylabel=ylabel, xlim=(0, 1), ylim=(0, 1))
        axes.legend(frameon=False)
        return figure


def curves_of(plots_dir: Path, *, height: float = 4, lang: str = "en") -> dict[str, Figure]:
    """The ROC and calibration curves that `evaluate` left in reports/plots."""
    figures = {}
    for kind in ("roc", "calibration"):
        points = pd.read_csv(plots_dir / f"{kind}.csv")
        tables = {str(name): rows for name, rows in points.groupby("candidate")}
        figures[kind] = curve(tables, _TEXTS[lang][kind], diagonal=True, height=height, lang=lang)
    return figures


def graph(months: Mapping[str, str], candidates: Sequence[str], *, width: float = 11, font: float = 8.5) -> Figure:
    """The whole pipeline, box by box: a row for each month (month -> train or test), then the candidates and the end."""
    chain = ["ingest", "validate", "prepare"]
    rows = len(months)
    found = {
        f"{stage} {month}": _stage(stage, month, column, row)
        for row, month in enumerate(months)
        for column, stage in enumerate(chain)
    }
    # beside the months they learn from, and never in the way of the test months' arrows
    learnt_from = [row for row, part in enumerate(months.values()) if part == "train"]
    half = (len(candidates) - 1) * 0.6
    centre = min(sum(learnt_from) / len(learnt_from), max(learnt_from) + 0.6 - half)
    for row, candidate in enumerate(candidates):
        found[f"train {candidate}"] = _stage("train", candidate, 3, centre - half + row * 1.2)
    for column, stage in enumerate(["evaluate", "gate", "register"], start=4):
        found[stage] = _stage(stage, None, column, (rows - 1) / 2)
    pairs = [(f"{a} {m}", f"{b} {m}") for m in months for a, b in pairwise(chain)]
    pairs += [(f"prepare {m}", f"train {c}") for m, part in months.items() if part == "train" for c in candidates]
    pairs += [(f"train {c}", "evaluate") for c in candidates] + [("evaluate", "gate"), ("gate", "register")]
    arrows = [Arrow(a, b, sides=("right", "left")) for a, b in pairs]
    # from below, around the candidates, which see no test month
    tested_on = [f"prepare {m}" for m, part in months.items() if part == "test"]
    arrows += [Arrow(name, "evaluate", sides=("right", "bottom"), bend=0.18) for name in tested_on]
    with matplotlib.rc_context(_STYLE):
        top = min(box.y for box in found.values())
        figure = _figure(width, 0.065 * font * (rows - top) + 0.9)
        axes = figure.subplots()
        boxes.draw(axes, found, arrows, Look(font=font, border=1.6, line=1, head=9, corner=0.02, shrink=2))
        for row, part in enumerate(months.values()):
            axes.text(-0.5, row, part, ha="right", va="center", fontsize=font + 0.5, color=colours.SOFT)
        axes.set(xlim=(-0.95, 6.5), ylim=(rows - 0.4, top - 0.6))
        axes.set_axis_off()
        return figure


def _stage(stage: str, item: str | None, x: float, y: float) -> Box:
    return Box(x, y, COLOURS[stage], width=0.8, height=0.64, text=f"{stage}\n{item}" if item else stage)
