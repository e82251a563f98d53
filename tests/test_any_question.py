"""Questions and notebooks of the kit with anything in them: a command takes them, or says in a line what is wrong and where."""

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given

from tests.any_input import changed, examples, is_one_line, spoilt, spoilt_values
from workshop.builder import plan
from workshop.ground.notebooks import title
from workshop.places import LANGUAGES, ROOT
from workshop.quiz.moodle import document
from workshop.quiz.pages import folded
from workshop.quiz.questions import FILE, QuizError, load
from workshop.run import RunError
from workshop.runner import lessons

# nbformat says that a cell lacks its id, and gives it one
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")

# --- quiz/questions.yaml ----------------------------------------------------------------------------------

QUESTIONS = FILE.read_text(encoding="utf-8").split("\n- id: ")
FEW = "\n- id: ".join(QUESTIONS[:9]).encode()  # one of each kind, and quick to read


def read(file: Path, content: bytes) -> None:
    """Read questions; if they are refused, it is in a line a problem, and if not, pages and Moodle take them."""
    file.write_bytes(content)
    try:
        found = load(file)
    except QuizError as error:
        lines = str(error).split("\n")
        assert len(lines) <= 21
        for line in lines:
            is_one_line(line)
            assert line.startswith(f"{file.name}: ")
        return
    for lang in LANGUAGES:
        assert len(ET.fromstring(document(found, lang).encode())) > len(found)
        assert folded(found, lang).count("<details>") == len(found)


def test_the_few_questions_are_taken_as_they_are(tmp_path):
    read(tmp_path / "questions.yaml", FEW)
    assert {question.type for question in load(tmp_path / "questions.yaml")} >= {"single", "multiple"}


@given(spoilt(FEW) | spoilt_values(FEW.decode()))
@example(b"- " + b"[" * 20_000)
@example(b"a: &x [1]\nb: *x")
@example(b"- id: " + b"9" * 5000)
@example(b"- id: 2024-13-45")
@example(b"- id: [\n- b")
@example(b"- id: !!timestamp x")
@example(b"- id: !!bool x")
@example(b"- id: one\n  id: two")
@examples(100)
def test_any_spoilt_questions_are_taken_or_refused(tmp_path, content):
    read(tmp_path / "questions.yaml", content)


@given(changed(yaml.safe_load(FEW)))
@examples(100)
def test_any_questions_are_taken_or_refused(tmp_path, content):
    read(tmp_path / "questions.yaml", yaml.safe_dump(content, allow_unicode=True).encode("utf-8", "replace"))


# --- notebooks of the kit, as whoever works in them may leave them ----------------------------------------


OTHER_LESSONS = ("0[1-9]*.ipynb", "1*.ipynb")


@pytest.fixture(scope="module")
def kit(tmp_path_factory) -> Path:
    """A kit of one lesson, built."""
    root = tmp_path_factory.mktemp("kit")
    for name in ("lessons/00_start", "solutions/en", "solutions/ru"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "pipeline", *OTHER_LESSONS))
    plan.write(plan.plan(root))
    assert plan.differences(plan.plan(root)) == []
    return root


SPOILT = changed(json.loads((ROOT / "solutions/en/00_start.ipynb").read_text(encoding="utf-8"))).map(
    lambda content: json.dumps(content).encode()
) | spoilt((ROOT / "solutions/en/00_start.ipynb").read_bytes())


@given(SPOILT)
@examples(14)
def test_any_stored_notebook_is_built_anew(kit, content):
    file = kit / "solutions/en/00_start.ipynb"
    good = file.read_bytes()
    file.write_bytes(content)
    for line in plan.differences(plan.plan(kit)):
        is_one_line(line)
        assert line.startswith("solutions/")
    plan.write(plan.plan(kit))
    assert [line for line in plan.differences(plan.plan(kit)) if "not executed" not in line] == []
    assert len(json.loads(file.read_bytes())["cells"]) == len(json.loads(good)["cells"])
    file.write_bytes(good)


@given(SPOILT)
@example(b"")
@example(b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
@examples(40)
def test_any_lesson_is_run_or_refused_and_the_start_page_shows_it(tmp_path, content):
    file = tmp_path / "04_dvc.ipynb"
    file.write_bytes(content)
    assert title(file)
    for given_parameters in ({}, {"lang": "ru"}):
        try:
            shares = lessons.share_out(given_parameters, {"04_dvc": file})
        except RunError as error:
            is_one_line(str(error))
        else:
            assert set(shares) == {"04_dvc"}
