"""Write down what came of submissions, as it comes: the table of grades, a page for each, a journal for a later run."""

import csv
import fcntl
import hashlib
import io
import json
import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event
from typing import IO, Any, TypeAlias

from flight_delays import artifacts
from workshop.grading import limited
from workshop.grading.feedback import page, text
from workshop.grading.grader import Grade, Grader
from workshop.grading.notebook import Assignment
from workshop.grading.submissions import Handed, Job
from workshop.grading.supervise import workplace
from workshop.places import CACHES, ROOT

Row: TypeAlias = dict[str, str]
Place: TypeAlias = tuple[str, str]  # student and lesson

# where a formula begins in some spreadsheet, in some language
_FORMULA = re.compile(r"(^|[;,|\t\r\n])\s*(?=[=+\-@＝＋－＠])")
_JOURNAL, _SEED = ".graded.jsonl", ".seed"
_PAGE_SECONDS, _PAGE_MEMORY_MB = 20, 1000
_LARGEST_PAGE = 5_000_000  # characters


class InUse(Exception):
    """Another run writes into the same folder."""


@dataclass(frozen=True)
class Result:
    """What came of a job; `kept` is set if an earlier run had done it, `broken` if somebody has to look."""

    student: str
    lesson: str
    row: Row
    seconds: float = 0
    kept: bool = False
    broken: bool = False


@dataclass
class Gradebook:
    """The table of grades, and a journal of how its rows came about; a line for each, so that nothing is lost with a run."""

    table: Path
    journal: IO[str]
    rows: dict[Place, Row] = field(default_factory=dict)  # as they stand in the table
    _graded: dict[Place, Row] = field(default_factory=dict)  # as they were graded
    _keys: dict[Place, str] = field(default_factory=dict)
    _written: set[str] = field(default_factory=set)  # hashes of tables
    set_aside: Path | None = None
    by_hand: int = 0

    def read(self) -> None:
        """What earlier runs have left; a table that was changed since is set aside, and its changed rows are kept."""
        self.journal.seek(0)
        line = "\n"
        for line in self.journal:
            with suppress(ValueError, KeyError, TypeError, AttributeError):  # the last line of a run that was killed
                record = json.loads(line)
                if "table" in record:
                    self._written.add(record["table"])
                    continue
                place = (str(record["student"]), str(record["lesson"]))
                self._graded[place], self.rows[place] = dict(record["graded"]), dict(record["row"])
                self._keys[place] = str(record["key"])
        if not line.endswith("\n"):  # or the next record would be lost with that one
            self.journal.write("\n")
        if not self.table.exists():
            return
        content = self.table.read_bytes()
        if _hash(content) in self._written:
            return
        moment = time.strftime("%Y-%m-%d %H.%M.%S", time.localtime(self.table.stat().st_mtime))
        self.set_aside = self.table.with_name(f"{self.table.stem} ({moment}){self.table.suffix}")
        with artifacts.replacing(self.set_aside) as new:
            new.write_bytes(content)
        shown = {(plain(student), plain(lesson)): (student, lesson) for student, lesson in self.rows}
        for changed in _read_table(content):
            where = shown.get((changed.get("student", ""), changed.get("lesson", "")))
            if where and any(value != self.rows[where].get(name, "") for name, value in changed.items()):
                self._note(where, self._graded[where], changed, self._keys[where])
                self.by_hand += 1

    def same(self, place: Place, key: str) -> bool:
        """Whether this is graded, and its page is there."""
        return self._keys.get(place) == key and _page_of(self.table, *place).exists()

    def add(self, grade: Grade, key: str, order: dict[Place, int]) -> Row:
        """Put a grade into the table. What was changed by hand stays as long as nothing else comes of the submission."""
        place, row = (grade.student, grade.lesson), row_of(grade)
        before = self._graded.get(place)
        kept = row
        if before and all(row.get(name) == value for name, value in before.items()):
            # a later version of the kit may have columns more
            kept = {name: value for name, value in row.items() if name not in before} | self.rows[place]
        self._note(place, row, kept, "" if grade.broken else key)
        self.write(order)
        return kept

    def _note(self, place: Place, graded: Row, row: Row, key: str) -> None:
        self.rows[place], self._graded[place], self._keys[place] = row, graded, key
        student, lesson = place
        self._tell({"student": student, "lesson": lesson, "key": key, "graded": graded, "row": row})

    def _tell(self, record: dict[str, Any]) -> None:
        self.journal.write(json.dumps(record) + "\n")
        self.journal.flush()

    def write(self, order: dict[Place, int]) -> None:
        """Write the table; rows of this run first, in its order."""
        places = sorted(self.rows, key=lambda place: (order.get(place, len(order)), place))
        content = table_of([self.rows[place] for place in places])
        self._tell({"table": _hash(content)})
        with artifacts.replacing(self.table) as new:
            new.write_bytes(content)


@contextmanager
def opened(table: Path) -> Iterator[Gradebook]:
    """The gradebook of a table; InUse if another run has it. OSError if it cannot be written."""
    table.parent.mkdir(parents=True, exist_ok=True)
    with (table.parent / _JOURNAL).open("a+", encoding="utf-8") as journal:
        try:
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse from None
        book = Gradebook(table, journal)
        book.read()
        yield book


def seed_of(table: Path) -> int:
    """The seed of a class, by which the checks make their inputs: drawn at its first run, and kept beside the table."""
    file = table.parent / _SEED
    with suppress(OSError, ValueError):
        return int(file.read_text(encoding="ascii"))
    seed = secrets.randbelow(10**6)
    table.parent.mkdir(parents=True, exist_ok=True)
    with artifacts.replacing(file) as new:
        new.write_text(f"{seed}\n", encoding="ascii")
    return seed


def grade_all(
    grader: Grader,
    assignments: dict[str, Assignment],
    jobs: Sequence[Job],
    book: Gradebook,
    *,
    at_once: int = 1,
    again: bool = False,
    at_work: Callable[[str, bool], None] = lambda name, begins: None,
) -> Iterator[Result]:
    """Grade the jobs, several at once; each grade is in the table, and its feedback beside it, before its result is given.

    What was graded before and has not changed is not run. What cannot be graded is told by a grade's remark. OSError if the
    table cannot be written.
    """
    order = {(student, lesson): number for number, (student, lesson, _) in enumerate(jobs)}
    stop = Event()
    with workplace(grader.lessons) as place, ThreadPoolExecutor(at_once) as threads:
        code = _hash_of_kit(place / "kit", grader)
        waiting: dict[Future, tuple[Job, str]] = {}

        def work(job: Job) -> tuple[Grade, float]:
            start = time.perf_counter()
            at_work(f"{job[0]} {job[1]}", True)
            try:
                return grade_one(grader, assignments, job, book.table, place, stop), time.perf_counter() - start
            finally:
                at_work(f"{job[0]} {job[1]}", False)

        try:
            kept = []
            for job in jobs:
                student, lesson, handed = job
                key = _key(code, grader, lesson, handed) if isinstance(handed, Handed) else ""
                if key and not again and book.same((student, lesson), key):
                    kept.append(Result(student, lesson, book.rows[student, lesson], kept=True))
                else:
                    waiting[threads.submit(work, job)] = (job, key)
            if kept:
                book.write(order)
            yield from kept
            while waiting:
                done, _ = wait(waiting, timeout=1, return_when="FIRST_COMPLETED")
                for future in sorted(done, key=lambda one: order[waiting[one][0][:2]]):
                    (student, lesson, _), key = waiting.pop(future)
                    grade, seconds = future.result()
                    row = book.add(grade, key, order)
                    yield Result(student, lesson, row, seconds, broken=grade.broken)
        except BaseException:
            stop.set()
            threads.shutdown(cancel_futures=True)
            raise


def grade_one(grader: Grader, assignments: dict[str, Assignment], job: Job, table: Path, place: Path, stop: Event) -> Grade:
    """Grade a job and write its page."""
    if stop.is_set():
        raise limited.Stopped
    grade = grader.grade(*job, assignments, place, stop)
    try:
        write_feedback(table, grade, stop)
    except limited.Stopped:
        raise
    except Exception as error:  # points were earned, page or not
        traceback.print_exc()
        grade = grade.failed("no_feedback", error)
    return grade


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash_of_kit(kit: Path, grader: Grader) -> str:
    """Of what grading depends on besides a lesson and what was handed in."""
    parts = [_hash_of_files(kit / "workshop"), _hash_of_files(kit / "sample_project"), sys.version]
    parts += [_hash((ROOT / "requirements.lock").read_bytes()), grader.language, str(grader.seed)]
    parts += [f"{name}={value}" for name, value in asdict(grader.limits).items() if name != "hidden"]
    return _hash("\n".join(parts).encode())


def _hash_of_files(folder: Path) -> str:
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    kept = [path for path in files if not {*CACHES} & {*path.parts}]
    return _hash("\n".join(f"{path} {_hash((folder / path).read_bytes())}" for path in kept).encode())


def _key(code: str, grader: Grader, lesson: str, handed: Handed) -> str:
    return _hash("\n".join([code, _hash_of_files(grader.lessons / lesson), handed.name, handed.digest]).encode())


def plain(text: str) -> str:
    """A text that a spreadsheet does not take for a formula: an apostrophe before what begins like one.

    Also after what a spreadsheet may take for the end of a cell, in Russian settings a semicolon.
    """
    return _FORMULA.sub(r"\g<0>'", text)


def row_of(grade: Grade) -> Row:
    """A row of the table."""
    points = {f"task_{one.task.number}": str(one.points) for one in grade.tasks}
    names = {name: plain(getattr(grade, name)) for name in ("student", "lesson", "remark", "reaches_for")}
    return {**names, **points, "total": str(grade.total), "max": str(grade.max_points)}


def table_of(rows: Sequence[Row]) -> bytes:
    """The table as a file; with a byte order mark, by which spreadsheets know UTF-8."""
    names = {name for row in rows for name in row}
    tasks = sorted((name for name in names if re.fullmatch(r"task_\d+", name)), key=lambda name: int(name[5:]))
    columns = ["student", "lesson", *tasks, "total", "max", "remark", "reaches_for"]
    columns += sorted(names - set(columns))  # somebody's own
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8-sig", "backslashreplace")


def _read_table(content: bytes) -> list[Row]:
    """The rows of a table that a spreadsheet may have saved in its own way."""
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = content.decode("cp1251", "replace")
    first = decoded.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    with suppress(csv.Error):
        rows = csv.DictReader(io.StringIO(decoded, newline=""), delimiter=delimiter)
        return [{name: value or "" for name, value in row.items() if name} for row in rows]
    return []


def _page_of(table: Path, student: str, lesson: str) -> Path:
    return table.parent / "feedback" / student / f"{lesson}.html"


def write_feedback(table: Path, grade: Grade, stop: Event | None = None) -> None:
    """Write the page of a submission. Stopped is raised when `stop` is set meanwhile."""
    file = _page_of(table, grade.student, grade.lesson)
    file.parent.mkdir(parents=True, exist_ok=True)
    # what the code printed may be no text
    content = _page(grade, stop).encode("utf-8", "backslashreplace")
    with artifacts.replacing(file) as new:
        new.write_bytes(content)


def _page(grade: Grade, stop: Event | None) -> str:
    """The page, with less on it where more would take too long or be too large."""
    if not grade.sections:
        return page(grade, [], grade.language)
    limits: dict[str, Any] = {"seconds": _PAGE_SECONDS, "memory_mb": _PAGE_MEMORY_MB, "stop": stop}
    with suppress(limited.TooMuch):
        made = limited.call(page, grade, grade.sections, grade.language, **limits)
        if len(made) <= _LARGEST_PAGE:
            return made
    noted = grade.with_note(text("no_colours", grade.language))
    with suppress(limited.TooMuch):
        made = limited.call(plain_page, noted, **limits)
        if len(made) <= _LARGEST_PAGE:
            return made
    return page(grade.with_note(text("no_code", grade.language)), [], grade.language)


def plain_page(grade: Grade) -> str:
    """The page without colours."""
    return page(grade, grade.sections, grade.language, plain=True)
