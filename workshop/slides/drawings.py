"""Drawn diagrams of the slides: boxes at places, joined by arrows; what stands in a box is in drawings.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from workshop.figures import COLOURS, PAPER
from workshop.ground.texts import by_language

_TEXTS = by_language(Path(__file__).with_suffix(".yaml"))
_LINE = "#777777"
_STOP = "#D55E00"
_PLAIN = "#888888"
_FONT = 12
_HEIGHT = 0.8
_INCH = 0.72  # a unit of x or y


@dataclass(frozen=True)
class Box:
    """A box in the middle of (x, y)."""

    x: float
    y: float
    colour: str = _PLAIN
    width: float = 1.7
    dashed: bool = False


@dataclass(frozen=True)
class Arrow:
    """From box to box, between the sides that face each other."""

    start: str
    end: str
    colour: str = _LINE
    dashed: bool = False


def _edge(box: Box, towards: Box) -> tuple[float, float]:
    """Where the line between two boxes' middles leaves the first."""
    dx, dy = towards.x - box.x, towards.y - box.y
    if abs(dx) * _HEIGHT >= abs(dy) * box.width:
        return box.x + (box.width / 2 + 0.05) * (1 if dx > 0 else -1), box.y
    return box.x, box.y + (_HEIGHT / 2 + 0.05) * (1 if dy > 0 else -1)


def _arrow(arrow: Arrow, boxes: Mapping[str, Box]) -> FancyArrowPatch:
    a, b = boxes[arrow.start], boxes[arrow.end]
    patch = FancyArrowPatch(_edge(a, b), _edge(b, a), arrowstyle="-|>", shrinkA=0, shrinkB=0)
    patch.set(mutation_scale=16, color=arrow.colour, linewidth=1.8, linestyle="--" if arrow.dashed else "-")
    return patch


def draw(name: str, boxes: Mapping[str, Box], arrows: Sequence[Arrow], lang: str) -> Figure:
    """The boxes and arrows of a drawing as a figure; y grows downwards."""
    left = min(box.x - box.width / 2 for box in boxes.values()) - 0.1
    right = max(box.x + box.width / 2 for box in boxes.values()) + 0.1
    top = min(box.y for box in boxes.values()) - 0.6
    bottom = max(box.y for box in boxes.values()) + 0.6
    with matplotlib.rc_context({"font.size": _FONT}):
        figure = Figure(figsize=(_INCH * (right - left), _INCH * (bottom - top)))
        axes = figure.add_axes((0, 0, 1, 1))
        for arrow in arrows:
            axes.add_patch(_arrow(arrow, boxes))
        for key, box in boxes.items():
            corner = (box.x - box.width / 2, box.y - _HEIGHT / 2)
            patch = FancyBboxPatch(corner, box.width, _HEIGHT, boxstyle="round,pad=0,rounding_size=0.12", facecolor=PAPER)
            patch.set(edgecolor=box.colour, linewidth=2.4, linestyle="--" if box.dashed else "-")
            axes.add_patch(patch)
            axes.text(box.x, box.y, _TEXTS[lang][f"{name} {key}"], ha="center", va="center", linespacing=1.15)
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.set_axis_off()
        return figure


def stages(lang: str) -> Figure:
    """The base stages, by name and in words, and monitoring, which leads back to the data."""
    boxes = {}
    for number, (stage, colour) in enumerate(COLOURS.items()):
        row, column = divmod(number, 4)
        place = column if row == 0 else 3 - column  # the second row runs back
        boxes[stage] = Box(place * 2.1, row * 1.7, colour)
    boxes["monitoring"] = Box(0, 1.7, dashed=True)
    chain = list(boxes)
    arrows = [Arrow(a, b) for a, b in pairwise(chain)]
    return draw("stages", boxes, [*arrows, Arrow("monitoring", "ingest", dashed=True)], lang)


def etl_ml(lang: str) -> Figure:
    """What goes in and comes out: ETL in the upper row, ML in the lower ones."""
    boxes = {
        "source": Box(0, 0, COLOURS["ingest"]),
        "transform": Box(3.1, 0, COLOURS["prepare"]),
        "store": Box(6.2, 0, COLOURS["validate"]),
        "data": Box(0, 1.5, COLOURS["ingest"]),
        "code": Box(0, 2.5, COLOURS["ingest"]),
        "parameters": Box(0, 3.5, COLOURS["ingest"]),
        "training": Box(3.1, 2.5, COLOURS["train"]),
        "features": Box(6.2, 1.5, COLOURS["validate"]),
        "model": Box(6.2, 2.5, COLOURS["validate"]),
        "metrics": Box(6.2, 3.5, COLOURS["validate"]),
    }
    arrows = [
        *(Arrow(a, b) for a, b in [("source", "transform"), ("transform", "store")]),
        *(Arrow(name, "training") for name in ("data", "code", "parameters")),
        *(Arrow("training", name) for name in ("features", "model", "metrics")),
    ]
    return draw("etl-ml", boxes, arrows, lang)


def ci_cd(lang: str) -> Figure:
    """From push to production, with the checkpoints at which it can stop."""
    boxes = {
        "push": Box(0, 0, COLOURS["ingest"], 1.3),
        "build": Box(1.9, 0, COLOURS["prepare"], 1.4),
        "test": Box(3.9, 0, COLOURS["validate"], 1.4),
        "pipeline": Box(6.0, 0, COLOURS["train"], 1.6),
        "gate": Box(8.1, 0, COLOURS["gate"], 1.4),
        "deploy": Box(10.1, 0, COLOURS["validate"], 1.5),
        "stop": Box(6.0, 1.7, _STOP, 4.6),
        "back": Box(10.1, 1.7, _STOP, 1.5),
    }
    chain = ["push", "build", "test", "pipeline", "gate", "deploy"]
    arrows = [Arrow(a, b) for a, b in pairwise(chain)]
    stops = [Arrow(name, "stop", colour=_STOP, dashed=True) for name in ("test", "pipeline", "gate")]
    return draw("ci-cd", boxes, [*arrows, *stops, Arrow("deploy", "back", colour=_STOP, dashed=True)], lang)


def retraining(lang: str) -> Figure:
    """The loop: what is in production is watched, and three causes start the pipeline again."""
    boxes = {
        "production": Box(0, 0, COLOURS["validate"], 1.8),
        "watch": Box(0, 2.4, COLOURS["evaluate"], 1.8),
        "schedule": Box(3.1, 1.4, COLOURS["ingest"], 2.1),
        "drift": Box(3.1, 2.4, COLOURS["ingest"], 2.1),
        "alert": Box(3.1, 3.4, COLOURS["ingest"], 2.1),
        "pipeline": Box(6.3, 2.4, COLOURS["train"], 1.8),
        "gate": Box(6.3, 0, COLOURS["gate"], 1.8),
        "register": Box(3.1, 0, COLOURS["register"], 2.1),
        "mail": Box(8.9, 0, _STOP, 1.8),
    }
    arrows = [
        Arrow("production", "watch"),
        Arrow("watch", "drift"),
        Arrow("watch", "alert"),
        *(Arrow(name, "pipeline") for name in ("schedule", "drift", "alert")),
        Arrow("pipeline", "gate"),
        Arrow("gate", "register"),
        Arrow("register", "production"),
        Arrow("gate", "mail", colour=_STOP, dashed=True),
    ]
    return draw("retraining", boxes, arrows, lang)


DRAWINGS = {"stages": stages, "etl-ml": etl_ml, "ci-cd": ci_cd, "retraining": retraining}
