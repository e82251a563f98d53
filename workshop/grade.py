"""Grade submitted exercises.

FOLDER holds a folder for each student, with notebooks named after their lessons: FOLDER/STUDENT/04_dvc.ipynb, or
nbgrader's FOLDER/STUDENT/04_dvc/04_dvc.ipynb. Written are grades.csv and feedback/STUDENT/04_dvc.html. Checks come from
lessons/, whatever the student did to them. Read docs/grading.md for what a submission is kept from doing.
"""

import argparse
import csv
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.places import LANGUAGES, LESSONS

if TYPE_CHECKING:
    from workshop.grading.grader import Grade
    from workshop.grading.notebook import Refused

# where a formula begins in some spreadsheet, in some language
_FORMULA = re.compile(r"(^|[;,|\t\r\n])\s*(?=[=+\-@＝＋－＠])")
_MOST_UNKNOWN = 5  # files of a student that no lesson has the name of


class WrongUse(Exception):
    """The command line asks for something that there is not."""


def name_of(path: Path) -> str:
    """The name of a student's file or folder as people read it.

    A name that is not UTF-8 is read as CP866, in which Windows packs Russian names into archives. What a terminal or a
    page would not show but obey is replaced.
    """
    try:
        path.name.encode()
        name = path.name
    except UnicodeEncodeError:
        name = os.fsencode(path.name).decode("cp866")
    return "".join(character if character.isprintable() else "\ufffd" for character in name)


def collect(folder: Path) -> "dict[str, dict[str, Path] | Refused]":
    """The submitted files by student and lesson, or why a student has none; WrongUse if the folder has no students.

    Links are not followed: they may lead to another student's work. They are among the files, to be refused.
    """
    from workshop.grading.notebook import Refused

    if not folder.is_dir():
        raise WrongUse(f"{folder} is not a folder")
    students: dict[str, dict[str, Path] | Refused] = {}
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        try:
            if path.is_symlink():
                found = Refused("link")
            elif path.is_dir():
                found = _files(path)
            else:
                continue
        except OSError as error:
            found = Refused("unreadable", reason=error.strerror)
        student = name_of(path)
        if student in students:  # as may happen to names that people cannot read
            student = next(name for number in count(2) if (name := f"{student} ({number})") not in students)
        students[student] = found
    if not students:
        raise WrongUse(f"{folder} has no folders of students: FOLDER/STUDENT/04_dvc.ipynb")
    return students


def _files(student: Path) -> dict[str, Path]:
    files = {}
    for entry in sorted(student.iterdir()):
        name, inner = name_of(entry), entry / f"{entry.name}.ipynb"
        if entry.suffix == ".ipynb":
            files[name.removesuffix(".ipynb")] = entry
        elif entry.is_symlink():
            files.setdefault(name, entry)
        elif entry.is_dir() and (inner.exists() or inner.is_symlink()):
            files.setdefault(name, inner)
    return files


def jobs(
    students: "dict[str, dict[str, Path] | Refused]", known: set[str], wanted: list[str]
) -> "list[tuple[str, str, Path | Refused]]":
    """(student, lesson, file or why there is none): every student has every lesson that is wanted, or else that anybody
    submitted.
    """
    from workshop.grading.notebook import Refused

    if unknown := sorted(set(wanted) - known):
        raise WrongUse(f"no such lesson: {', '.join(unknown)}; there are {', '.join(sorted(known)) or 'none'}")
    submitted = {lesson for files in students.values() if isinstance(files, dict) for lesson in files}
    expected = set(wanted) or submitted & known
    listed: list[tuple[str, str, Path | Refused]] = []
    for student, files in students.items():
        if isinstance(files, Refused):
            listed += [(student, lesson, files) for lesson in sorted(expected)]
            continue
        unknown = [] if wanted else sorted(set(files) - known)  # they get their remarks too, but not thousands of them
        if len(unknown) > _MOST_UNKNOWN:
            unknown = [*unknown[:_MOST_UNKNOWN], f"{unknown[_MOST_UNKNOWN]} (+{len(unknown) - _MOST_UNKNOWN - 1})"]
        listed += [(student, lesson, files.get(lesson, Refused("missing"))) for lesson in [*sorted(expected), *unknown]]
    return listed


def plain(text: str) -> str:
    """A text that a spreadsheet does not take for a formula: an apostrophe before what begins like one.

    Also after what a spreadsheet may take for the end of a cell, in Russian settings a semicolon.
    """
    return _FORMULA.sub(r"\g<0>'", text)


def write_csv(file: Path, grades: "list[Grade]") -> None:
    """Write grades.csv in one step; with a byte order mark, by which spreadsheets know UTF-8."""
    numbers = range(1, max((len(grade.tasks) for grade in grades), default=0) + 1)
    columns = ["student", "lesson", *(f"task_{number}" for number in numbers), "total", "max", "remark"]
    partial = file.with_name(f".{file.name}.partial")
    try:
        with partial.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, columns, restval="")
            writer.writeheader()
            for grade in grades:
                points = {f"task_{one.task.number}": one.points for one in grade.tasks}
                names = {name: plain(getattr(grade, name)) for name in ("student", "lesson", "remark")}
                writer.writerow({**names, "total": grade.total, "max": grade.max_points, **points})
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def write_feedback(folder: Path, grade: "Grade") -> None:
    """Write the page of a submission."""
    from workshop.grading.feedback import page

    file = folder / grade.student / f"{grade.lesson}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    # what the code printed may be no text
    file.write_text(page(grade, list(grade.sections), grade.language), encoding="utf-8", errors="backslashreplace")


def add_parser(commands) -> None:
    """Describe `grade` to the command line."""
    parser = commands.add_parser(
        "grade",
        help="grade submitted exercises",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the submissions")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (default: FOLDER-graded beside it)")
    parser.add_argument(
        "--lesson", action="append", default=[], metavar="NN_name", help="grade this lesson only; may be repeated"
    )
    parser.add_argument("--language", choices=LANGUAGES, default="ru", help="for remarks where a notebook's own is unknown")
    parser.add_argument("--cell-seconds", type=int, default=120, metavar="N", help="time for a cell (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=900, metavar="N", help="time for a notebook (default: %(default)s)")
    parser.add_argument("--memory", type=int, default=3000, metavar="MB", help="memory for a notebook (default: %(default)s)")
    parser.add_argument("--lessons", type=Path, default=LESSONS, metavar="FOLDER", help="another folder of lessons")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Grade; 0 when all were graded, however they did, 1 if a lesson's source is wrong or the grades cannot be written,
    2 for wrong use, 3 if some could not be graded, as their remarks tell, 130 when interrupted.
    """
    from workshop.builder.format import BuildError
    from workshop.grading import jail
    from workshop.grading.grader import Grader
    from workshop.grading.supervise import Limits

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end then as by Ctrl-C: nothing is left at work
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may not know all names
    folder = options.folder.resolve()
    out = (options.out or folder.with_name(f"{folder.name}-graded")).resolve()
    with tempfile.TemporaryDirectory(prefix="grade-") as empty:
        namespaces = jail.available(Path(empty))
    if not namespaces:
        print(
            "This system cannot cut submissions off from network and files; limits of time and memory remain.", file=sys.stderr
        )
    limits = Limits(options.cell_seconds, options.seconds, options.memory, namespaces=namespaces)
    grader = Grader(options.lessons.resolve(), limits, options.language)
    try:
        assignments = grader.assignments()
        todo = jobs(collect(folder), set(assignments), options.lesson)
        if not todo:
            raise WrongUse(f"{folder} has no notebook of a lesson, such as STUDENT/04_dvc.ipynb")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except WrongUse as error:
        print(error, file=sys.stderr)
        return 2
    grades: list = []
    table = out / "grades.csv"
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number, job in enumerate(todo, start=1):
            start = time.perf_counter()
            grade = _graded(grader, assignments, job, out / "feedback")
            write_csv(table, [*grades, grade])
            grades.append(grade)
            seconds = f"{time.perf_counter() - start:.0f} s"
            points = f"{grade.total}/{grade.max_points}"
            line = f"[{number}/{len(todo)}] {grade.student} {grade.lesson}: {points} in {seconds} {grade.remark}"
            print(line.rstrip(), flush=True)
    except OSError as error:
        print(f"{table} cannot be written: {error.strerror}. {len(grades)} of {len(todo)} were graded before.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted. {len(grades)} of {len(todo)} were graded: {table}", file=sys.stderr)
        return 130
    print(f"Grades: {table}\nFeedback: {out / 'feedback'}")
    if broken := [f"{grade.student} {grade.lesson}" for grade in grades if grade.broken]:
        print(f"Look at the remarks of what could not be graded: {', '.join(broken)}", file=sys.stderr)
        return 3
    return 0


def _graded(grader, assignments, job: "tuple[str, str, Path | Refused]", feedback: Path) -> "Grade":
    """Grade a job and write its feedback; what cannot be done is told by the grade's remark."""
    grade = grader.grade(*job, assignments)
    try:
        write_feedback(feedback, grade)
    except Exception as error:  # points were earned, page or not
        traceback.print_exc()
        return grade.failed("no_feedback", error)
    return grade
