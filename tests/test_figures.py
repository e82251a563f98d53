"""The pictures of the kit."""

import re
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from workshop import figures
from workshop.bench.report import write_chart
from workshop.ground import colours
from workshop.ground.boxes import Arrow, Box, Look, draw
from workshop.ground.records import Record

RECORDS = [
    Record("ingest", "2013-01", 10.0, 12.0, "done", 1, 0),
    Record("train", "boosting", 12.5, 15.0, "failed", 1, 0),
]
ENGINES = {"scripts": {"start_seconds": 0, "seconds": 12, "work_seconds": 9}}
PICTURES = {
    "gantt": lambda: figures.gantt(RECORDS, "a run", seconds=8),
    "graph": lambda: figures.graph({"2013-01": "train", "2013-02": "test"}, ["boosting", "logistic"]),
    "bars": lambda: figures.overhead_bars(ENGINES),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_notebook_shows_a_picture(name):
    shown, _ = InteractiveShell.instance().display_formatter.format(PICTURES[name]())
    assert shown["image/png"]


def test_gantt_begins_with_the_first_record_and_marks_failures():
    axes = PICTURES["gantt"]().axes[0]
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(0.0, 2.0), (2.5, 2.5)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ingest 2013-01", "train boosting"]
    assert [text.get_text().strip() for text in axes.texts] == ["failed"]
    assert axes.get_xlim()[1] == 8


def test_bars_add_up_to_the_whole_time():
    axes = PICTURES["bars"]().axes[0]
    assert sum(bar.get_width() for bar in axes.patches) == 12


def test_svg_is_the_same_each_time_and_has_no_outside_address():
    first, second = (figures.svg(PICTURES["graph"]()) for _ in range(2))
    assert first == second
    assert re.findall(r'(?:xlink:)?href="(?!#)([^"]+)"', first) == []


@pytest.mark.parametrize("number", [1, 5, 7])
def test_every_candidate_has_its_curve(number):
    points = pd.DataFrame({"false_positive_rate": [0.0, 1.0], "true_positive_rate": [0.0, 1.0], "candidate": "x"})
    names = [f"candidate {n}" for n in range(number)]
    axes = figures.curve(dict.fromkeys(names, points), "ROC", diagonal=False).axes[0]
    assert [line.get_label() for line in axes.lines] == names
    assert len({line.get_color() for line in axes.lines}) == min(number, len(colours.CURVES))


def test_the_chart_of_the_bench_has_every_engine(tmp_path):
    names = [f"engine {n}" for n in range(8)]
    write_chart({"engines": {name: {"situations": {"cold": {"seconds": 1}}} for name in names}}, tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text().count("<!-- engine ") == 8


def test_graph_has_a_box_for_each_piece_of_work_and_an_arrow_for_each_edge():
    axes = PICTURES["graph"]().axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    names = [text.get_text().replace("\n", " ") for text in axes.texts[: len(boxes)]]
    months = [f"{stage} {month}" for month in ("2013-01", "2013-02") for stage in ("ingest", "validate", "prepare")]
    assert names == [*months, "train boosting", "train logistic", "evaluate", "gate", "register"]
    assert [to_hex(box.get_edgecolor()).upper() for box in boxes] == [figures.COLOURS[name.split()[0]] for name in names]
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 4 + 2 + 1 + 2 + 2
    assert [text.get_text() for text in axes.texts[len(boxes) :]] == ["train", "test"]


LOOK = Look(font=10, border=1, line=1, head=10, corner=0.1, gap=0.1)
AT = {"middle": (0, 0), "right": (5, 1), "left": (-5, 1), "above": (1, -5), "below": (1, 5)}


@pytest.mark.parametrize(
    ("other", "start", "end"),
    [
        ("right", (1.1, 0), (3.9, 1)),
        ("left", (-1.1, 0), (-3.9, 1)),
        ("above", (0, -0.6), (1, -4.4)),
        ("below", (0, 0.6), (1, 4.4)),
    ],
)
def test_an_arrow_joins_the_sides_that_face_each_other(other, start, end):
    assert drawn(Arrow("middle", other)) == (pytest.approx(start), pytest.approx(end))


def test_an_arrow_joins_the_sides_that_are_named():
    assert drawn(Arrow("middle", "below", sides=("right", "left"))) == (pytest.approx((1.1, 0)), pytest.approx((-0.1, 5)))


def drawn(arrow):
    """Where an arrow between boxes of 2 by 1 begins and ends."""
    axes = Figure().subplots()
    draw(axes, {name: Box(x, y, width=2, height=1) for name, (x, y) in AT.items()}, [arrow], LOOK)
    return tuple(axes.patches[0]._posA_posB)


def test_colours_of_pictures_are_said_once():
    palette = {value for value in vars(colours).values() if isinstance(value, str) and re.fullmatch("#[0-9A-F]{6}", value)}
    assert len(palette) > 8
    code = {file.name: file.read_text(encoding="utf-8").upper() for file in Path(figures.__file__).parent.rglob("*.py")}
    elsewhere = {name for name, text in code.items() if any(value in text for value in palette)}
    assert elsewhere == {"colours.py"}
