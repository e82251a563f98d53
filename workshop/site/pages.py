"""Write the pages of a language as a folder that Sphinx builds: notebooks with their outputs, texts, questions."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from workshop.builder import outputs
from workshop.ground.notebooks import read, title
from workshop.ground.rendering import render
from workshop.ground.texts import by_language
from workshop.places import CYRILLIC
from workshop.quiz.pages import folded
from workshop.quiz.questions import QuizError, of_lesson
from workshop.site.content import Site, SiteError
from workshop.site.links import within_site

TEMPLATES = Path(__file__).parent / "templates"
TEXTS = by_language(Path(__file__).with_name("texts.yaml"))  # what the site itself says
_QUIZ = re.compile(r'show_quiz\("([^"]+)", lang\)')
# what a page can show by itself; widgets and Vega charts would ask the network for code
_SHOWN = {"text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"}


def write(site: Site, other: Site | None, executed: Callable[[str], NotebookNode | None], folder: Path) -> dict[str, Any]:
    """Write the pages of `site` into `folder`; give how many cells of each lesson show an output, and how many could.

    `other` is the site in the other language, if it is built too; `executed` gives the executed notebook of a lesson.
    SiteError if a page links to what is not there, or a notebook or the quiz is broken.
    """
    t = TEXTS[site.lang]
    (folder / "extra").mkdir(parents=True)
    shown = {}
    for name, file in site.pages.items():
        target = folder / f"{name}{file.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)

        def links(text: str, file: Path = file, name: str = name) -> str:
            return within_site(text, file, name, site, other, folder)

        if file.suffix == ".md":
            target.write_text(links(file.read_text(encoding="utf-8")), encoding="utf-8")
            continue
        notebook = read(file)
        if notebook is None:
            raise SiteError(f"{file}: not a notebook: make build")
        if _is_parameters(notebook.cells[0]):  # the title comes first
            notebook.cells[:2] = reversed(notebook.cells[:2])
        if name.startswith("lessons/"):
            shown[file.stem] = _show_outputs(notebook, executed(file.stem), site.lang, t)
        _clean(notebook, site.lang)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = links(cell.source)
                if name.startswith("solutions/"):  # the title tells them from the tasks, in lists and in the search
                    cell.source = re.sub(r"\A# .+", rf"\g<0> ({t['solved']})", cell.source)
        nbformat.write(notebook, target)
    _write_lists(site, t, folder)
    return shown


def _show_outputs(notebook: NotebookNode, executed: NotebookNode | None, lang: str, t: dict[str, str]) -> dict[str, int]:
    """Put a lesson's outputs into it, and below its title a note if some or all are missing."""
    # the parameters differ between the languages and have no output
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not _is_parameters(cell)]
    outputs.keep(notebook, executed)
    for cell in cells:
        # code is shared, and so are its outputs, unless the code asked for the language of the notebook that ran
        if lang == "en" and re.search(r"\blang\b", cell.source) and CYRILLIC.search(str(cell.outputs)):
            cell.outputs = []
    ran = sum(cell.execution_count is not None for cell in cells)
    if ran < len(cells):
        note = t["partly"].format(shown=ran, all=len(cells)) if ran else t["not_run"]
        notebook.cells.insert(1, new_markdown_cell(f":::{{note}}\n{note}\n:::"))
    return {"shown": ran, "all": len(cells)}


def _is_parameters(cell: NotebookNode) -> bool:
    return "parameters" in cell.metadata.get("tags", [])


def _clean(notebook: NotebookNode, lang: str) -> None:
    """Leave only outputs that a page shows by itself; questions are shown folded, in the page's language."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}  # knows %magic and !commands
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if found := _QUIZ.search(cell.source):
            html = f'<div class="quiz">{questions(found[1], lang)}</div>'
            cell.outputs = [new_output("display_data", {"text/html": html})]
            cell.metadata.mystnb = {"scroll_outputs": False}
        for output in cell.outputs:
            if "data" in output:
                output.data = {kind: content for kind, content in output.data.items() if kind in _SHOWN}
        cell.outputs = [output for output in cell.outputs if output.output_type in ("stream", "error") or output.data]


def questions(lesson: str, lang: str) -> str:
    """The questions of a lesson as HTML, answers folded; SiteError if the file of questions is wrong."""
    try:
        return folded(of_lesson(lesson), lang)
    except QuizError as error:
        raise SiteError(f"{error}\nMend it, see: python -m workshop quiz check") from None


def _write_lists(site: Site, t: dict[str, str], folder: Path) -> None:
    """Write the start page, the lists of tasks and solutions, and the page of questions."""
    titles = {name: title(site.pages[name]) for name in site.of_kind("lessons")}
    lessons = {name.removeprefix("lessons/"): title for name, title in titles.items()}
    toctrees = {t["lessons"]: list(titles)}
    practice = []
    for kind in ("tasks", "solutions"):
        if names := site.of_kind(kind):
            _render(
                "list.md.j2", folder / kind / "index.md", title=t[kind], what=t[f"{kind}_what"], names=[f"/{n}" for n in names]
            )
            practice.append(f"{kind}/index")
    sections = {title: questions(name, site.lang) for name, title in lessons.items()}
    _render("quiz.md.j2", folder / "quiz.md", t=t, sections=sections)
    toctrees[t["tasks"]] = [*practice, "quiz"]
    toctrees[t["guide"]] = site.of_kind("guide")
    toctrees[t["about"]] = [name for name in ("readme", "project", "contributing") if name in site.pages]
    toctrees[t["about"]] += site.of_kind("docs")
    ways = {kind: address for kind, address in _ways(site).items() if address}
    _render(
        "index.md.j2",
        folder / "index.md",
        t=t,
        ways=ways,
        lessons=lessons,
        pages=site.pages,
        toctrees={caption: names for caption, names in toctrees.items() if names},
    )


def _ways(site: Site) -> dict[str, str | None]:
    """Where the boxes of the start page lead; nothing for what is not there."""
    slides = site.extras.get(f"slides/build/{site.lang}")
    guide = site.of_kind("guide")
    return {
        "slides": slides and f"{slides}/index.html",
        "pdf": site.extras.get(f"slides/build/lecture.{site.lang}.pdf"),
        "report": site.extras.get("runs/latest/report.html"),
        "quiz": "quiz.html",
        "guide": f"{guide[0]}.html" if guide else None,
        "readme": "readme.html" if "readme" in site.pages else None,
        "contributing": "contributing.html" if "contributing" in site.pages else None,
    }


def _render(template: str, target: Path, **values: Any) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render(TEMPLATES / template, **values), encoding="utf-8")
