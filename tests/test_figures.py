"""The pictures of the kit."""

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from workshop import figures
from workshop.sandbox import Record

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
