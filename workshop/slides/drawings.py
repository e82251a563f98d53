"""Drawn diagrams of the slides: boxes at places, joined by arrows; what stands in a box is in drawings.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from matplotlib.figure import Figure

from workshop.ground.boxes import Arrow, Box, Look
from workshop.ground.boxes import draw as draw_boxes
from workshop.ground.colours import STAGES as COLOURS
from workshop.ground.colours import VERMILION as _STOP
from workshop.ground.texts import by_language

_TEXTS = by_language(Path(__file__).with_suffix(".yaml"))
_LOOK = Look(font=12, border=2.4, line=1.8, head=16, corner=0.12, gap=0.05, spacing=1.15)
_INCH = 0.72  # a unit of x or y


def draw(name: str, boxes: Mapping[str, Box], arrows: Sequence[Arrow], lang: str) -> Figure:
    """The boxes and arrows of a drawing as a figure, with its words in the boxes."""
    boxes = {key: replace(box, text=_TEXTS[lang][f"{name} {key}"]) for key, box in boxes.items()}
    left = min(box.x - box.width / 2 for box in boxes.values()) - 0.1
    right = max(box.x + box.width / 2 for box in boxes.values()) + 0.1
    top = min(box.y for box in boxes.values()) - 0.6
    bottom = max(box.y for box in boxes.values()) + 0.6
    figure = Figure(figsize=(_INCH * (right - left), _INCH * (bottom - top)))
    axes = figure.add_axes((0, 0, 1, 1))
    draw_boxes(axes, boxes, arrows, _LOOK)
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
