"""A Sphinx extension: what slides/README.md offers to those who write slides.

The run to show is the configuration value `workshop_run`, a folder.
"""

from functools import cache
from html import escape
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective
from sphinx_revealjs.directives import RevealjsFragments

from workshop.quiz.pages import WORDS, revealed, task
from workshop.quiz.questions import Multiple, Number, Open, Poll, Question, Single, TrueFalse, load
from workshop.slides.material import Material, MaterialError


def setup(app: Sphinx) -> dict[str, object]:
    """Add the directives and the substitutions."""
    app.add_config_value("workshop_run", "", "env", str)
    app.connect("config-inited", _add_values)
    app.connect("doctree-read", _wrap_code)
    app.connect("doctree-read", _prefer_labels)
    for name, directive in {
        "box": Wrapped,
        "big": Wrapped,
        "column": Wrapped,
        "columns": Columns,
        "notes": Notes,
        "fragments": RevealjsFragments,
        "figure-of": FigureOf,
        "table-of": TableOf,
        "quiz": Quiz,
    }.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": True}


@cache  # read once, not for each figure
def _material(run: str, lang: str) -> Material:
    return Material(Path(run), lang)


def _add_values(app: Sphinx, config: Config) -> None:
    config.myst_substitutions = _material(config.workshop_run, config.language).values()


def _wrap_code(app: Sphinx, doctree: nodes.document) -> None:
    """Put code that has a class into a div of that class: sphinx-revealjs leaves it out."""
    for code in list(doctree.findall(nodes.literal_block)):
        if classes := code["classes"]:
            code.replace_self(nodes.container("", code.deepcopy(), classes=list(classes)))


def _prefer_labels(app: Sphinx, doctree: nodes.document) -> None:
    """Make a slide's label its address: sphinx-revealjs takes the last id, which may be made from the title."""
    labels = {doctree.nameids[name] for name, explicit in doctree.nametypes.items() if explicit}
    for section in doctree.findall(nodes.section):
        section["ids"].sort(key=lambda one: one in labels)


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


class _Directive(SphinxDirective):
    has_content = True

    def parsed(self) -> list[nodes.Node]:
        """The content as nodes."""
        return self.markdown(self.content)

    def markdown(self, lines: StringList) -> list[nodes.Node]:
        """Lines of Markdown as nodes."""
        parent = nodes.Element()
        self.state.nested_parse(lines, self.content_offset, parent)
        return parent.children

    def made(self, text: str) -> list[nodes.Node]:
        """Markdown that no author wrote, as nodes."""
        return self.markdown(StringList(text.splitlines(), source=f"{{{self.name}}}"))

    @property
    def material(self) -> Material:
        """What there is to show of the run."""
        return _material(self.config.workshop_run, self.config.language)


class Wrapped(_Directive):
    """Content in a `div` whose class is the directive's name."""

    def run(self) -> list[nodes.Node]:
        """The div."""
        return [nodes.container("", *self.parsed(), classes=[self.name])]


class Columns(_Directive):
    """Columns side by side; the argument is the proportion of their widths, such as 3 2."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The grid around its columns."""
        shares = (self.arguments[0] if self.arguments else "1 1").split()
        if not all(share.isdigit() for share in shares):
            raise self.error(f"columns: the widths are whole numbers such as 3 2, not {self.arguments[0]!r}")
        widths = " ".join(f"minmax(0, {share}fr)" for share in shares)
        columns = self.parsed()
        if len(columns) != len(shares):
            raise self.error(f"columns: {len(shares)} widths for {len(columns)} columns")
        return [_html(f'<div class="columns" style="grid-template-columns: {widths}">'), *columns, _html("</div>")]


class Notes(_Directive):
    """What the speaker view shows; Reveal's own directive keeps no paragraphs."""

    def run(self) -> list[nodes.Node]:
        """The aside that Reveal looks for."""
        return [_html('<aside class="notes">'), *self.parsed(), _html("</aside>")]


class FigureOf(_Directive):
    """A figure of the run or a drawing, by name; `alt` says what is seen, the content is a caption."""

    required_arguments = 1
    option_spec: ClassVar = {"alt": directives.unchanged_required, "class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """The figure, or a line that says how to get it."""
        (name,) = self.arguments
        if "alt" not in self.options:
            raise self.error(f"figure-of {name}: say in :alt: what is seen")
        try:
            if missing := self.material.missing(name):
                return [nodes.container("", *self.made(missing), classes=["box"])]
            svg = self.material.figure(name)
        except MaterialError as error:
            raise self.error(f"figure-of: {error}") from None
        classes = " ".join(["drawn", f"figure-{name}", *self.options.get("class", [])])
        alt = escape(" ".join(self.options["alt"].split()))
        opening = f'<figure class="{classes}"><div role="img" aria-label="{alt}">{svg}</div>'
        caption = [_html("<figcaption>"), *self.parsed(), _html("</figcaption>")] if self.content else []
        return [_html(opening), *caption, _html("</figure>")]


class TableOf(_Directive):
    """A table of the run, by name."""

    required_arguments = 1
    has_content = False

    def run(self) -> list[nodes.Node]:
        """The table, or a line that says how to get it."""
        try:
            text = self.material.table(self.arguments[0])
        except MaterialError as error:
            raise self.error(f"table-of: {error}") from None
        classes = ["figures", f"table-{self.arguments[0]}"] if text.startswith("|") else ["box"]
        return [nodes.container("", *self.made(text), classes=classes)]


class Quiz(_Directive):
    """A question by its id; the answer comes as a fragment, answer and explanation stand in the notes."""

    required_arguments = 1
    has_content = False

    def run(self) -> list[nodes.Node]:
        """The question and the notes."""
        (wanted,) = self.arguments
        found = [question for question in load() if question.id == wanted]
        if not found:
            raise self.error(f"quiz: quiz/questions.yaml has no question {wanted!r}")
        question, lang = found[0], self.config.language
        shown = nodes.container("", *self.made(question.text[lang]), classes=["quiz", question.type])
        shown += self._answering(question, lang)
        return [shown, _html(f'<aside class="notes">{revealed(question, lang)}</aside>')]

    def _answering(self, question: Question, lang: str) -> list[nodes.Node]:
        words = WORDS[lang]
        match question:
            case Poll() | Single() | Multiple():
                options = self._list([option.text[lang] for option in question.options], "options")
                for number in () if isinstance(question, Poll) else question.right:
                    options.children[number]["classes"] += ["fragment", "right"]
                return [self._line(task(question, lang), "task"), options]
            case Open():
                names = self._list([text[lang] for text in question.names], "names")
                for name in names.children:
                    name["classes"].append("fragment")
                return [self._line(words["names"], "task", "fragment"), names]
            case TrueFalse():
                answer = words["true" if question.answer else "false"]
            case Number():
                answer = str(question.answer)
        return [self._line(task(question, lang), "task"), self._line(answer, "answer", "fragment")]

    def _line(self, text: str, *classes: str) -> nodes.paragraph:
        return nodes.paragraph("", text, classes=list(classes))

    def _list(self, texts: list[str], name: str) -> nodes.bullet_list:
        items = [nodes.list_item("", *self.made(text)) for text in texts]
        return nodes.bullet_list("", *items, classes=[name])
