"""Questions as HTML: for pages and exports, and folded where a notebook shows no widgets."""

from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from workshop.ground.texts import by_language
from workshop.quiz.questions import Multiple, Number, Open, Poll, Question, Single, TrueFalse

WORDS = by_language(Path(__file__).with_name("texts.yaml"))
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def html(markdown: str) -> str:
    """A piece of a question as HTML (well-formed XML too)."""
    return _MARKDOWN.render(markdown).strip()


def inline(markdown: str) -> str:
    """The same without a paragraph around it."""
    return _MARKDOWN.renderInline(" ".join(markdown.split()))


def plain(markdown: str) -> str:
    """The same as bare words, for a label that knows no formatting."""
    return " ".join(markdown.replace("`", "").split())


def task(question: Question, lang: str) -> str:
    """What is to be done: choose one, choose all."""
    return WORDS[lang]["number_hint" if question.type == "number" else question.type]


def answers(question: Question, lang: str) -> list[str]:
    """The right answers as HTML fragments; nothing for a poll."""
    match question:
        case Single() | Multiple():
            return [inline(question.options[number].text[lang]) for number in question.right]
        case TrueFalse():
            return [WORDS[lang]["true" if question.answer else "false"]]
        case Number():
            return [str(question.answer)]
        case Open():
            return [html(question.answer[lang])]
    return []


def naming(question: Open, lang: str) -> str:
    """What a good answer names, as HTML."""
    items = "".join(f"<li>{inline(text[lang])}</li>" for text in question.names)
    return f"<p>{WORDS[lang]['names']}</p><ul>{items}</ul>"


def folded(questions: list[Question], lang: str) -> str:
    """All questions as HTML with the answers folded: readable wherever there are no widgets."""
    words = WORDS[lang]
    parts = []
    for number, question in enumerate(questions, start=1):
        parts.append(
            f'<div id="quiz-{escape(question.id)}"><p><b>{words["number"]} {number}.</b> <i>{task(question, lang)}</i></p>'
        )
        parts.append(html(question.text[lang]))
        if isinstance(question, (Single, Multiple, Poll)):
            parts.append("<ul>" + "".join(f"<li>{inline(option.text[lang])}</li>" for option in question.options) + "</ul>")
        parts.append(f"<details><summary>{words['answer']}</summary>{revealed(question, lang)}</details></div>")
    return "\n".join(parts)


def revealed(question: Question, lang: str) -> str:
    """The answer and the explanation as HTML."""
    right = answers(question, lang)
    said = "" if not right else right[0] if len(right) == 1 else "<ul>" + "".join(f"<li>{one}</li>" for one in right) + "</ul>"
    if isinstance(question, (Single, TrueFalse, Number)):
        said = f"<p><b>{said}</b></p>"
    if isinstance(question, Open):
        said += naming(question, lang)
    return said + html(question.explanation[lang])
