"""Submissions with anything in them: whatever is handed in is taken, or named in words, and costs nobody else anything."""

import copy
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.any_input import JSON, changed, examples, is_one_line, odd_text, packed, spoilt
from workshop.filled import matching
from workshop.filled.parsing import Refused
from workshop.grading import limited, notebook, submissions
from workshop.grading.feedback import text
from workshop.places import LANGUAGES

sys.path.append(str(Path(__file__).parent))
from handed_in import RIGHT, answered, as_bytes, make_lessons, put

NAME = "01_tiny.ipynb"
# nbformat says that a cell lacks its id, and gives it one
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def lessons(tmp_path_factory) -> dict[str, notebook.Assignment]:
    folder = make_lessons(tmp_path_factory.mktemp("any") / "lessons")
    return {name: notebook.read_assignment(folder / name) for name in ("01_tiny", "02_other")}


@pytest.fixture(scope="module")
def right(lessons) -> dict:
    """A notebook with right answers, as JSON."""
    return json.loads(as_bytes(answered(lessons["01_tiny"], RIGHT)))


def collect(folder: Path, lessons, monkeypatch) -> dict[str, submissions.Student]:
    """As `make grade` does, in this process and not in one for each student."""
    with monkeypatch.context() as patch:
        patch.setattr(limited, "call", lambda function, *arguments, seconds, memory_mb: function(*arguments))
        return submissions.collect(folder, lessons).students


def said(refused: Refused) -> None:
    """Fail unless what is wrong is said in a line of both languages."""
    for language in LANGUAGES:
        is_one_line(text(refused.key, language, **refused.values))


def taken_or_named(students: dict[str, submissions.Student], lessons) -> None:
    """Fail unless each lesson of each student can be run, or it is said why not."""
    for student, lesson, handed in submissions.jobs(students, set(lessons), []):
        assert student.encode()
        is_one_line(lesson)
        if isinstance(handed, Refused):
            said(handed)
            continue
        is_one_line(handed.name)
        if handed.note:
            said(handed.note)
        assert handed.digest
        language = matching.language_of(handed.submission, lessons[lesson].issues, "ru")
        restored, _ = notebook.restore(handed.submission, lessons[lesson], language)
        nbformat.validate(restored)
        assert nbformat.writes(restored).encode()


NAMES = st.sampled_from(
    [NAME, "02_other.ipynb", "Untitled.ipynb", "01_tiny.ipynb.txt", "01_tiny.zip", "01_tiny.html", ".ipynb"]
) | (
    st.binary(min_size=1, max_size=20)
    .filter(lambda name: not set(name) & set(b"/\0"))
    .map(lambda name: os.fsdecode(name + b".ipynb"))
)


@st.composite
def odd_cells(draw: st.DrawFn, content: dict) -> dict:
    """A notebook with a sign that is none in some of its cells."""
    content = copy.deepcopy(content)
    for cell in draw(st.lists(st.sampled_from(content["cells"]), min_size=1, max_size=4)):
        cell["source"] = draw(odd_text("".join(cell["source"])))
    return content


@given(data=st.data())
@examples(30)
def test_any_notebook_is_graded_or_named(lessons, right, monkeypatch, data):
    with TemporaryDirectory() as base:
        for student in ("anna", "boris", "vera"):
            anything = changed(right) | odd_cells(right)
            content = data.draw(anything.map(lambda one: json.dumps(one).encode()) | spoilt(as_bytes(right)))
            put(Path(base), student, {data.draw(NAMES): content})
        put(Path(base), "zoe", {NAME: as_bytes(right)})
        students = collect(Path(base), lessons, monkeypatch)
        assert set(students) == {"anna", "boris", "vera", "zoe"}
        taken_or_named(students, lessons)
        assert not isinstance(students["zoe"].lesson("01_tiny"), Refused)  # nobody pays for another one's file


@given(data=st.data())
@examples(30)
def test_any_archive_is_graded_or_named(lessons, right, monkeypatch, data):
    good = packed(as_bytes(right), NAME)
    archives = st.builds(packed, changed(right).map(lambda one: json.dumps(one).encode()), NAMES.map(ascii)) | spoilt(good)
    with TemporaryDirectory() as base:
        for student in ("anna", "boris", "vera"):
            content = data.draw(archives | archives.map(lambda inner: packed(inner, "inner.zip")))
            put(Path(base), student, {"hw.zip": content})
            (Path(base) / f"{student} packed.zip").write_bytes(content)
        students = collect(Path(base), lessons, monkeypatch)
        assert len(students) == 6
        taken_or_named(students, lessons)
        for student in ("anna", "boris", "vera"):
            assert set(students[student].lessons) == set(students[f"{student} packed"].lessons)


@st.composite
def noise(draw: st.DrawFn, content: dict) -> dict:
    """The same cells, with anything around them: metadata, outputs, counts, keys of programs that nobody knows."""
    content = copy.deepcopy(content)
    for place in draw(st.lists(st.sampled_from([content, *content["cells"]]), min_size=1, max_size=4)):
        key = draw(st.sampled_from(["metadata", "outputs", "execution_count", "nbformat_minor", "attachments", "theirs"]))
        place[key] = draw(JSON)
    return content


@given(data=st.data(), language=st.sampled_from(LANGUAGES))
@examples(30)
def test_what_stands_around_the_answers_costs_nobody_points(lessons, monkeypatch, data, language):
    tiny = lessons["01_tiny"]
    honest = answered(tiny, RIGHT, language)
    content = data.draw(noise(json.loads(as_bytes(honest))))
    with TemporaryDirectory() as base:
        put(
            Path(base),
            "anna",
            {NAME: json.dumps(content, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")},
        )
        handed = collect(Path(base), lessons, monkeypatch)["anna"].lesson("01_tiny")
        assert isinstance(handed, submissions.Handed)
    assert matching.language_of(handed.submission, tiny.issues, "ru") == language
    restored, touched = notebook.restore(handed.submission, tiny, language)
    assert touched == 0
    assert [cell.source for cell in restored.cells] == [cell.source for cell in honest.cells]
