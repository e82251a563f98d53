"""Grade submissions one after the other, and write down what came of them: the table of grades, and a page for each."""

import csv
import re
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from flight_delays import artifacts
from workshop.grading.feedback import page
from workshop.grading.grader import Grade, Grader
from workshop.grading.notebook import Assignment
from workshop.grading.submissions import Job

# where a formula begins in some spreadsheet, in some language
_FORMULA = re.compile(r"(^|[;,|\t\r\n])\s*(?=[=+\-@＝＋－＠])")


def grade_all(grader: Grader, assignments: dict[str, Assignment], jobs: Sequence[Job], table: Path) -> Iterator[Grade]:
    """Grade the jobs; each grade is in `table`, and its feedback beside it, before it is given.

    What cannot be graded is told by a grade's remark. OSError if the table cannot be written.
    """
    table.parent.mkdir(parents=True, exist_ok=True)
    grades: list[Grade] = []
    for job in jobs:
        grade = grader.grade(*job, assignments)
        try:
            write_feedback(table.parent / "feedback", grade)
        except Exception as error:  # points were earned, page or not
            traceback.print_exc()
            grade = grade.failed("no_feedback", error)
        grades.append(grade)
        write_csv(table, grades)
        yield grade


def plain(text: str) -> str:
    """A text that a spreadsheet does not take for a formula: an apostrophe before what begins like one.

    Also after what a spreadsheet may take for the end of a cell, in Russian settings a semicolon.
    """
    return _FORMULA.sub(r"\g<0>'", text)


def write_csv(file: Path, grades: Sequence[Grade]) -> None:
    """Write grades.csv in one step; with a byte order mark, by which spreadsheets know UTF-8."""
    numbers = range(1, max((len(grade.tasks) for grade in grades), default=0) + 1)
    columns = ["student", "lesson", *(f"task_{number}" for number in numbers), "total", "max", "remark"]
    with artifacts.replacing(file) as new, new.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        for grade in grades:
            points = {f"task_{one.task.number}": one.points for one in grade.tasks}
            names = {name: plain(getattr(grade, name)) for name in ("student", "lesson", "remark")}
            writer.writerow({**names, "total": grade.total, "max": grade.max_points, **points})


def write_feedback(folder: Path, grade: Grade) -> None:
    """Write the page of a submission."""
    file = folder / grade.student / f"{grade.lesson}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    # what the code printed may be no text
    file.write_text(page(grade, list(grade.sections), grade.language), encoding="utf-8", errors="backslashreplace")
