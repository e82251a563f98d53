"""The stored solutions: executed, and executed again by nbval with the same outputs."""

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from workshop.places import ROOT, environment

SOLUTIONS = sorted((ROOT / "solutions/en").glob("*.ipynb"))
# one that computes only, one that starts Git and other commands, one that starts a server: what the grader's limits may break.
# That every check lets right answers pass is for test_answers.
GRADED = ["00_start", "04_dvc", "06_prefect"]


def _nbval(notebook: Path, work: Path) -> subprocess.CompletedProcess[str]:
    options = ["--nbval", "--nbval-sanitize-with", str(ROOT / "tests/nbval_sanitize.cfg"), "--nbval-cell-timeout", "600"]
    place = ["-p", "no:cacheprovider", "-q", "--rootdir", str(notebook.parent), str(notebook)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *place],
        cwd=notebook.parent,
        env=environment(WORKSHOP_WORK=str(work)),
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )


def test_there_are_solutions():
    assert SOLUTIONS


@pytest.mark.engine
@pytest.mark.parametrize("notebook", SOLUTIONS, ids=lambda path: path.stem)
def test_solution_gives_its_stored_outputs(notebook, tmp_path):
    done = _nbval(notebook, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:]
    cells = sum(cell.cell_type == "code" for cell in nbformat.read(notebook, 4).cells)
    assert f"{cells} passed" in done.stdout


@pytest.mark.parametrize("notebook", sorted((ROOT / "solutions").glob("*/*.ipynb")), ids=lambda path: "/".join(path.parts[-2:]))
def test_solution_is_stored_executed(notebook):
    cells = [cell for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell.outputs for cell in cells)
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


@pytest.mark.engine
@pytest.mark.parametrize("name", GRADED)
def test_our_own_solution_gets_all_points(name, tmp_path):
    student = tmp_path / "handed in" / "лена"
    student.mkdir(parents=True)
    shutil.copy(ROOT / f"solutions/ru/{name}.ipynb", student)
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


def test_nbval_catches_one_changed_digit(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell("print(round(2 / 3, 4))", execution_count=1)]
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="0.6667\n")]
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "figure.ipynb"
    nbformat.write(notebook, path)
    done = _nbval(path, tmp_path)
    assert done.returncode == 0, done.stdout
    path.write_text(path.read_text().replace("0.6667", "0.6668"))
    done = _nbval(path, tmp_path)
    assert done.returncode == 1
    assert re.search(r"0\.6668(.|\n)*0\.6667", done.stdout)


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


def test_a_solution_runs_wherever_it_lies(tmp_path):
    # the notebooks of a student are copies: a solution must not depend on where it lies
    copy = tmp_path / "с пробелом" / "copy.ipynb"
    copy.parent.mkdir()
    shutil.copy(min(SOLUTIONS, key=lambda path: path.stat().st_size), copy)
    done = _nbval(copy, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:]
