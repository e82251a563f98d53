"""What was submitted: a folder or an archive for each student, in it notebooks of lessons; who has what."""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from workshop.builder.former import Former, Issues
from workshop.filled.matching import filled, identify, issue_of
from workshop.filled.parsing import Refused, Submission
from workshop.grading import limited, reading
from workshop.grading.notebook import Assignment, Catalogue
from workshop.places import LANGUAGES

_MOST_UNKNOWN = 5  # files of a student that no lesson has the name of
_SECONDS, _MEMORY_MB = 60, 2000  # to read what one student handed in
_ARCHIVE = re.compile(r"\.(zip|rar|7z|tar|tgz|tar\.\w+|tbz2?|txz)$", re.IGNORECASE)
_NOTEBOOK = re.compile(r"\.ipynb", re.IGNORECASE)
# as Moodle names what it packs without folders
_MOODLE = re.compile(r"(?P<student>.+?_\d+)_assignsubmission_file_+(?P<file>.+)")


class WrongUse(Exception):
    """The command line asks for something that there is not."""


@dataclass(frozen=True)
class Handed:
    """A notebook of a lesson, its cells with today's ids; `note` says what else there was of the lesson, `former` that it is
    of a former issue.
    """

    name: str
    submission: Submission
    note: Refused | None = None
    former: Refused | None = None

    @property
    def digest(self) -> str:
        """A hash of what its cells say."""
        return hashlib.sha256(json.dumps(self.submission.cells).encode()).hexdigest()


# student, lesson, and the notebook or why there is none
Job = tuple[str, str, Handed | Refused]


@dataclass
class Student:
    """What a student handed in: by lesson, what belongs to no lesson, and why a lesson that is not there may be missing."""

    lessons: dict[str, Handed | Refused] = field(default_factory=dict)
    strange: dict[str, Refused] = field(default_factory=dict)
    others: tuple[Refused, ...] = ()

    def lesson(self, name: str) -> Handed | Refused:
        """The notebook of a lesson, or why there is none."""
        if name in self.lessons:
            return self.lessons[name]
        for other in self.others:
            if other.key != "other_file" or not self.lessons or name in str(other.values["file"]):
                return other
        return Refused("missing")


@dataclass(frozen=True)
class Collected:
    """The students by name, and the notebooks that lie beside their folders and are nobody's."""

    students: Mapping[str, Student]
    loose: tuple[str, ...]


def name_of(path: Path) -> str:
    """The name of a student's file or folder as people read it, in the letters of one kind of system."""
    return unicodedata.normalize("NFC", reading.shown_name(path.name))


def collect(folder: Path, assignments: Mapping[str, Assignment], leave_out: Sequence[Path] = ()) -> Collected:
    """What everybody submitted; WrongUse if the folder has no students.

    Links are not followed: they may lead to another student's work.
    """
    if not folder.is_dir():
        raise WrongUse(f"{folder} is not a folder")
    catalogue = Catalogue(assignments)
    found: dict[str, list[reading.Found]] = {}
    kinds: dict[str, str] = {}
    loose = []
    for path in sorted(folder.iterdir()):
        name = name_of(path)
        if name.startswith(".") or name in reading.NOT_THEIRS or path in leave_out:
            continue
        if path.is_symlink():
            kind, read = "folder", reading.Found(others=(Refused("link"),))
        elif path.is_dir():
            kind, read = "folder", _read(path)
        elif match := _MOODLE.fullmatch(name):
            kind, name, read = "file", match["student"], _read(path)
        elif match := _ARCHIVE.search(name):
            kind, name, read = "archive", name[: match.start()].strip(" .") or name, _read(path)
        else:
            loose += [name] if _NOTEBOOK.search(name) else []
            continue
        # files of the same student, or an archive beside the folder that it was unpacked to, and not two of the same name
        if name in found and kinds[name] == kind != "file":
            name = next(other for number in count(2) if (other := f"{name} ({number})") not in found)
        found.setdefault(name, []).append(read)
        kinds.setdefault(name, kind)
    if not found:
        raise WrongUse(f"{folder} has no folders of students: FOLDER/STUDENT/04_dvc.ipynb")
    if set(found) <= set(LANGUAGES):
        raise WrongUse(f"{folder} is what one student handed in: put it into a folder with the student's name")
    return Collected({name: _student(parts, catalogue) for name, parts in found.items()}, tuple(loose))


def _read(path: Path) -> reading.Found:
    try:
        read = limited.call(reading.read, path, seconds=_SECONDS, memory_mb=_MEMORY_MB)
    except limited.TooMuch:
        read = Refused("too_heavy", seconds=_SECONDS, megabytes=_MEMORY_MB)
    except RuntimeError as error:
        read = Refused("unreadable", reason=str(error).splitlines()[-1])
    return reading.Found(others=(read,)) if isinstance(read, Refused) else read


def _student(parts: list[reading.Found], catalogue: Catalogue) -> Student:
    candidates: dict[str, list[tuple[reading.Read, Submission]]] = defaultdict(list)
    student = Student(
        others=tuple(sorted((other for one in parts for other in one.others), key=lambda one: one.key == "other_file"))
    )
    for read in (read for one in parts for read in one.notebooks):
        named = _named(read.stem, catalogue)
        if isinstance(read.content, Refused):
            (student.lessons if named else student.strange).setdefault(named or read.stem, read.content)
            continue
        lesson = catalogue.lesson_of(read.content, named)
        if lesson and named in (lesson, None):
            candidates[lesson].append((read, read.content))
        elif named:
            wrong = Refused("foreign", other=lesson, lesson=named) if lesson else Refused("unknown_cells", lesson=named)
            student.lessons.setdefault(named, wrong)
        else:
            student.strange.setdefault(read.stem, Refused("unknown_lesson", lesson=read.stem))
    for lesson, some in candidates.items():
        student.lessons[lesson] = _best(some, catalogue.assignments[lesson].issues)
    return student


def _named(stem: str, catalogue: Catalogue) -> str | None:
    """The lesson that a file's name tells, whatever programs and people put around it."""
    stem = stem.casefold()
    found = [name for name in catalogue.assignments if re.search(rf"(?<![^\W_]){re.escape(name.casefold())}(?![^\W_])", stem)]
    return max(found, key=len, default=None)


def _best(candidates: list[tuple[reading.Read, Submission]], issues: Issues) -> Handed:
    """Of several notebooks of a lesson the one with most answers, of equals the newest, else the last by its name."""
    known = [(read, submission, identify(submission, issues)) for read, submission in candidates]
    answers = {read.name: filled(identified, issues) for read, _, identified in known}

    def key(one: tuple[reading.Read, Submission, Submission]) -> tuple:
        numbers = [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", one[0].name)]
        return len(answers[one[0].name]), int(one[0].changed), numbers

    best, submission, identified = max(known, key=key)
    others = [name for name, given in answers.items() if given and given != answers[best.name]]
    note = Refused("several", file=best.name, others=", ".join(others)) if others else None
    return Handed(best.name, identified, note, _former(submission, issues))


def _former(submission: Submission, issues: Issues) -> Refused | None:
    """What is to be said of a notebook that is not of today's issue."""
    own, stated = issue_of(submission, issues), submission.issue
    if stated and stated != own.issue:
        return Refused("unknown_issue", issue=stated)
    return Refused("former_issue", issue=own.issue, revision=own.revision[:7]) if isinstance(own, Former) else None


def jobs(students: Mapping[str, Student], known: set[str], wanted: list[str]) -> list[Job]:
    """(student, lesson, notebook or why there is none): every student has every lesson that is wanted, or else that
    anybody submitted.
    """
    if unknown := sorted(set(wanted) - known):
        raise WrongUse(f"no such lesson: {', '.join(unknown)}; there are {', '.join(sorted(known)) or 'none'}")
    expected = set(wanted) or {lesson for student in students.values() for lesson in student.lessons}
    listed: list[Job] = []
    for name, student in students.items():
        listed += [(name, lesson, student.lesson(lesson)) for lesson in sorted(expected)]
        strange = [] if wanted else sorted(student.strange)  # they get their remarks too, but not thousands of them
        if len(strange) > _MOST_UNKNOWN:
            strange = [*strange[:_MOST_UNKNOWN], f"{strange[_MOST_UNKNOWN]} (+{len(strange) - _MOST_UNKNOWN - 1})"]
        listed += [(name, file, student.strange.get(file, Refused("unknown_lesson", lesson=file))) for file in strange]
    return listed
