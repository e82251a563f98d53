"""Which of the two kernels runs a cell of a submission, and what one needs of the other."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nbformat import NotebookNode

from workshop.builder.format import BEGIN, END, GRADED, NOT_ALONE, ONCE, Cell
from workshop.builder.making import blank
from workshop.grading.notebook import Assignment

GIVEN, ANSWER, ADDED, CHECK = "given", "answer", "added", "check"
ALONE, BACK = (
    f"{GRADED}alone",
    f"{GRADED}back-",
)  # tags of a check: a process of its own for the answer; a folder that comes back
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class Step:
    """A code cell: its kind; the code that the checks' kernel runs for it; the names that it binds, in that kernel those
    of an answer to what comes over; the names that it uses; for a check, whether its answer is `alone`, and which folders
    of the sandbox come `back`; for a given cell, whether it runs `once`, in the checks' kernel, and what it leaves is handed
    over, and whether a kernel for one task does without it (`shown`); the task it belongs to, 0 before the first.
    """

    kind: str
    task: int = 0
    ours: str = ""
    binds: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    alone: bool = False
    back: tuple[str, ...] = ()
    once: bool = False
    shown: bool = False

    def as_data(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def steps(restored: NotebookNode, assignment: Assignment) -> dict[str, Step]:
    """The steps of a notebook that `restore` has made, by the ids of its code cells."""
    sources = {assignment.ids[cell.line]: cell for cell in assignment.source.code}
    tasks = {assignment.ids[cell.line]: task.number for task in assignment.exercise.tasks for cell in task.cells}
    answers = assignment.answer_ids()
    found: dict[str, Step] = {}
    number = len(assignment.exercise.tasks)
    for cell in reversed(
        [cell for cell in restored.cells if cell.cell_type == "code"]
    ):  # what is added belongs to what follows
        if cell.id not in sources:
            found[cell.id] = Step(ADDED, number)
        else:
            number = tasks.get(cell.id, 0)
            found[cell.id] = _step(cell, sources[cell.id], number, is_answer=cell.id in answers)
    return found


def _step(cell: NotebookNode, source: Cell, task: int, *, is_answer: bool) -> Step:
    if is_answer:
        return Step(ANSWER, task, blank(source.text), tuple(_answered(source.text)))
    if "check" in source.tags:
        back = tuple(tag.removeprefix(BACK) for tag in sorted(source.tags) if tag.startswith(BACK))
        return Step(CHECK, task, cell.source, (), tuple(_used(source.text)), ALONE in source.tags, back)
    binds, uses = tuple(_bound(ast.parse(source.text).body)), tuple(_used(source.text))
    return Step(GIVEN, task, cell.source, binds, uses, once=ONCE in source.tags, shown=NOT_ALONE in source.tags)


def _answered(code: str) -> Iterator[str]:
    """The names that the solution binds: those of statements of which a part is between the markers."""
    lines = code.splitlines()
    begins = [number for number, line in enumerate(lines, start=1) if BEGIN.fullmatch(line)]
    ends = [number for number, line in enumerate(lines, start=1) if END.fullmatch(line)]
    for statement in ast.parse(code).body:
        last = statement.end_lineno or statement.lineno
        if any(statement.lineno < end and last > begin for begin, end in zip(begins, ends, strict=True)):
            yield from _bound([statement])


def _bound(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that statements bind, other than by an import."""
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def _used(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def asked_for(steps: Mapping[str, Step]) -> set[str]:
    """The names that our cells use."""
    return {name for step in steps.values() if step.kind in (GIVEN, CHECK) for name in step.uses}
