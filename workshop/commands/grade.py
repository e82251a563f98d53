"""Grade submitted exercises.

FOLDER holds a folder or a zip for each student, with the notebooks of exercises anywhere in it: FOLDER/STUDENT/04_dvc.ipynb,
FOLDER/STUDENT/en/04_dvc.ipynb, FOLDER/STUDENT.zip. Written are grades.csv and feedback/STUDENT/04_dvc.html. A second run
goes on where the first stopped, and does only what has changed. Checks come from lessons/, whatever the student did to
them. Read docs/grading.md for what a submission is kept from doing.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.commands import Commands, whole
from workshop.places import LANGUAGES, LESSONS

if TYPE_CHECKING:
    from workshop.grading.gradebook import Result


def add_parser(commands: Commands) -> None:
    """Describe `grade` to the command line."""
    parser = commands.add_parser(
        "grade",
        help="grade submitted exercises",
        description=__doc__,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the submissions")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (default: FOLDER-graded beside it)")
    parser.add_argument(
        "--lesson", action="append", default=[], metavar="NN_name", help="grade this lesson only; may be repeated"
    )
    parser.add_argument("--jobs", type=whole(1), default=1, metavar="N", help="notebooks at once (default: %(default)s)")
    parser.add_argument("--again", action="store_true", help="grade also what was graded before and has not changed")
    parser.add_argument(
        "--language", choices=LANGUAGES, default="ru", help="of remarks where a notebook's own is unknown (default: ru)"
    )
    parser.add_argument(
        "--seed",
        type=whole(0),
        metavar="N",
        help="of the inputs that checks make (default: drawn once, and kept in the folder)",
    )
    parser.add_argument("--lessons", type=Path, default=LESSONS, metavar="FOLDER", help="another folder of lessons")
    limits = parser.add_argument_group("what a submission may take")
    for option, least, default, unit, what in (
        ("--cell-seconds", 1, 120, "SECONDS", "time of a cell"),
        ("--seconds", 1, 900, "SECONDS", "time of a notebook"),
        ("--memory", 200, 3000, "MB", "memory of a notebook, in megabytes"),
        ("--disk", 1, 1000, "MB", "disk of a notebook, in megabytes"),
        ("--processes", 1, None, "N", "processes of a notebook with their threads"),
    ):
        told = "by the number of cores" if default is None else default
        limits.add_argument(option, type=whole(least), default=default, metavar=unit, help=f"{what} (default: {told})")
    parser.set_defaults(main=main, home=os.environ.get("HOME"))  # the user's: what a command sees is the kit's own


def main(options: argparse.Namespace) -> int:
    """Grade; 0 when all were graded, however they did, 1 if a lesson's source is wrong or files cannot be written,
    2 for wrong use, 3 if some could not be graded, as their remarks tell, 130 when interrupted.
    """
    from workshop.grading.limited import serving

    with serving():
        return _grade(options)


def _grade(options: argparse.Namespace) -> int:
    from workshop.builder.format import BuildError
    from workshop.grading import jail
    from workshop.grading.gradebook import InUse, grade_all, opened, seed_of
    from workshop.grading.grader import Grader
    from workshop.grading.submissions import WrongUse, collect, jobs
    from workshop.grading.supervise import Limits, NoRoom

    folder = options.folder.resolve()
    out = (options.out or Path(f"{folder}-graded")).resolve()
    lessons = options.lessons.resolve()
    with tempfile.TemporaryDirectory(prefix="isolation-") as empty:
        isolation = jail.available(Path(empty))
    if isolation == jail.OPEN:
        print(
            "This system cannot cut submissions off from network and files; limits of time and memory remain.\n"
            "On Linux, installing bubblewrap may help: make doctor.",
            file=sys.stderr,
        )
    limits = Limits(
        cell_seconds=options.cell_seconds,
        seconds=options.seconds,
        memory_mb=options.memory,
        disk_mb=options.disk,
        processes=options.processes or Limits.processes,
        isolation=isolation,
        hidden=(folder, out, lessons, *([Path(options.home)] if options.home else [])),
    )
    grader = Grader(lessons, limits, options.language)
    try:
        if out == folder or (folder in out.parents and out.parent != folder):
            raise WrongUse(f"--out {out}: a folder there would be taken for a student's")
        assignments = grader.assignments()
        collected = collect(folder, assignments, leave_out=(out,))
        todo = jobs(collected.students, set(assignments), options.lesson)
        if not todo:
            raise WrongUse(f"{folder} has no notebook of a lesson, such as STUDENT/04_dvc.ipynb")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except WrongUse as error:
        print(error, file=sys.stderr)
        return 2
    table, broken = out / "grades.csv", [f"{name} (put it into a folder of its student)" for name in collected.loose]
    count = Count(len(todo))
    try:
        with opened(table) as book, count.shown():
            if book.set_aside:
                count.say(f"{table} was changed since it was written. As it was: {book.set_aside}. Rows kept: {book.by_hand}.")
            seed = seed_of(table) if options.seed is None else options.seed
            results = grade_all(
                replace(grader, seed=seed),
                assignments,
                todo,
                book,
                at_once=options.jobs,
                again=options.again,
                at_work=count.at_work,
            )
            for result in results:
                count.done(result)
                broken += [f"{result.student} {result.lesson}"] if result.broken else []
    except NoRoom as error:
        print(f"{error}. Is the disk full? TMPDIR names another one.", file=sys.stderr)
        return 1
    except InUse:
        print(f"Another run is grading into {out}.", file=sys.stderr)
        return 1
    except OSError as error:
        place = error.filename or table
        print(f"{place}: {error.strerror}. {count.number} of {len(todo)} were graded before.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted. {count.number} of {len(todo)} were graded: {table}. The same command goes on.", file=sys.stderr)
        return 130
    if count.kept:
        print(f"Unchanged since they were graded: {count.kept} of {len(todo)}. To grade them anew: --again")
    print(f"Grades: {table}\nFeedback: {out / 'feedback'}")
    if broken:
        print(f"Look at the remarks of what could not be graded: {', '.join(broken)}", file=sys.stderr)
        return 3
    return 0


class Count:
    """What is told while a class is graded: a line for each notebook, and on a terminal what is at work and for how long."""

    def __init__(self, total: int):
        self.total, self.number, self.kept = total, 0, 0
        self._at_work: dict[str, None] = {}
        self._start = time.monotonic()

    def at_work(self, name: str, begins: bool) -> None:
        """A notebook is begun or done with."""
        if begins:
            self._at_work[name] = None
        else:
            self._at_work.pop(name, None)

    def done(self, result: "Result") -> None:
        """A notebook is graded."""
        self.number += 1
        if result.kept:
            self.kept += 1
            return
        row = result.row
        graded, left = self.number - self.kept, self.total - self.number
        minutes = (time.monotonic() - self._start) / graded * left / 60
        rest = f", about {minutes:.0f} min left" if minutes >= 1 else ""
        points = f"{row['total']}/{row['max']} in {result.seconds:.0f} s{rest}"
        self.say(f"[{self.number}/{self.total}] {result.student} {result.lesson}: {points} {row['remark']}".rstrip())

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        if sys.stderr.isatty():
            from tqdm import tqdm

            tqdm.write(line)
        else:
            print(line, flush=True)

    def shown(self) -> "AbstractContextManager[None]":
        """A bar, if somebody watches."""
        from workshop.ground.progress import progress

        if not sys.stderr.isatty():
            return nullcontext()
        return progress("Grading", self.total, lambda: (self.number, " ".join(list(self._at_work)[:1])))
