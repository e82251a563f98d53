"""Grade submitted exercises.

FOLDER holds a folder for each student, with notebooks named after their lessons: FOLDER/STUDENT/04_dvc.ipynb, or
nbgrader's FOLDER/STUDENT/04_dvc/04_dvc.ipynb. Written are grades.csv and feedback/STUDENT/04_dvc.html. Checks come from
lessons/, whatever the student did to them. Read docs/grading.md for what a submission is kept from doing.
"""

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.places import LANGUAGES, LESSONS, ROOT

if TYPE_CHECKING:
    from workshop.grading.grader import Grade


class WrongUse(Exception):
    """The command line asks for something that there is not."""


def collect(folder: Path) -> dict[str, dict[str, Path]]:
    """The submitted files by student and lesson; WrongUse if the folder has no students."""
    if not folder.is_dir():
        raise WrongUse(f"{folder} is not a folder")
    students = {}
    for student in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        files = {}
        for entry in sorted(student.iterdir()):
            inner = entry / f"{entry.name}.ipynb"
            if entry.suffix == ".ipynb":
                files[entry.stem] = entry
            elif entry.is_dir() and (inner.exists() or inner.is_symlink()):
                files.setdefault(entry.name, inner)
        students[student.name] = files
    if not students:
        raise WrongUse(f"{folder} has no folders of students: FOLDER/STUDENT/04_dvc.ipynb")
    return students


def jobs(students: dict[str, dict[str, Path]], known: set[str], wanted: list[str]) -> list[tuple[str, str, Path | None]]:
    """(student, lesson, file): every student has every lesson that is wanted, or else that anybody submitted."""
    if unknown := sorted(set(wanted) - known):
        raise WrongUse(f"no such lesson: {', '.join(unknown)}; there are {', '.join(sorted(known)) or 'none'}")
    expected = set(wanted) or {lesson for files in students.values() for lesson in files} & known
    listed = []
    for student, files in students.items():
        lessons = expected if wanted else expected | set(files)  # a file of an unknown name gets its remark too
        listed += [(student, lesson, files.get(lesson)) for lesson in sorted(lessons)]
    return listed


def write_csv(file: Path, grades: "list[Grade]") -> None:
    """Write grades.csv in one step; with a byte order mark, by which spreadsheets know UTF-8."""
    numbers = range(1, max((len(grade.tasks) for grade in grades), default=0) + 1)
    columns = ["student", "lesson", *(f"task_{number}" for number in numbers), "total", "max", "remark"]
    with tempfile.NamedTemporaryFile(
        "w", dir=file.parent, prefix=".grades-", suffix=".csv", delete=False, encoding="utf-8-sig", newline=""
    ) as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        for grade in grades:
            points = {f"task_{one.task.number}": one.points for one in grade.tasks}
            whole = {"total": grade.total, "max": grade.max_points, "remark": grade.remark}
            writer.writerow({"student": grade.student, "lesson": grade.lesson, **points, **whole})
    partial = Path(stream.name)
    partial.chmod(0o644)
    partial.replace(file)


def write_feedback(folder: Path, grade: "Grade") -> Path:
    """Write the page of a submission and give its file."""
    from workshop.grading.feedback import page

    file = folder / grade.student / f"{grade.lesson}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(grade, list(grade.sections), grade.language), encoding="utf-8")
    return file


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
    """Grade; 0 when all were graded, however they did, 1 if a lesson's source is wrong, 2 for wrong use."""
    from workshop.grading import jail
    from workshop.grading.grader import Grader
    from workshop.grading.supervise import Limits
    from workshop.lesson_source import BuildError

    folder = options.folder.resolve()
    out = (options.out or folder.with_name(f"{folder.name}-graded")).resolve()
    with tempfile.TemporaryDirectory(prefix="grade-") as empty:
        namespaces = jail.available(Path(empty))
    if not namespaces:
        print(
            "This system cannot cut submissions off from network and files; limits of time and memory remain.", file=sys.stderr
        )
    limits = Limits(options.cell_seconds, options.seconds, options.memory, namespaces=namespaces)
    # neither other submissions nor solutions are for a submission to read
    lessons = options.lessons.resolve()
    hide = (folder, out, lessons, *(ROOT / name for name in ("lessons", "solutions", "tests", ".git")))
    grader = Grader(lessons, limits, options.language, hide)
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
    out.mkdir(parents=True, exist_ok=True)
    grades = []
    for number, (student, lesson, file) in enumerate(todo, start=1):
        start = time.perf_counter()
        grade = grader.grade(student, lesson, file, assignments)
        write_feedback(out / "feedback", grade)
        grades.append(grade)
        seconds = time.perf_counter() - start
        line = f"[{number}/{len(todo)}] {student} {lesson}: {grade.total}/{grade.max_points} in {seconds:.0f} s {grade.remark}"
        print(line.rstrip(), flush=True)
    write_csv(out / "grades.csv", grades)
    print(f"Grades: {out / 'grades.csv'}\nFeedback: {out / 'feedback'}")
    return 0
