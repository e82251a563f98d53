"""Questions in a notebook: widgets to answer with, and folded text for where there are no widgets."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from workshop.ground.colours import GREEN, GREY, VERMILION
from workshop.quiz.pages import WORDS, folded, html, plain, revealed, task
from workshop.quiz.questions import Multiple, Number, Open, Poll, Question, Single, TrueFalse

# long answers wrap instead of being cut off
_STYLE = """<style>
.quiz .widget-radio-box label {display: flex; align-items: flex-start}
.quiz .widget-radio-box label input {order: -1; flex: none; float: none; margin: 1px 8px 0 0}
.quiz .widget-radio-box label, .quiz .widget-checkbox label {white-space: normal; height: auto; line-height: 1.5;
 margin-bottom: 4px; font-size: var(--jp-content-font-size1)}
.quiz .widget-html-content {line-height: 1.5; font-size: var(--jp-content-font-size1)}
.quiz .widget-html-content p {margin: 0 0 6px 0}
</style>"""


class Card:
    """One question: what it asks, something to answer with, a button, what is said of the answer."""

    def __init__(self, number: int, question: Question, lang: str, changed: Callable[[], None]):
        words = WORDS[lang]
        self.question, self.solved = question, False
        self._lang, self._changed, self._asked = lang, changed, False
        head = f"<p><b>{words['number']} {number}.</b> <i>{task(question, lang)}</i></p>{html(question.text[lang])}"
        self.inputs = self._make_inputs()
        label = {"poll": "vote", "open": "show"}.get(question.type, "check")
        self.button = widgets.Button(description=words[label], layout=widgets.Layout(width="auto", align_self="flex-start"))
        self.button.on_click(lambda _: self.check())
        self.reply = widgets.HTML()
        self.box = widgets.VBox(
            [widgets.HTML(head), *self.inputs, self.button, self.reply],
            layout=widgets.Layout(border_left=f"3px solid {GREY}", padding="4px 12px", margin="0 0 14px 0"),
        )

    def _make_inputs(self) -> list[widgets.DOMWidget]:
        question, lang, wide = self.question, self._lang, widgets.Layout(width="auto")
        words = WORDS[lang]
        match question:
            case Single() | Poll():
                options = [(plain(option.text[lang]), number) for number, option in enumerate(question.options)]
                return [widgets.RadioButtons(options=options, value=None, layout=wide)]
            case Multiple():
                texts = [plain(option.text[lang]) for option in question.options]
                return [widgets.Checkbox(description=text, indent=False, layout=wide) for text in texts]
            case TrueFalse():
                return [widgets.RadioButtons(options=[(words["true"], True), (words["false"], False)], value=None)]
            case Number():
                return [widgets.Text(placeholder=words["number_hint"], continuous_update=False)]
            case Open():
                return [widgets.Textarea(placeholder=words["yours"], layout=widgets.Layout(width="95%", height="90px"))]

    def check(self) -> None:
        """Say what is to be said of the present answer, as the button does."""
        words, question = WORDS[self._lang], self.question
        given = [each.value for each in self.inputs]
        if isinstance(question, Open):
            return self._say("", revealed(question, self._lang), GREY)
        if given[0] is None or given == [""] or (isinstance(question, Multiple) and not any(given)):
            return self._say(words["nothing"], "", GREY)
        if isinstance(question, Poll):
            return self._say("", html(question.explanation[self._lang]), GREY)
        if isinstance(question, Number):
            try:
                given = [int(given[0].strip())]
            except ValueError:
                return self._say(words["no_number"], "", GREY)
        right, chosen, said = self._judge(given)
        notes = [option.feedback[self._lang] for option in chosen if option.feedback and not (right and not option.right)]
        self.solved = right
        explanation = html(question.explanation[self._lang])
        more = explanation if right else f"<details><summary>{words['why']}</summary>{revealed(question, self._lang)}</details>"
        self._say(said, "".join(map(html, notes)) + more, GREEN if right else VERMILION)
        return self._changed()

    def _judge(self, given: list) -> tuple[bool, list, str]:
        """Whether the answer is right, the options that were chosen, and what is said first."""
        words, question = WORDS[self._lang], self.question
        match question:
            case Single():
                chosen = [question.options[given[0]]]
                right = chosen[0].right
            case Multiple():
                chosen = [option for option, ticked in zip(question.options, given, strict=True) if ticked]
                right = given == [option.right for option in question.options]
                hit = sum(option.right for option in chosen)
                if not right:
                    counts = {"hit": hit, "all": len(question.right), "extra": len(chosen) - hit}
                    return right, chosen, words["partly"].format(**counts)
            case TrueFalse() | Number():
                chosen, right = [], given[0] == question.answer
        return right, chosen, words["right" if right else "wrong"]

    def _say(self, first: str, more: str, colour: str) -> None:
        self.reply.value = (f'<p style="color:{colour}"><b>{first}</b></p>' if first else "") + more
        self.box.layout.border_left = f"3px solid {colour}"


class Quiz:
    """A self-check of several questions; the last expression of a cell shows it."""

    def __init__(self, questions: list[Question], lang: str):
        if lang not in WORDS:
            raise ValueError(f"lang is {lang!r}; there are {', '.join(WORDS)}")
        self.questions, self.lang = questions, lang
        self.score = widgets.HTML()
        self.cards = [Card(number, question, lang, self._count) for number, question in enumerate(questions, start=1)]
        self.box = widgets.VBox([widgets.HTML(_STYLE), *(card.box for card in self.cards), self.score])
        self.box.add_class("quiz")
        self._count()

    def _count(self) -> None:
        counted = [card for card in self.cards if card.question.counts]
        values = {"right": sum(card.solved for card in counted), "all": len(counted)}
        self.score.value = f"<b>{WORDS[self.lang]['score'].format(**values)}</b>"

    def _repr_mimebundle_(self, **_: Any) -> dict:
        """For Jupyter: the widgets; folded HTML for whoever cannot show them, such as GitHub; bare words at last."""
        bundle = dict(self.box._repr_mimebundle_() or {})
        bundle["text/plain"] = "\n".join(f"{n}. {plain(q.text[self.lang])}" for n, q in enumerate(self.questions, start=1))
        bundle["text/html"] = folded(self.questions, self.lang)
        return bundle
