"""Grading: what people hand in is found and read, or named with what to do."""

import io
import json
import os
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest

from workshop.filled import matching, parsing
from workshop.grading import limited, notebook, reading, submissions
from workshop.grading.feedback import text
from workshop.places import LANGUAGES

HERE = Path(__file__).parent
sys.path.append(str(HERE))
from handed_in import (  # noqa: E402
    RIGHT,
    answered,
    as_bytes,
    bomb,
    colab,
    in_cp866,
    line_endings,
    make_lessons,
    no_ids,
    packed,
    put,
    version_3,
)

PLAIN = "01_tiny.ipynb"


@pytest.fixture(scope="module")
def lessons(tmp_path_factory) -> dict[str, notebook.Assignment]:
    folder = make_lessons(tmp_path_factory.mktemp("reading") / "lessons")
    return {name: notebook.read_assignment(folder / name) for name in ("01_tiny", "02_other")}


@pytest.fixture(scope="module")
def tiny(lessons) -> notebook.Assignment:
    return lessons["01_tiny"]


@pytest.fixture
def collect(tmp_path, lessons):
    """A function that collects the folder `in` as the command does."""
    return lambda: submissions.collect(tmp_path / "in", lessons).students


def code(content) -> list[str]:
    return [cell.source for cell in content.cells if cell.cell_type == "code"]


def honest(tiny: notebook.Assignment, language: str) -> list[str]:
    return code(answered(tiny, RIGHT, language))


def taken(handed: submissions.Handed | parsing.Refused, tiny: notebook.Assignment) -> tuple[str, list[str], int]:
    """The language, the code and the changed checks of a notebook as it would be run."""
    assert isinstance(handed, submissions.Handed), handed
    language = matching.language_of(handed.submission, tiny.issues, "ru")
    restored, touched = notebook.restore(handed.submission, tiny, language)
    return language, code(restored), touched


# Programs that save notebooks in their own way


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "save",
    [
        as_bytes,
        line_endings,
        colab,
        no_ids,
        lambda content: no_ids(content, other=True),
        version_3,
        lambda content: b"\xef\xbb\xbf" + as_bytes(content),
        lambda content: json.dumps(content, ensure_ascii=False).encode("utf-16"),
        lambda content: b"\xef\xbb\xbf" + line_endings(content),
    ],
    ids=["jupyter", "windows", "colab", "no ids", "other ids", "version 3", "bom", "utf-16", "windows bom"],
)
def test_whoever_saved_it_answers_language_and_checks_are_the_same(tmp_path, tiny, collect, save, language):
    put(tmp_path / "in", "anna", {PLAIN: save(answered(tiny, RIGHT, language))})
    found = collect()["anna"].lesson("01_tiny")
    assert taken(found, tiny) == (language, honest(tiny, language), 0)


@pytest.mark.parametrize("save", [as_bytes, line_endings, colab, no_ids, version_3])
def test_a_changed_check_is_found_whoever_saved_it(tmp_path, tiny, collect, save):
    content = answered(tiny, RIGHT, "en")
    check = next(cell for cell in content.cells if cell.source.startswith("assert answer"))
    check.source += "\nassert True"
    put(tmp_path / "in", "anna", {PLAIN: save(content)})
    assert taken(collect()["anna"].lesson("01_tiny"), tiny) == ("en", honest(tiny, "en"), 1)


@pytest.mark.parametrize("save", [as_bytes, line_endings, colab, no_ids, version_3])
def test_a_blank_is_a_blank_whoever_saved_it(tmp_path, tiny, collect, save):
    put(tmp_path / "in", "anna", {PLAIN: save(tiny.notebook("ru"))})
    found = collect()["anna"].lesson("01_tiny")
    assert taken(found, tiny) == ("ru", code(tiny.notebook("ru")), 0)
    assert not matching.filled(found.submission, tiny.issues)


@pytest.mark.parametrize("save", [as_bytes, no_ids])
def test_cells_of_a_students_own_are_not_taken_for_answers(tmp_path, tiny, collect, save):
    content = answered(tiny, {**RIGHT, 4: "numbers = [1, 2, 3]\ntotal = len(numbers) * 2"})
    position = next(n for n, cell in enumerate(content.cells) if cell.source.startswith("numbers"))
    for text_ in ("helper = 1", "another = 2"):
        content.cells.insert(position, {**content.cells[position], "id": f"new-{text_[:3]}", "source": text_})
    put(tmp_path / "in", "anna", {PLAIN: save(content)})
    _, ran, touched = taken(collect()["anna"].lesson("01_tiny"), tiny)
    position = ran.index("numbers = [1, 2, 3]\ntotal = len(numbers) * 2")
    assert (ran[position - 2 : position], touched) == (["another = 2", "helper = 1"], 0)
    assert not [one for one in ran if "not_solved_yet" in one]


def test_an_answer_in_a_cell_of_its_own_takes_the_place_of_the_one_that_was_deleted(tmp_path, tiny, collect):
    content = json.loads(as_bytes(answered(tiny, RIGHT)))
    for cell in content["cells"]:
        if cell["source"] == RIGHT[1]:
            cell["id"] = "of-my-own"
    put(tmp_path / "in", "anna", {PLAIN: as_bytes(content)})
    assert taken(collect()["anna"].lesson("01_tiny"), tiny) == ("ru", honest(tiny, "ru"), 0)


@pytest.mark.parametrize("save", [no_ids, version_3])
def test_an_answer_is_not_taken_for_a_check_that_was_deleted(tmp_path, tiny, collect, save):
    content = answered(tiny, RIGHT)
    content.cells = [cell for cell in content.cells if not cell.source.startswith(("assert", "from numbers"))]
    put(tmp_path / "in", "anna", {PLAIN: save(content)})
    _, ran, touched = taken(collect()["anna"].lesson("01_tiny"), tiny)
    assert (ran, touched) == (honest(tiny, "ru"), 4)


def test_of_an_answer_in_two_cells_before_a_deleted_check_both_are_run(tmp_path, tiny, collect):
    content = answered(tiny, {**RIGHT, 1: "part = 40"})
    first = next(n for n, cell in enumerate(content.cells) if cell.source == "part = 40")
    content.cells[first + 1].source = "answer = part + 2"  # in the place of the check
    put(tmp_path / "in", "anna", {PLAIN: no_ids(content)})
    _, ran, touched = taken(collect()["anna"].lesson("01_tiny"), tiny)
    check = next(n for n, one in enumerate(ran) if one.startswith("assert answer"))
    assert (ran[check - 2 : check], touched) == (["part = 40", "answer = part + 2"], 1)


@pytest.mark.parametrize("save", [as_bytes, line_endings, colab, no_ids, version_3])
@pytest.mark.parametrize("keeps", ["answer", "check"])
def test_an_answer_that_was_merged_with_its_check_is_run(tmp_path, tiny, collect, save, keeps):
    content = answered(tiny, RIGHT)
    first = next(n for n, cell in enumerate(content.cells) if cell.source == RIGHT[1])
    answer, check = content.cells[first : first + 2]
    merged = f"{RIGHT[1]}\n\n{check.source}"
    kept = answer if keeps == "answer" else check  # by the cell in which one stood
    kept.source = merged
    content.cells[first : first + 2] = [kept]
    put(tmp_path / "in", "anna", {PLAIN: save(content)})
    _, ran, touched = taken(collect()["anna"].lesson("01_tiny"), tiny)
    given = tiny.notebook("ru").cells[first + 1].source
    assert (merged in ran[: ran.index(given)], touched) == (True, 1)


# Where and under which name


@pytest.mark.parametrize(
    "name",
    [
        "01_tiny (1).ipynb",
        "01_tiny(2).ipynb",
        "01_tiny.ipynb (1)",
        "01_tiny-Copy1.ipynb",
        "01_TINY.IPYNB",
        "01_tiny.ipynb.txt",
        "01_tiny — копия.ipynb",
        "Копия блокнота 01_tiny.ipynb",
        "Иванова_01_tiny_готово.ipynb",
        "Untitled.ipynb",
        "en/01_tiny.ipynb",
        "work/exercises/ru/01_tiny.ipynb",
        "01_tiny/01_tiny.ipynb",
    ],
)
def test_a_notebook_is_found_under_any_name(tmp_path, tiny, collect, name):
    put(tmp_path / "in", "anna", {name: as_bytes(answered(tiny, RIGHT))})
    put(tmp_path / "in", "anna", {"__MACOSX/._01_tiny.ipynb": b"\0", ".ipynb_checkpoints/01_tiny-checkpoint.ipynb": b"{}"})
    student = collect()["anna"]
    assert set(student.lessons) == {"01_tiny"}
    assert not student.strange
    assert taken(student.lesson("01_tiny"), tiny) == ("ru", honest(tiny, "ru"), 0)


def windows_zip(files: dict[str, bytes]) -> bytes:
    """As Windows in Russian packs it: names in CP866, and no word about that."""
    content = packed({f"{'x' * len(name.encode('cp866'))}": content for name, content in files.items()})
    for name in files:
        content = content.replace(b"x" * len(name.encode("cp866")), name.encode("cp866"))
    return content


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("hw.zip", lambda content: packed({PLAIN: content})),
        ("hw.ZIP", lambda content: packed({"ru/01_tiny.ipynb": content, "__MACOSX/ru/._01_tiny.ipynb": b"\0"})),
        ("hw.zip", lambda content: packed({"C:\\Users\\anna\\ru\\01_tiny (1).ipynb": content})),
        ("hw.zip", lambda content: windows_zip({"Задачи/01_tiny.ipynb": content})),
        ("hw.zip", lambda content: packed({"inner.zip": packed({PLAIN: content})})),
        ("hw.zip", lambda content: packed({"../../../01_tiny.ipynb": content})),
    ],
    ids=["plain", "macos", "windows", "russian windows", "zip in a zip", "upwards"],
)
def test_a_zip_is_opened(tmp_path, tiny, collect, name, pack):
    content = pack(as_bytes(answered(tiny, RIGHT)))
    put(tmp_path / "in", "anna", {name: content})
    (tmp_path / "in" / "boris.zip").write_bytes(content)
    students = collect()
    assert set(students) == {"anna", "boris"}
    for student in students.values():
        assert taken(student.lesson("01_tiny"), tiny) == ("ru", honest(tiny, "ru"), 0)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_is_left_out_does_not_count_as_files(tmp_path, tiny, monkeypatch):
    monkeypatch.setattr(reading, "_MOST_FILES", 5)
    many = {f"hw/.venv/lib/{n}.py": b"" for n in range(9)} | {f"hw/__pycache__/{n}.pyc": b"" for n in range(9)}
    put(tmp_path / "in", "anna", {"hw.zip": packed({**many, f"hw/{PLAIN}": as_bytes(answered(tiny, RIGHT))})})
    put(tmp_path / "in", "boris", {**{f".hidden-{n}": b"" for n in range(9)}, PLAIN: as_bytes(answered(tiny, RIGHT))})
    for student, name in {"anna": f"hw.zip/hw/{PLAIN}", "boris": PLAIN}.items():
        found = reading.read(tmp_path / "in" / student)  # in this process, which has the other limit
        assert ([one.name for one in found.notebooks], found.others) == ([name], ())


@pytest.mark.parametrize("name", ["anna.zip", f"anna_7_assignsubmission_file_{PLAIN}"])
def test_a_pipe_in_the_place_of_a_students_file_is_not_opened(tmp_path, collect, monkeypatch, name):
    monkeypatch.setattr(submissions, "_SECONDS", 5)
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in" / name)
    (student,) = collect().values()
    assert student.lesson("01_tiny").key == "not_a_file"


def test_names_in_a_zip_are_read_as_they_were_written():
    for name in ("Задачи Ёлкиной/Ответ.ipynb", "plain.ipynb"):
        with zipfile.ZipFile(io.BytesIO(windows_zip({name: b""}))) as archive:
            assert reading._name_in(archive.infolist()[0]) == name
    assert reading.shown_name(os.fsdecode("Ёлкина".encode("cp1251"))) == "Ёлкина"


def test_what_cannot_be_taken_is_named_with_what_to_do(tmp_path, tiny, collect):
    encrypted = bytearray(packed({PLAIN: as_bytes(tiny.notebook("ru"))}))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        encrypted[encrypted.index(mark) + place] |= 1
    handed = {
        "rar": ({"hw.rar": b""}, "archive"),
        "damaged zip": ({"hw.zip": packed({PLAIN: b"{}"})[:-30]}, "bad_zip"),
        "password": ({"hw.zip": bytes(encrypted)}, "encrypted"),
        "bomb": ({"hw.zip": bomb(10**8)}, "too_large"),
        "page": ({"01_tiny.html": b"<html>"}, "other_file"),
        "picture": ({"screen.png": b""}, "other_file"),
        "empty": ({PLAIN: b""}, "empty"),
        "saved page": ({PLAIN: b"<!DOCTYPE html>"}, "web_page"),
        "ansi": ({PLAIN: '{"cells": "я"}'.encode("cp1251")}, "encoding"),
        "many": ({f"{n}.txt": b"" for n in range(reading._MOST_FILES + 1)}, "too_many"),
        "deep": ({"d/" * 20 + PLAIN: b""}, "too_deep"),
        "nothing": ({}, "missing"),
        "other": ({PLAIN: as_bytes({"cells": [{"cell_type": "code", "source": "1"}]})}, "unknown_cells"),
    }
    for student, (files, _) in handed.items():
        (tmp_path / "in" / student).mkdir(parents=True)
        put(tmp_path / "in", student, files)
    students = collect()
    assert {name: students[name].lesson("01_tiny").key for name in handed} == {name: key for name, (_, key) in handed.items()}
    for student in students.values():
        refused = student.lesson("01_tiny")
        for language in LANGUAGES:
            assert text(refused.key, language, **refused.values)


def test_of_several_notebooks_the_one_with_most_answers_counts_and_the_others_are_named(tmp_path, tiny, collect):
    blank, some, most = (as_bytes(answered(tiny, answers)) for answers in ({}, {1: "answer = 1"}, RIGHT))
    put(tmp_path / "in", "anna", {"ru/01_tiny.ipynb": most, "en/01_tiny.ipynb": blank})
    put(tmp_path / "in", "boris", {PLAIN: some, "01_tiny (1).ipynb": most, "01_tiny (2).ipynb": some})
    put(tmp_path / "in", "vera", {PLAIN: most, "01_tiny (1).ipynb": most})
    put(tmp_path / "in", "zoe", {"01_tiny (9).ipynb": some, "01_tiny (10).ipynb": as_bytes(answered(tiny, {1: "answer = 2"}))})
    for file in (tmp_path / "in" / "zoe").iterdir():
        os.utime(file, (1, 1))
    found = {name: student.lesson("01_tiny") for name, student in collect().items()}
    assert {name: one.name for name, one in found.items()} == {
        "anna": "ru/01_tiny.ipynb",
        "boris": "01_tiny (1).ipynb",
        "vera": found["vera"].name,
        "zoe": "01_tiny (10).ipynb",
    }
    assert {name: one.note and one.note.values["others"] for name, one in found.items()} == {
        "anna": None,
        "boris": "01_tiny (2).ipynb, 01_tiny.ipynb",
        "vera": None,
        "zoe": "01_tiny (9).ipynb",
    }


def test_of_the_whole_kit_only_the_students_work_is_taken(tmp_path, tiny, collect):
    files = {
        "kit/workshop/__init__.py": b"",
        "kit/solutions/ru/01_tiny.ipynb": as_bytes(answered(tiny, RIGHT)),
        "kit/exercises/ru/01_tiny.ipynb": as_bytes(tiny.notebook("ru")),
        "kit/work/exercises/ru/01_tiny.ipynb": as_bytes(answered(tiny, {1: "answer = 1"})),
    }
    put(tmp_path / "in", "anna", files)
    (tmp_path / "in" / "boris.zip").write_bytes(packed(files))
    for student in collect().values():
        assert student.lesson("01_tiny").name.removeprefix("kit/") == "work/exercises/ru/01_tiny.ipynb"


def test_students_are_who_they_are_however_they_are_packed(tmp_path, tiny, collect):
    right = as_bytes(answered(tiny, RIGHT))
    put(tmp_path / "in", unicodedata.normalize("NFD", "Йогина"), {PLAIN: right})
    put(tmp_path / "in", in_cp866("Щукина"), {PLAIN: right})
    put(tmp_path / "in", "unpacked", {PLAIN: right})
    put(tmp_path / "in", "__MACOSX", {"._x": b""})
    for name, content in {
        "unpacked.zip": packed({PLAIN: right}),
        "Анна Ли_123_assignsubmission_file_01_tiny.ipynb": right,
        "Анна Ли_123_assignsubmission_file_readme.txt": b"",
        "Анна Ли_124_assignsubmission_file_hw.zip": packed({PLAIN: right}),
        "list.csv": b"",
        ".DS_Store": b"",
    }.items():
        (tmp_path / "in" / name).write_bytes(content)
    students = collect()
    assert sorted(students) == sorted(["Йогина", "Щукина", "unpacked", "Анна Ли_123", "Анна Ли_124"])
    for student in students.values():
        assert isinstance(student.lesson("01_tiny"), submissions.Handed)


def test_the_folder_of_one_student_is_no_class(tmp_path, tiny, collect):
    put(tmp_path / "in", "en", {PLAIN: as_bytes(tiny.notebook("en"))})
    with pytest.raises(submissions.WrongUse, match="one student"):
        collect()


def test_reading_takes_neither_long_nor_much_memory():
    for code_ in ("import time; time.sleep(60)", "bytearray(10**9)", "while True: pass"):
        with pytest.raises(limited.TooMuch):
            limited.call(exec, code_, seconds=2, memory_mb=300)
    with pytest.raises(RuntimeError, match="division by zero"):
        limited.call(exec, "1 / 0", seconds=20, memory_mb=300)
    assert limited.call(len, "four", seconds=20, memory_mb=300) == 4
