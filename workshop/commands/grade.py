"""Grade submitted exercises.

FOLDER holds a folder for each student, with notebooks named after their lessons: FOLDER/STUDENT/04_dvc.ipynb, or
nbgrader's FOLDER/STUDENT/04_dvc/04_dvc.ipynb. Written are grades.csv and feedback/STUDENT/04_dvc.html. Checks come from
lessons/, whatever the student did to them. Read docs/grading.md for what a submission is kept from doing.
"""

import argparse
import io
import signal
import sys
import tempfile
import time
from pathlib import Path

from workshop.commands import Commands, whole
from workshop.places import LANGUAGES, LESSONS


def add_parser(commands: Commands) -> None:
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
    parser.add_argument("--cell-seconds", type=whole(1), default=120, metavar="N", help="for a cell (default: %(default)s)")
    parser.add_argument("--seconds", type=whole(1), default=900, metavar="N", help="for a notebook (default: %(default)s)")
    parser.add_argument("--memory", type=whole(200), default=3000, metavar="MB", help="for a notebook (default: %(default)s)")
    parser.add_argument("--lessons", type=Path, default=LESSONS, metavar="FOLDER", help="another folder of lessons")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Grade; 0 when all were graded, however they did, 1 if a lesson's source is wrong or the grades cannot be written,
    2 for wrong use, 3 if some could not be graded, as their remarks tell, 130 when interrupted.
    """
    from workshop.builder.format import BuildError
    from workshop.grading import jail
    from workshop.grading.gradebook import grade_all
    from workshop.grading.grader import Grader
    from workshop.grading.submissions import WrongUse, collect, jobs
    from workshop.grading.supervise import Limits

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end then as by Ctrl-C: nothing is left at work
    if isinstance(sys.stdout, io.TextIOWrapper):
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
    table, number, broken = out / "grades.csv", 0, []
    start = time.perf_counter()
    try:
        for number, grade in enumerate(grade_all(grader, assignments, todo, table), start=1):
            points = f"{grade.total}/{grade.max_points} in {time.perf_counter() - start:.0f} s"
            print(f"[{number}/{len(todo)}] {grade.student} {grade.lesson}: {points} {grade.remark}".rstrip(), flush=True)
            broken += [f"{grade.student} {grade.lesson}"] if grade.broken else []
            start = time.perf_counter()
    except OSError as error:
        print(f"{table} cannot be written: {error.strerror}. {number} of {len(todo)} were graded before.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted. {number} of {len(todo)} were graded: {table}", file=sys.stderr)
        return 130
    print(f"Grades: {table}\nFeedback: {out / 'feedback'}")
    if broken:
        print(f"Look at the remarks of what could not be graded: {', '.join(broken)}", file=sys.stderr)
        return 3
    return 0
