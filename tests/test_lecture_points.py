"""The table in lessons/README.md: every point of the lecture that lessons teach, and only what is there."""

import re

import pytest

from workshop.builder.tasks import read_exercise
from workshop.places import LESSONS, ROOT
from workshop.quiz.questions import POINTS

NOT_YET = {"G3", "C1", "C3", "Q4", "M1", "M2", "M3", "M4", "P1", "K2"}
ROWS = [
    [cell.strip() for cell in line.strip("|\n ").split("|")]
    for line in (LESSONS / "README.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [A-Z]\d \|", line)
]


def lesson(number: str):
    (folder,) = LESSONS.glob(f"{number}_*")
    return folder


def test_every_point_that_belongs_to_lessons_has_one_row():
    ids = [row[0] for row in ROWS]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(POINTS) - NOT_YET


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_row_is_true(row):
    _, point, sections, tasks, test = row
    assert point
    for section in sections.split("; "):
        number, heading = section.split(": ", 1)
        source = (lesson(number) / "lesson.py").read_text(encoding="utf-8")
        assert re.search(rf"^# (## |# \d\. ){re.escape(heading)}$", source, re.MULTILINE), f"lesson {number} has no {heading!r}"
    for entry in tasks.split("; "):
        number, wanted = entry.split(": ")
        there = {task.number for task in read_exercise(lesson(number) / "exercise.py").tasks}
        assert {int(one) for one in wanted.split(", ")} <= there, f"exercise {number} has tasks {sorted(there)}"
    file, name = test.split("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file} has no {name}"


def test_every_lesson_teaches_a_point():
    named = {section.split(": ")[0] for row in ROWS for section in row[2].split("; ")}
    ours = {"00", "03"}  # the data and the kit; notebooks as stages
    assert named | ours == {folder.name[:2] for folder in LESSONS.glob("[0-9]*")}
