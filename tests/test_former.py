"""Former issues of the exercises: what was written in one is graded by today's tasks and taken over to today's notebook."""

import csv
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from workshop.__main__ import main
from workshop.builder import former, making
from workshop.builder.format import BuildError
from workshop.builder.handout import issue_of as issue_of_notebooks
from workshop.builder.handout import read_handout
from workshop.builder.reading import read
from workshop.filled import matching, parsing, taking
from workshop.grading import notebook, submissions
from workshop.grading.feedback import text
from workshop.places import LANGUAGES, LESSONS, ROOT

HERE = Path(__file__).parent
sys.path.append(str(HERE))
from handed_in import answered, as_bytes, colab, line_endings, no_ids, put  # noqa: E402
from tiny_lessons import write_lesson  # noqa: E402

FILLED = HERE / "former/a88f7c7"  # exercises of that revision in Russian, with its answers in their cells
NAMES = sorted(file.stem for file in FILLED.glob("*.ipynb"))
BLANK = re.compile(r"say\.not_solved_yet\(")


@pytest.fixture(scope="module")
def assignments() -> dict[str, notebook.Assignment]:
    return {name: notebook.read_assignment(LESSONS / name) for name in NAMES}


def as_read(content) -> parsing.Submission:
    return parsing.parse(as_bytes(content))


def code(content) -> list[str]:
    return [cell.source for cell in content.cells if cell.cell_type == "code"]


def answers_of(content, issues: former.Issues) -> dict[str, str]:
    """The content of answer cells by their place: `3.2` for the second of task 3."""
    texts = {cell.id: cell.source for cell in content.cells}
    return {place: texts[id_] for place, id_ in issues.today.answers.items()}


# --- notebooks that were really filled in


@pytest.mark.parametrize("save", [as_bytes, line_endings, colab, no_ids])
@pytest.mark.parametrize("name", NAMES)
def test_every_answer_of_a_former_issue_is_in_the_cell_of_its_task(assignments, name, save):
    assignment = assignments[name]
    content = nbformat.read(FILLED / f"{name}.ipynb", as_version=4)
    table = next(one for one in former.read(LESSONS / name) if one.revision.startswith("a88f7c7"))
    theirs = {cell.id: cell.source for cell in content.cells}
    expected = {
        to: theirs[table.answers[place]]
        for place, to in former.places_of_answers(table, assignment.issues.today.titles).items()
    }
    submission = matching.identify(parsing.parse(save(content)), assignment.issues)
    restored, touched = notebook.restore(submission, assignment, "ru")
    found = answers_of(restored, assignment.issues)
    assert {place: found[place] for place in expected} == expected
    assert not [one for one in expected.values() if BLANK.search(one)]
    # nothing that was handed out runs as a cell of the student's, and no check counts as changed
    assert [cell.source for cell in restored.cells if "added" in cell.metadata.get("tags", [])] == []
    assert touched == 0
    assert matching.language_of(submission, assignment.issues, "en") == "ru"


def test_there_is_a_notebook_for_each_lesson_of_that_revision():
    assert len(NAMES) == 10
    for name in NAMES:
        table = next(one for one in former.read(LESSONS / name) if one.revision.startswith("a88f7c7"))
        content = nbformat.read(FILLED / f"{name}.ipynb", as_version=4)
        assert [cell.id for cell in content.cells] == [slot.id for slot in table.slots]
        assert not any(cell.get("outputs") for cell in content.cells)


# --- a tiny course that is under way

OTHER_NUMBER = ("# BEGIN SOLUTION\nother = 7\n# END SOLUTION", 'assert other == 7, say("wrong_number")')
NUMBER = ("# BEGIN SOLUTION\nanswer = 42\n# END SOLUTION", 'assert answer == 42, say("wrong_number")')
FUNCTION = (
    "def double(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION",
    '# %%\nhandy = 1\n\n# %% tags=["check"]\nassert double(3) == 6, say("not_doubled")',
)
ANSWERS = {1: "answer = 42", 2: "other = 7", 3: "def double(x):\n    return x + x"}


class Course:
    """A lesson of three tasks, of which an issue was handed out; the blanks of the first two read alike."""

    def __init__(self, lessons: Path):
        self.file = write_lesson(lessons, "01_tiny", tasks=(NUMBER, OTHER_NUMBER, FUNCTION))
        text_ = self.file.read_text(encoding="utf-8").replace(
            '# %% tags=["check", "graded-back-."]\n# %%\nhandy', "# %%\nhandy"
        )
        self.file.write_text(text_, encoding="utf-8")
        self.first = self.assignment()
        self.hand_out()

    def assignment(self) -> notebook.Assignment:
        return notebook.read_assignment(self.file.parent)

    def issues(self) -> former.Issues:
        return self.assignment().issues

    def hand_out(self) -> None:
        """Note today's issue down."""
        today = self.issues().today
        known = former.read(self.file.parent)
        revision, date = f"{len(known):040}", f"2026-09-{len(known) + 1:02}T10:00:00+00:00"
        one = former.Former(today.issue, today.titles, today.slots, revision, date)
        (self.file.parent / former.FILE).write_text(former.as_text([*known, one]), encoding="utf-8")

    def edit(self, *changes: tuple[str, str]) -> "Course":
        text_ = self.file.read_text(encoding="utf-8")
        for old, new in changes:
            assert text_.count(old) == 1, old
            text_ = text_.replace(old, new)
        self.file.write_text(text_, encoding="utf-8")
        return self

    def move(self, **moved: str | None) -> None:
        places = {key.strip("_").replace("_", "."): to for key, to in moved.items()}
        known = [replace(one, moved=places) for one in former.read(self.file.parent)]
        (self.file.parent / former.FILE).write_text(former.as_text(known), encoding="utf-8")

    def filled(self, answers: dict[int, str] = ANSWERS, language: str = "ru"):
        """A notebook of the first issue with answers by task."""
        return answered(self.first, answers, language)

    def graded(self, content, save=as_bytes) -> tuple[dict[str, str], list[str], int]:
        """The answers by their place today, what runs as the student's own, and how many checks count as changed."""
        assignment = self.assignment()
        submission = matching.identify(parsing.parse(save(content)), assignment.issues)
        restored, touched = notebook.restore(submission, assignment, "ru")
        added = [cell.source for cell in restored.cells if "added" in cell.metadata.get("tags", [])]
        return answers_of(restored, assignment.issues), added, touched

    def problems(self) -> list[str]:
        issues = self.issues()
        return [line for one in issues.former for line in former.astray(one, issues.today)]


@pytest.fixture
def course(tmp_path) -> Course:
    return Course(tmp_path / "lessons")


NEW_BLANK = ("# BEGIN SOLUTION\nanswer = 42", "start = 40\n# BEGIN SOLUTION\nanswer = 42")
NEW_CHECK = ("assert answer == 42, ", "assert isinstance(answer, int) and answer == 42, ")
INSERTED = ("### Task 2 (1 min, 2 points). Thing 2", "### Task 3 (1 min, 2 points). Thing 2")
EXPECTED = {"1.1": ANSWERS[1], "2.1": ANSWERS[2], "3.1": ANSWERS[3]}


@pytest.mark.parametrize("save", [as_bytes, colab, no_ids], ids=["jupyter", "colab", "no ids"])
@pytest.mark.parametrize(
    "changes",
    [
        [],
        [NEW_BLANK],
        [NEW_BLANK, NEW_CHECK],
        [("handy = 1", "handy = 2")],
        [("# %%\nhandy = 1\n", "")],
        [NEW_CHECK, ("# ### Задача 1 (1 мин", "# ### Задача 1 (2 мин"), ("# ### Task 1 (1 min", "# ### Task 1 (2 min")],
        [('say("not_doubled")', 'say("not_doubled")\n\n# %% tags=["check"]\nassert double(0) == 0, say("not_doubled")')],
        [("return 2 * x", "return 2 * x"), ("def double(x):", "def double(x: int) -> int:"), NEW_BLANK],
    ],
    ids=["nothing", "blank", "blank and check", "given", "given removed", "check and texts", "a check more", "two blanks"],
)
def test_what_was_written_before_an_edit_is_graded_after_it(course, changes, save):
    course.edit(*changes)
    assert course.problems() == []
    assert course.graded(course.filled(), save) == (EXPECTED, [], 0)
    blanks, added, touched = course.graded(course.first.notebook("ru"), save)
    assert not added and not touched
    assert blanks == answers_of(course.issues().notebooks["ru"], course.issues())  # the blanks of today, not the former ones


def test_cells_of_the_students_own_run_where_they_stood(course):
    content = course.filled()
    check = next(n for n, cell in enumerate(content.cells) if cell.source.startswith("assert answer"))
    content.cells.insert(check, new_code_cell("helper = 1"))
    course.edit(NEW_BLANK, NEW_CHECK)
    assignment = course.assignment()
    restored, _ = notebook.restore(matching.identify(as_read(content), assignment.issues), assignment, "ru")
    found = code(restored)
    assert found[found.index("helper = 1") - 1 :][:1] == ["answer = 42"]
    assert found[found.index("helper = 1") + 1].startswith("assert isinstance")
    assert course.graded(content)[1:] == (["helper = 1"], 0)


def test_a_cell_of_the_students_own_is_not_taken_for_one_that_was_not_handed_out(course):
    content = course.filled()
    answer = next(n for n, cell in enumerate(content.cells) if cell.source == ANSWERS[1])
    content.cells.insert(answer, new_code_cell("answer = 1"))
    course.edit(("# %%\n# BEGIN SOLUTION\nanswer", "# %%\nnew_given = 1\n\n# %%\n# BEGIN SOLUTION\nanswer"))
    assert course.graded(content) == (EXPECTED, ["answer = 1"], 0)


def test_without_metadata_the_issue_that_misses_least_is_the_notebooks(course):
    content = course.filled()
    del content.metadata["workshop"]
    course.edit(
        ('answer == 42, say("wrong_number")', 'answer == 42, say("wrong_number")\n\n# %% tags=["check"]\nassert answer')
    )
    assert matching.issue_of(as_read(content), course.issues()).issue == course.first.issues.today.issue
    assert course.graded(content) == (EXPECTED, [], 0)


def test_a_changed_former_check_counts_as_changed(course):
    content = course.filled()
    next(cell for cell in content.cells if cell.source.startswith("assert answer")).source = "assert True"
    course.edit(NEW_CHECK)
    assert course.graded(content)[2] == 1


NEW_TASK = """
# %% [markdown] tags=["ru", "exercise", "solution"]
# ### Задача {number} (1 мин, 2 балла). Новое дело

# %% [markdown] tags=["en", "exercise", "solution"]
# ### Task {number} (1 min, 2 points). A new thing

# %%
# BEGIN SOLUTION
new = 1
# END SOLUTION

# %% tags=["check"]
assert new == 1, say("wrong_number")
"""


def insert_a_task(course: Course) -> None:
    """A new task 2, whose blank reads like those of the tasks around it."""
    text_ = course.file.read_text(encoding="utf-8")
    for number in (3, 2):
        for word in ("Задача", "Task"):
            text_ = text_.replace(f"### {word} {number} (", f"### {word} {number + 1} (")
    heading = '\n# %% [markdown] tags=["ru", "exercise", "solution"]\n# ### Задача 3'
    assert text_.count(heading) == 1
    course.file.write_text(text_.replace(heading, NEW_TASK.format(number=2) + heading), encoding="utf-8")


@pytest.mark.parametrize("save", [as_bytes, no_ids], ids=["jupyter", "no ids"])
def test_answers_follow_their_task_to_its_new_number(course, save):
    insert_a_task(course)
    assert course.problems() == []
    found, added, touched = course.graded(course.filled(), save)
    assert BLANK.search(found.pop("2.1"))
    assert (found, added, touched) == ({"1.1": ANSWERS[1], "3.1": ANSWERS[2], "4.1": ANSWERS[3]}, [], 0)


def remove_a_task(course: Course) -> None:
    text_ = course.file.read_text(encoding="utf-8")
    before, _, rest = text_.partition('\n# %% [markdown] tags=["ru", "exercise", "solution"]\n# ### Задача 2')
    last = rest[rest.index('\n# %% [markdown] tags=["ru"') :]
    course.file.write_text(before + last.replace("Задача 3", "Задача 2").replace("Task 3", "Task 2"), encoding="utf-8")


def test_an_answer_that_has_no_place_any_more_is_to_be_answered_for(course, capsys):
    remove_a_task(course)
    (line,) = course.problems()
    assert line.startswith("answer 2.1 of issue ") and "say in its `moved`" in line
    assert main(["build", "--root", str(course.file.parents[2])]) == 1
    assert f"lessons/01_tiny/former.json:1: {line}" in capsys.readouterr().err
    course.move(_2_1=None)
    assert course.problems() == []
    assert course.graded(course.filled()) == ({"1.1": ANSWERS[1], "2.1": ANSWERS[3]}, [ANSWERS[2]], 0)  # it is their code


def test_a_new_task_does_not_get_the_answers_to_one_that_is_no_more(course):
    text_ = course.file.read_text(encoding="utf-8")
    first, second = (text_.index(f'\n# %% [markdown] tags=["ru", "exercise", "solution"]\n# ### Задача {n}') for n in (1, 2))
    text_ = text_[:first] + text_[second:]
    for number in (2, 3):
        text_ = text_.replace(f"Задача {number} (", f"Задача {number - 1} (").replace(
            f"Task {number} (", f"Task {number - 1} ("
        )
    course.file.write_text(text_ + NEW_TASK.format(number=3), encoding="utf-8")
    assert set(course.issues().today.answers.values()) == set(
        course.first.issues.today.answers.values()
    )  # the blanks read alike
    assert len(course.problems()) == 1
    course.move(_1_1=None)
    found = course.graded(course.filled())[0]
    assert (found["1.1"], found["2.1"]) == (ANSWERS[2], ANSWERS[3]) and BLANK.search(found["3.1"])


SEVERAL = ((1, "first", "a"), (2, "second", "b"))


def test_of_several_answers_of_a_task_each_is_known(tmp_path):
    blanks = [f"{word} = {n}\n# BEGIN SOLUTION\n{name} = {n}\n# END SOLUTION" for n, word, name in SEVERAL]
    two = ("\n\n# %%\n".join(blanks), "assert b == 2")
    lessons = tmp_path / "lessons"
    file = write_lesson(lessons, "01_tiny", tasks=(two, NUMBER))
    course = Course.__new__(Course)
    course.file, course.first = file, notebook.read_assignment(file.parent)
    course.hand_out()
    content = course.first.notebook("ru")
    for cell in content.cells:
        cell.source = cell.source.replace(making.STUB, "a = 5" if "first" in cell.source else "b = 6")
    course.edit(("first = 1\n# BEGIN SOLUTION\na = 1\n# END SOLUTION\n\n# %%\n", ""))
    assert len(course.problems()) == 1
    course.move(_1_1=None)
    found, added, _ = course.graded(content)
    assert found["1.1"] == "second = 2\nb = 6"
    assert added == ["first = 1\na = 5"]


def test_moved_says_where_an_answer_is(course):
    remove_a_task(course)
    course.move(_2_1="1.1", _1_1=None)
    assert course.problems() == []
    assert course.graded(course.filled())[0] == {"1.1": ANSWERS[2], "2.1": ANSWERS[3]}
    for moved, said in {"9.1": "names answer 9.1", "1.1": "leads to answer 7.1"}.items():
        course.move(_2_1=None, **{f"_{moved.replace('.', '_')}": "7.1"})
        assert any(said in line for line in course.problems()), course.problems()
    course.move(_2_1="1.1", _1_1="1.1")
    assert any("two answers to the same place" in line for line in course.problems())


# --- ids, and the name of an issue


def ids_of_answers(course: Course) -> dict[str, str]:
    return dict(course.issues().today.answers)


def test_answer_cells_keep_their_ids_wherever_the_blank_stays(course):
    before = ids_of_answers(course)
    course.edit(NEW_BLANK)
    after = ids_of_answers(course)
    assert after.pop("1.1") != before.pop("1.1")
    assert after == before  # though the blank of 2.1 is now the first that reads so
    insert_a_task(course)
    assert {place: ids_of_answers(course)[place] for place in ("3.1", "4.1")} == {"3.1": before["2.1"], "4.1": before["3.1"]}
    assert len(set(ids_of_answers(course).values())) == 4


def test_a_cell_has_the_same_id_in_every_variant(course):
    course.edit(NEW_BLANK)
    source, _ = read(course.file, "exercise", "01_tiny")
    made = [making.make(source, language, variant) for language in LANGUAGES for variant in ("exercise", "solution")]
    assert len({tuple(cell.id for cell in one.cells) for one in made}) == 1


def issue_of(course: Course) -> str:
    source, _ = read(course.file, "exercise", "01_tiny")
    said = {
        json.dumps(making.make(source, language, "exercise").metadata["workshop"], sort_keys=True) for language in LANGUAGES
    }
    assert len(said) == 1
    found = json.loads(said.pop())
    assert found["lesson"] == "01_tiny" and re.fullmatch("[0-9a-f]{8}", found["issue"])
    return found["issue"]


@pytest.mark.parametrize(
    "change", [NEW_CHECK, ("балла). Дело 2", "балла). Другое дело"), ("points). Thing 2", "points). Another")]
)
def test_an_issue_is_named_after_all_that_is_handed_out_in_both_languages(course, change):
    before = issue_of(course)
    assert issue_of(course) == before == course.issues().today.issue
    course.edit(("answer = 42", "answer = 6 * 7"))  # our own solution is not handed out
    assert issue_of(course) == before
    course.edit(change)
    assert issue_of(course) != before


def test_what_a_cell_carries_beside_its_text_makes_no_other_issue(course):
    made = making.exercises(read(course.file, "exercise", "01_tiny")[0])
    name = issue_of_notebooks(made)
    made["ru"].cells[2].metadata["workshop"] = {"seconds": 3}
    assert issue_of_notebooks(made) == name
    made["ru"].cells[2].metadata["tags"] = ["check"]
    assert issue_of_notebooks(made) != name


def test_every_stub_is_known_as_a_blank():
    assert BLANK.search(making.STUB)


# --- what grading says of it


def remark_of(course: Course, content, tmp_path) -> submissions.Handed:
    put(tmp_path / "in", "anna", {"01_tiny.ipynb": as_bytes(content)})
    return submissions.collect(tmp_path / "in", {"01_tiny": course.assignment()}).students["anna"].lesson("01_tiny")


def test_a_former_issue_is_remarked_by_its_cells_or_its_metadata(course, tmp_path):
    assert remark_of(course, course.filled(), tmp_path).former is None
    name = course.first.issues.today.issue
    course.edit(NEW_BLANK)
    for metadata in ({"issue": name}, {}, None, [], "x", {"issue": 5}, {"issue": {"a": 1}}, {"issue": "g" * 8}):
        content = json.loads(as_bytes(course.filled()))
        content["metadata"]["workshop"] = metadata
        said = remark_of(course, content, tmp_path).former
        assert (said.key, said.values) == ("former_issue", {"issue": name, "revision": "0000000"})
    said = remark_of(course, {**content, "metadata": {"workshop": {"issue": "0" * 8}}}, tmp_path).former
    assert (said.key, said.values) == ("unknown_issue", {"issue": "0" * 8})
    for language in LANGUAGES:
        assert text("former_issue", language, issue=name, revision="0000000")
        assert text("unknown_issue", language, issue=name)
    assert remark_of(course, answered(course.assignment(), ANSWERS), tmp_path).former is None


def test_metadata_alone_give_no_points_and_take_none(course):
    name = course.first.issues.today.issue
    course.edit(NEW_BLANK, NEW_CHECK)
    content = answered(course.assignment(), ANSWERS)
    content.metadata["workshop"]["issue"] = name
    assert course.graded(content) == (EXPECTED, [], 0)


def test_a_notebook_of_former_cells_only_is_of_its_lesson(course):
    content = course.filled()
    course.edit(
        NEW_BLANK,
        NEW_CHECK,
        ("handy = 1", "handy = 2"),
        ("балла). Дело 2", "балла). Другое"),
        ("points). Thing 2", "points). Other"),
    )
    content.cells = [cell for cell in content.cells if cell.id not in course.issues().today.by_id]
    assert len(content.cells) == 4
    catalogue = notebook.Catalogue({"01_tiny": course.assignment()})
    for save in (as_bytes, colab, no_ids):
        assert catalogue.lesson_of(parsing.parse(save(content)), None) == "01_tiny"
    for cell in content.cells:
        cell.source = "whatever the student made of it"
    for save in (as_bytes, colab):
        assert catalogue.lesson_of(parsing.parse(save(content)), None) == "01_tiny"


# --- taken over to today's issue


def taken(course: Course, content, language: str = "ru"):
    new = taking.take(nbformat.reads(as_bytes(content).decode(), as_version=4), course.issues(), language)
    nbformat.validate(new)
    assert new.metadata == course.issues().notebooks[language].metadata
    return new


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_taken_over_into_the_cells_of_their_tasks(course, language):
    course.edit(NEW_CHECK, ("handy = 1", "handy = 2"))
    new = taken(course, course.filled(language=language), language)
    today = course.issues().notebooks[language]
    assert [cell.id for cell in new.cells] == [cell.id for cell in today.cells]
    assert answers_of(new, course.issues()) == EXPECTED
    answers = set(course.issues().today.answers.values())
    assert [one.source for one in new.cells if one.id not in answers] == [
        one.source for one in today.cells if one.id not in answers
    ]
    assert taking.state(new, course.issues()) == "same"


def test_a_blank_that_has_changed_is_shown_below_its_answer(course):
    course.edit(NEW_BLANK)
    new = taken(course, course.filled({1: ANSWERS[1]}))
    position = next(n for n, cell in enumerate(new.cells) if cell.source == ANSWERS[1])
    assert "start = 40\nsay.not_solved_yet()" in new.cells[position + 1].source
    assert answers_of(new, course.issues())["2.1"] == making.STUB
    course.hand_out()
    course.edit(NEW_CHECK)
    again = taken(course, new)
    assert [cell.id for cell in again.cells] == [cell.id for cell in course.issues().notebooks["ru"].cells]  # said once
    assert answers_of(again, course.issues())["1.1"] == ANSWERS[1]


def test_what_is_the_students_own_is_kept_in_place(course):
    content = course.filled()
    check = next(n for n, cell in enumerate(content.cells) if cell.source.startswith("assert answer"))
    note = new_markdown_cell("моя заметка", attachments={"a.png": {"image/png": "aGk="}})
    helper = new_code_cell("helper = 1", outputs=[nbformat.v4.new_output("stream", text="1")], execution_count=3)
    helper.metadata = {"workshop": {"task": 1}, "tags": ["mine"]}  # a copy of a cell of ours, say
    content.cells[check:check] = [note, helper]
    content.cells += [new_code_cell("last = 1"), new_code_cell("")]
    course.edit(NEW_CHECK, ("# ### Задача 2 (1 мин", "# ### Задача 2 (2 мин"), ("# ### Task 2 (1 min", "# ### Task 2 (2 min"))
    new = taken(course, content)
    texts = [cell.source for cell in new.cells]
    position = texts.index("моя заметка")
    assert texts[position - 1 : position + 2] == [ANSWERS[1], "моя заметка", "helper = 1"]
    assert texts[position + 2].startswith("assert isinstance")
    assert new.cells[position].attachments == note.attachments
    assert (new.cells[position + 1].outputs, new.cells[position + 1].execution_count) == ([], None)
    assert new.cells[position + 1].metadata == {"tags": ["mine"]}
    assert texts[-1] == "last = 1"
    assert len(texts) == len(course.issues().notebooks["ru"].cells) + 3


def test_what_has_no_place_any_more_stands_at_the_end_as_text(course):
    content = course.filled({**ANSWERS, 2: "other = '```'"})
    next(cell for cell in content.cells if cell.source.startswith("handy")).source = "handy = 1  # my note"
    twice = next(cell for cell in content.cells if cell.source == ANSWERS[1])
    content.cells.append(new_code_cell("answer = 43", metadata={"id": twice.id}))  # as Colab keeps an id
    remove_a_task(course)
    course.move(_2_1=None)
    new = taken(course, content)
    end = [cell for cell in new.cells if cell.id not in course.issues().today.by_id]
    assert [cell.cell_type for cell in end] == ["markdown"] * 4
    assert [cell.source for cell in end[1:]] == [
        "````python\nother = '```'\n````",
        "```python\nhandy = 1  # my note\n```",
        "```python\nanswer = 42\n```",
    ]
    assert "прежнего выпуска" in end[0].source
    assert answers_of(new, course.issues()) == {"1.1": "answer = 43", "2.1": ANSWERS[3]}


@pytest.mark.parametrize("name", NAMES)
def test_a_real_notebook_is_taken_over_with_all_its_answers(assignments, name):
    issues = assignments[name].issues
    content = nbformat.read(FILLED / f"{name}.ipynb", as_version=4)
    new = taking.take(content, issues, "ru")
    texts = "\n".join(cell.source for cell in new.cells)
    table = next(one for one in former.read(LESSONS / name) if one.revision.startswith("a88f7c7"))
    theirs = {cell.id: cell.source for cell in content.cells}
    found = answers_of(new, issues)
    for place, id_ in table.answers.items():
        assert theirs[id_] in texts
        if to := former.places_of_answers(table, issues.today.titles).get(place):
            assert found[to] == theirs[id_]
    extra = [cell for cell in new.cells if cell.id not in issues.today.by_id]
    assert not [cell for cell in extra if cell.cell_type == "code"]
    assert taking.state(new, issues) == "same"


# --- the command


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", "-C", root, *who, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path) -> Path:
    """A kit with a lesson, built and committed."""
    root = tmp_path / "с пробелом"
    write_lesson(root / "lessons", "01_tiny", texts_from="../../lessons")
    assert main(["build", "--root", str(root)]) == 0
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "handed out")
    git(root, "tag", "autumn")
    return root


def test_an_issue_is_noted_down_from_git(repository, capsys):
    commit = git(repository, "rev-parse", "autumn").strip()
    handed_out = {lang: nbformat.read(repository / f"exercises/{lang}/01_tiny.ipynb", as_version=4) for lang in LANGUAGES}
    file = repository / "lessons/01_tiny/exercise.py"
    file.write_text(
        file.read_text(encoding="utf-8").replace("# BEGIN SOLUTION\nanswer", "1 + 1\n# BEGIN SOLUTION\nanswer"),
        encoding="utf-8",
    )
    assert main(["issue", "autumn", "--root", str(repository)]) == 0
    (one,) = former.read(file.parent)
    expected = read_handout(handed_out)
    assert (one.revision, one.issue, one.slots, one.titles) == (commit, expected.issue, expected.slots, expected.titles)
    assert one.issue == handed_out["ru"].metadata["workshop"]["issue"]
    written = (file.parent / former.FILE).read_bytes()
    capsys.readouterr()
    assert main(["issue", commit[:10], "--root", str(repository)]) == 0
    assert capsys.readouterr().out == f"01_tiny: issue {one.issue} is noted already\n"
    assert (file.parent / former.FILE).read_bytes() == written
    assert main(["build", "--root", str(repository)]) == 0
    git(repository, "commit", "-qam", "handed out again")
    assert main(["issue", "HEAD", "--root", str(repository)]) == 0
    assert [found.revision == commit for found in former.read(file.parent)] == [True, False]


def test_what_cannot_be_noted_down_is_said_in_a_line(repository, tmp_path, capsys):
    (tmp_path / "none").mkdir()
    git(repository, "rm", "-rq", "exercises")
    git(repository, "commit", "-qm", "none")
    capsys.readouterr()
    for revision, root, said in (
        ("winter", repository, "Git knows no revision winter"),
        ("HEAD", repository, "Revision HEAD has no exercises/"),
        ("HEAD", tmp_path / "none", "not a git repository"),
    ):
        assert main(["issue", revision, "--root", str(root)]) == 2
        told = capsys.readouterr()
        assert said in told.err and len(told.err.splitlines()) == 1 and not told.out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"issues"', '"issue"', "former.json:1: issues: Field required"),
        (" answer ", " answers ", "former.json:1: issues.0.cells"),
        ("{", "[", "former.json:1: Invalid JSON"),
        ("T10:00:00+00:00", "T10:00:00", "former.json:1: issues.0.date"),
    ],
)
def test_a_wrong_file_is_an_error_of_the_build(course, capsys, old, new, said):
    file = course.file.parent / former.FILE
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert main(["build", "--root", str(course.file.parents[2])]) == 1
    assert f"lessons/01_tiny/{said}" in capsys.readouterr().err
    with pytest.raises(BuildError, match=former.FILE):
        course.assignment()


def test_the_tables_are_as_the_command_writes_them_and_every_answer_has_its_place(assignments):
    for name, assignment in assignments.items():
        noted = former.read(LESSONS / name)
        assert (LESSONS / name / former.FILE).read_text(encoding="utf-8") == former.as_text(noted)
        assert [line for one in noted for line in former.astray(one, assignment.issues.today)] == []


# --- graded for real

# tasks whose meaning has changed since, so that a right answer of then need not be one of today: lesson -> task -> why
CHANGED: dict[str, dict[int, str]] = {
    "01_why_automate": {},
    "02_plain_scripts": {5: "the flights have one more column that is known beforehand"},
}


@pytest.mark.engine
def test_what_was_filled_in_earlier_gets_its_points_today(assignments, tmp_path):
    for name in CHANGED:
        put(tmp_path / "in", "Анна", {f"{name}.ipynb": (FILLED / f"{name}.ipynb").read_bytes()})
    options = [option for name in CHANGED for option in ("--lesson", name)]
    command = [sys.executable, "-m", "workshop", "grade", str(tmp_path / "in"), *options, "--cell-seconds", "600"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "in-graded/grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = {row["lesson"]: row for row in csv.DictReader(stream)}
    for name, changed in CHANGED.items():
        tasks = [task for task in assignments[name].exercise.tasks if task.number not in changed]
        assert len(tasks) > 3
        assert {task.number: rows[name][f"task_{task.number}"] for task in tasks} == {
            task.number: str(task.points) for task in tasks
        }, done.stdout
        own = matching.issue_of(parsing.parse((FILLED / f"{name}.ipynb").read_bytes()), assignments[name].issues)
        expected = text("former_issue", "ru", issue=own.issue, revision="a88f7c7") if isinstance(own, former.Former) else ""
        assert rows[name]["remark"] == expected
