"""Questions as Moodle XML, for the question bank of a Moodle course (Question bank, Import, Moodle XML format).

A lesson is a category. Polls and open questions become essays, which a teacher reads: polls for no marks, open ones
with the model answer as information for graders. Tags are the lecture's points.
"""

import xml.etree.ElementTree as ET
from pathlib import Path

from workshop.places import LANGUAGES
from workshop.quiz.pages import WORDS, answers, html, inline, naming
from workshop.quiz.questions import Multiple, Number, Open, Poll, Question, Single, TrueFalse


def export(questions: list[Question], folder: Path, languages: tuple[str, ...] = LANGUAGES) -> list[Path]:
    """Write FOLDER/moodle_LANG.xml for each language, and give the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for lang in languages:
        file = folder / f"moodle_{lang}.xml"
        file.write_text(document(questions, lang), encoding="utf-8")
        files.append(file)
    return files


def document(questions: list[Question], lang: str) -> str:
    """All questions of a language in one file."""
    quiz, category = ET.Element("quiz"), None
    for question in sorted(questions, key=lambda question: question.lesson):
        if question.lesson != category:
            category = question.lesson
            element = ET.SubElement(quiz, "question", type="category")
            _text(element, "category", f"$course$/top/{WORDS[lang]['course']}/{category}")
        quiz.append(_element(question, lang))
    ET.indent(quiz)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(quiz, encoding="unicode") + "\n"


def _element(question: Question, lang: str) -> ET.Element:
    kind = {"single": "multichoice", "multiple": "multichoice", "number": "numerical", "poll": "essay", "open": "essay"}
    element = ET.Element("question", type=kind.get(question.type, question.type))
    _text(element, "name", question.id)
    said = html(question.text[lang])
    if isinstance(question, Poll):  # an essay shows no options, so they stand in its text
        said += "<ul>" + "".join(f"<li>{inline(option.text[lang])}</li>" for option in question.options) + "</ul>"
    _html(element, "questiontext", said)
    _html(element, "generalfeedback", html(question.explanation[lang]))
    marks = {"poll": 0, "open": len(question.names) if isinstance(question, Open) else 0}.get(question.type, 1)
    for name, value in {"defaultgrade": marks, "penalty": 0, "hidden": 0, "idnumber": question.id}.items():
        ET.SubElement(element, name).text = str(value)
    match question:
        case Single() | Multiple():
            _choice(element, question, lang)
        case TrueFalse():
            for value in (True, False):
                _answer(element, str(value).lower(), 100 if value == question.answer else 0, "moodle_auto_format")
        case Number():
            answer = _answer(element, str(question.answer), 100, "moodle_auto_format")
            ET.SubElement(answer, "tolerance").text = "0"
            for name, value in {"unitgradingtype": 0, "unitpenalty": "0.1", "showunits": 3, "unitsleft": 0}.items():
                ET.SubElement(element, name).text = str(value)
        case Poll() | Open():
            _essay(element, question, lang)
    tags = ET.SubElement(element, "tags")
    for point in question.points:
        _text(tags, "tag", point)
    return element


def _choice(element: ET.Element, question: Single | Multiple, lang: str) -> None:
    settings = {
        "single": str(isinstance(question, Single)).lower(),
        "shuffleanswers": "true",
        "answernumbering": "abc",
        "showstandardinstruction": 1,
    }
    for name, value in settings.items():
        ET.SubElement(element, name).text = str(value)
    right, wrong = len(question.right), len(question.options) - len(question.right)
    for option in question.options:
        fraction = 100 / right if option.right else 0 if isinstance(question, Single) else -100 / wrong
        feedback = html(option.feedback[lang]) if option.feedback else ""
        _answer(element, inline(option.text[lang]), fraction, "html", feedback)


def _essay(element: ET.Element, question: Poll | Open, lang: str) -> None:
    settings = {
        "responseformat": "editor",
        "responserequired": 1,
        "responsefieldlines": 10 if isinstance(question, Open) else 3,
        "attachments": 0,
        "attachmentsrequired": 0,
    }
    for name, value in settings.items():
        ET.SubElement(element, name).text = str(value)
    told = answers(question, lang)[0] + naming(question, lang) if isinstance(question, Open) else ""
    _html(element, "graderinfo", told)
    _html(element, "responsetemplate", "")


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    ET.SubElement(element, "text").text = text
    return element


def _html(parent: ET.Element, name: str, text: str) -> None:
    _text(parent, name, text).set("format", "html")


def _answer(parent: ET.Element, text: str, fraction: float, form: str, feedback: str = "") -> ET.Element:
    """Moodle takes only the fractions of its own list, five digits after the point."""
    element = ET.SubElement(parent, "answer", fraction=f"{fraction:.5f}".rstrip("0").rstrip("."), format=form)
    ET.SubElement(element, "text").text = text
    _html(element, "feedback", feedback)
    return element
