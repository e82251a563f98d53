"""Grading: a second run does what is left and keeps what is somebody's own; a page takes neither long nor much room."""

import csv
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from workshop.grading import feedback, gradebook, jail, limited, submissions
from workshop.grading.feedback import text
from workshop.grading.grader import Grade, Grader
from workshop.grading.reaching import reached
from workshop.grading.supervise import Limits, Outcome
from workshop.places import ROOT

HERE = Path(__file__).parent
sys.path.append(str(HERE))
from handed_in import answered, as_bytes, make_lessons, put  # noqa: E402

PLAIN = "01_tiny.ipynb"


class Class:
    """A class whose notebooks are judged without being run: the answer of task 1 counts, and what was judged is noted."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.folder, self.judged, self.broken = folder, [], set()
        self.most_at_once, self._at_once, self._lock = 0, 0, threading.Lock()
        self.grader = Grader(make_lessons(folder / "lessons"), Limits(isolation=jail.OPEN), "en")
        self.table = folder / "out/grades.csv"
        monkeypatch.setattr("workshop.grading.grader.run", self._run)

    def _run(self, restored, steps, place, language, limits, seed, stop) -> Outcome:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        threading.Event().wait(0.2)
        with self._lock:
            self._at_once -= 1
        answers = [cell.source for cell in restored.cells if cell.source.startswith("answer =")]
        self.judged += answers
        state = "ok" if answers == ["answer = 42"] else "error"
        first = next(n for n, cell in enumerate(restored.cells) if "say = load(" in cell.source)
        cells = {
            cell.id: {"id": cell.id, "status": state if number > first else "ok", "name": "X", "text": ""}
            for number, cell in enumerate(restored.cells)
        }
        return Outcome("worker" if set(answers) & self.broken else "done", cells)

    def hand_in(self, student: str, answer: str) -> None:
        tiny = self.grader.assignments()["01_tiny"]
        put(self.folder / "in", student, {PLAIN: as_bytes(answered(tiny, {1: f"answer = {answer}"}))})

    def grade(self, *wanted: str, **options) -> list[gradebook.Result]:
        """Grade once; what was judged is of this run."""
        self.judged.clear()
        assignments = self.grader.assignments()
        collected = submissions.collect(self.folder / "in", assignments)
        jobs = submissions.jobs(collected.students, set(assignments), list(wanted))
        with gradebook.opened(self.table) as book:
            return list(gradebook.grade_all(self.grader, assignments, jobs, book, **options))

    def rows(self) -> dict[str, dict[str, str]]:
        with self.table.open(encoding="utf-8-sig", newline="") as stream:
            return {row["student"]: row for row in csv.DictReader(stream)}


@pytest.fixture
def school(tmp_path, monkeypatch) -> Class:
    made = Class(tmp_path, monkeypatch)
    for student, answer in {"anna": "42", "boris": "1", "vera": "42"}.items():
        made.hand_in(student, answer)
    return made


@pytest.mark.parametrize(
    ("end", "result"),
    [
        ("stuck", {"status": "stuck", "name": "", "text": ""}),
        ("done", {"status": "error", "name": "CellTimeoutError", "text": "A cell timed out"}),
        ("done", {"status": "error", "name": "OSError", "text": "[Errno 5]"}),
        ("time", None),
    ],
)
def test_that_our_own_cells_do_not_end_is_not_the_students_doing_and_tried_again(school, monkeypatch, end, result):
    def overloaded(restored, *_) -> Outcome:
        first, second = [cell.id for cell in restored.cells if cell.cell_type == "code"][:2]
        return Outcome(
            end, {first: {"id": first, "status": "ok", "name": "", "text": ""}, **({second: result} if result else {})}
        )

    with monkeypatch.context() as patched:
        patched.setattr("workshop.grading.grader.run", overloaded)
        assert [one.broken for one in school.grade()] == [True] * 3
        remark = school.rows()["anna"]["remark"]
        assert remark.startswith("наши ячейки до первой задачи не выполнились"), remark
    assert [(one.kept, one.broken) for one in school.grade()] == [(False, False)] * 3
    assert school.rows()["anna"]["remark"] == ""


def test_what_a_student_does_before_our_cells_is_the_students_doing(school, monkeypatch):
    tiny = school.grader.assignments()["01_tiny"]
    content = answered(tiny, {1: "answer = 42"})
    content.cells.insert(0, new_code_cell("while True: pass"))
    put(school.folder / "in", "anna", {PLAIN: as_bytes(content)})

    def endless(restored, *_) -> Outcome:
        return Outcome("stuck", {restored.cells[0].id: {"id": restored.cells[0].id, "status": "stuck", "name": "", "text": ""}})

    monkeypatch.setattr("workshop.grading.grader.run", endless)
    assert [one.broken for one in school.grade()] == [False, True, True]
    assert school.rows()["anna"]["remark"].startswith("код в задаче до первой")


def test_what_has_not_changed_is_not_graded_again(school):
    assert [one.kept for one in school.grade()] == [False] * 3
    before = school.table.read_bytes()
    assert [one.kept for one in school.grade()] == [True] * 3
    assert (school.judged, school.table.read_bytes()) == ([], before)
    assert len(school.grade(again=True)) == len(school.judged) == 3


@pytest.mark.parametrize("change", ["answer", "lesson", "limits", "page", "journal"])
def test_what_has_changed_is_graded_again(school, change):
    school.grade()
    if change == "answer":
        school.hand_in("boris", "42")
        school.grade()
        assert (school.judged, school.rows()["boris"]["total"]) == (["answer = 42"], "8")
        return
    if change == "lesson":
        (school.grader.lessons / "01_tiny" / "table.csv").write_text("other")
    elif change == "limits":
        school.grader = Grader(school.grader.lessons, Limits(isolation=jail.OPEN, seconds=1), "en")
    elif change == "page":
        for page in school.table.parent.glob("feedback/*/*.html"):
            page.unlink()
    else:
        journal = school.table.parent / gradebook._JOURNAL
        journal.write_text("".join(line[:20] for line in journal.read_text().splitlines()))
    school.grade()
    assert len(school.judged) == 3


def test_outputs_and_the_date_of_a_file_are_no_change(school):
    school.grade()
    for file in (school.folder / "in").glob("*/*"):
        content = json.loads(file.read_bytes())
        for cell in content["cells"]:
            cell["metadata"] = {"seen": True}
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
        file.write_bytes(json.dumps(content, indent=1).encode())
    school.grade()
    assert school.judged == []


def test_what_could_not_be_graded_is_tried_again(school):
    school.broken = {"answer = 1"}
    assert [one.broken for one in school.grade()] == [False, True, False]
    school.broken.clear()
    school.grade()
    assert school.judged == ["answer = 1"]


def test_a_run_that_was_cut_off_loses_nothing_that_was_graded(school):
    assignments = school.grader.assignments()
    jobs = submissions.jobs(submissions.collect(school.folder / "in", assignments).students, set(assignments), [])
    with gradebook.opened(school.table) as book:
        results = gradebook.grade_all(school.grader, assignments, jobs, book)
        first = next(results)
        results.close()
    journal = school.table.parent / gradebook._JOURNAL
    journal.write_text(journal.read_text() + '{"student": "bor')  # in the middle of a line
    assert {first.student} == set(school.rows())
    graded = {one.student for one in school.grade() if not one.kept}
    assert graded == {"anna", "boris", "vera"} - {first.student}
    assert [one.kept for one in school.grade()] == [True] * 3
    lines = journal.read_text().splitlines()
    lines.remove('{"student": "bor')  # alone: what comes next is a line of its own
    assert all(json.loads(line) for line in lines)


def test_rows_that_a_run_was_not_asked_for_stay(school):
    other = school.grader.assignments()["02_other"]
    put(school.folder / "in", "anna", {"02_other.ipynb": as_bytes(other.notebook("en"))})
    school.grade()
    (school.folder / "in" / "vera").rename(school.folder / "vera")
    school.grade("02_other")
    with school.table.open(encoding="utf-8-sig", newline="") as stream:
        found = {(row["student"], row["lesson"]) for row in csv.DictReader(stream)}
    assert found == {(student, lesson) for student in ("anna", "boris", "vera") for lesson in ("01_tiny", "02_other")}


@pytest.mark.parametrize(
    "saved",
    [
        lambda rows: "\r\n".join(rows).encode("utf-8-sig"),
        lambda rows: "\n".join(row.replace(",", ";") for row in rows).encode("cp1251"),  # a spreadsheet in Russian
    ],
)
def test_what_was_changed_by_hand_stays(school, saved):
    school.grade()
    rows = school.table.read_text(encoding="utf-8-sig").splitlines()
    rows = [f"{row},bonus" if row.startswith("student") else f"{row}," for row in rows]
    rows = ["boris,01_tiny,2,0,0,0,2,8,зачтено устно,,3" if row.startswith("boris") else row for row in rows]
    by_hand = saved(rows)
    school.table.write_bytes(by_hand)
    school.hand_in("anna", "1")
    school.hand_in("zoe", "42")
    school.grade()
    assert sorted(school.judged) == ["answer = 1", "answer = 42"]
    found = school.rows()
    assert {name: row["total"] for name, row in found.items()} == {"anna": "0", "boris": "2", "vera": "8", "zoe": "8"}
    assert (found["boris"]["remark"], found["boris"]["bonus"]) == ("зачтено устно", "3")
    (aside,) = school.table.parent.glob("grades (*).csv")
    assert aside.read_bytes() == by_hand
    school.grade()
    assert school.rows()["boris"]["total"] == "2"
    assert len(list(school.table.parent.glob("grades*.csv"))) == 2
    school.hand_in("boris", "42")  # something else comes of it
    school.grade()
    assert school.rows()["boris"]["total"] == "8"


def test_what_was_changed_by_hand_stays_when_a_later_kit_has_a_column_more(school):
    put(school.folder / "in", "boris", {PLAIN: as_bytes(reaching(school, "answer = 1"))})
    school.grade()
    journal, without = school.table.parent / gradebook._JOURNAL, []
    for record in map(json.loads, journal.read_text().splitlines()):
        for row in (record.get("graded", {}), record.get("row", {})):
            row.pop("reaches_for", None)
        if record.get("student") == "boris":
            record["row"]["remark"] = "зачтено устно"
        without.append(json.dumps(record) + "\n")
    journal.write_text("".join(without))
    school.grade(again=True)
    boris = school.rows()["boris"]
    assert (boris["remark"], boris["reaches_for"]) == ("зачтено устно", "before the first: os._exit")


def reaching(school, answer: str):
    """A notebook with a cell that reaches for the machine, before our cells."""
    content = answered(school.grader.assignments()["01_tiny"], {1: answer})
    content.cells.insert(0, new_code_cell("from os import _exit as leave"))
    return content


@pytest.mark.parametrize(
    ("language", "said"),
    [("ru", "до первой: os._exit; задача 2: "), ("en", "before the first: os._exit; task 2: ")],
)
def test_what_code_reaches_for_is_told_to_the_instructor_and_costs_nothing(school, language, said):
    school.grader = Grader(school.grader.lessons, school.grader.limits, language)
    content = reaching(school, "answer = 42")
    answer = next(cell for cell in content.cells if "def double" in cell.source)
    answer.source = "-" * 100_000 + "1"
    put(school.folder / "in", "anna", {PLAIN: as_bytes(content)})
    school.grade()
    rows = school.rows()
    assert {name: row["reaches_for"] for name, row in rows.items()} == {
        "anna": said + text("code_unread", language),
        "boris": "",
        "vera": "",
    }
    assert list(rows["anna"])[-2:] == ["remark", "reaches_for"]
    assert (rows["anna"]["total"], rows["anna"]["remark"]) == (rows["vera"]["total"], "")
    assert "os._exit" not in (school.table.parent / "feedback/anna/01_tiny.html").read_text(encoding="utf-8")


def test_what_code_reaches_for_has_an_end(school):
    content = reaching(school, "answer = 42")
    content.cells[0].source = "\n".join(f"import module{n}\nmodule{n}.name = 1" for n in range(1000))
    put(school.folder / "in", "anna", {PLAIN: as_bytes(content)})
    school.grade()
    shown = school.rows()["anna"]["reaches_for"]
    assert shown.startswith("before the first: module0.name =, module1.name =,")
    assert (len(shown) <= 300, shown[-1]) == (True, "…")


def cannot_look_through(monkeypatch, error: Exception) -> None:
    original = limited.call

    def call(function, *arguments, **options):
        if function is reached:
            raise error
        return original(function, *arguments, **options)

    monkeypatch.setattr(limited, "call", call)


@pytest.mark.parametrize("error", [limited.TooMuch(), RuntimeError("ours")])
def test_code_that_cannot_be_looked_through_costs_nothing(school, monkeypatch, error):
    cannot_look_through(monkeypatch, error)
    assert [one.broken for one in school.grade()] == [False] * 3
    vera = school.rows()["vera"]
    assert (vera["total"], vera["reaches_for"]) == ("8", text("code_unread", "en"))


def test_grading_that_is_to_end_looks_through_no_code(school, monkeypatch):
    cannot_look_through(monkeypatch, limited.Stopped())
    with pytest.raises(limited.Stopped):
        school.grade()


def test_somebody_elses_table_is_set_aside(school):
    school.table.parent.mkdir()
    school.table.write_bytes(b"\x00\xff not mine")
    school.grade()
    (aside,) = school.table.parent.glob("grades (*).csv")
    assert aside.read_bytes() == b"\x00\xff not mine"
    assert len(school.rows()) == 3


def test_several_are_graded_at_once_and_the_table_keeps_their_order(school):
    for number in range(5):
        school.hand_in(f"student{number}", "42")
    seen = []
    school.grade(at_once=4, at_work=lambda name, begins: seen.append((name, begins)))
    assert 1 < school.most_at_once <= 4
    assert list(school.rows()) == sorted(school.rows())
    assert len(seen) == 16


def test_two_runs_do_not_write_into_one_folder(school):
    with gradebook.opened(school.table), pytest.raises(gradebook.InUse), gradebook.opened(school.table):
        pass
    arguments = [str(school.folder / "in"), "--lessons", str(school.grader.lessons), "--out", str(school.table.parent)]
    with gradebook.opened(school.table):
        command = [sys.executable, "-m", "workshop", "grade", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, "Another run is grading" in done.stderr) == (1, True)


# Pages


def graded(code: str, outputs: list[dict] | None = None) -> Grade:
    cells = [new_code_cell(code, id="one")]
    section = feedback.section("Task 1", cells, {"one": {"outputs": outputs or []}}, opened=True)
    return Grade("anna", "01_tiny", "en", 8, sections=(section,))


def test_a_page_that_takes_long_to_colour_goes_without(tmp_path, monkeypatch):
    monkeypatch.setattr(gradebook, "_PAGE_SECONDS", 15)
    grade = graded("x = 1\n" + " \n" * 45_000 + "y = 2")  # the colours of which take minutes
    with pytest.raises(limited.TooMuch):
        limited.call(feedback.page, grade, grade.sections, "en", seconds=5, memory_mb=1000)
    gradebook.write_feedback(tmp_path / "grades.csv", grade)
    page = (tmp_path / "feedback/anna/01_tiny.html").read_text(encoding="utf-8")
    assert text("no_colours", "en") in page
    assert " \n" * 45_000 in page


def test_grading_that_is_to_end_waits_for_no_page(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(limited.Stopped):
        gradebook.write_feedback(tmp_path / "grades.csv", graded("x = 1\n" + " \n" * 45_000 + "y = 2"), stop)
    assert list(tmp_path.rglob("*.html")) == []


def test_a_page_has_a_size(tmp_path):
    image = {"output_type": "display_data", "data": {"image/png": "aGk=" * 400_000}}
    printed = {"output_type": "stream", "text": "<" * 1_000_000}
    for grade in (graded("x = 1\n" * 100_000), graded("", [image] * 9), graded("", [printed] * 9)):
        gradebook.write_feedback(tmp_path / "grades.csv", grade)
        file = tmp_path / "feedback/anna/01_tiny.html"
        assert file.stat().st_size <= gradebook._LARGEST_PAGE
        assert "..." in file.read_text(encoding="utf-8") or text("no_code", "en") in file.read_text(encoding="utf-8")
