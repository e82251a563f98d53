"""The questions, their self-check in notebooks, and their export, read back as Moodle would.

The reader below knows nothing of ours: it is written from Moodle's documentation of its XML format, and refuses what that
does not allow. moodle-xml-parser reads the choices a second time.
"""

import copy
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import yaml
from moodle_xml_parser import parser
from nbconvert import HTMLExporter

from workshop.__main__ import main
from workshop.places import LANGUAGES, ROOT, environment
from workshop.quiz import show_quiz
from workshop.quiz.moodle import document
from workshop.quiz.questions import FILE, POINTS, QuizError, lessons, load, of_lesson

QUESTIONS = load()
LECTURE = Path(__file__).with_name("lecture_points.txt")  # the points of the lecture's outline, in its order


def words(text: str) -> str:
    """A piece of Markdown or HTML as bare words."""
    without = re.sub(r"<[^>]+>", " ", text) if "<" in text and re.search(r"</?\w", text) else text
    for entity, sign in {"&quot;": '"', "&lt;": "<", "&gt;": ">", "&amp;": "&"}.items():
        without = without.replace(entity, sign)
    without = re.sub(r"```\w*|\*\*|`", " ", without)
    return re.sub(r"\s+(?=[.,:;!?)])", "", " ".join(without.split()))


# --- the file --------------------------------------------------------------------------------------------


def test_every_lesson_has_its_questions():
    counted = Counter(question.lesson for question in QUESTIONS if question.counts)
    assert set(counted) == set(lessons())
    assert min(counted.values()) >= 4
    assert sum(counted.values()) >= 45


def test_the_lectures_own_questions_are_there():
    kinds = {question.id: question.type for question in QUESTIONS if question.id[0] in "QK"}
    assert kinds == {"Q0": "poll", "Q1": "poll", "K1": "open", "K2": "open", "K3": "open"}


def test_points_are_those_of_the_lecture():
    assert sorted(POINTS) == sorted(LECTURE.read_text(encoding="utf-8").split())


def test_tools_and_questions_of_the_lecture_are_asked_about():
    asked = {point for question in QUESTIONS for point in question.points}
    assert set(POINTS) - asked <= {"G1", "G2", "G3", "M4"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_in_its_language(lang):
    for question in QUESTIONS:
        bare = re.sub(r"```.*?```|`[^`]+`", "", question.text[lang] + question.explanation[lang], flags=re.DOTALL)
        assert bool(re.search("[а-яё]", bare)) == (lang == "ru"), question.id


def test_the_right_answer_is_not_found_by_its_place():
    places = Counter(question.right[0] for question in QUESTIONS if question.type == "single")
    assert max(places.values()) <= 0.6 * places.total()
    truths = Counter(question.answer for question in QUESTIONS if question.type == "truefalse")
    assert truths.total() >= 5


# --- files that are wrong --------------------------------------------------------------------------------


def both(text: str) -> dict[str, str]:
    return {"ru": f"{text} по-русски", "en": f"{text} in English"}


GOOD = {
    "id": "one",
    "lesson": "04_dvc",
    "points": ["S2"],
    "type": "single",
    "text": both("text"),
    "options": [{"text": both("a"), "right": True}, {"text": both("b")}, {"text": both("c")}],
    "explanation": both("why"),
}
WRONG = {
    "no English": (lambda q: q["text"].pop("en"), "one: text.en: Field required"),
    "empty": (lambda q: q["explanation"].update(ru=" "), "one: explanation.ru: "),
    "Cyrillic in English": (lambda q: q["text"].update(en="по-русски"), "one: text: Cyrillic letters in en"),
    "other code": (lambda q: q["text"].update(en="`x` in English"), "one: text: other code in ru than in en: `x`"),
    "unknown point": (lambda q: q.update(points=["Z9"]), "one: points: the lecture has no Z9"),
    "unknown lesson": (lambda q: q.update(lesson="99_none"), "one: lesson: there is no lessons/99_none"),
    "unknown type": (lambda q: q.update(type="riddle"), "one: type: must be one of"),
    "no type": (lambda q: q.pop("type"), "one: type: must be one of"),
    "unknown field": (lambda q: q.update(hint="x"), "one: hint: Extra inputs are not permitted"),
    "none right": (lambda q: q["options"][0].pop("right"), "one: options: 0 are right, one must be"),
    "two right": (lambda q: q["options"][1].update(right=True), "one: options: 2 are right, one must be"),
    "right is no yes": (lambda q: q["options"][0].update(right="maybe"), "one: options.0.right: "),
    "two options": (lambda q: q["options"].pop(), "one: options: List should have at least 3 items"),
    "twice the same": (lambda q: q["options"][1].update(text=both("a")), "one: options: two are the same in ru"),
    "longest": (lambda q: q["options"][0].update(text=both("a longer")), "one: options: the right one is the longest in ru"),
    "others": (
        lambda q: q["options"][2].update(text={"ru": "все варианты", "en": "all"}),
        "one: options: one speaks of the others",
    ),
    "not translated": (
        lambda q: q["text"].update(ru="one of these five words", en="one of these five words"),
        "one: text: the same",
    ),
    "no id": (lambda q: q.pop("id"), "question number 2: id: Field required"),
    "id with a space": (lambda q: q.update(id="o ne"), "o ne: id: String should match pattern"),
    "poll with an answer": (lambda q: q.update(type="poll"), "one: options: a poll has no right answer"),
    "all right": (lambda q: [q.update(type="multiple"), *(o.update(right=True) for o in q["options"])], "one: options: 3 of 3"),
    "text for an answer": (
        lambda q: [q.pop("options"), q.update(type="number", answer="four")],
        "one: answer: Input should be",
    ),
}


def write(path, *questions):
    plain = json.loads(json.dumps(questions))  # what two of them share would be an alias
    path.write_text(yaml.safe_dump(plain, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_question_is_named_with_its_field(name, tmp_path):
    spoil, message = WRONG[name]
    question = copy.deepcopy(GOOD)
    spoil(question)
    file = write(tmp_path / "bad.yaml", GOOD | {"id": "sound"}, question)
    with pytest.raises(QuizError) as refused:
        load(file)
    assert message in str(refused.value)
    assert str(refused.value).startswith("bad.yaml: ")
    assert "sound" not in str(refused.value)


def test_all_problems_are_told_at_once(tmp_path):
    file = write(tmp_path / "bad.yaml", GOOD | {"points": []}, GOOD | {"id": "two", "lesson": "x"})
    with pytest.raises(QuizError, match=r"(?s)one: points: .*two: lesson: "):
        load(file)


def test_an_id_is_used_once(tmp_path):
    with pytest.raises(QuizError, match="one: id: 2 questions have it"):
        load(write(tmp_path / "bad.yaml", GOOD, GOOD))


@pytest.mark.parametrize("text", ["- id: [", "just words", "", "- one\n- two"])
def test_what_is_no_list_of_questions_is_refused(text, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(QuizError, match=r"^bad\.yaml: "):
        load(file)


# --- the command -----------------------------------------------------------------------------------------


def test_check_counts(capsys):
    assert main(["quiz", "check"]) == 0
    assert f"{len(QUESTIONS)} questions" in capsys.readouterr().out


def test_a_wrong_file_ends_with_2(tmp_path, capsys):
    assert main(["quiz", "check", "--file", str(write(tmp_path / "bad.yaml", GOOD | {"lesson": "x"}))]) == 2
    assert "bad.yaml: one: lesson: there is no lessons/x" in capsys.readouterr().err
    assert main(["quiz", "export", "--file", str(tmp_path / "missing.yaml"), "--to", str(tmp_path / "out")]) == 2
    assert "missing.yaml" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_ends_with_2(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["quiz", "export", "--to", str(tmp_path / "file" / "inside")]) == 2
    assert "file" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["quiz"], ["quiz", "mend"], ["quiz", "export", "--lang", "de"]])
def test_wrong_use_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "see --help" in capsys.readouterr().err


def test_export_writes_both_languages_and_the_same_again(tmp_path, capsys):
    for folder in ("a", "b"):
        assert main(["quiz", "export", "--to", str(tmp_path / folder)]) == 0
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == ["moodle_en.xml", "moodle_ru.xml"]
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    assert main(["quiz", "export", "--lang", "ru", "--to", str(tmp_path / "c")]) == 0
    assert [file.name for file in (tmp_path / "c").iterdir()] == ["moodle_ru.xml"]


# --- the export, read as Moodle would ----------------------------------------------------------------------

COMMON = {"name", "questiontext", "generalfeedback", "defaultgrade", "penalty", "hidden", "idnumber", "tags"}
OWN = {
    "multichoice": {"single", "shuffleanswers", "answernumbering", "showstandardinstruction", "answer"},
    "truefalse": {"answer"},
    "numerical": {"answer", "unitgradingtype", "unitpenalty", "showunits", "unitsleft"},
    "essay": {
        *("responseformat", "responserequired", "responsefieldlines", "attachments", "attachmentsrequired"),
        *("graderinfo", "responsetemplate"),
    },
}
GRADES = [
    100,
    90,
    83.33333,
    80,
    75,
    70,
    66.66667,
    60,
    50,
    40,
    33.33333,
    30,
    25,
    20,
    16.66667,
    14.28571,
    12.5,
    11.11111,
    10,
    5,
    0,
]


class Balanced(HTMLParser):
    """Fails on HTML whose elements do not close in order."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        assert tag in {"p", "ul", "li", "code", "pre", "strong", "em"}, tag
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def only(parent, name):
    [found] = parent.findall(name)
    return found


def html_of(parent, name):
    element = only(parent, name)
    assert element.get("format") == "html"
    text = only(element, "text").text or ""
    Balanced(text)
    return text


def read(text: str) -> dict[str, dict]:
    """What Moodle would make of the file, by idnumber; an AssertionError where it would stumble."""
    assert text.startswith("<?xml")  # Moodle wants it at the very beginning
    category, found = None, {}
    root = ET.fromstring(text.encode())
    assert root.tag == "quiz"
    for question in root:
        kind = question.get("type")
        if kind == "category":
            category = only(only(question, "category"), "text").text
            assert category.startswith("$course$/top/")
            continue
        assert {child.tag for child in question} == COMMON | OWN[kind]
        entry = {"kind": kind, "category": category.rsplit("/", 1)[1], "text": html_of(question, "questiontext")}
        entry["explanation"] = html_of(question, "generalfeedback")
        entry["grade"] = float(only(question, "defaultgrade").text)
        entry["tags"] = [only(tag, "text").text for tag in only(question, "tags")]
        assert only(only(question, "name"), "text").text
        entry["answers"] = [_answer(answer, kind) for answer in question.findall("answer")]
        fractions = [fraction for _, fraction, _ in entry["answers"]]
        if kind == "multichoice":
            assert only(question, "answernumbering").text in {"abc", "ABCD", "123", "iii", "IIII", "none"}
            assert only(question, "shuffleanswers").text in {"true", "false"}
            entry["single"] = {"true": True, "false": False}[only(question, "single").text]
            positive = [fraction for fraction in fractions if fraction > 0]
            assert positive == [100] if entry["single"] else abs(sum(positive) - 100) < 0.001
        elif kind == "truefalse":
            assert [answer for answer, *_ in entry["answers"]] == ["true", "false"]
            assert sorted(fractions) == [0, 100]
        elif kind == "numerical":
            float(entry["answers"][0][0])
            assert fractions == [100]
        else:
            assert only(question, "responseformat").text in {"editor", "plain", "monospaced", "noinline"}
            assert int(only(question, "responsefieldlines").text) in {2, 3, 5, 10, 15, 20, 25, 30, 35, 40}
            entry["graders"] = html_of(question, "graderinfo")
            html_of(question, "responsetemplate")
        key = only(question, "idnumber").text
        assert key not in found
        found[key] = entry
    return found


def _answer(answer, kind):
    fraction = float(answer.get("fraction"))
    assert abs(fraction) in GRADES
    assert {child.tag for child in answer} == {"text", "feedback", *(["tolerance"] if kind == "numerical" else [])}
    text = only(answer, "text").text
    if kind == "multichoice":
        assert answer.get("format") == "html"
        Balanced(text)
    return text, fraction, html_of(answer, "feedback")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_moodle_gets_every_question_whole(lang):
    imported = read(document(QUESTIONS, lang))
    assert set(imported) == {question.id for question in QUESTIONS}
    for question in QUESTIONS:
        entry = imported[question.id]
        assert entry["category"] == question.lesson
        assert entry["tags"] == question.points
        assert words(entry["explanation"]) == words(question.explanation[lang])
        assert words(entry["text"]).startswith(words(question.text[lang]))
        match question.type:
            case "single" | "multiple":
                assert entry["single"] == (question.type == "single")
                assert [words(text) for text, *_ in entry["answers"]] == [words(o.text[lang]) for o in question.options]
                assert [fraction > 0 for _, fraction, _ in entry["answers"]] == [o.right for o in question.options]
                said = [words(feedback) for *_, feedback in entry["answers"]]
                assert said == [words(o.feedback[lang]) if o.feedback else "" for o in question.options]
            case "truefalse":
                assert [fraction == 100 for _, fraction, _ in entry["answers"]] == [question.answer, not question.answer]
            case "number":
                assert int(entry["answers"][0][0]) == question.answer
            case "poll":
                assert entry["grade"] == 0
                assert all(words(option.text[lang]) in words(entry["text"]) for option in question.options)
            case "open":
                assert entry["grade"] == len(question.names)
                assert words(question.answer[lang]) in words(entry["graders"])
                assert all(words(name[lang]) in words(entry["graders"]) for name in question.names)


def test_ticking_everything_gains_nothing():
    for entry in read(document(QUESTIONS, "en")).values():
        if entry["kind"] == "multichoice" and not entry["single"]:
            assert sum(fraction for _, fraction, _ in entry["answers"]) == pytest.approx(0, abs=0.001)


def test_the_reader_does_refuse():
    sound = document(QUESTIONS, "en")
    spoilt = {
        "a fraction that Moodle has not": ('fraction="33.33333"', 'fraction="33"'),
        "an unknown element": ("<shuffleanswers>true</shuffleanswers>", "<shuffle>true</shuffle>"),
        "HTML that does not close": ("&lt;/code&gt;", ""),
        "nothing before the declaration": ("<?xml", "\n<?xml"),
    }
    for what, (before, after) in spoilt.items():
        assert before in sound
        with pytest.raises((AssertionError, ValueError)):
            read(sound.replace(before, after, 1))
            pytest.fail(f"read in spite of {what}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_parser_of_others_reads_the_choices(lang):
    parsed = {question.name: question for question in parser.parse_string(document(QUESTIONS, lang))["multichoice"]}
    asked = [question for question in QUESTIONS if question.type in ("single", "multiple")]
    assert set(parsed) == {question.id for question in asked}
    for question in asked:
        found = parsed[question.id]
        assert found.single == (question.type == "single")
        assert [words(option.answer) for option in found.options] == [words(option.text[lang]) for option in question.options]
        assert [option.score_fraction > 0 for option in found.options] == [option.right for option in question.options]


# --- the self-check in a notebook -------------------------------------------------------------------------


def give(card, answer) -> str:
    """Answer a question as a student does, press its button, and give what is said."""
    if card.question.type == "multiple":
        for number, box in enumerate(card.inputs):
            box.value = number in answer
    else:
        card.inputs[0].value = answer
    card.button.click()
    return card.reply.value


def right_answer(question):
    if question.type in ("single", "multiple"):
        return question.right[0] if question.type == "single" else question.right
    return str(question.answer) if question.type == "number" else question.answer


def wrong_answers(question):
    match question.type:
        case "single":
            return [number for number, option in enumerate(question.options) if not option.right]
        case "multiple":
            every = list(range(len(question.options)))
            return [every, question.right[:-1], [number for number in every if number not in question.right]]
        case "truefalse":
            return [not question.answer]
        case "number":
            return [str(question.answer + 1), "-1"]
    return []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("lesson", lessons())
def test_right_answers_count_and_wrong_ones_do_not(lesson, lang):
    quiz = show_quiz(lesson, lang)
    counted = [card for card in quiz.cards if card.question.counts]
    for card in counted:
        for answer in wrong_answers(card.question):
            said = give(card, answer)
            assert not card.solved
            assert said
            assert "<details>" in said, "the explanation is folded as long as the answer is wrong"
        for number in wrong_answers(card.question) if card.question.type == "single" else ():
            if feedback := card.question.options[number].feedback:
                assert words(feedback[lang]) in words(give(card, number))
    assert f"0 из {len(counted)}" in quiz.score.value or f"0 of {len(counted)}" in quiz.score.value
    for done, card in enumerate(counted, start=1):
        said = give(card, right_answer(card.question))
        assert card.solved
        assert words(card.question.explanation[lang]) in words(said)
        assert re.search(rf"\b{done} (из|of) {len(counted)}\b", quiz.score.value)
    give(counted[0], wrong_answers(counted[0].question)[0])
    assert re.search(rf"\b{len(counted) - 1} (из|of) {len(counted)}\b", quiz.score.value), "a changed mind counts"


def test_nothing_chosen_is_neither_right_nor_wrong():
    for lesson in lessons():
        for card in show_quiz(lesson, "en").cards:
            if card.question.type not in ("open", "truefalse"):
                card.button.click()
                assert "Answer first." in card.reply.value
                assert not card.solved


def test_false_is_an_answer():
    [card] = [card for card in show_quiz("00_start", "en").cards if card.question.id == "start-cancelled"]
    assert "Right." in give(card, False)


def test_what_is_no_number_is_said():
    [card] = [card for card in show_quiz("02_plain_scripts", "ru").cards if card.question.type == "number"]
    assert "целое число" in give(card, "четыре")
    assert not card.solved
    assert "Правильно" in give(card, " 4 ")


def test_polls_and_open_questions_show_what_there_is_to_say():
    cards = {card.question.id: card for card in show_quiz("01_why_automate", "en").cards}
    assert "Multiply the minutes" in give(cards["Q0"], 0)
    said = give(cards["K1"], "")
    assert "forgotten step" in said
    assert all(words(name["en"]) in words(said) for name in cards["K1"].question.names)


def test_without_widgets_there_is_folded_text():
    bundle = show_quiz("04_dvc", "ru")._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"].count("<details>") == len(of_lesson("04_dvc"))
    assert bundle["text/plain"].startswith("1. Всё посчитано.")
    assert bundle["text/html"] == show_quiz("04_dvc", "ru")._repr_mimebundle_()["text/html"]
    output = nbformat.v4.new_output("execute_result", bundle, execution_count=1)
    cell = nbformat.v4.new_code_cell('show_quiz("04_dvc", lang)', outputs=[output], execution_count=1)
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    for question in of_lesson("04_dvc"):
        assert f'id="quiz-{question.id}"' in page


def test_answers_stand_in_the_fold_and_not_before_it():
    page = show_quiz("02_plain_scripts", "en")._repr_mimebundle_()["text/html"]
    [number] = [question for question in of_lesson("02_plain_scripts") if question.type == "number"]
    before, after = page.split(f'id="quiz-{number.id}"')[1].split("<details>")[:2]
    assert f"<b>{number.answer}</b>" in after
    assert f"<b>{number.answer}</b>" not in before


def test_a_lesson_or_language_that_is_not_there_is_named():
    with pytest.raises(QuizError, match="no questions for '10_none'; the lessons are 00_start"):
        show_quiz("10_none", "ru")
    with pytest.raises(ValueError, match="lang is 'de'"):
        show_quiz("04_dvc", "de")


def test_importing_is_light():
    code = "import sys, workshop.quiz; print([name for name in ('ipywidgets', 'pydantic', 'pandas') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_file_is_the_one_that_is_described():
    assert FILE == ROOT / "quiz" / "questions.yaml"
