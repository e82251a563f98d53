"""What the slides show of a run: figures, tables and single values, by name, in Russian or English."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure

from flight_delays import artifacts
from flight_delays.errors import DataError
from workshop import figures
from workshop.compare import table
from workshop.engine_run import stored
from workshop.engines import NAMES
from workshop.ground import colours, measured
from workshop.ground.months import split
from workshop.ground.records import Record
from workshop.ground.results import BENCH, SITUATIONS, in_order
from workshop.ground.texts import by_language
from workshop.places import ROOT
from workshop.slides.drawings import DRAWINGS

FONT = ROOT / "slides" / "static" / "fonts" / "Geist.ttf"
_WORDS = by_language(Path(__file__).with_name("texts.yaml"))
_NO_VALUE = "—"
# The colours that a page decides; others are the same on light and dark pages.
_OF_THE_PAGE = {
    colours.PAPER.lower(): "var(--paper)",
    colours.BLACK: "var(--ink)",
    colours.SOFT: "var(--soft)",
    colours.LINE: "var(--soft)",
    colours.GREY: "var(--soft)",
    colours.DIAGONAL: "var(--soft)",
    colours.GRID.lower(): "var(--line)",
}


class MaterialError(Exception):
    """The run has not what is asked for; the message names it and the way out."""


def _read(file: Path) -> dict[str, Any]:
    try:
        return artifacts.read_json(file)
    except DataError as error:
        raise MaterialError(f"{error.args[0].split(';')[0]}; the slides show a run, so start one first: make run") from None


class Material:
    """The material of a run's folder in a language; MaterialError if nothing has run to its end there."""

    def __init__(self, run_dir: Path, lang: str, bench: Path = BENCH / "results.json"):
        self.run_dir, self.lang, self._bench = run_dir, lang, bench
        self._results = _read(run_dir / "results.json")
        self._given = _read(run_dir / "run.json")["parameters"]
        self._engines = in_order(self._results["engines"], NAMES)
        if not self._engines:
            raise MaterialError(f"{run_dir}: no engine came to its end; go on with it (make run ARGS=--resume) or run anew")
        if "flights" not in self._results:
            raise MaterialError(f"{run_dir}: made by an earlier version of the kit; run anew: make run")

    @cached_property
    def _metrics(self) -> dict[str, Any]:
        return next(iter(self._engines.values()))["metrics"]

    def values(self) -> dict[str, Any]:
        """Single values by the name that a slide asks for, such as `flights`; a dash where an engine did not run.

        Figures of other runs, which are in bench/, come as dictionaries in dictionaries: a slide asks for `setup.disk_gb`.
        """
        candidates = self._metrics["candidates"]
        found: dict[str, Any] = {
            "flights": self._whole(self._results["flights"]),
            "months": str(len(self._months)),
            "stages": str(next(iter(self._engines.values()))["stages_run"]),
            "engines": str(len(self._engines)),
            "auc": f"{candidates[self._metrics['best']]['roc_auc']:.4f}",
            **{f"auc_{name}": f"{metrics['roc_auc']:.4f}" for name, metrics in candidates.items()},
            "late_share": f"{self._metrics['late_share']:.1%}".rstrip("%"),
            "best": self._metrics["best"],
            "predictions_hash": next(iter(self._engines.values()))["predictions_sha256"][:10],
        }
        for engine in NAMES:
            name, entry = "plain" if engine == "scripts" else engine, self._engines.get(engine, {})
            for kind in ("seconds", "start_seconds", "work_seconds"):
                found[f"{name}_{kind}"] = f"{entry[kind]:.1f}" if entry else _NO_VALUE
        try:
            return {**measured.read(ROOT).nested(self.lang), **found}
        except measured.MeasuredError as error:
            raise MaterialError(str(error)) from None

    def _whole(self, number: int) -> str:
        return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}" if self.lang == "ru" else ",")

    @property
    def _months(self) -> dict[str, str]:
        return split(self._given["train_months"], self._given["test_months"])

    # --- tables ---

    def table(self, name: str) -> str:
        """A table as Markdown, or a line that says why there is none; MaterialError for an unknown name."""
        tables = {"comparison": self._comparison, "metrics": self._candidates, "bench": self._measured}
        if name not in tables:
            raise MaterialError(f"there is no table {name!r}; there are {', '.join(tables)}")
        return tables[name]()

    def _comparison(self) -> str:
        frame = table(self._results).reset_index()
        frame["predictions"] = [f"`{digest}`" for digest in frame["predictions"]]
        return _markdown(list(frame.columns), frame.values.tolist(), left=(0, list(frame.columns).index("predictions")))

    def _candidates(self) -> str:
        candidates = self._metrics["candidates"]
        columns = list(next(iter(candidates.values())))
        rows = [[f"`{name}`", *(f"{metrics[column]:.4f}" for column in columns)] for name, metrics in candidates.items()]
        return _markdown([_WORDS[self.lang]["candidate"], *(column.replace("_", " ") for column in columns)], rows)

    def _measured(self) -> str:
        if not self._bench.exists():
            return _WORDS[self.lang]["bench"]
        measured = json.loads(self._bench.read_text(encoding="utf-8"))["engines"]
        engines = in_order(measured, NAMES)
        words = _WORDS[self.lang]
        rows = [
            [words[situation], *(f"{engine['situations'][situation]['seconds']:.1f}" for engine in engines.values())]
            for situation in SITUATIONS
        ]
        return _markdown([words["situation"], *engines], rows)

    # --- figures ---

    @property
    def _figures(self) -> dict[str, Callable[[], Figure]]:
        found: dict[str, Callable[[], Figure]] = {
            "graph": lambda: figures.graph(self._months, sorted(self._metrics["candidates"]), width=7.6, font=10.5),
            "overhead": lambda: figures.overhead_bars(self._engines, width=7, lang=self.lang),
            **{f"gantt-{engine}": partial(self._gantt, engine) for engine in NAMES},
            **{kind: partial(self._curve, kind) for kind in ("roc", "calibration")},
        }
        return found | {name: partial(drawing, self.lang) for name, drawing in DRAWINGS.items()}

    def figure(self, name: str) -> str:
        """A figure as an SVG element in the page's colours; MaterialError, whose text may be shown, if there is none."""
        if name not in self._figures:
            raise MaterialError(f"there is no figure {name!r}; there are {', '.join(self._figures)}")
        with _slide_font():
            return _of_the_page(figures.svg(self._figures[name](), transparent=True), name)

    def missing(self, name: str) -> str:
        """What to show in the place of a figure that this run cannot have: "" if it has it."""
        engine = name.removeprefix("gantt-")
        return _WORDS[self.lang]["engine"].format(engine) if engine in NAMES and engine not in self._engines else ""

    def _gantt(self, engine: str) -> Figure:
        entry, records = self._stored(engine)
        return figures.gantt(records, start=entry["started"], seconds=entry["seconds"], labels=9.5, lang=self.lang)

    def _curve(self, kind: str) -> Figure:
        plots = self.run_dir / "results" / next(iter(self._engines)) / "plots"
        return figures.curves_of(plots, height=3.1, lang=self.lang)[kind]

    def _stored(self, engine: str) -> tuple[dict[str, Any], list[Record]]:
        found = stored(self.run_dir, engine)
        if found is None:
            raise MaterialError(f"{self.run_dir}/results/{engine} is gone; run anew: make run")
        return found


def _slide_font() -> AbstractContextManager[None]:
    font_manager.fontManager.addfont(FONT)
    return matplotlib.rc_context({"font.family": [font_manager.FontProperties(fname=FONT).get_name(), "DejaVu Sans"]})


def _of_the_page(svg: str, name: str) -> str:
    """Take colours from the page, give ids that no other figure of the page has, leave out what says who drew it."""
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub("|".join(_OF_THE_PAGE), lambda found: _OF_THE_PAGE[found[0]], svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    return re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{name}-", svg)


def _markdown(head: list[str], rows: list[list[Any]], left: tuple[int, ...] = (0,)) -> str:
    sides = ["left" if number in left else "right" for number in range(len(head))]
    return pd.DataFrame(rows, columns=head).to_markdown(index=False, disable_numparse=True, colalign=sides)
