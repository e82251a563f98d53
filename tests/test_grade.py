"""Grading: checks are the source's, and whatever a submission does costs its own points only."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from multiprocessing import forkserver
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell

from workshop.builder.format import BuildError
from workshop.builder.tasks import fill, read_exercise
from workshop.engines.servers import wait_for
from workshop.filled import matching, parsing
from workshop.grading import feedback, jail, notebook, reading, submissions
from workshop.grading.feedback import text
from workshop.grading.gradebook import row_of, table_of
from workshop.grading.grader import Grade, Grader
from workshop.grading.supervise import Limits
from workshop.places import ROOT

HERE = Path(__file__).parent
sys.path.append(str(HERE))
from handed_in import IN_THE_COPY, RIGHT, answered, as_bytes, make_lessons, no_ids, put  # noqa: E402
from tiny_lessons import write_lesson  # noqa: E402

LESSON_FILES = ("messages.yaml", "table.csv")
SLEEPER = f"4242.{os.getpid()}"  # seconds, and recognised among all processes


@pytest.fixture(scope="module")
def lessons(tmp_path_factory) -> Path:
    return make_lessons(tmp_path_factory.mktemp("kit") / "с пробелом" / "lessons")


@pytest.fixture(scope="module")
def tiny(lessons) -> notebook.Assignment:
    return notebook.read_assignment(lessons / "01_tiny")


def submission(*contents) -> parsing.Submission:
    """Notebooks as they are read from a file, one after the other."""
    cells = (cell for content in contents for cell in content.cells)
    return parsing.Submission(tuple(as_read(cell.id, cell.cell_type, cell.source) for cell in cells))


def as_read(id_: str, kind: str, text: str) -> dict[str, str]:
    return {"id": id_, "kept": "", "kind": kind, "text": text}


def code(content) -> list[str]:
    return [cell.source for cell in content.cells if cell.cell_type == "code"]


# What is taken from a submission


def test_answers_are_taken_by_id_and_checks_from_the_source(tiny):
    content = answered(tiny, RIGHT)
    expected = code(content)
    checks = {id_ for task in tiny.exercise.tasks for id_ in tiny.check_ids(task)}
    for cell in content.cells:
        if cell.id in checks:
            expected.insert(expected.index(cell.source), "pass")  # it may be a part of the answer: what it does it does before
            cell.source = "pass"
    content.cells.reverse()
    restored, touched = notebook.restore(submission(content), tiny, "ru")
    assert code(restored) == expected
    assert touched == 4


def test_deleted_cells_come_back(tiny):
    content = answered(tiny, {})
    expected = code(content)
    content.cells = [cell for cell in content.cells if cell.cell_type == "markdown"]
    restored, touched = notebook.restore(submission(content), tiny, "ru")
    assert code(restored) == expected
    assert touched == 4


def test_of_doubled_ids_the_last_that_was_filled_in_counts(tiny):
    blank, first, second = (answered(tiny, answers) for answers in ({}, {1: "answer = 1"}, {1: "answer = 2"}))
    restored, _ = notebook.restore(submission(first, second, blank), tiny, "ru")
    assert "answer = 2" in code(restored)
    assert "answer = 1" not in code(restored)


def test_added_cells_run_before_the_cell_they_stood_before(tiny):
    content = answered(tiny, RIGHT)
    position = next(n for n, cell in enumerate(content.cells) if cell.source == RIGHT[2])
    cells = list(submission(content).cells)
    cells.insert(position, as_read("new", "code", "helper = 1"))
    cells.append(as_read("", "code", "after = 1"))
    cells.append(as_read("", "markdown", "notes"))
    restored, touched = notebook.restore(parsing.Submission(tuple(cells)), tiny, "ru")
    found = code(restored)
    assert found[found.index(RIGHT[2]) - 1] == "helper = 1"
    assert found[-1] == "after = 1"
    assert touched == 0
    assert len({cell.id for cell in restored.cells}) == len(restored.cells)


def test_an_answer_cell_turned_into_text_is_a_blank(tiny):
    content = submission(answered(tiny, RIGHT))
    cells = tuple({**cell, "kind": "markdown"} if cell["text"] == RIGHT[1] else cell for cell in content.cells)
    restored, _ = notebook.restore(parsing.Submission(cells), tiny, "ru")
    assert code(restored)[2] == code(tiny.notebook("ru"))[2]


def test_the_language_is_that_of_the_texts(tiny):
    for language, other in (("ru", "en"), ("en", "ru")):
        assert matching.language_of(submission(tiny.notebook(language)), tiny.issues, other) == language
    assert matching.language_of(parsing.Submission(()), tiny.issues, "en") == "en"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"PK\x03\x04", "not_json"),
        (b"\xff\xfe", "not_json"),
        ('["я"]'.encode("cp1251"), "encoding"),
        (b"\n<!DOCTYPE html>", "web_page"),
        (b'{"worksheets": 1}', "not_a_notebook"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "not_a_notebook"),
        (b"{}", "not_a_notebook"),
        (b'{"cells": [1]}', "not_a_notebook"),
        (b'{"cells": [{"cell_type": "code"}]}', "not_a_notebook"),
        (b'{"cells": [{"cell_type": "code", "source": 1}]}', "not_a_notebook"),
        (json.dumps({"cells": [{"cell_type": "code", "source": "1"}] * 2000}).encode(), "too_much"),
        (json.dumps({"cells": [{"cell_type": "code", "source": "1;" * 600_000}]}).encode(), "too_much"),
    ],
)
def test_what_is_not_a_notebook_is_refused(content, key):
    with pytest.raises(parsing.Refused) as refused:
        parsing.parse(content)
    assert refused.value.key == key


def test_links_and_pipes_are_not_read(tmp_path):
    (tmp_path / "real").write_text('{"cells": []}')
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe.ipynb")
    found = {one.name: one.content for one in reading.read(tmp_path).notebooks}
    assert {name: refused.key for name, refused in found.items()} == {"link.ipynb": "link", "pipe.ipynb": "not_a_file"}


def test_a_notebook_is_of_the_lesson_that_its_cells_are_of(tiny, lessons):
    other = notebook.read_assignment(lessons / "02_other")
    catalogue = notebook.Catalogue({"01_tiny": tiny, "02_other": other})
    for language in ("ru", "en"):
        for content in (other.notebook(language), json.loads(no_ids(other.notebook(language)))):
            read = parsing.parse(as_bytes(content))
            assert catalogue.lesson_of(read, "01_tiny") == "02_other"
    assert catalogue.lesson_of(parsing.Submission((as_read("", "code", "1"),)), "01_tiny") is None


# Tasks


def test_tasks_are_read(tiny):
    assert [(task.number, task.minutes, task.points) for task in tiny.exercise.tasks] == [(n, 1, 2) for n in (1, 2, 3, 4)]
    assert tiny.exercise.tasks[1].titles == {"ru": "Дело 2", "en": "Thing 2"}
    assert tiny.exercise.max_points == 8


def test_an_answer_is_indented_as_the_solution_was():
    assert fill("def f():\n    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\nf()", ["x = 2\nif x:\n    return x"]) == (
        "def f():\n    x = 2\n    if x:\n        return x\nf()"
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("### Task 2 (1 min", "### Task 2 (3 min", "differ between the languages"),
        ("2 points). Thing 3", "2 pts). Thing 3", "a task's heading is"),
        ("# BEGIN SOLUTION\nanswer = 42\n# END SOLUTION", "answer = 42", "without anything to fill in"),
        ('tags=["check", "graded-back-."]\nassert answer', "\nassert answer", "without a check cell"),
    ],
)
def test_a_task_not_as_agreed_is_a_build_error(tmp_path, before, after, message):
    file = write_lesson(tmp_path, "01_tiny")
    source = file.read_text(encoding="utf-8")
    assert before in source
    file.write_text(source.replace(before, after), encoding="utf-8")
    with pytest.raises(BuildError, match=message) as error:
        read_exercise(file)
    assert f"{file}:" in str(error.value)


def test_task_numbers_follow_each_other(tmp_path):
    file = write_lesson(tmp_path, "01_tiny")
    source = file.read_text(encoding="utf-8")
    file.write_text(source.replace("Задача 2", "Задача 3").replace("Task 2", "Task 3"), encoding="utf-8")
    with pytest.raises(BuildError, match="this is task 2, not 3"):
        read_exercise(file)


# Hostile submissions, all graded by one command

CELL_SECONDS, SECONDS, MEMORY, PROCESSES = 6, 60, 1500, 200
HOSTILE = {
    "crash": {2: "1 / 0"},
    "sys_exit": {2: "import sys\n\nsys.exit()"},
    "os_exit": {2: "import os\n\nos._exit(0)"},
    "loop": {2: "while True:\n    pass"},
    "stubborn": {2: "import signal\n\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"},
    "memory_at_once": {2: "x = bytearray(10**11)"},
    "memory_by_children": {
        2: "import subprocess, sys, time\n"
        "eat = [sys.executable, '-c', 'import time; x = b\"1\" * 9 * 10**8; time.sleep(60)']\n"
        "eaters = [subprocess.Popen(eat, start_new_session=True) for _ in range(3)]\ntime.sleep(60)"
    },
    "processes": {
        2: f"import subprocess, time\n"
        f"many = [subprocess.Popen(['sleep', '{SLEEPER}'], start_new_session=True) for _ in range({PROCESSES})]\ntime.sleep(60)"
    },
    "flood": {2: RIGHT[2] + "\n\n\nfor _ in range(20_000):\n    print('x' * 100)"},
    "endless_flood": {2: "while True:\n    print('x' * 1000)"},
    "curious": {1: f"import os\n\nanswer = 42 if set(os.listdir('{IN_THE_COPY}/01_tiny')) == {set(LESSON_FILES)} else 0"},
    "vandal": {2: RIGHT[2] + "\n\n\nimport shutil\n\nshutil.rmtree('../../..', ignore_errors=True)"},
    "deep": {
        2: RIGHT[2] + "\n\n\nimport os\n\nhere = os.getcwd()\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n"
        "os.chdir(here)"
    },
    "half_an_emoji": {1: RIGHT[1] + "  # \ud83d", 2: RIGHT[2] + "\n\n\nprint(chr(0xD83D))"},
    "forger": {
        2: "double = lambda x: x\nsession = get_ipython().kernel.session\nsend = session.send\n\n\n"
        "def forged(stream, kind, content=None, *rest, **others):\n"
        "    return send(stream, kind, {'status': 'fine'} if kind == 'execute_reply' else content, *rest, **others)\n\n\n"
        "session.send = forged"
    },
    "log_filler": {  # looks for a file of the grader's among those that the kernel has open
        1: "import os\n\nfound = []\nfor name in os.listdir('/proc/self/fd'):\n    try:\n"
        "        if os.readlink('/proc/self/fd/' + name).endswith('/log'):\n            found.append(name)\n"
        "    except OSError:\n        pass\nanswer = 0 if found else 42"
    },
    "swollen": {  # what is changed after it was shown, and the text of an error
        1: RIGHT[1] + "\n\nfrom IPython.display import display, update_display\n\n"
        "display({'text/plain': 'x'}, raw=True, display_id='a')\n"
        "update_display({'text/plain': '\\x01' * (10 * 1024**2)}, raw=True, display_id='a')",
        2: "raise Exception('\\x01' * (10 * 1024**2))",
    },
    "detached": {2: RIGHT[2] + f"\n\n\nimport subprocess\n\nsubprocess.Popen(['sleep', '{SLEEPER}'], start_new_session=True)"},
}
LONG = "я" * 200
EXPECTED = {
    # points by task, and the key of the remark
    "good": ([2, 2, 2, 2], None),
    "good_nbgrader": ([2, 2, 2, 2], None),
    "good_english": ([2, 2, 2, 2], None),
    "unsolved": ([0, 0, 0, 0], None),
    "half": ([2, 0, 0, 2], None),
    "cheat": ([0, 2, 2, 2], None),
    "crash": ([2, 0, 2, 2], None),
    "sys_exit": ([2, 0, 2, 2], None),
    "os_exit": ([2, 0, 0, 0], "died"),
    "loop": ([2, 0, 2, 2], None),
    "stubborn": ([2, 0, 0, 0], "stuck"),
    "memory_at_once": ([2, 0, 2, 2], None),
    "memory_by_children": ([2, 0, 0, 0], "memory"),
    "processes": ([2, 0, 2, 2], None),
    "flood": ([2, 2, 2, 2], None),
    "endless_flood": ([2, 0, 2, 2], None),
    "curious": ([2, 2, 2, 2], None),  # finds what notebooks read, and no solutions
    "vandal": ([2, 2, 0, 2], None),  # it removed its own working folder, ours included
    "detached": ([2, 2, 2, 2], None),
    "deep": ([2, 2, 2, 2], None),
    "half_an_emoji": ([2, 2, 2, 2], None),
    "forger": ([2, 0, 2, 2], None),
    "log_filler": ([2, 2, 2, 2], None),
    "swollen": ([2, 0, 2, 2], None),
    "linked_nowhere": ([0, 0, 0, 0], "link"),  # to a name longer than any may be
    "Зоя": ([2, 2, 2, 2], None),  # a folder named in CP866
    "=1+1": ([2, 2, 2, 2], None),
    LONG: ([2, 2, 2, 2], "no_feedback"),  # a name that fits as CP866 and not as UTF-8
    "linked": ([0, 0, 0, 0], "link"),
    "linked_file": ([0, 0, 0, 0], "link"),
    "linked_folder": ([0, 0, 0, 0], "link"),
    "damaged": ([0, 0, 0, 0], "not_json"),
    "foreign": ([0, 0, 0, 0], "foreign"),
    "missing": ([0, 0, 0, 0], "missing"),
    "<b>zed": ([0, 0, 0, 0], "not_a_notebook"),
}


def write_submissions(folder: Path, tiny: notebook.Assignment, other: notebook.Assignment) -> None:
    def put(student: str, content, inner: str = "01_tiny.ipynb") -> None:
        file = folder / student / inner
        file.parent.mkdir(parents=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    put("good", answered(tiny, RIGHT))
    put("good_nbgrader", answered(tiny, RIGHT), "01_tiny/01_tiny.ipynb")
    put("good_english", answered(tiny, RIGHT, "en"))
    put("unsolved", answered(tiny, {}))
    put(
        "half",
        answered(
            tiny, {**RIGHT, 2: "def double(x):\n    return '<script>' + x", 3: "from pathlib import Path\n\nPath('note.txt')"}
        ),
    )
    cheat = answered(tiny, {**RIGHT, 1: "answer = 0"})
    cheat.cells = [cell for cell in cheat.cells if not cell.source.startswith("assert answer")]
    put("cheat", cheat)
    for name, answers in HOSTILE.items():
        put(name, answered(tiny, {**RIGHT, **answers}))
    for name in ("Зоя", LONG):
        put(os.fsdecode(name.encode("cp866")), answered(tiny, RIGHT))
    put("=1+1", answered(tiny, RIGHT))
    (folder / "linked").symlink_to("good", target_is_directory=True)
    (folder / "linked_nowhere").symlink_to("a" * 300)
    for name, inner in {"linked_file": "01_tiny.ipynb", "linked_folder": "01_tiny"}.items():
        (folder / name).mkdir()
        (folder / name / inner).symlink_to(folder / "good_nbgrader" / "01_tiny" / inner.removeprefix("01_tiny"))
    put("damaged", json.dumps(answered(tiny, RIGHT))[:-20])
    put("foreign", other.notebook("ru"))
    (folder / "missing").mkdir()
    put("<b>zed", "{}")


@pytest.fixture(scope="module")
def graded(tmp_path_factory, lessons, tiny):
    """Every submission above, graded by the command; (the finished process, its output folder)."""
    base = tmp_path_factory.mktemp("grade") / "с пробелом"
    write_submissions(base / "сданное", tiny, notebook.read_assignment(lessons / "02_other"))
    options = ["--lessons", str(lessons), "--lesson", "01_tiny", "--out", str(base / "out")]
    options += ["--cell-seconds", str(CELL_SECONDS), "--seconds", str(SECONDS), "--memory", str(MEMORY)]
    options += ["--processes", str(PROCESSES), "--jobs", "2"]
    (base / "out").mkdir()
    (base / "out" / "grades.csv").write_text("old")
    temporary = tmp_path_factory.mktemp("t")  # a short name: it becomes part of sockets' names
    done = subprocess.run(
        [sys.executable, "-m", "workshop", "grade", str(base / "сданное"), *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=600,
        start_new_session=True,
        check=False,
    )
    assert list(temporary.iterdir()) == []
    return done, base / "out"


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["student"].removeprefix("'"): row for row in csv.DictReader(stream)}


@pytest.mark.engine
def test_everybody_is_graded(graded):
    done, out = graded
    assert done.returncode == 3, done.stderr
    assert done.stderr.endswith(f"Look at the remarks of what could not be graded: {LONG} 01_tiny\n")
    assert set(rows(out)) == set(EXPECTED)
    progress = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(progress) == len(EXPECTED)
    (aside,) = [path for path in out.iterdir() if path.name not in ("grades.csv", "feedback", ".graded.jsonl", ".seed")]
    assert (aside.read_text(), str(aside) in done.stdout) == ("old", True)  # whoever wrote it


@pytest.mark.engine
@pytest.mark.parametrize("student", EXPECTED)
def test_grade_of(student, graded):
    row = rows(graded[1])[student]
    points, key = EXPECTED[student]
    assert [int(row[f"task_{n}"]) for n in (1, 2, 3, 4)] == points
    assert (int(row["total"]), int(row["max"]), row["lesson"]) == (sum(points), 8, "01_tiny")
    values = {"task": 2, "cell_seconds": CELL_SECONDS, "memory_mb": MEMORY}
    if key == "no_feedback":
        assert row["remark"].startswith("отзыва нет: OSError: ")
        return
    remark = text(key, "ru", **values, other="02_other", lesson="01_tiny") if key else ""
    assert row["remark"] == remark


def test_feedback_shows_text_and_pictures_of_every_kind_of_output():
    outputs = [
        {"output_type": "stream", "text": ["<i>", "said"]},
        {"output_type": "error", "traceback": ["\x1b[31mNameError\x1b[0m", "x"]},
        {"output_type": "display_data", "data": {"image/png": "aGk=\n", "text/plain": "<Figure>"}},
        {"output_type": "execute_result", "data": {"text/plain": "42", "text/html": "<script>alert(1)</script>"}},
        {"output_type": "display_data", "data": {"text/html": "<script>alert(2)</script>"}},
    ]
    cells = [new_code_cell("print(1)", id="one"), new_code_cell("print(2)", id="two", metadata={"tags": ["added"]})]
    section = feedback.section("Task 1", cells, {"one": {"outputs": outputs}}, opened=True)
    page = feedback.page(Grade("<Zed>", "01_tiny", "en", 8), [section], "en")
    for part in ("&lt;Zed&gt;", "&lt;i&gt;said</pre>", '<pre class="error">NameError\nx</pre>', "base64,aGk=", "<pre>42</pre>"):
        assert part in page
    assert (page.count("<img"), page.count("alert"), page.count(text("added", "en"))) == (1, 0, 1)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("student", "parts"),
    [
        ("good", ["верно", "8 / 8", '<html lang="ru">']),
        ("good_english", ["right", "8 / 8", '<html lang="en">', "Thing 3"]),
        ("unsolved", ["задача не решена"]),
        ("half", ["&#39;&lt;script&gt;&#39;", "Файла нет"]),
        ("cheat", ["Не то число: пересчитайте", "с проверками взяты из исходного упражнения: 1."]),
        ("crash", ["ошибка ZeroDivisionError: division by zero"]),
        ("loop", [f"ячейка работала дольше {CELL_SECONDS} с"]),
        ("memory_at_once", ["ошибка MemoryError", f"памяти можно занять не больше {MEMORY} МБ"]),
        ("processes", [f"процессов и потоков можно не больше {PROCESSES}"]),
        ("flood", ["Output truncated"]),
        ("swollen", ["Output truncated"]),
        ("missing", ["нет тетради"]),
        ("linked_folder", ["по ссылкам проверка не ходит"]),
        ("half_an_emoji", ["# \ufffd"]),
        ("forger", ["код вмешивается в работу ядра"]),
        ("<b>zed", ["&lt;b&gt;zed"]),
    ],
)
def test_feedback_says(student, parts, graded):
    page = (graded[1] / "feedback" / student / "01_tiny.html").read_text(encoding="utf-8")
    for part in parts:
        assert part in page
    assert "<script" not in page
    assert "://" not in page
    assert len(page) < 1_000_000


@pytest.mark.engine
def test_nothing_of_a_submission_is_left(graded):
    assert graded[0].returncode == 3
    left = [one.info for one in psutil.process_iter(["cmdline"]) if SLEEPER in (one.info["cmdline"] or [])]
    assert left == []


# What a submission is kept from


def run_probe(tmp_path: Path, answers: dict[int, str], limits: Limits):
    """Grade a submission whose answers are right only if they found out what they should."""
    lessons = make_lessons(tmp_path / "lessons")
    grader = Grader(lessons, limits, "ru")
    assignments = grader.assignments()
    handed = submissions.Handed("01_tiny.ipynb", submission(answered(assignments["01_tiny"], answers)))
    return grader.grade("student", "01_tiny", handed, assignments)


@pytest.fixture
def jailed(needs, tmp_path):
    """What is tested here is the jail: there must be one."""
    (tmp_path / "jail").mkdir()
    needs(jail.available(tmp_path / "jail") != jail.OPEN, "namespaces")


@pytest.mark.engine
@pytest.mark.usefixtures("jailed")
def test_a_submission_reaches_neither_network_nor_files(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    (tmp_path / "hidden").mkdir()
    target = tmp_path / "written"
    elsewhere = [str(path) for path in (tmp_path / "hidden", Path.home() / ".ssh", ROOT / "lessons", ROOT / "tests")]
    with socket.create_server(("127.0.0.1", 0)) as server:
        probe = {
            1: f"import socket\ntry:\n    socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 3)\n"
            "    answer = 0\nexcept OSError:\n    answer = 42",
            2: "import socket\nmine = socket.create_server(('127.0.0.1', 0))\nsocket.create_connection(mine.getsockname(), 3)\n"
            "double = lambda x: 2 * x",
            3: "from pathlib import Path\n"
            f"try:\n    Path({str(target)!r}).touch()\nexcept OSError:\n    Path('note.txt').touch()",
            4: f"import os\ntotal = 6 + sum(map(os.path.exists, {elsewhere})) + ('SECRET_TOKEN' in os.environ)",
        }
        grade_ = run_probe(tmp_path, probe, Limits())
    assert [one.reason for one in grade_.tasks] == ["верно"] * 4
    assert not target.exists()


@pytest.mark.engine
@pytest.mark.usefixtures("jailed")
def test_a_submission_reaches_no_socket_of_ours(tmp_path):
    forkserver.ensure_running()  # from which the grader's own processes come
    with socket.socket(socket.AF_UNIX) as ours:
        ours.bind(str(tmp_path / "s"))
        ours.listen()
        lines = Path("/proc/net/unix").read_text().splitlines()
        sockets = sorted({line.split()[7] for line in lines if len(line.split()) == 8})
        assert str(tmp_path / "s") in sockets
        assert any("/pymp-" in name for name in sockets)
        probe = {
            1: "import socket\n\nreached = []\n"
            f"for name in {sockets}:\n    with socket.socket(socket.AF_UNIX) as probe:\n        try:\n"
            "            probe.connect(name.replace('@', '\\0', 1) if name[0] == '@' else name)\n"
            "            reached.append(name)\n        except OSError:\n            pass\nanswer = 42 - len(reached)",
            2: "import os\n\nassert not os.listdir('/run') and set(os.listdir('/dev/shm')) == set()\ndouble = lambda x: 2 * x",
            3: "from pathlib import Path\n\nfor name in ('/tmp/note', '/dev/shm/note', 'note.txt'):\n    Path(name).touch()",
            4: "import os\n\ntotal = 6 + len({'kvm', 'fuse', 'mem', 'loop0', 'vda', 'sda'} & set(os.listdir('/dev')))",
        }
        grade_ = run_probe(tmp_path, probe, Limits())
    assert [one.reason for one in grade_.tasks] == ["верно"] * 4
    assert not Path("/tmp/note").exists()
    assert not Path("/dev/shm/note").exists()


@pytest.mark.engine
def test_without_namespaces_limits_remain(tmp_path):
    sleeper = f"import subprocess\nsubprocess.Popen(['sleep', '{SLEEPER}'], start_new_session=True)\nanswer = 42"
    endless = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
    grade_ = run_probe(tmp_path, {1: sleeper, 2: endless}, Limits(cell_seconds=30, seconds=15, isolation=jail.OPEN))
    assert [one.points for one in grade_.tasks] == [2, 0, 0, 0]
    assert grade_.remark == text("time", "ru", seconds=15, task=2)
    assert text("not_isolated", "ru") in grade_.notes
    assert not [one for one in psutil.process_iter(["cmdline"]) if SLEEPER in (one.info["cmdline"] or [])]


# The command line


@pytest.mark.engine
@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGKILL])
def test_grading_that_is_stopped_leaves_its_grades_and_no_process(tmp_path, lessons, tiny, wanted):
    asleep = {2: f"import subprocess\n\nsubprocess.run(['sleep', '{SLEEPER}'], start_new_session=True)"}
    for name, answers in {"anna": {}, "boris": asleep}.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        content = json.dumps(answered(tiny, {**RIGHT, **answers}))
        (tmp_path / "in" / name / "01_tiny.ipynb").write_text(content, encoding="utf-8")

    def at_work() -> list[psutil.Process]:
        return [one for one in psutil.process_iter(["cmdline"]) if SLEEPER in (one.info["cmdline"] or [])]

    command = [sys.executable, "-m", "workshop", "grade", str(tmp_path / "in"), "--lessons", str(lessons)]
    grading = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(at_work)
        processes = [grading, *psutil.Process(grading.pid).children(recursive=True), *at_work()]
    finally:
        grading.send_signal(wanted)
    _, said = grading.communicate(timeout=10)
    wait_for(lambda: not [one for one in processes[1:] if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], 10)
    assert {name: row["total"] for name, row in rows(tmp_path / "in-graded").items()} == {"anna": "8"}
    if wanted == signal.SIGTERM:
        assert (grading.returncode, "1 of 2 were graded" in said) == (130, True)


def test_a_python_that_is_linked_from_the_home_folder_passes_no_home(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    (tmp_path / "env/bin").mkdir(parents=True)
    (tmp_path / "env/bin/python").symlink_to(tmp_path / "bin/python")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "env/bin/python"))
    shown = {where for what, _, where in jail._steps([]) if what != "cover"}
    assert str(tmp_path / "bin/python") in shown
    assert not shown & {str(folder) for folder in (tmp_path, tmp_path / "bin", Path.home(), ROOT)}


@pytest.mark.engine
@pytest.mark.usefixtures("jailed")
def test_a_full_disk_is_one_line_that_names_it(tmp_path, lessons, tiny):
    (tmp_path / "in" / "anna").mkdir(parents=True)
    (tmp_path / "in" / "anna" / "01_tiny.ipynb").write_text(json.dumps(answered(tiny, RIGHT)), encoding="utf-8")
    small = tempfile.mkdtemp()  # a short name, or another place is taken
    grading = [sys.executable, "-m", "workshop", "grade", str(tmp_path / "in"), "--lessons", str(lessons)]
    mounted = 'mount -t tmpfs -o size=500k tmpfs "$0" && exec env TMPDIR="$0" "$@"'
    own = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    command = [*own, "sh", "-c", mounted, small, *grading]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert re.fullmatch(rf"{small}/\S+ cannot be filled: .*No space left on device.* TMPDIR .*\n", done.stderr)
    assert not (tmp_path / "in-graded/grades.csv").exists()
    Path(small).rmdir()


def test_an_unreadable_folder_costs_its_own_points_only(tmp_path):
    for name in ("anna", "boris"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "01_tiny.ipynb").touch()
    (tmp_path / "anna").chmod(0)
    code = (
        "from pathlib import Path; from workshop.grading.reading import read; "
        f"print(*map(read, sorted(Path({str(tmp_path)!r}).iterdir())))"
    )
    powers = "-dac_override,-dac_read_search"  # with these root reads everything
    without = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"] if os.geteuid() == 0 else []
    done = subprocess.run([*without, sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    (tmp_path / "anna").chmod(0o700)
    assert done.stdout.startswith("unreadable Found(notebooks=(Read(name='01_tiny.ipynb'"), done.stderr


def test_what_cannot_be_read_is_not_graded(tiny, lessons):
    unreadable = parsing.Refused("unreadable", reason="no")
    graded_ = Grader(lessons, Limits(), "en").grade("anna", "01_tiny", unreadable, {"01_tiny": tiny})
    assert (graded_.total, graded_.remark, graded_.broken) == (0, "it cannot be read: no", True)


def test_names_are_no_formulas(tmp_path):
    names = {name: f"'{name}" for name in ("=1+1", "+1", "-1", "@sum", "＝1")}
    names |= {"anna": "anna", "anna; =1": "anna; '=1", "x,+1": "x,'+1"}  # spreadsheets with Russian settings split there
    grades = [Grade(name, name, "ru", 1, remark=name, reaches_for=name) for name in names]
    (tmp_path / "grades.csv").write_bytes(table_of(list(map(row_of, grades))))
    with (tmp_path / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        written = [[row[name] for name in ("student", "lesson", "remark", "reaches_for")] for row in csv.DictReader(stream)]
    assert written == [[name] * 4 for name in names.values()]


def test_names_are_shown_as_people_read_them():
    names = {"Зоя": "Зоя".encode("cp866"), "Анна Ёлкина": "Анна Ёлкина".encode(), "a�[31mb�": b"a\x1b[31mb\n"}
    assert [submissions.name_of(Path(os.fsdecode(name))) for name in names.values()] == list(names)


def test_students_whose_names_look_the_same_are_two(tmp_path):
    for name in ("Зоя".encode("cp866"), "Зоя".encode()):
        (tmp_path / os.fsdecode(name)).mkdir()
    assert sorted(submissions.collect(tmp_path, {}).students) == ["Зоя", "Зоя (2)"]


def test_jobs_name_what_is_missing_and_what_is_strange(tmp_path, tiny, lessons):
    write_lesson(tmp_path / "lessons", "03_third")
    third = notebook.read_assignment(tmp_path / "lessons" / "03_third")
    assignments = {"01_tiny": tiny, "02_other": notebook.read_assignment(lessons / "02_other"), "03_third": third}
    tmp_path /= "in"
    put(tmp_path, "anna", {"01_tiny.ipynb": as_bytes(tiny.notebook("ru"))})
    put(tmp_path, "boris", {"02_other/02_other.ipynb": b"", "notes.ipynb": b"{}", ".hidden/x.ipynb": b""})
    (tmp_path / "loose.ipynb").touch()

    def collect() -> submissions.Collected:
        return submissions.collect(tmp_path, assignments)

    collected = collect()
    assert collected.loose == ("loose.ipynb",)
    students, known = collected.students, set(assignments)
    listed = [(student, lesson, getattr(found, "key", "")) for student, lesson, found in submissions.jobs(students, known, [])]
    assert listed == [
        ("anna", "01_tiny", ""),
        ("anna", "02_other", "missing"),
        ("boris", "01_tiny", "missing"),
        ("boris", "02_other", "empty"),
        ("boris", "notes", "not_a_notebook"),
    ]
    assert [job[:2] for job in submissions.jobs(students, known, ["03_third"])] == [("anna", "03_third"), ("boris", "03_third")]
    for number in range(100):
        (tmp_path / "boris" / f"note{number:02}.ipynb").write_text("{}")
    strange = [lesson for student, lesson, _ in submissions.jobs(collect().students, known, []) if lesson not in known]
    assert strange == ["note00", "note01", "note02", "note03", "note04", "note05 (+95)"]
    with pytest.raises(submissions.WrongUse, match="no such lesson: 04_none"):
        submissions.jobs(students, known, ["04_none"])


def run_command(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "workshop", "grade", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_wrong_use_is_code_2(tmp_path, lessons):
    for folder, message in ((tmp_path / "none", "is not a folder"), (tmp_path, "no folders of students")):
        done = run_command(str(folder), "--lessons", str(lessons))
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
    assert not tmp_path.with_name(f"{tmp_path.name}-graded").exists()


def test_a_name_unknown_gets_a_remark(lessons):
    grader = Grader(lessons, Limits(), "en")
    refused = parsing.Refused("unknown_lesson", lesson="99_none")
    graded_ = grader.grade("anna", "99_none", refused, grader.assignments())
    assert (graded_.total, graded_.max_points) == (0, 0)
    assert graded_.remark.startswith("there is no such lesson")
    assert "99_none" in graded_.remark
