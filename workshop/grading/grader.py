"""Grade one submission: run it with our checks, judge its tasks, and gather what to tell the student."""

import shutil
import sys
import textwrap
import traceback
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

from nbformat import NotebookNode

from workshop.builder.tasks import Task
from workshop.filled.matching import language_of
from workshop.filled.parsing import Refused
from workshop.grading import limited
from workshop.grading.feedback import section, text
from workshop.grading.notebook import Assignment, read_assignment, restore
from workshop.grading.plan import steps
from workshop.grading.reaching import UNREAD, reached
from workshop.grading.submissions import Handed
from workshop.grading.supervise import Limits, Outcome, run, workplace

_CAUGHT_TIME = "CellTimeoutError"  # nbgrader's name for a cell that was interrupted
_NOT_SOLVED = "NotSolvedYet"
_LONGEST_REASON = 2000  # characters
_LOOK = ("unreadable", "too_heavy")  # why nothing could be graded, which may be our own fault
# errors that come of a limit, by the error's name and a part of its text; then the text that says so
_OF_LIMITS = (
    ("BlockingIOError", "", "few_processes"),
    ("RuntimeError", "can't start new thread", "few_processes"),
    ("OSError", "[Errno 28]", "full_disk"),
    ("MemoryError", "", "little_memory"),
)
_LONGEST_REMARK = 300
_READING_SECONDS, _READING_MEMORY_MB = 20, 1000  # to look through a student's code


@dataclass(frozen=True)
class TaskGrade:
    """A task of a submission: whether it passed, and what to tell the student."""

    task: Task
    passed: bool
    reason: str

    @property
    def points(self) -> int:
        """All or nothing."""
        return self.task.points if self.passed else 0


@dataclass(frozen=True)
class Grade:
    """A submission: points by task; `remark` says what went wrong with the whole, `notes` are for the feedback.

    `broken` is set if grading itself failed, so that somebody has to look. `reaches_for` is for the instructor only: where the
    code reaches for the interpreter or the machine.
    """

    student: str
    lesson: str
    language: str
    max_points: int
    tasks: tuple[TaskGrade, ...] = ()
    remark: str = ""
    notes: tuple[str, ...] = ()
    sections: tuple[dict, ...] = field(default=(), repr=False)
    broken: bool = False
    reaches_for: str = ""

    def failed(self, key: str, error: Exception) -> "Grade":
        """The same grade with one remark more, a text of texts.yaml with the error as its {reason}."""
        if isinstance(error, shutil.Error):  # of a whole folder: a line for each file
            error = OSError(error.args[0][0][-1])
        reason = text(key, self.language, reason=f"{type(error).__name__}: {error}"[:_LONGEST_REMARK])
        return replace(self, remark="; ".join(filter(None, (self.remark, reason))), broken=True)

    def with_note(self, note: str) -> "Grade":
        """The same grade with one note more for its page."""
        return replace(self, notes=(*self.notes, note))

    def noted(self, note: Refused | None) -> "Grade":
        """The same grade with one remark more, which costs nothing."""
        if note is None:
            return self
        said = text(note.key, self.language, **note.values)
        return replace(self, remark="; ".join(filter(None, (self.remark, said))))

    @property
    def total(self) -> int:
        """The points of all tasks."""
        return sum(one.points for one in self.tasks)


@dataclass(frozen=True)
class Grader:
    """Grades submissions against the exercises in a folder of lessons."""

    lessons: Path
    limits: Limits
    language: str = "ru"
    seed: int = 0  # of what the checks try answers on

    def assignments(self) -> dict[str, Assignment]:
        """Every exercise by its lesson's name; BuildError if one is wrong."""
        return {file.parent.name: read_assignment(file.parent) for file in sorted(self.lessons.glob("*/exercise.py"))}

    def grade(
        self,
        student: str,
        lesson: str,
        handed: Handed | Refused,
        assignments: Mapping[str, Assignment],
        place: Path | None = None,
        stop: Event | None = None,
    ) -> Grade:
        """Grade a notebook, or the lack of one; whatever is wrong with it becomes a remark.

        It is run in a `workplace`, which is made for it if there is none. Stopped is raised when `stop` is set meanwhile.
        """
        if lesson not in assignments:
            key, values = (handed.key, handed.values) if isinstance(handed, Refused) else ("unknown_lesson", {"lesson": lesson})
            return Grade(student, lesson, self.language, 0, remark=text(key, self.language, **values), broken=key in _LOOK)
        assignment = assignments[lesson]
        try:
            if isinstance(handed, Refused):
                raise handed
            language = language_of(handed.submission, assignment.issues, self.language)
            restored, touched = restore(handed.submission, assignment, language)
            with workplace(self.lessons) if place is None else nullcontext(place) as found:
                grade = self._run(student, assignment, language, restored, touched, found, stop)
                return grade.noted(handed.former).noted(handed.note)
        except Refused as refused:
            nothing = self._nothing(student, assignment, text(refused.key, self.language, **refused.values))
            return replace(nothing, broken=refused.key in _LOOK)
        except limited.Stopped:
            raise
        except Exception as error:  # whatever one submission leads to, the next ones are graded
            traceback.print_exc()
            return self._nothing(student, assignment, "").failed("not_graded", error)

    def _nothing(self, student: str, assignment: Assignment, remark: str) -> Grade:
        """No point for any task, for the same reason."""
        exercise = assignment.exercise
        tasks = tuple(TaskGrade(task, False, remark) for task in exercise.tasks)
        return Grade(student, exercise.lesson, self.language, exercise.max_points, tasks, remark)

    def _run(
        self,
        student: str,
        assignment: Assignment,
        language: str,
        restored: NotebookNode,
        touched: int,
        place: Path,
        stop: Event | None,
    ) -> Grade:
        outcome = run(restored, steps(restored, assignment), place, language, self.limits, self.seed, stop)
        if outcome.end == "worker":  # may be our own fault: the instructor should see it
            print(outcome.log, file=sys.stderr)
        parts = _parts(restored, assignment)
        reaches_for = _reaches_for(parts, assignment, self.language, stop)
        failed = "" if outcome.end == "worker" else _failed_opening(parts[0], outcome, language)
        tasks = tuple(
            _judge(task, assignment, parts[task.number], outcome, self.limits, language) for task in assignment.exercise.tasks
        )
        notes = [text("checks_restored", language, count=touched)] if touched else []
        notes.append(text("seed", language, seed=self.seed))
        if not self.limits.isolated:
            notes.append(text("not_isolated", language))
        return Grade(
            student,
            assignment.lesson,
            language,
            assignment.exercise.max_points,
            tasks,
            failed or _remark(parts, outcome, self.limits, language),
            tuple(notes),
            tuple(_sections(parts, tasks, outcome, language)),
            broken=outcome.end == "worker" or bool(failed),
            reaches_for=reaches_for,
        )


def _parts(restored: NotebookNode, assignment: Assignment) -> dict[int, list[NotebookNode]]:
    """The code cells by task; 0 is what stands before the first."""
    belongs = {id_: task.number for task in assignment.exercise.tasks for id_ in assignment.code_ids(task)}
    parts: dict[int, list] = {0: []} | {task.number: [] for task in assignment.exercise.tasks}
    number, waiting = 0, []
    for cell in restored.cells:
        if cell.cell_type != "code":
            continue
        if "added" in cell.metadata.get("tags", []):
            waiting.append(cell)  # it runs before the cell that follows, and so belongs to that cell's task
            continue
        number = belongs.get(cell.id, number)
        parts[number] += [*waiting, cell]
        waiting = []
    parts[number] += waiting
    return parts


def _reaches_for(parts: Mapping[int, list[NotebookNode]], assignment: Assignment, language: str, stop: Event | None) -> str:
    """Where the student's code reaches for the interpreter or the machine, by task; nothing if it does not."""
    answers = assignment.answer_ids()
    student: dict[int, list[str]] = {number: [] for number in parts}
    given: list[str] = []
    for number, cells in parts.items():
        for cell in cells:
            theirs = cell.id in answers or "added" in cell.metadata.get("tags", [])
            (student[number] if theirs else given).append(cell.source)
    try:
        found = limited.call(reached, student, given, seconds=_READING_SECONDS, memory_mb=_READING_MEMORY_MB, stop=stop)
    except limited.Stopped:
        raise
    except limited.TooMuch:
        return text("code_unread", language)
    except Exception:  # points were earned, whatever is wrong with this
        traceback.print_exc()
        return text("code_unread", language)
    listed = []
    for number, labels in found.items():
        task = f"{text('task', language).lower()} {number}" if number else text("opening", language)
        names = [text("code_unread", language) if label == UNREAD else label for label in labels]
        listed.append(f"{task}: {', '.join(names)}")
    return textwrap.shorten("; ".join(listed), _LONGEST_REMARK, placeholder=" …")


def _judge(
    task: Task, assignment: Assignment, cells: list[NotebookNode], outcome: Outcome, limits: Limits, language: str
) -> TaskGrade:
    """A task passes if all its checks ran without an error; else the first thing that went wrong is the reason."""
    ran = outcome.cells
    checks = assignment.check_ids(task)
    if all(ran.get(id_, {}).get("status") == "ok" for id_ in checks):
        return TaskGrade(task, True, text("passed", language))
    ours = [cell for cell in cells if "added" not in cell.metadata.get("tags", [])]
    failed = next((ran[cell.id] for cell in ours if ran.get(cell.id, {}).get("status", "ok") != "ok"), None)
    if failed is None:
        reason = text("not_reached", language)
    elif failed["name"] == _NOT_SOLVED:
        reason = text("not_solved", language)
    elif failed["name"] == _CAUGHT_TIME:
        reason = text("cell_time", language, cell_seconds=limits.cell_seconds)
    elif failed["id"] in checks and failed["name"] == "AssertionError":
        reason = failed["text"]
    elif failed["status"] == "error":
        reason = text("error", language, name=failed["name"], text=failed["text"][:_LONGEST_REASON])
        for name, part, key in _OF_LIMITS:
            if failed["name"] == name and part in failed["text"]:
                reason = f"{reason} ({text(key, language, **vars(limits))})"
    else:
        reason = text(failed["status"], language, task=task.number)
    return TaskGrade(task, False, reason[:_LONGEST_REASON])


def _remark(parts: dict[int, list[NotebookNode]], outcome: Outcome, limits: Limits, language: str) -> str:
    """Why the run did not get to its end; nothing if it did."""
    if outcome.end == "done":
        return ""
    last = next(reversed(outcome.cells), None)
    reached = [(cell.id, number) for number, cells in parts.items() for cell in cells]
    ids = [id_ for id_, _ in reached]
    # a cell that killed everything left no result, so it is the one after the last
    place = (ids.index(last) + (outcome.end not in ("died", "stuck"))) if last else 0
    number = reached[min(place, len(reached) - 1)][1]
    return text(outcome.end, language, task=number or text("opening", language), **vars(limits))


def _failed_opening(cells: list[NotebookNode], outcome: Outcome, language: str) -> str:
    """Why the cells before the first task failed, if they are all ours: no answer has to do with that."""
    if any("added" in cell.metadata.get("tags", []) for cell in cells):
        return ""
    for cell in cells:
        result = outcome.cells.get(cell.id, {"status": outcome.end, "name": ""})
        if result["status"] != "ok":
            return text("opening_failed", language, reason=result["name"][:_LONGEST_REMARK] or result["status"])
    return ""


def _sections(
    parts: dict[int, list[NotebookNode]], tasks: tuple[TaskGrade, ...], outcome: Outcome, language: str
) -> Iterator[dict]:
    yield section(text("before", language), parts[0], outcome.cells, opened=False)
    for one in tasks:
        title = f"{text('task', language)} {one.task.number}. {one.task.titles[language]}"
        yield section(title, parts[one.task.number], outcome.cells, opened=not one.passed)
