"""Grading: answers run in one kernel and checks in another, so that no tampering in memory earns a point or does harm."""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from workshop.grading import jail, notebook
from workshop.places import ROOT, environment

sys.path.append(str(Path(__file__).parent))
from handed_in import RIGHT, answered, make_lessons

# what a student may try who has no answer, one of each kind; the first eleven by the review of the grader of one kernel
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
    "cells that are not run, awaited": """
async def nothing(*args, **kwargs):
    from IPython.core.interactiveshell import ExecutionResult
    return ExecutionResult(None)

get_ipython().run_cell_async = nothing""",
    "a kernel that says ok": """
async def well(self, *args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

type(get_ipython().kernel).do_execute = well""",
    "a compiler of its own": """
shell = get_ipython()
shell.compile.__class__.__call__ = lambda self, *args, **kwargs: compile("", "", "exec")""",
    "code that is changed before it is compiled": """
get_ipython().input_transformers_post.append(lambda lines: [line.replace("assert ", "0 and ") for line in lines])""",
    "an answer that is equal to everything": """
class All(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__

answer, total, double = All(), All(), lambda x: All()""",
    "builtins of its own": """
import builtins
builtins.AssertionError = type("Quiet", (BaseException,), {})""",
    "replies that are forged": """
session = get_ipython().kernel.session
send = session.send

def forged(stream, kind, content=None, *rest, **others):
    return send(stream, kind, {"status": "ok"} if kind == "execute_reply" else content, *rest, **others)

session.send = forged""",
    "errors that nobody sees": """
shell = get_ipython()
shell.set_custom_exc((BaseException,), lambda *args, **kwargs: None)
shell.showtraceback = lambda *args, **kwargs: None""",
    "the server of answers": """
import workshop.grading.answering as answering
answering.serve = lambda *args: None""",
    "values that are packed otherwise": """
import workshop.grading.carrying as carrying
carrying.pack = lambda value, refer: b'{"": "eval", "v": "42"}'""",
    "a value that unpickles itself": """
class Evil:
    def __reduce__(self):
        return eval, ("42",)

answer, total, double = Evil(), Evil(), lambda x: Evil()""",
    "a class that says it is another": """
class Liar:
    __class__ = int
    __eq__ = lambda self, other: True
    __index__ = __int__ = lambda self: 41
    __hash__ = None
    __call__ = lambda self, x: Liar()

answer, total, double = Liar(), Liar(), Liar()""",
    "a class that is called as one of ours": """
Thing = type("NotSolvedYet", (Exception,), {"__module__": "workshop.messages", "__eq__": lambda self, other: True})
answer, total, double = Thing(), Thing(), lambda x: Thing()""",
    "a text, a table and an array that agree with all": """
import numpy as np, pandas as pd

Text = type("Text", (str,), {"__eq__": lambda self, other: True, "__hash__": str.__hash__})
Table = type("Table", (pd.DataFrame,), {"__eq__": lambda self, other: True, "equals": lambda self, other: True})
Array = type("Array", (np.ndarray,), {"__eq__": lambda self, other: True})
answer, total, double = Text(), Table(), lambda x: np.zeros(1).view(Array)""",
    "other small integers": """
import ctypes

for number, other in ((42, 43), (6, 7)):  # the digits of CPython's own objects
    try:
        ctypes.c_uint32.from_address(id(other) + 24).value = number
    except Exception:
        pass
answer, total, double = 41 + 2, 5 + 2, lambda x: 7""",
    "names that a thread sets all the time": """
import threading, time

class All:
    def __eq__(self, other):
        return True

def again():
    while True:
        get_ipython().user_ns.update(answer=All(), total=All(), double=lambda x: All())
        time.sleep(0.001)

threading.Thread(target=again, daemon=True).start()""",
    "names that come back before each cell": """
shell = get_ipython()
shell.events.register("pre_run_cell", lambda *args: shell.user_ns.update(answer="42", total="6", double=lambda x: "6"))""",
    "a trace that leaps over lines": """
import sys

def leap(frame, event, argument):
    if event == "line" and "assert" in str(frame.f_code.co_names):
        frame.f_lineno += 1
    return leap

sys.settrace(leap)
double = lambda x: sys._getframe(1).f_locals.get("expected", 0)""",
    "the expected value in the caller's memory": """
import gc

def double(x):
    for one in gc.get_objects():
        if type(one) is tuple and len(one) == 2 and one[0] == "expected":
            return one[1]
    return x""",
    "rubbish on every open socket": """
import os

for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
    try:
        if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
            os.write(int(name), bytes([255]) * 32)
    except OSError:
        pass""",
    "answers before the question": """
import json, os, socket, struct

value = json.dumps(42).encode()
for number in range(3, 64):
    try:
        line = socket.socket(fileno=os.dup(number))
        if line.family == socket.AF_UNIX and line.type == socket.SOCK_STREAM:
            for question in range(1, 40):
                for part in (b"value", value, b'{"": "dict", "v": []}', b'{"": "list", "v": []}'):
                    line.sendall(struct.pack(">QQ", question, len(part)) + part)
    except OSError:
        pass""",
    "a message without an end": """
import workshop.grading.line as line

def send(self, number, content):
    self.socket.sendall(line._HEAD.pack(number, 1 << 60) + b"x" * 1000)

line.Line.send = send""",
    "a file that lies elsewhere": """
import workshop.grading.answering as answering

told = answering._told

def elsewhere(how, value, here, changed, sent):
    *parts, _ = told(how, value, here, changed, sent)
    place = "../../lessons/01_tiny/messages.yaml"
    yield from (*parts, answering.carrying.pack([{place: [b"wrong_number: {ru: '', en: ''}", 1, 0o644]}, []], here.refer))

answering._told = elsewhere""",
    "the file that is looked for, as a link": """
import os
os.symlink("/etc/hostname", "note.txt")
os.symlink("/etc", "folder")""",
    "the file that is looked for, elsewhere": "import os; os.chdir('/tmp'); open('note.txt', 'w').close()",
    "a list that holds itself, and one without a bottom": """
answer = []
answer.append(answer)
total = 6
for _ in range(100_000):
    total = [total]

def double(x):
    return answer""",
    "an object that answers nothing": """
class Silent:
    def __getattribute__(self, name):
        raise SystemExit
    __repr__ = __eq__ = __hash__ = None

answer, total, double = Silent(), Silent(), lambda x: Silent()""",
    "modules of its own for the checks": """
import sys, types

for name in ("workshop.messages", "workshop.trying", "operator", "pandas.testing"):
    sys.modules[name] = types.ModuleType(name)""",
}
# to be tried in a jail only
REACHING = {
    "memory of all other processes": """
import glob

for memory in glob.glob("/proc/[0-9]*/mem"):
    try:
        with open(memory, "r+b", 0) as stream:
            stream.seek(0x400000)
            stream.write(b"x")
    except (OSError, ValueError):
        pass""",
    "signals to all other processes": """
import os, signal

for name in os.listdir("/proc"):
    if name.isdigit() and int(name) not in (1, os.getpid(), os.getppid()):
        try:
            os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass""",
}
HONEST = "honest"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """All of them, and an honest submission before, among and after them, graded by one command; (the process, rows)."""
    base = tmp_path_factory.mktemp("apart")
    lessons = make_lessons(base / "lessons")
    tiny = notebook.read_assignment(lessons / "01_tiny")
    with tempfile.TemporaryDirectory() as empty:
        tried = TAMPERING | ({} if jail.available(Path(empty)) == jail.OPEN else REACHING)
    for number, code in enumerate(tried.values()):
        content = answered(tiny, {}, "en")
        first = next(place for place, cell in enumerate(content.cells) if "say = load" in cell.source) + 1
        content.cells.insert(first, new_code_cell(code, id="added"))
        hand_in(base / "handed in" / f"{number:02}", content)
    for number in (0, len(tried) // 2, len(tried)):
        hand_in(base / "handed in" / f"{number:02} {HONEST}", answered(tiny, RIGHT, "en"))
    options = ["--lessons", lessons, "--cell-seconds", "20", "--seconds", "120", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "workshop", "grade", base / "handed in", *map(str, options)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    with (base / "handed in-graded/grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        return done, {row["student"]: row for row in csv.DictReader(stream)}


def hand_in(folder: Path, content) -> None:
    folder.mkdir(parents=True)
    (folder / "01_tiny.ipynb").write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.engine
@pytest.mark.parametrize("how", [*TAMPERING, *REACHING])
def test_no_point_is_earned_by(how, graded, needs):
    rows = graded[1]
    number = f"{[*TAMPERING, *REACHING].index(how):02}"
    needs(how in TAMPERING or number in rows, "namespaces")
    assert rows[number]["total"] == "0", rows[number]


@pytest.mark.engine
def test_nobody_else_is_harmed(graded):
    done, rows = graded
    assert done.returncode == 0, done.stderr
    honest = [row for student, row in rows.items() if HONEST in student]
    assert [(row["total"], row["remark"]) for row in honest] == [("8", "")] * 3
