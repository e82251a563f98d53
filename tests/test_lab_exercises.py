"""`make lab` and a newer issue of the tasks: it is told, taken over with all answers, and taken back."""

import json
import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from flight_delays.errors import DiskFull
from workshop.__main__ import main
from workshop.lab import start
from workshop.lab.exercises import Desk, Found
from workshop.places import LANGUAGES

sys.path.append(str(Path(__file__).parent))
from tiny_lessons import write_lesson

NAME = "01_tiny"
ANSWERS = ["answer = 42", "def double(x):\n    return x + x"]
STUB = "say.not_solved_yet()  # replace this line by your code"


class Kit:
    """A kit whose lessons were handed out, and a student's place to work in it."""

    def __init__(self, root: Path):
        self.root = root
        self.sources = [write_lesson(root / "lessons", name, texts_from="../../lessons") for name in (NAME, "02_other")]
        self.build()
        self.desk = Desk(root, root / "work", "ru")
        assert self.desk.lay_out() == Found()

    def build(self) -> None:
        assert main(["build", "--root", str(self.root)]) == 0

    def note(self) -> None:
        """As `workshop issue` does, without Git."""
        from workshop.builder import former
        from workshop.builder.handout import read_handout

        for source in self.sources:
            name = source.parent.name
            given = {lang: nbformat.read(self.root / f"exercises/{lang}/{name}.ipynb", as_version=4) for lang in LANGUAGES}
            one = read_handout(given)
            noted = former.Former(one.issue, one.titles, one.slots, "a" * 40, "2026-09-01T10:00:00+00:00")
            (source.parent / former.FILE).write_text(former.as_text([noted]), encoding="utf-8")

    def new_issue(self) -> None:
        """Another blank and another check in the first task of a lesson."""
        self.note()
        text = self.sources[0].read_text(encoding="utf-8")
        text = text.replace("# BEGIN SOLUTION\nanswer", "start = 40\n# BEGIN SOLUTION\nanswer")
        self.sources[0].write_text(text.replace("assert answer ==", "assert int(answer) =="), encoding="utf-8")
        self.build()

    @property
    def file(self) -> Path:
        return self.desk.own / f"{NAME}.ipynb"

    @property
    def given(self) -> bytes:
        return (self.root / f"exercises/ru/{NAME}.ipynb").read_bytes()

    def solve(self, *, issue: bool = True) -> bytes:
        """The student's answers to the first two tasks, with outputs; `issue=False`: built before notebooks bore one."""
        content = json.loads(self.file.read_bytes())
        if not issue:
            del content["metadata"]["workshop"]
        blanks = [cell for cell in content["cells"] if STUB in "".join(cell["source"])]
        for cell, answer in zip(blanks, ANSWERS, strict=False):
            cell["source"] = answer
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
            cell["execution_count"] = 1
        self.file.write_text(json.dumps(content), encoding="utf-8")
        return self.file.read_bytes()

    def answers(self) -> list[str]:
        cells = nbformat.read(self.file, as_version=4).cells
        return [cell.source for cell in cells if cell.source in ANSWERS]

    def kept(self) -> list[bytes]:
        """What was replaced, by age."""
        return [file.read_bytes() for file in sorted(self.desk.former.rglob("*.ipynb"))]


@pytest.fixture
def kit(tmp_path) -> Kit:
    return Kit(tmp_path / "kit")


def test_the_same_issue_is_left_alone_whatever_is_in_it(kit):
    solved = kit.solve()
    assert kit.desk.lay_out() == Found()
    without = kit.solve(issue=False)  # a program may drop what it does not know
    assert kit.desk.lay_out() == Found()
    assert solved != without == kit.file.read_bytes()
    assert kit.desk.update() == [] == kit.kept()


@pytest.mark.parametrize("metadata", [True, False])
def test_what_holds_nothing_of_the_students_is_replaced_and_kept(kit, metadata):
    content = json.loads(kit.file.read_bytes())
    if not metadata:
        del content["metadata"]["workshop"]
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "it ran\n"}]
    content["cells"].append(json.loads(json.dumps(new_code_cell(""))))
    kit.file.write_text(json.dumps(content), encoding="utf-8")
    before = kit.file.read_bytes()
    kit.new_issue()
    assert kit.desk.lay_out() == Found()
    assert kit.file.read_bytes() == kit.given
    assert kit.kept() == [before]
    assert kit.desk.undo() == []  # nobody had asked for it


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize("what", ["answer", "note"])
def test_a_newer_issue_is_told_and_nothing_is_touched(kit, metadata, what):
    solved = kit.solve(issue=metadata)
    if what == "note":
        content = nbformat.reads(kit.given.decode(), as_version=4)
        content.cells[1].source += "\n\nне забыть"
        kit.file.write_text(nbformat.writes(content), encoding="utf-8")
        solved = kit.file.read_bytes()
    kit.new_issue()
    assert kit.desk.lay_out() == Found(other=[NAME])
    assert kit.file.read_bytes() == solved
    assert kit.kept() == []


@pytest.mark.parametrize("metadata", [True, False])
def test_update_takes_the_answers_over_and_undo_brings_the_former_back(kit, metadata):
    solved = kit.solve(issue=metadata)
    kit.new_issue()
    assert kit.desk.update() == [NAME]
    assert kit.answers() == ANSWERS
    assert kit.desk.lay_out() == Found()
    assert kit.kept() == [solved]
    new = nbformat.read(kit.file, as_version=4)
    assert "assert int(answer)" in "\n".join(cell.source for cell in new.cells)
    assert not [cell for cell in new.cells if cell.get("outputs")]
    assert kit.desk.update() == []

    new.cells.append(new_code_cell("written = 'since'"))
    nbformat.write(new, kit.file)
    since = kit.file.read_bytes()
    assert kit.desk.undo() == [NAME]
    assert (kit.file.read_bytes(), kit.kept()) == (solved, [since])
    assert kit.desk.lay_out() == Found(other=[NAME])
    assert kit.desk.undo() == [NAME]  # and forth again
    assert (kit.file.read_bytes(), kit.kept()) == (since, [solved])
    assert kit.desk.undo() == [NAME]
    assert kit.desk.update() == [NAME]
    assert kit.kept() == [since, solved]


def test_what_was_replaced_in_the_same_second_is_kept_in_order(kit, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda form: "2026-09-01 10.00.00")
    solved = kit.solve()
    kit.new_issue()
    for turn in range(4):
        assert kit.desk.update() == [NAME]
        assert kit.kept()[-1] == solved
        assert kit.desk.undo() == [NAME], turn
        assert kit.file.read_bytes() == solved


def test_no_issue_is_lost_where_the_kit_does_not_know_the_former_one(kit):
    solved = kit.solve()
    kit.new_issue()
    for file in kit.root.glob("lessons/*/former.json"):
        file.unlink()
    assert kit.desk.lay_out() == Found(other=[NAME])
    assert kit.desk.update() == [NAME]
    assert kit.answers() == ANSWERS
    assert kit.kept() == [solved]


def test_what_cannot_be_read_is_left_alone_and_named(kit):
    kit.new_issue()
    for content in (
        b"",
        b"[]",
        b"{",
        b'{"cells": [1], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        b"\xff\xfe",
        b"[" * 10**5,
    ):
        kit.file.write_bytes(content)
        assert kit.desk.lay_out() == Found(unreadable=[NAME])
        assert kit.desk.update() == []
        assert (kit.file.read_bytes(), kit.kept()) == (content, [])
    shutil.rmtree(kit.root / "exercises/en")  # what the kit lacks keeps nobody from working
    kit.file.write_bytes(kit.given)
    assert kit.desk.lay_out() == Found()
    (kit.root / "exercises/ru" / kit.file.name).write_bytes(b"{")
    assert kit.desk.lay_out() == Found()


def test_an_interrupted_update_leaves_the_notebook_as_it_was(kit, monkeypatch):
    solved = kit.solve()
    kit.new_issue()

    def full(self, content):
        if b"int(answer)" in content:
            raise OSError(28, "No space left on device")
        return written(self, content)

    written = Path.write_bytes
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(DiskFull, match="no room"):
            kit.desk.update()
    assert kit.file.read_bytes() == solved
    assert kit.desk.update() == [NAME]


# --- what is said of it


@pytest.mark.parametrize(("lang", "option"), [("ru", ""), ("en", "--lang en ")])
def test_terminal_and_start_page_name_the_lessons_and_the_command(kit, monkeypatch, lang, option):
    monkeypatch.setattr(start, "ROOT", kit.root)
    monkeypatch.setattr(start, "WORK", kit.root / "work")
    kit.desk = Desk(kit.root, kit.root / "work", lang)
    page, lines = start.prepare(lang)
    before = page.read_text(encoding="utf-8")
    assert lines == []
    kit.solve()
    (kit.desk.own / "02_other.ipynb").write_text("{")
    kit.new_issue()
    page, (newer, unreadable) = start.prepare(lang)
    said = page.read_text(encoding="utf-8")
    for text in (newer, said):
        assert f'make lab ARGS="{option}--update"' in text and f'make lab ARGS="{option}--undo"' in text and NAME in text
    assert "02_other" in unreadable and "02_other" in said.partition("|---|")[0]
    assert "*" not in newer + unreadable and "`" not in newer + unreadable
    assert re.sub(r"(?s)\*\*.*?(?=\| )", "", said, count=1) == before

    page, (done, unreadable) = start.prepare(lang, "update")
    assert NAME in done and "work/former/" in done and "02_other" in unreadable
    assert (kit.root / re.search(r"work/former/.*/", done)[0] / f"{NAME}.ipynb").exists()
    assert kit.answers() == ANSWERS
    assert NAME not in page.read_text(encoding="utf-8").partition("|---|")[0]
    _, (nothing, _) = start.prepare(lang, "update")
    assert nothing == start.TEXTS[lang]["no_update"]
    _, (back, newer, _) = start.prepare(lang, "undo")
    assert NAME in back and NAME in newer
