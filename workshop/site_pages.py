"""The pages of the site in one language, as a folder that Sphinx builds: notebooks with their outputs, texts, questions.

A page has the same name in both languages: lessons/04_dvc is made of notebooks/ru/04_dvc.ipynb or of notebooks/en/04_dvc.ipynb.
"""

import posixpath
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from workshop import outputs, quiz_texts
from workshop.lab import title
from workshop.places import CYRILLIC
from workshop.quiz_questions import QuizError, of_lesson
from workshop.rendering import render

# single texts: the page's name, and the file without .md, or .ru.md if there is one in Russian
_TEXTS = {
    "readme": "README",
    "project": "sample_project/README",
    "contributing": "CONTRIBUTING",
    "docs/points": "lessons/README",
    "docs/slides": "slides/README",
}
_MADE = ("slides/build/", "runs/", "bench/", "build/", "site/build/", "work/")  # may be there or not: `make` makes it
# code first, so that what looks like a link in it stays
_LINK = re.compile(r"```.*?```|`[^`\n]+`|(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)", re.DOTALL)
_QUIZ = re.compile(r'show_quiz\("([^"]+)", lang\)')
# what a page can show by itself; widgets and Vega charts would ask the network for code
_SHOWN = {"text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"}


class SiteError(Exception):
    """The site cannot be built; the message names the file and the way out."""


@dataclass
class Site:
    """The pages of a language: from a page's name to its file in the kit, and what else the site links to."""

    root: Path
    lang: str
    extras: dict[str, str]  # from a path in the kit, such as slides/build/ru, to its address below the language's folder
    pages: dict[str, Path] = field(default_factory=dict)
    by_file: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def find(cls, root: Path, lang: str, extras: dict[str, str]) -> "Site":
        """The pages that the kit in `root` has in a language; SiteError if it has no lessons."""
        site = cls(root, lang, extras)
        for kind, folder in (("lessons", "notebooks"), ("tasks", "exercises"), ("solutions", "solutions")):
            for file in sorted((root / folder / lang).glob("[0-9]*.ipynb")):
                site.pages[f"{kind}/{file.stem}"] = file
        if not any(name.startswith("lessons/") for name in site.pages):
            raise SiteError(f"{root / 'notebooks' / lang}: there are no lessons: make build")
        for file in sorted((root / "docs" / "instructor" / lang).glob("*.md")):
            site.pages[f"guide/{'index' if file.stem.lower() == 'readme' else file.stem}"] = file
        for file in sorted((root / "docs").glob("*.md")):
            site.pages[f"docs/{file.stem}"] = file
        for name, stem in _TEXTS.items():
            russian = root / f"{stem}.ru.md"
            file = russian if lang == "ru" and russian.exists() else root / f"{stem}.md"
            if file.exists():
                site.pages[name] = file
        site.by_file = {file: name for name, file in site.pages.items()}
        return site

    def of_kind(self, kind: str) -> list[str]:
        """The names of the pages in a folder of the site, its start page first."""
        return sorted(
            (name for name in self.pages if name.startswith(f"{kind}/")), key=lambda name: (name != f"{kind}/index", name)
        )


def texts() -> dict[str, dict[str, str]]:
    """What the site itself says, by language."""
    return yaml.safe_load((Path(__file__).parent.parent / "site" / "texts.yaml").read_text(encoding="utf-8"))


def write(site: Site, other: Site | None, executed: Callable[[str], NotebookNode | None], folder: Path) -> dict[str, Any]:
    """Write the pages of `site` into `folder`; give how many cells of each lesson show an output, and how many could.

    `other` is the site in the other language, if it is built too; `executed` gives the executed notebook of a lesson.
    SiteError if a page links to what is not there, or a notebook or the quiz is broken.
    """
    t = texts()[site.lang]
    (folder / "extra").mkdir(parents=True)
    shown = {}
    for name, file in site.pages.items():
        target = folder / f"{name}{file.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)

        def links(text: str, file: Path = file, name: str = name) -> str:
            return _links(text, file, name, site, other, folder)

        if file.suffix == ".md":
            target.write_text(links(file.read_text(encoding="utf-8")), encoding="utf-8")
            continue
        notebook = outputs.read(file)
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
        return quiz_texts.folded(of_lesson(lesson), lang)
    except QuizError as error:
        raise SiteError(f"{error}\nMend it, see: python -m workshop quiz check") from None


def _links(text: str, file: Path, name: str, site: Site, other: Site | None, folder: Path) -> str:
    """The text of a page with its links to files of the kit turned into links within the site."""
    up = "../" * name.count("/")

    def link(match: re.Match[str]) -> str:
        target = match["target"]
        if target is None or re.match(r"[a-z]+:|#", target):
            return match[0]
        path, hash_, anchor = target.partition("#")
        asked = Path(posixpath.normpath((file.parent / unquote(path)).as_posix()))
        if page := site.by_file.get(asked):
            return f"{match['image']}[{match['text']}]({up}{page}{asked.suffix}{hash_}{anchor})"
        if other and (page := other.by_file.get(asked)):
            return _html(match["text"], f"{up}../{other.lang}/{page}.html")
        inside = asked.relative_to(site.root).as_posix() if asked.is_relative_to(site.root) else None
        for start, address in site.extras.items():
            if inside is not None and (inside == start or inside.startswith(f"{start}/")):
                return _html(match["text"], f"{up}{address}{inside[len(start) :]}{hash_}{anchor}")
        if inside is None or not (asked.exists() or f"{inside}/".startswith(_MADE)):
            raise SiteError(f"{file.relative_to(site.root)}: links to {target}, which is not there")
        if not asked.is_file() or inside.startswith(_MADE):
            return match["text"]
        inside = "files/" + "/".join(part.lstrip(".") for part in inside.split("/"))  # hosts of pages leave out dotfiles
        copy = folder / "extra" / inside
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(asked, copy)
        if match["image"]:
            return f"![{match['text']}]({up}extra/{inside})"
        return _html(match["text"], f"{up}{inside}")

    return _LINK.sub(link, text)


def _html(text: str, address: str) -> str:
    """A link that Sphinx leaves alone: to what is no page of this language."""
    return f'<a href="{escape(address)}">{text}</a>'


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
    target.write_text(render(f"site/{template}", **values), encoding="utf-8")
