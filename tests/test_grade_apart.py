"""Grading: answers run in one kernel and checks in another, so that no tampering in memory earns a point."""

import sys
import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from workshop.filled import parsing
from workshop.grading import jail
from workshop.grading.grader import Grade, Grader
from workshop.grading.submissions import Handed
from workshop.grading.supervise import Limits

sys.path.append(str(Path(__file__).parent))
from handed_in import RIGHT, answered, make_lessons

# what a student may try who has no answer, one of each kind
TAMPERING = {
    "messages that say nothing is wrong": "say.__class__.__call__ = lambda self, key, **values: ''",
    "assert without an effect by a transformer": """
import ast

class Passing(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

get_ipython().ast_transformers.append(Passing())""",
    "cells that are not run": """
def nothing(*args, **kwargs):
    from IPython.core.interactiveshell import ExecutionResult
    return ExecutionResult(None)

get_ipython().run_cell = nothing""",
    "a kernel that says ok": """
async def well(self, *args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

type(get_ipython().kernel).do_execute = well""",
    "a compiler of its own": """
shell = get_ipython()
shell.compile.__class__.__call__ = lambda self, *args, **kwargs: compile("", "", "exec")""",
    "an answer that is equal to everything": """
class All(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__

answer, total, double = All(), All(), lambda x: All()""",
    "builtins of its own": """
import builtins
builtins.AssertionError = type("Quiet", (BaseException,), {})""",
    "the server of answers": """
import workshop.grading.answering as answering
answering.serve = lambda *args: None""",
    "values that are packed otherwise": """
import workshop.grading.carrying as carrying
carrying.pack = lambda value, refer: b'{"": "eval", "v": "42"}'""",
    "the file that is looked for, elsewhere": "import os; os.chdir('/tmp'); open('note.txt', 'w').close()",
}


@pytest.fixture(scope="module")
def lessons(tmp_path_factory) -> Path:
    return make_lessons(tmp_path_factory.mktemp("kit") / "lessons")


@pytest.fixture(scope="module")
def isolation() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return jail.available(Path(folder))


def graded(lessons: Path, isolation: str, answers: dict[int, str], *added: str) -> Grade:
    """The grade of a notebook with these answers, and with these cells before the first."""
    grader = Grader(lessons, Limits(cell_seconds=20, seconds=120, isolation=isolation), "en")
    assignments = grader.assignments()
    content = answered(assignments["01_tiny"], answers, "en")
    first = next(place for place, cell in enumerate(content.cells) if "say = load" in cell.source) + 1
    content.cells[first:first] = [new_code_cell(text, id=f"new-{place}") for place, text in enumerate(added)]
    cells = ({"id": cell.id, "kept": "", "kind": cell.cell_type, "text": cell.source} for cell in content.cells)
    return grader.grade("anna", "01_tiny", Handed("01_tiny.ipynb", parsing.Submission(tuple(cells))), assignments)


def test_right_answers_get_their_points(lessons, isolation):
    grade = graded(lessons, isolation, RIGHT)
    assert [one.points for one in grade.tasks] == [one.task.points for one in grade.tasks], [one.reason for one in grade.tasks]


@pytest.mark.parametrize("how", TAMPERING)
def test_no_point_is_earned_by(how, lessons, isolation):
    grade = graded(lessons, isolation, {}, TAMPERING[how])
    assert grade.total == 0, [(one.task.number, one.reason) for one in grade.tasks]
