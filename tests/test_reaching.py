"""What is told of code that reaches for the interpreter or the machine: that it is seen, and that honest answers are not."""

import sys
from pathlib import Path

import nbformat
import pytest

from workshop.builder.tasks import blank_count, fill
from workshop.filled import matching
from workshop.filled.parsing import parse
from workshop.grading import limited, notebook
from workshop.grading.reaching import UNREAD, reached
from workshop.places import LESSONS

HERE = Path(__file__).parent
sys.path.append(str(HERE))
from handed_in import as_bytes  # noqa: E402
from nbval_answers import read_answers  # noqa: E402

NAMES = sorted(file.parent.name for file in LESSONS.glob("*/exercise.py"))
FORMER = HERE / "former/a88f7c7"
GIVEN = [
    "import sys\nfrom datetime import datetime\n\nimport pandas as pd",
    'from workshop.lesson import start\n\nsandbox, say = start("01_tiny")',
    "assert all(isinstance(number, int) for number in numbers), say('whole')",
]
SEEN = {
    "get_ipython().run_cell('x = 1')": "get_ipython",
    "%time x = get_ipython()": "get_ipython",
    "ｇet_ipython()\n%time x = 1": "get_ipython",  # the same name to Python
    "from IPython import get_ipython as shell": "IPython.get_ipython",
    "shell.ast_transformers.append(mine)": "ast_transformers",
    "import ast\n\nclass Mine(ast.NodeTransformer): pass": "ast.NodeTransformer",
    "import builtins": "builtins",
    "__builtins__": "__builtins__",
    "class Any:\n    def __eq__(self, other): return True": "__eq__",
    "class Any:\n    __ne__ = __hash__ = None": "__hash__ __ne__",
    "class Any:\n    if True:\n        async def __bool__(self): ...": "__bool__",
    "thing.__class__ = int": "__class__",
    "Any = type('Any', (), {'__eq__': always})": "__eq__",
    "import socket": "socket",
    "open('/proc/self/mem')": "/proc",
    "!cat /proc/1/environ": "/proc",
    "import ctypes.util as helper": "ctypes",
    "from gc import *": "gc",
    "sys.modules['pandas']": "sys.modules",
    "import sys as system\nsystem.modules": "sys.modules",
    "from sys import modules as known": "sys.modules",
    "getattr(sys, '_getframe')(1)": "sys._getframe",
    "import inspect\ninspect.currentframe()": "inspect.currentframe",
    "from inspect import stack as calls\ncalls()": "inspect.stack",
    "error.__traceback__.tb_frame.f_back": "f_back tb_frame",
    "getattr(frame, 'f_globals')": "f_globals",
    "sys.settrace(mine)": "sys.settrace",
    "import threading\nthreading.setprofile(mine)": "threading.setprofile",
    "__import__('os')._exit(0)": "os._exit",
    "__import__(name)": "importlib",
    "import importlib\nimportlib.import_module('workshop.lesson')": "importlib",
    "import importlib\nimportlib.import_module('ctypes')": "ctypes",
    "from importlib import reload": "importlib.reload",
    "pd.read_csv = mine": "pandas.read_csv =",
    "del pd.read_csv": "pandas.read_csv =",
    "for pd.read_csv in [mine]: pass": "pandas.read_csv =",
    "sandbox.run = mine": "sandbox.run =",
    "type(say).__call__ = mine": "say.__call__ =",
    "from pathlib import Path as Place\nPlace.exists = mine": "pathlib.Path.exists =",
    "pd.__dict__['read_csv'] = mine": "__dict__",
    "vars(pd)['read_csv'] = mine": "vars",
    "import xml.dom as tree\ntree.Node = mine": "xml.dom.Node =",
    "setattr(pd, 'read_csv', mine)": "setattr",
    "from unittest.mock import patch": "unittest.mock",
    "def isinstance(*given): return True": "isinstance =",
    "import mine as pd": "pd =",
    "import os\nos._exit(0)": "os._exit",
    "import signal": "signal",
    "exec(code)": "exec",
    "print(eval(code), compile(code))": "compile eval",
    'dag = """\n    import ctypes\n    from airflow.sdk import DAG\n"""': "ctypes",
    'cell = f"""import signal\nx = {x!r}\n"""': "signal",
    "cell = 'run(\"import gc\")'": "gc",
    "%%writefile mine.py\nimport gc": "gc",
    "getattr(pd, 'a\\x1b\\n=1').name = mine": "pandas.a??=1.name =",
    "-" * 100_000 + "1": UNREAD,
    f"'{'-' * 100_000}(1)'": UNREAD,
}
SEEN |= {
    f"import {name.rpartition('.')[0]} as it\nit.{name.rpartition('.')[2]}": name
    for name in (
        "IPython.core.inputtransformer2",
        "IPython.core.interactiveshell",
        "os.abort",
        "os.kill",
        "sys._current_frames",
        "sys.addaudithook",
        "sys.meta_path",
        "sys.setprofile",
        "threading.settrace",
    )
}
SEEN |= {f"import {name}": name for name in ("ipykernel", "mock")}
SEEN |= {
    f"thing.{name}": name
    for name in (
        "__builtins__",
        "__code__",
        "__globals__",
        "__subclasses__",
        "cr_frame",
        "f_builtins",
        "f_locals",
        "get_ipython",
        "gi_frame",
        "input_transformers_cleanup",
        "input_transformers_post",
    )
}
QUIET = [
    "",
    "!ls\n%time x = 1\nfiles = !ls",
    "# get_ipython()",
    "print('signal', \"Let me signal (or compile) that\")",
    "import re\nre.compile('x')\nmodel.eval()\ntable.eval('a + b')",
    "socket = signal = 1\nsocket.signal",
    "open('work/proc/x')",
    "thing.__class__.__name__",
    "thing.name = 1\nsetattr(thing, 'name', 1)\nvars(thing)\nthing.__dict__",
    "sandbox = make()\nsandbox.run = 1",
    "pd.options.display.max_rows = 9\nsys.argv = ['x']",
    "import os\nos.environ['X'] = '1'",
    "import pandas as pd\nimport datetime",
    "[all for all in numbers]\ndef mine(all):\n    isinstance = 1",
    "__import__('prefect').runtime",
    "from . import gc",
    "from .ctypes import helper",
    "(" * 300,
    "import ctypes ctypes",
    "\0",
    "'\ud800'",
]


@pytest.mark.parametrize("code", SEEN)
def test_it_is_seen(code):
    found = reached({1: ["x = 1"], 2: [code]}, GIVEN)
    assert {task: " ".join(labels) for task, labels in found.items()} == {2: SEEN[code]}


@pytest.mark.parametrize("code", QUIET)
def test_it_is_passed_over(code):
    assert reached({2: [code]}, GIVEN) == {}


def test_a_name_of_one_cell_is_known_in_another():
    assert reached({1: ["import os as system"], 3: ["system._exit(0)"]}, []) == {3: ["os._exit"]}
    assert reached({1: ["stack()"]}, ["from inspect import stack"]) == {1: ["inspect.stack"]}


def test_code_that_is_too_deep_to_be_looked_through_hides_nothing_beside_it():
    found = next(
        labels
        for calls in range(100, 2000, 100)
        if (labels := reached({1: ["import gc", "x = a" + ".b('c')" * calls, "import signal"]}, [])) != {1: ["gc", "signal"]}
    )
    assert found == {1: [UNREAD, "gc", "signal"]}


def test_names_have_an_end():
    (label,) = reached({1: [f"pd.{'x' * 1000} = 1"]}, GIVEN)[1]
    assert len(label) < 70


@pytest.mark.parametrize(
    "code", ["1," * 500_000, "a.b=1;" * 160_000, "'(a)\\n'," * 100_000, "x = '" + "ab+/" * 240_000 + "(?'"]
)
def test_the_largest_cells_take_neither_long_nor_much_memory(code):
    assert limited.call(reached, {1: [code]}, GIVEN, seconds=120, memory_mb=1000) == {}


@pytest.mark.parametrize("name", NAMES)
def test_honest_answers_reach_for_nothing(name):
    assignment = notebook.read_assignment(LESSONS / name)
    answers = assignment.answer_ids()
    given = [cell.source for cell in assignment.notebook("ru").cells if cell.cell_type == "code" and cell.id not in answers]

    written = read_answers(HERE / "answers" / f"{name}.yaml")
    tried = 0
    for task in assignment.exercise.tasks:
        of_task = written[task.number]
        for answer in [*of_task["right"], *(wrong["code"] for wrong in of_task["wrong"])]:
            pieces = [answer] if isinstance(answer, str) else list(answer)
            texts = []
            for cell in task.answer_cells:
                count = blank_count(cell.text)
                texts.append(fill(cell.text, pieces[:count]))
                pieces = pieces[count:]
            assert reached({task.number: texts}, given) == {}, texts
            tried += 1
        assert reached({task.number: [cell.text for cell in task.answer_cells]}, given) == {}
    assert tried >= 5 * len(assignment.exercise.tasks)

    filled = parse(as_bytes(nbformat.read(FORMER / f"{name}.ipynb", as_version=4)))
    restored, _ = notebook.restore(matching.identify(filled, assignment.issues), assignment, "ru")
    theirs = [cell.source for cell in restored.cells if cell.id in answers or "added" in cell.metadata.get("tags", [])]
    assert theirs
    assert reached({1: theirs}, given) == {}
