"""What was submitted: a folder for each student, in it notebooks named after their lessons; who has what."""

import os
from itertools import count
from pathlib import Path

from workshop.grading.notebook import Refused

# student, lesson, and the file or why there is none
Job = tuple[str, str, Path | Refused]

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


def collect(folder: Path) -> dict[str, dict[str, Path] | Refused]:
    """The submitted files by student and lesson, or why a student has none; WrongUse if the folder has no students.

    Links are not followed: they may lead to another student's work. They are among the files, to be refused.
    """
    if not folder.is_dir():
        raise WrongUse(f"{folder} is not a folder")
    students: dict[str, dict[str, Path] | Refused] = {}
    found: dict[str, Path] | Refused
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


def jobs(students: dict[str, dict[str, Path] | Refused], known: set[str], wanted: list[str]) -> list[Job]:
    """(student, lesson, file or why there is none): every student has every lesson that is wanted, or else that anybody
    submitted.
    """
    if unknown := sorted(set(wanted) - known):
        raise WrongUse(f"no such lesson: {', '.join(unknown)}; there are {', '.join(sorted(known)) or 'none'}")
    submitted = {lesson for files in students.values() if isinstance(files, dict) for lesson in files}
    expected = set(wanted) or submitted & known
    listed: list[Job] = []
    for student, files in students.items():
        if isinstance(files, Refused):
            listed += [(student, lesson, files) for lesson in sorted(expected)]
            continue
        unknown = [] if wanted else sorted(set(files) - known)  # they get their remarks too, but not thousands of them
        if len(unknown) > _MOST_UNKNOWN:
            unknown = [*unknown[:_MOST_UNKNOWN], f"{unknown[_MOST_UNKNOWN]} (+{len(unknown) - _MOST_UNKNOWN - 1})"]
        listed += [(student, lesson, files.get(lesson, Refused("missing"))) for lesson in [*sorted(expected), *unknown]]
    return listed
