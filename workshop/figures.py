"""The pictures of the kit, for notebooks and for the report. Every function gives a matplotlib Figure."""

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from workshop.ground.records import Record
from workshop.ground.texts import by_language

# Okabe and Ito (2008): told apart by colour-blind eyes too
COLOURS = {
    "ingest": "#56B4E9",
    "validate": "#009E73",
    "prepare": "#0072B2",
    "train": "#D55E00",
    "evaluate": "#CC79A7",
    "gate": "#E69F00",
    "register": "#000000",
}
_OTHER = "#888888"  # tasks that are no stage of ours, such as Airflow's planning
_OWN, _WORK, _START = "#E69F00", "#0072B2", "#BBBBBB"
_ON_BAR = "#010101"  # stays dark on a dark page, unlike black
PAPER = "#FEFEFE"  # what is to look like the page behind it; slides have dark pages too
_TEXTS = by_language(Path(__file__).with_suffix(".yaml"))
_STYLE = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "path", "svg.hashsalt": "kit"}


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
            colour = COLOURS.get(record.stage, _OTHER)
            axes.barh(row, record.end - record.start, left=record.start - start, color=colour, height=0.72)
            if record.status != "done":
                noted = _OTHER if record.status == "cached" else "#D55E00"
                axes.text(record.end - start, row, f" {record.status}", va="center", color=noted)
        axes.set_yticks(range(len(records)), [record.name for record in records], fontsize=labels)
        axes.invert_yaxis()
        axes.set_xlim(0, seconds)
        axes.set(xlabel=_TEXTS[lang]["seconds"], title=title)
        axes.grid(axis="x", color="#DDDDDD")
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
            axes.bar_label(bars, shown, label_type="center", color="white" if colour == _WORK else _ON_BAR, fontsize=9)
            left = [a + b for a, b in zip(left, widths, strict=True)]
        axes.invert_yaxis()
        axes.set_xlabel(texts["seconds"])
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.18), ncols=3, fontsize=9)
        return figure


def curve(tables: Mapping[str, pd.DataFrame], title: str, *, diagonal: bool, height: float = 4, lang: str = "en") -> Figure:
    """One kind of curve (columns x, y, candidate) for each candidate; `tables` is candidate -> points."""
    colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
    with matplotlib.rc_context(_STYLE):
        figure = _figure(1.1 * height, height)
        axes = figure.subplots()
        for colour, (name, table) in zip(colours, tables.items(), strict=False):
            x, y = table.columns[:2]
            axes.plot(table[x], table[y], color=colour, label=name, marker="o" if len(table) < 50 else None)
        if diagonal:
            axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1)
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
    middle = (rows - 1) / 2
    places: dict[str, tuple[float, float, str]] = {}
    for row, month in enumerate(months):
        for column, stage in enumerate(chain):
            places[f"{stage} {month}"] = (column, row, stage)
    # beside the months they learn from, and never in the way of the test months' arrows
    learnt_from = [row for row, part in enumerate(months.values()) if part == "train"]
    half = (len(candidates) - 1) * 0.6
    centre = min(sum(learnt_from) / len(learnt_from), max(learnt_from) + 0.6 - half)
    for row, candidate in enumerate(candidates):
        places[f"train {candidate}"] = (3, centre - half + row * 1.2, "train")
    for column, stage in enumerate(["evaluate", "gate", "register"], start=4):
        places[stage] = (column, middle, stage)
    arrows = [(f"{a} {m}", f"{b} {m}") for m in months for a, b in pairwise(chain)]
    arrows += [(f"prepare {m}", f"train {c}") for m, part in months.items() if part == "train" for c in candidates]
    arrows += [(f"train {c}", "evaluate") for c in candidates] + [("evaluate", "gate"), ("gate", "register")]
    past_training = [(f"prepare {m}", "evaluate") for m, part in months.items() if part == "test"]
    with matplotlib.rc_context(_STYLE):
        top = min(y for _, y, _ in places.values())
        figure = _figure(width, 0.065 * font * (rows - top) + 0.9)
        axes = figure.subplots()
        for a, b in arrows + past_training:
            (xa, ya, _), (xb, yb, _) = places[a], places[b]
            # from below, around the candidates, which see no test month
            tip, bend = ((xb, yb + 0.33), 0.18) if (a, b) in past_training else ((xb - 0.4, yb), 0.0)
            arrow = FancyArrowPatch((xa + 0.4, ya), tip, arrowstyle="-|>", connectionstyle=f"arc3,rad={bend}")
            arrow.set(mutation_scale=9, color="#777777", linewidth=1)
            axes.add_patch(arrow)
        for name, (x, y, stage) in places.items():
            box = FancyBboxPatch((x - 0.38, y - 0.3), 0.76, 0.6, boxstyle="round,pad=0.02", facecolor=PAPER, linewidth=1.6)
            box.set_edgecolor(COLOURS[stage])
            axes.add_patch(box)
            axes.text(x, y, name.replace(" ", "\n"), ha="center", va="center", fontsize=font)
        for row, part in enumerate(months.values()):
            axes.text(-0.5, row, part, ha="right", va="center", fontsize=font + 0.5, color="#555555")
        axes.set(xlim=(-0.95, 6.5), ylim=(rows - 0.4, top - 0.6))
        axes.set_axis_off()
        return figure
