"""What a student sees when cells run in JupyterLab: which cell a check needs first, what is solved, what a slow cell waits for.

The builder writes into a cell's metadata what the cell is to its task and what it waits for (`NOTE`, made by
workshop/builder/notes.py), and JupyterLab sends the metadata along whenever the cell is run. papermill, nbval and the grader
send none: for them nothing of this happens, and stored outputs stay as they are.
"""

import ast
import textwrap
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from IPython import get_ipython
from IPython.core.error import InputRejected

from workshop.ground.texts import plural
from workshop.messages import NotSolvedYet, Say
from workshop.waiting import Waiting

NOTE = "workshop"  # the key in a cell's metadata

_WIDTH = 90  # characters

Note = dict[str, Any]


class NotYet(InputRejected):
    """A check was not run, because there is no answer for it to judge; a notebook shows the message and no traceback."""

    def _render_traceback_(self) -> list[str]:  # asked for by IPython
        return textwrap.wrap(str(self), _WIDTH)  # JupyterLab breaks a longer line in the middle of a word


@dataclass(frozen=True)
class _Run:
    """How a cell with an answer ran the last time."""

    source: str
    error: BaseException | None


class Watcher(ast.NodeTransformer):
    """Is told by IPython when a cell begins and ends, and keeps a check from running by refusing its syntax tree."""

    def __init__(self, say: Say):
        self._say = say
        self._note: Note = {}  # of the cell that is running
        self._waiting: Waiting | None = None
        self._answers: dict[tuple[int, int], _Run] = {}  # by task and place among its answers
        self._passed: dict[int, set[int]] = {}  # by task: its checks that the present answer has passed
        self._points: dict[int, int] = {}  # of the tasks that are solved

    def speak(self, say: Say) -> None:
        """Use these texts from now on."""
        self._say = say

    def begin(self, info: Any) -> None:
        """A cell is about to run; `info` is IPython's ExecutionInfo."""
        if note := _note(info.cell_meta):
            self.begin_with(note)

    def begin_with(self, note: Note) -> None:
        """The cell that is about to run, or has just begun, has this note."""
        self._note = note
        if waits := note.get("waits"):
            self._waiting = Waiting(self._say, self._say(waits["for"]), waits.get("seconds"))

    def visit(self, node: ast.AST) -> ast.AST:
        """Give back the cell's syntax tree as it is; NotYet if the cell is a check that has no answer to judge."""
        if "check" in self._note and (reason := self._missing(self._note)):
            raise NotYet(reason)
        return node

    def end(self, result: Any) -> None:
        """The cell has ended; `result` is IPython's ExecutionResult, or None if the cell was broken off."""
        note = _note(result.info.cell_meta) if result else self._note
        if not note:  # one that a cell of ours has run, or none of ours
            return
        self._note = {}
        if self._waiting:
            self._waiting.end(done=bool(result and result.success))
            self._waiting = None
        if "answer" in note:
            error = (result.error_before_exec or result.error_in_exec) if result else KeyboardInterrupt()
            self._answered(note, _Run(result.info.raw_cell if result else "", error))
        elif "check" in note:
            self._checked(note, passed=bool(result and result.success))
            if result and (name := _name_missing_in_cell(result.error_in_exec)):
                print(textwrap.fill(self._say("name_missing", name=name), _WIDTH))

    def _missing(self, note: Note) -> str | None:
        """Why a check cannot judge yet, and which cell to run."""
        for number, place in enumerate(note["answers"], start=1):
            run = self._answers.get((note["task"], number))
            if run is None:
                key = "answer_not_run"
            elif isinstance(run.error, NotSolvedYet):
                key = "answer_blank"
            elif run.error:
                key = "answer_failed"
            else:
                continue
            return self._say(key, task=note["task"], cell=self._place(place))
        return None

    def _place(self, place: str | int) -> str:
        """What an answer's cell is known by, in words."""
        if isinstance(place, str):
            return self._say("cell_with_line", line=place)
        return self._say("cell_at_once") if place == 1 else self._say("cell_number", number=place)

    def _answered(self, note: Note, run: _Run) -> None:
        key = note["task"], note["answer"]
        if run.error or run.source != self._answers.get(key, run).source:
            self._passed.pop(note["task"], None)  # what was judged is no longer there
            self._points.pop(note["task"], None)
        self._answers[key] = run

    def _checked(self, note: Note, *, passed: bool) -> None:
        task, points = note["task"], note["points"]
        done = self._passed.setdefault(task, set())
        (done.add if passed else done.discard)(note["check"])
        if len(done) < note["checks"]:
            self._points.pop(task, None)
            return
        self._points[task] = points
        worth = self._say(f"points_{plural(points, self._say.lang)}", points=points)
        print(self._say("task_solved", task=task, worth=worth, total=sum(self._points.values()), all=note["all"]))


def _note(metadata: dict[str, Any] | None) -> Note:
    return (metadata or {}).get(NOTE) or {}


def _name_missing_in_cell(error: BaseException | None) -> str | None:
    """The name that the cell's own code asked for in vain; None if there was another error, or one in a function."""
    if not isinstance(error, NameError):
        return None
    last: TracebackType | None = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    return error.name if last and last.tb_frame.f_code.co_name == "<module>" else None


_watcher: Watcher | None = None


def watch(say: Say) -> None:
    """Watch the cells of this kernel from now on, with these texts; does nothing outside of IPython."""
    global _watcher
    if (shell := get_ipython()) is None:
        return
    if _watcher:  # the lesson was started again: what has run since is still there
        _watcher.speak(say)
        return
    _watcher = Watcher(say)
    shell.events.register("pre_run_cell", _watcher.begin)
    shell.events.register("post_run_cell", _watcher.end)
    shell.ast_transformers.append(_watcher)
    if (parent := getattr(shell, "get_parent", None)) and (note := _note(parent().get("metadata"))):
        _watcher.begin_with(note)  # the cell that is running began before anybody watched
