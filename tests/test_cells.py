"""What a student sees when cells run, in a real kernel that is sent what JupyterLab sends: the cell's metadata and its id."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from workshop.builder.format import Source
from workshop.builder.making import STUB, cell_ids, make
from workshop.builder.notes import RECORD, notes, tagged, waits_for
from workshop.builder.reading import read
from workshop.ground.texts import plural
from workshop.places import LESSONS, ROOT, environment
from workshop.waiting import about

sys.path.append(str(Path(__file__).parent))
from tiny_lessons import FILE, FUNCTION, NUMBER, SUM, write_lesson

WATCHED = "\nfrom workshop import cells\n\ncells.watch(say)\n"


class Kernel:
    """A kernel, and the cells that a student runs in it."""

    def __init__(self, client: BlockingKernelClient):
        self.client = client

    def run(
        self, cell: NotebookNode, *, as_jupyterlab: bool = True, meanwhile: Callable[[], None] | None = None
    ) -> list[dict[str, Any]]:
        """Run a cell and give its outputs, updates of earlier ones included, in order; call `meanwhile` when it has begun."""
        content = {"code": cell.source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        sent = {**cell.metadata, "deletedCells": [], "recordTiming": False, "cellId": cell.id} if as_jupyterlab else {}
        request = self.client.session.msg("execute_request", {**content, "stop_on_error": True}, metadata=sent)
        self.client.shell_channel.send(request)
        found = []
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            if message["msg_type"] == "execute_input" and meanwhile:
                meanwhile()
            if message["msg_type"] in ("stream", "error", "display_data", "update_display_data", "execute_result"):
                found.append({"type": message["msg_type"], **message["content"]})
        while self.client.get_shell_msg(timeout=120)["parent_header"]["msg_id"] != request["header"]["msg_id"]:
            pass
        return found


@pytest.fixture(scope="module")
def kernel(tmp_path_factory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("с пробелом")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder), env=environment(), startup_timeout=180)
    try:
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# what a new kernel is spared: nobody watches, and nothing has a name
AS_NEW = """
from workshop import cells as _cells
_shell, _watcher = get_ipython(), _cells._watcher
if _watcher:
    _shell.events.unregister("pre_run_cell", _watcher.begin)
    _shell.events.unregister("post_run_cell", _watcher.end)
    _shell.ast_transformers.remove(_watcher)
    _cells._watcher = None
_shell.reset(new_session=False)
"""


class Notebook:
    """The notebook of an exercise as handed out, in a kernel."""

    def __init__(self, exercise: Path, lang: str, kernel: Kernel):
        source, problems = read(exercise, "exercise", exercise.parent.name)
        assert problems == []
        made = make(source, lang, "exercise")
        code = [cell for cell in made.cells if cell.cell_type == "code"]
        self.kernel, self.opening = kernel, code[:2]
        self.opening[1].source += WATCHED
        self.answers = [cell for cell in code if STUB in cell.source]
        self.checks = [cell for cell in code if "check" in cell.metadata.get("tags", [])]

    def open(self) -> None:
        for cell in self.opening:
            assert errors(self.kernel.run(cell)) == []

    def answer(self, task: int, text: str, **how: bool) -> list[dict[str, Any]]:
        """Run the task's cell with another text in it."""
        cell = self.answers[task - 1]
        return self.kernel.run(new_code_cell(text, id=cell.id, metadata=cell.metadata), **how)

    def check(self, task: int, **how: bool) -> list[dict[str, Any]]:
        return self.kernel.run(self.checks[task - 1], **how)


def errors(found: list[dict[str, Any]]) -> list[str]:
    return [" ".join(output["traceback"]) for output in found if output["type"] == "error"]


def printed(found: list[dict[str, Any]]) -> str:
    return "".join(output["text"] for output in found if output["type"] == "stream")


@pytest.fixture
def notebook(kernel, tmp_path, request):
    """An exercise of four tasks, two points each, in Russian or as asked for."""
    lang = getattr(request, "param", "ru")
    exercise = write_lesson(tmp_path / "lessons", "01_tiny", (NUMBER, FUNCTION, FILE, SUM))
    kernel.run(new_code_cell(AS_NEW))
    found = Notebook(exercise, lang, kernel)
    found.open()
    return found


# --- checks and answers


def test_a_check_before_its_answer_does_not_run_and_names_the_cell(notebook):
    (said,) = errors(notebook.check(1))
    assert said.startswith("Проверять пока нечего: ячейка с ответом на задачу 1 ещё не запущена")
    assert "(она стоит сразу под текстом задачи)" in said
    (said,) = errors(notebook.check(2))
    assert "на задачу 2 ещё не запущена (в ней есть «def double»)" in said


def test_an_answer_that_is_still_blank_or_failed_is_not_judged(notebook):
    assert "Здесь пока нет решения" in errors(notebook.kernel.run(notebook.answers[0]))[0]
    assert "пока нет решения (она стоит сразу под текстом задачи)" in errors(notebook.check(1))[0]
    assert errors(notebook.answer(1, "answer = 41")) == []
    assert "пересчитайте" in errors(notebook.check(1))[0]  # a wrong answer is judged as ever
    assert errors(notebook.answer(2, f"def double(x):\n    {STUB}")) == []  # a blank that nobody has called yet
    assert "Здесь пока нет решения" in errors(notebook.check(2))[0]


@pytest.mark.parametrize("failing", ["def double(x):\n    return 2 * x +", "1 / 0\n\n\ndef double(x):\n    return 3 * x"])
def test_a_failed_definition_is_not_judged_by_the_one_before_it(notebook, failing):
    right = "def double(x):\n    return 2 * x"
    assert errors(notebook.answer(2, right)) == []
    assert printed(notebook.check(2)) == "✓ Задача 2 решена: 2 балла. Всего 2 из 8.\n"
    assert errors(notebook.answer(2, failing)) != []
    (said,) = errors(notebook.check(2))
    assert said.startswith("Ячейка с ответом на задачу 2 закончилась ошибкой (в ней есть «def double»).")
    assert errors(notebook.answer(1, "answer = 42")) == []
    assert printed(notebook.check(1)).endswith("Всего 2 из 8.\n")  # task 2 does not count while its answer is broken
    assert errors(notebook.answer(2, right)) == []
    assert printed(notebook.check(2)).endswith("Всего 4 из 8.\n")


def test_points_are_counted_in_any_order_and_only_of_answers_that_stand(notebook):
    notebook.answer(4, "numbers = [1, 2, 3]\ntotal = 6")
    assert printed(notebook.check(4)) == "✓ Задача 4 решена: 2 балла. Всего 2 из 8.\n"
    notebook.answer(1, "answer = 42")
    assert printed(notebook.check(1)) == "✓ Задача 1 решена: 2 балла. Всего 4 из 8.\n"
    assert printed(notebook.check(1)) == "✓ Задача 1 решена: 2 балла. Всего 4 из 8.\n"  # again
    notebook.answer(1, "answer = 42")
    notebook.answer(4, "total = 5")  # another answer, which nobody has judged yet
    assert printed(notebook.check(1)) == "✓ Задача 1 решена: 2 балла. Всего 2 из 8.\n"
    assert printed(notebook.check(4)) == ""
    notebook.open()  # the lesson is started again
    assert printed(notebook.check(1)) == "✓ Задача 1 решена: 2 балла. Всего 2 из 8.\n"


@pytest.mark.parametrize("notebook", ["en"], indirect=True)
def test_the_same_in_english(notebook):
    assert "the cell with the answer to task 2 has not been run (it has `def double`)" in errors(notebook.check(2))[0]
    notebook.answer(1, "answer = 42")
    assert printed(notebook.check(1)) == "✓ Task 1 solved: 2 points. 2 of 8 in all.\n"


def test_a_name_that_is_not_there_is_explained_where_the_check_asks_for_it(notebook):
    notebook.answer(1, "my_answer = 42")
    found = notebook.check(1)
    assert "NameError" in errors(found)[0]
    assert printed(found).startswith("Имени answer нет. Возможно, выше осталась незапущенная ячейка")
    notebook.answer(2, "def double(x):\n    return too * x")  # the student's own slip: the traceback says all
    found = notebook.check(2)
    assert "NameError" in errors(found)[0]
    assert printed(found) == ""


def test_a_cell_of_the_students_own_is_nobodys_business(notebook):
    notebook.answer(1, "answer = 42")
    assert errors(notebook.kernel.run(new_code_cell("1 / 0"))) != []
    assert printed(notebook.kernel.run(new_code_cell("get_ipython().run_cell('print(answer)')"))) == "42\n"
    assert printed(notebook.check(1)).startswith("✓")


def test_without_metadata_there_is_nothing_of_it(notebook):
    """As papermill, nbval and the grader run cells: stored outputs must not depend on the language."""
    found = notebook.check(2, as_jupyterlab=False)
    assert "NameError" in errors(found)[0]
    assert printed(found) == ""
    notebook.answer(2, "def double(x):\n    return 2 * x", as_jupyterlab=False)
    assert notebook.check(2, as_jupyterlab=False) == []
    notebook.answer(2, "1 / 0", as_jupyterlab=False)
    assert notebook.check(2, as_jupyterlab=False) == []


@pytest.mark.parametrize(
    ("lang", "numbers"),
    [
        ("ru", {"one": [1, 21, 101], "few": [2, 3, 4, 22, 34], "many": [0, 5, 10, 11, 12, 13, 14, 19, 111, 112]}),
        ("en", {"one": [1], "many": [0, 2, 11, 21, 22]}),
    ],
)
def test_forms_of_a_noun_after_a_number(lang, numbers):
    for form, those in numbers.items():
        assert [plural(number, lang) for number in those] == [form] * len(those)


# --- waiting


@pytest.fixture
def waiting(notebook):
    """A function that runs code in a cell that is known to wait."""

    def run(code: str, meanwhile: Callable[[], None] | None = None, **waits: Any) -> list[dict[str, Any]]:
        metadata = {"workshop": {"waits": {"for": "waits_pipeline", **waits}}}
        return notebook.kernel.run(new_code_cell(code, metadata=metadata), meanwhile=meanwhile)

    return run


def test_a_slow_cell_says_what_it_waits_for_how_long_that_takes_and_how_long_it_took(waiting):
    found = waiting("import time\ntime.sleep(4.5)\nprint('ready')", seconds=31)
    lines = [output["data"]["text/plain"] for output in found if output["type"].endswith("display_data")]
    assert re.fullmatch(r"Пайплайн выполняется: обычно около 30 с, прошло \d с", lines[0])
    assert len(lines) > 2
    assert re.fullmatch(r"Пайплайн выполняется: готово за \d с", lines[-1])
    ids = {output["transient"]["display_id"] for output in found if output["type"].endswith("display_data")}
    assert len(ids) == 1  # one line, in its place
    assert [output["type"] for output in found].count("display_data") == 1
    assert printed(found) == "ready\n"


def test_the_line_stays_with_its_cell_when_a_widget_is_used_meanwhile(kernel, waiting):
    """JupyterLab sends what widgets say to a subshell, which answers while the cell is running."""
    session, client = kernel.client.session, kernel.client
    client.control_channel.send(session.msg("create_subshell_request"))
    subshell = client.get_control_msg(timeout=60)["content"]["subshell_id"]

    def use_a_widget() -> None:
        message = session.msg("comm_info_request")
        message["header"]["subshell_id"] = subshell
        client.shell_channel.send(message)

    found = waiting("import time\ntime.sleep(3.5)", use_a_widget)
    assert found[0]["type"] == "display_data"


def test_the_cell_that_starts_the_lesson_may_be_slow_too(kernel, notebook):
    kernel.run(new_code_cell(AS_NEW))
    kernel.run(notebook.opening[0])
    first = notebook.opening[1]
    first.metadata["workshop"] = {"waits": {"for": "waits_pipeline"}}
    first.source += "\nimport time\n\ntime.sleep(2.5)\n"
    for _ in range(2):  # and when it is run again
        found = kernel.run(first)
        assert "готово" in found[-1]["data"]["text/plain"]
        assert [output["type"] for output in found].count("display_data") == 1


def test_nothing_is_said_of_a_cell_that_is_quick_and_the_line_ends_with_a_cell_that_fails(waiting):
    assert waiting("1 + 1")[0]["type"] == "execute_result"
    assert len(waiting("1 + 1")) == 1
    found = waiting("import time\ntime.sleep(2.5)\n1 / 0")
    lines = [output["data"]["text/plain"] for output in found if output["type"].endswith("display_data")]
    assert len(lines) >= 2
    assert all(re.fullmatch(r"Пайплайн выполняется: прошло \d с", line) for line in lines)
    assert errors(found) != []


def test_seconds_are_said_roundly():
    assert [about(seconds) for seconds in (6, 17, 23, 58, 64, 118)] == [6, 17, 25, 60, 60, 120]


# --- what the builder writes


def test_what_a_cell_is_stands_in_its_metadata(tmp_path):
    exercise = write_lesson(tmp_path / "lessons", "01_tiny", (NUMBER, FUNCTION))
    text = exercise.read_text(encoding="utf-8").replace("# %%\ndef double", '# %% tags=["waits-pipeline"]\ndef double')
    exercise.write_text(text, encoding="utf-8")
    source, problems = read(exercise, "exercise", "01_tiny")
    assert problems == []
    before = cell_ids(source)
    (tmp_path / "bench").mkdir()
    answer = next(id_ for id_, block in zip(before, source.blocks, strict=True) if "def double" in block.key.text)
    record = {"01_tiny": {"seconds": {"exercise": {answer: 12}, "lesson": {}}}}
    (tmp_path / RECORD).write_text(json.dumps(record), encoding="utf-8")
    solution, blank = make(source, "en", "solution"), make(source, "ru", "exercise")
    assert [cell.metadata for cell in solution.cells] == [cell.metadata for cell in blank.cells]
    found = {cell.id: cell.metadata for cell in blank.cells}
    assert found[answer] == {"workshop": {"task": 2, "answer": 1, "waits": {"for": "waits_pipeline", "seconds": 12}}}
    checks = [metadata for metadata in found.values() if "check" in metadata.get("tags", [])]
    assert [metadata["jupyter"] for metadata in checks] == [{"source_hidden": True}] * 2
    facts = {"check": 1, "checks": 1, "points": 2, "all": 4, "waits": {"for": "waits_check"}}
    assert [metadata["workshop"] for metadata in checks] == [
        {"task": 1, "answers": [1], **facts},
        {"task": 2, "answers": ["def double"], **facts},
    ]


def sources() -> list[Source]:
    found = []
    for kind in ("lesson", "exercise"):
        for file in sorted(LESSONS.glob(f"[0-9]*/{kind}.py")):
            source, problems = read(file, kind, file.parent.name)
            assert problems == []
            found.append(source)
    return found


def test_every_check_of_the_kit_knows_its_answers():
    for source in sources():
        for block, note in zip(source.blocks, notes(source, cell_ids(source)), strict=True):
            if "check" in block.key.tags:
                assert note.get("answers"), f"{source.file}:{block.key.line}"


def test_every_cell_that_took_more_than_ten_seconds_says_what_it_waits_for():
    silent = [place for place, block, took in cells_and_seconds() if (took or 0) > 10 and not waits_for(block.key)]
    assert silent == []


def test_every_cell_that_waits_says_how_long_that_usually_takes():
    unknown = [place for place, block, took in cells_and_seconds() if tagged(block.key) and took is None]
    assert unknown == [], "measure these lessons anew: bench/waits.py"


def cells_and_seconds():
    """All cells with the seconds that they usually take, None if they are not in the record: (place, block, seconds)."""
    record = json.loads((ROOT / RECORD).read_text(encoding="utf-8"))
    for source in sources():
        took = record.get(source.name, {}).get("seconds", {}).get(source.kind, {})
        for block, id_ in zip(source.blocks, cell_ids(source), strict=True):
            yield f"{source.file.relative_to(ROOT)}:{block.key.line}", block, took.get(id_)
