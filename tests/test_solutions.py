"""The stored solutions: executed, and executed again by nbval with the same outputs, other answers and mutants beside ours."""

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.inputs import lay_out, solution, touched
from workshop.builder.tasks import read_exercise
from workshop.mutants import verdicts
from workshop.places import ROOT, environment

HERE = Path(__file__).parent
sys.path.append(str(HERE))
from nbval_answers import prove, run_nbval  # noqa: E402

SOLUTIONS = sorted((ROOT / "solutions/en").glob("*.ipynb"))
GRADED = "04_dvc"  # by the command and with its limits; those of all lessons in test_grade_answers


def test_there_are_solutions():
    assert SOLUTIONS


@pytest.mark.engine
@pytest.mark.proved(inputs=solution)
@pytest.mark.parametrize("name", [path.stem for path in SOLUTIONS])
def test_a_solution_gives_its_stored_outputs_and_its_checks_tell_answers_apart(name, tmp_path):
    inputs = solution(ROOT, name)
    kit = lay_out(inputs, tmp_path / "kit")
    # the notebooks of a student are copies: a solution must not depend on where it lies
    notebook = tmp_path / "с пробелом" / f"{name}.ipynb"
    notebook.parent.mkdir()
    shutil.copy(kit / f"solutions/en/{name}.ipynb", notebook)
    exercise = kit / f"lessons/{name}/exercise.py"
    mutants = kit / f"tests/mutants/{name}.yaml"
    done = prove(notebook, exercise, kit / f"tests/answers/{name}.yaml", tmp_path / "work", kit, mutants)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    cells = sum(cell.cell_type == "code" for cell in nbformat.read(notebook, 4).cells)
    tried = len(read_exercise(exercise).tasks) + len(verdicts.read(mutants))  # answers and mutants of each task
    assert f"{cells + tried} passed" in done.stdout
    assert touched(inputs, kit) == []


@pytest.mark.parametrize("notebook", sorted((ROOT / "solutions").glob("*/*.ipynb")), ids=lambda path: "/".join(path.parts[-2:]))
def test_solution_is_stored_executed(notebook):
    cells = [cell for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell.outputs for cell in cells)
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


@pytest.mark.engine
def test_our_own_solution_gets_all_points(tmp_path):
    student = tmp_path / "handed in" / "лена"
    student.mkdir(parents=True)
    shutil.copy(ROOT / f"solutions/ru/{GRADED}.ipynb", student)
    done = subprocess.run(
        [sys.executable, "-m", "workshop", "grade", student.parent, "--out", tmp_path / "graded"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "graded/grades.csv").open(encoding="utf-8-sig", newline="") as rows:
        (row,) = csv.DictReader(rows)
    assert row["remark"] == ""
    assert row["total"] == row["max"] != "0", row


def test_one_changed_digit_of_any_output_is_seen(tmp_path):
    done = run_nbval(ROOT / "solutions/en", "-p", "nbval_digits", work=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:]
    digits = {name: int(number) for name, number in re.findall(r"^(\w+): (\d+) digits$", done.stdout, re.M)}
    assert set(digits) == {path.stem for path in SOLUTIONS}
    assert min(digits.values()) > 0


def test_languages_differ_in_markdown_and_the_language_line_only():
    for english in SOLUTIONS:
        russian = ROOT / "solutions/ru" / english.name
        pairs = zip(nbformat.read(english, 4).cells, nbformat.read(russian, 4).cells, strict=True)
        for en, ru in pairs:
            assert en.id == ru.id
            assert en.cell_type == ru.cell_type
            if en.cell_type == "code":
                assert en.source.replace('lang = "en"', 'lang = "ru"') == ru.source
                assert en.outputs == ru.outputs
