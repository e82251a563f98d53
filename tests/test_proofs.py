"""What was proved is not run again while nothing changes that it depends on; a lesson is proved with its inputs alone."""

import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from tests import proofs
from tests.inputs import alone, key, lay_out, solution, touched, walk_through
from workshop.places import ROOT, environment
from workshop.runner.execution import execute

FOLDERS = ("bench", "lessons", "notebooks", "quiz", "sample_project", "slides", "solutions", "tests", "workshop")
FILES = ("README.md", "pyproject.toml", "requirements.lock")


@pytest.fixture(scope="module")
def kit(copy_kit, tmp_path_factory):
    """A copy of the kit, to edit."""
    kit = copy_kit(tmp_path_factory.mktemp("proofs"), *FOLDERS)
    for name in FILES:
        shutil.copy(ROOT / name, kit)
    return kit


# --- what is run after an edit


def keys(kit: Path) -> dict[str, str]:
    """The key of the proof of every lesson and solution."""
    lessons = [file.stem for file in (kit / "notebooks/ru").glob("*.ipynb")]
    walked = {f"lesson {name}": key(kit, "tests/test_run_lessons.py::test", walk_through(kit, name)) for name in lessons}
    return walked | {f"solution {name}": key(kit, "tests/test_solutions.py::test", solution(kit, name)) for name in lessons}


@pytest.fixture(scope="module")
def before(kit):
    """The keys before any edit; every test undoes its own."""
    return keys(kit)


def edited(file: Path, old: str, new: str) -> str:
    """The text of a file with an edit; at its end, if nothing is named that is to be replaced."""
    text = file.read_text(encoding="utf-8")
    assert not old or text.count(old) == 1, f"{file}: {text.count(old)} times {old!r}"
    return text.replace(old, new) if old else text + new


LESSONS, SOLUTIONS = "lesson .*", "solution .*"  # what is run, as regular expressions
ALL, NONE = "|".join([LESSONS, SOLUTIONS]), "none"
BOTH_04 = "(lesson|solution) 04_dvc"


EDITS = [
    # a lesson
    ("lessons/04_dvc/lesson.py", "", "#\n", "lesson 04_dvc"),
    ("notebooks/ru/04_dvc.ipynb", "", "\n", "lesson 04_dvc"),
    ("notebooks/en/04_dvc.ipynb", "", "\n", NONE),
    ("lessons/04_dvc/exercise.py", "", "#\n", "solution 04_dvc"),
    ("solutions/en/04_dvc.ipynb", "", "\n", "solution 04_dvc"),
    ("lessons/04_dvc/messages.yaml", "", "\n", BOTH_04),
    ("lessons/04_dvc/former.json", "", "\n", NONE),
    ("lessons/04_dvc/night.sh", "", "\n", BOTH_04),
    ("tests/answers/09_compare.yaml", "", "\n", "solution 09_compare"),
    ("quiz/questions.yaml", "- id: dvc-comment", "- id: dvc-a-comment", "lesson 04_dvc"),
    ("quiz/questions.yaml", "", "\n", NONE),
    ("bench/results.json", "", "\n", "lesson 09_compare"),
    # the kit's own tool
    ("workshop/figures.py", "", "#\n", ALL),
    ("workshop/figures.yaml", "", "\n", ALL),
    ("workshop/engines/rest.py", "", "#\n", ALL),
    ("workshop/ground/params_file.py", "", "#\n", ALL),
    ("workshop/startup.pth", "", "#\n", ALL),
    ("workshop/runner/execution.py", "", "#\n", LESSONS),
    ("workshop/builder/tasks.py", "", "#\n", SOLUTIONS),
    ("workshop/site/build.py", "", "#\n", NONE),
    ("workshop/slides/texts.yaml", "", "\n", NONE),
    ("workshop/grading/jail.py", "", "#\n", NONE),
    ("workshop/commands/run.py", "", "#\n", NONE),
    # what lessons work with
    ("sample_project/flight_delays/model.py", "", "#\n", ALL),
    ("sample_project/params.yaml", "", "\n", ALL),
    ("requirements.lock", "", "\n", ALL),
    # what proves
    ("tests/conftest.py", "", "#\n", ALL),
    ("tests/inputs.py", "", "#\n", ALL),
    ("tests/inputs.yaml", "[bench/results.json]", "[bench/results.json, README.md]", "lesson 09_compare"),
    ("tests/test_run_lessons.py", "", "#\n", LESSONS),
    ("tests/test_solutions.py", "", "#\n", SOLUTIONS),
    ("tests/try_answers.py", "", "#\n", SOLUTIONS),
    ("tests/nbval_sanitize.cfg", "", "\n", SOLUTIONS),
    ("tests/test_site.py", "", "#\n", NONE),
    ("tests/seconds.json", "", "\n", NONE),
    ("pyproject.toml", "timeout = 1800", "timeout = 1801", ALL),
    ("pyproject.toml", "line-length = 128", "line-length = 127", NONE),
    # what is only read by people
    ("README.md", "", "\n", NONE),
    ("slides/ru/index.md", "", "\n", NONE),
]


@pytest.mark.parametrize(("file", "old", "new", "run"), EDITS, ids=[file for file, *_ in EDITS])
def test_an_edit_runs_what_depends_on_the_file_and_nothing_else(kit, before, file, old, new, run):
    assert len(before) > 19
    content = (kit / file).read_bytes()
    (kit / file).write_text(edited(kit / file, old, new), encoding="utf-8")
    try:
        after = keys(kit)
    finally:
        (kit / file).write_bytes(content)
    changed = {what for what in before if before[what] != after[what]}
    assert changed == {what for what in before if re.fullmatch(run, what)}
    assert changed or run == NONE


def test_a_new_lesson_runs_itself_and_what_lists_the_lessons(kit, before):
    new = [kit / "lessons/99_new/lesson.py", kit / "notebooks/ru/99_new.ipynb", kit / "solutions/en/99_new.ipynb"]
    new.append(kit / "tests/answers/99_new.yaml")
    new[0].parent.mkdir()
    for file in new:
        file.touch()
    try:
        after = keys(kit)
    finally:
        for file in new:
            file.unlink()
        new[0].parent.rmdir()
    assert after.keys() - before.keys() == {"lesson 99_new", "solution 99_new"}
    assert {what for what in before if before[what] != after[what]} == {"lesson 00_start"}


def test_what_runs_leave_and_when_a_file_was_written_changes_nothing(kit, before):
    (kit / "lessons/04_dvc/lesson.py").touch()
    (kit / "sample_project/__pycache__").mkdir(exist_ok=True)
    (kit / "sample_project/__pycache__/a.pyc").touch()
    assert keys(kit) == before


@pytest.mark.parametrize(("what", "value"), [("version_info", (3, 99, 0)), ("platform", "plan9")])
def test_another_python_and_another_system_run_everything(kit, before, monkeypatch, what, value):
    monkeypatch.setattr(f"tests.inputs.sys.{what}", value)
    assert not set(before.values()) & set(keys(kit).values())


def test_every_test_has_proofs_of_its_own():
    assert key(ROOT, "tests/test_solutions.py::one", {}) != key(ROOT, "tests/test_solutions.py::two", {})


# --- a lesson with its inputs alone

PLACES = """
import workshop.figures, workshop.places
import flight_delays
print(workshop.__file__, workshop.figures.__file__, flight_delays.__file__, workshop.places.ROOT, sep="\\n")
"""
IN_A_SANDBOX = """
from workshop.lesson import start
sandbox, say = start("00_start", "en")
print(sandbox.run(["python", "-c", "import workshop"], check=False).stdout.splitlines()[-1])
"""


def printed(folder: Path, tmp_path: Path, monkeypatch, code: str) -> list[str]:
    """What a notebook prints where a lesson is proved; what it ended with, if it failed."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "source.ipynb")
    for name, value in environment(WORKSHOP_WORK=str(tmp_path / "work"), **alone(folder)).items():
        monkeypatch.setenv(name, value)
    done = execute(tmp_path / "source.ipynb", tmp_path / "target.ipynb", {}, cwd=folder / "notebooks/ru")
    if done.problem:
        return [done.problem]
    [cell] = [cell for cell in nbformat.read(tmp_path / "target.ipynb", 4).cells if cell.source == code]
    return "".join(output.text for output in cell.outputs).splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the lesson 00_start is proved."""
    return lay_out(walk_through(ROOT, "00_start"), tmp_path_factory.mktemp("alone") / "kit")


def test_a_kernel_imports_from_the_folder_and_its_commands_nothing_of_the_kit(folder, tmp_path, monkeypatch):
    files = ["workshop/__init__.py", "workshop/figures.py", "sample_project/flight_delays/__init__.py"]
    assert printed(folder, tmp_path, monkeypatch, PLACES) == [*(str(folder / name) for name in files), str(folder)]
    assert printed(folder, tmp_path, monkeypatch, IN_A_SANDBOX) == ["ModuleNotFoundError: No module named 'workshop'"]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("open('../../README.md')", "FileNotFoundError"),
        ("from workshop.places import ROOT; (ROOT / 'bench/results.json').read_text()", "FileNotFoundError"),
        ("from workshop.places import LESSONS; (LESSONS / '01_why_automate/messages.yaml').read_text()", "FileNotFoundError"),
        ("import workshop.grading", "ModuleNotFoundError"),
        ("import tests.tiny_lessons", "ModuleNotFoundError"),
    ],
)
def test_what_is_not_declared_is_not_there(folder, tmp_path, monkeypatch, code, problem):
    [said] = printed(folder, tmp_path, monkeypatch, code)
    assert said.startswith(problem)


def test_a_lesson_sees_only_the_names_of_others_and_only_its_own_questions():
    inputs = walk_through(ROOT, "00_start")
    assert {path for path, content in inputs.items() if not content} >= {"lessons/04_dvc/lesson.py"}
    assert inputs["lessons/00_start/lesson.py"]
    assert {question["lesson"] for question in json.loads(inputs["quiz/questions.yaml"])} == {"00_start"}


def test_what_a_lesson_writes_into_its_inputs_is_seen_and_stays_out_of_the_kit(kit, tmp_path):
    before = {path: path.read_bytes() for path in kit.rglob("*") if path.is_file()}
    inputs = walk_through(kit, "09_compare")
    folder = lay_out(inputs, tmp_path / "kit")
    assert touched(inputs, folder) == []
    with (folder / "bench/results.json").open("a") as file:
        file.write("!")
    (folder / "sample_project/params.yaml").unlink()
    (folder / "notebooks/ru/left.txt").touch()
    (folder / "workshop/__pycache__").mkdir()
    (folder / "workshop/__pycache__/a.pyc").touch()
    assert touched(inputs, folder) == ["bench/results.json", "notebooks/ru/left.txt", "sample_project/params.yaml"]
    assert {path: path.read_bytes() for path in kit.rglob("*") if path.is_file()} == before


# --- proofs


def test_a_proof_is_read_as_it_was_written(tmp_path):
    proofs.write(tmp_path, "a key", "tests/a.py::test", 12.34)
    proof = proofs.read(tmp_path, "a key")
    assert (proof["test"], proof["seconds"], proof["commit"]) == ("tests/a.py::test", 12.3, "unknown")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", proof["date"])
    assert [file.name for file in (tmp_path / proofs.FOLDER).iterdir()] == ["a key.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"key": "a key"}', b"\xff\xfe", "another"])
def test_a_broken_proof_and_one_of_another_key_are_none(tmp_path, content):
    proofs.write(tmp_path, "another", "tests/a.py::test", 1)
    file = tmp_path / proofs.FOLDER / "a key.json"
    file.write_bytes((file.parent / "another.json").read_bytes() if content == "another" else content)
    assert proofs.read(tmp_path, "a key") is None
    assert proofs.read(tmp_path, "never written") is None


def test_many_may_write_a_proof_at_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        for _ in range(100):
            pool.submit(proofs.write, tmp_path, "a key", "tests/a.py::test", 1)
        seen = [proofs.read(tmp_path, "a key") for _ in range(300)]
    first = next(number for number, proof in enumerate(seen) if proof)
    assert None not in seen[first:]
    assert [file.name for file in (tmp_path / proofs.FOLDER).iterdir()] == ["a key.json"]


def test_a_proof_names_the_run_on_github(tmp_path, monkeypatch):
    for name, value in {"SERVER_URL": "https://github.com", "REPOSITORY": "a/b", "RUN_ID": "7"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    proofs.write(tmp_path, "a key", "tests/a.py::test", 1)
    assert proofs.read(tmp_path, "a key")["machine"] == "https://github.com/a/b/actions/runs/7"


# --- the third word

TESTS = """
import pytest
from pathlib import Path

HERE = Path(__file__).parent

def inputs(kit, name):
    return {"input": (kit / "input").read_bytes()}

@pytest.fixture
def teardown():
    yield
    assert not (HERE / "broken").exists()

@pytest.mark.proved(inputs=inputs)
@pytest.mark.parametrize("name", ["one", "two"])
def test_lesson(name, teardown):
    (HERE / "ran").open("a").write(f"{name} ")
    assert "wrong" not in (HERE.parent / "input").read_text()
    if "edit" in (HERE.parent / "input").read_text():
        (HERE.parent / "input").write_text("another")

def test_other():
    pass
"""


@pytest.fixture
def tiny(kit, tmp_path):
    """A kit whose lessons take no time."""
    (tmp_path / "tests").mkdir()
    for name in ("inputs.py", "kit_imports.py", "proofs.py", "scheduling.py", "seconds.json"):
        shutil.copy(kit / "tests" / name, tmp_path / "tests")
    (tmp_path / "tests/conftest.py").write_text('pytest_plugins = ("tests.scheduling", "tests.proofs")\n')
    (tmp_path / "tests/test_tiny.py").write_text(TESTS)
    (tmp_path / "workshop").mkdir()
    for name in ("__init__.py", "places.py", "surroundings.py"):
        shutil.copy(kit / "workshop" / name, tmp_path / "workshop")
    for name in FILES:
        shutil.copy(kit / name, tmp_path)
    (tmp_path / "input").touch()
    return tmp_path


def pytest_in(kit: Path, *arguments: str) -> tuple[int, str]:
    """How pytest ends, and what it says."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    env = environment(PYTHONPATH=str(kit))
    done = subprocess.run(command, cwd=kit, env=env, capture_output=True, text=True, timeout=900, check=False)
    return done.returncode, done.stdout + done.stderr


def ran(kit: Path) -> str:
    """Which lessons ran since this was asked last."""
    file = kit / "tests/ran"
    names = " ".join(sorted(file.read_text().split())) if file.exists() else ""
    file.unlink(missing_ok=True)
    return names


@pytest.mark.parametrize("processes", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_the_third_word(tiny, processes):
    arguments = ("tests/test_tiny.py", "-v", "-n", processes)
    code, said = pytest_in(tiny, *arguments)
    assert (code, ran(tiny)) == (0, "one two"), said
    assert "3 passed in" in said
    code, said = pytest_in(tiny, *arguments)
    assert (code, ran(tiny)) == (0, ""), said
    assert re.search(r"= 1 passed, 2 proved in", said)
    assert len(re.findall(r"test_lesson\[\w+\] PROVED|PROVED tests/test_tiny.py::test_lesson", said)) == 2
    assert "SKIPPED" not in said
    [listed] = re.findall(r"^=+ proved before, 0 s not spent again; --all runs everything =+\n((?: .*\n)+)", said, re.M)
    assert re.search(r"^ +0 s  \S+test_lesson\[two\]  \(\d{4}-\d\d-\d\d \d\d:\d\d UTC, commit unknown, .+\)$", listed, re.M)
    for option in ("--all", "--keep-seconds"):
        code, said = pytest_in(tiny, *arguments, option)
        assert (code, ran(tiny)) == (0, "one two"), said
        assert "proved" not in said


def test_only_what_passed_to_its_end_is_proved(tiny):
    arguments = ("tests/test_tiny.py", "-n", "0")
    (tiny / "input").write_text("wrong")
    assert pytest_in(tiny, *arguments)[0] == 1
    assert not (tiny / proofs.FOLDER).exists()
    (tiny / "input").write_text("right")
    (tiny / "tests/broken").touch()
    assert "2 errors" in pytest_in(tiny, *arguments)[1]
    assert not (tiny / proofs.FOLDER).exists()
    (tiny / "tests/broken").unlink()
    ran(tiny)
    assert pytest_in(tiny, *arguments)[0] == 0
    assert ran(tiny) == "one two"
    (tiny / "input").write_text("wrong")
    assert "2 failed, 1 passed" in pytest_in(tiny, *arguments)[1]


def test_a_test_whose_inputs_change_while_it_runs_is_not_proved(tiny):
    (tiny / "input").write_text("edit")
    assert pytest_in(tiny, "tests/test_tiny.py", "-n", "0", "-k", "one")[0] == 0
    assert not (tiny / proofs.FOLDER).exists()


@pytest.mark.engine
@pytest.mark.slow
def test_a_real_lesson_runs_is_proved_and_runs_again_after_an_edit(kit):
    def outcomes() -> dict[str, str]:
        tests = ["tests/test_run_lessons.py", "tests/test_solutions.py"]
        code, said = pytest_in(kit, *tests, "-v", "-n", "0", "-k", "(comes_to_its_end or stored_outputs) and 00_start")
        assert code == 0, said
        found = re.findall(r"^tests/test_(\w+)\.py::\S+ ([A-Z]+)", said, re.M)
        assert len(found) == 2, said
        return dict(found)

    everything = {path: path.read_bytes() for path in kit.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert outcomes() == {"run_lessons": "PASSED", "solutions": "PASSED"}
    for path, content in everything.items():
        assert path.read_bytes() == content, path
    assert outcomes() == {"run_lessons": "PROVED", "solutions": "PROVED"}
    lesson = kit / "lessons/00_start/lesson.py"
    lesson.write_text(edited(lesson, "", "#\n"), encoding="utf-8")
    assert outcomes() == {"run_lessons": "PASSED", "solutions": "PROVED"}
    lesson.write_bytes(everything[lesson])
    assert outcomes() == {"run_lessons": "PROVED", "solutions": "PROVED"}
