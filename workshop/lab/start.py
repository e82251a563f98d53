"""The page that JupyterLab opens at, and the exercises that it links to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from workshop.ground.notebooks import title
from workshop.ground.results import deck, printed
from workshop.ground.texts import by_language
from workshop.lab.exercises import Desk, Found
from workshop.places import ROOT, WORK

TEXTS = by_language(Path(__file__).with_name("texts.yaml"))


def decks(lang: str, built: Path) -> list[Path]:
    """The deck and the PDF of a language, if they are built."""
    return [path for path in (deck(lang, built), printed(lang, built)) if path.exists()]


def start_page(lang: str, root: Path, own: Path, said: Sequence[str] = ()) -> str:
    """The page in Markdown, with links relative to a folder below `root`; `said` stands before the list of lessons."""
    t = TEXTS[lang]
    lines = [f"# {t['title']}", "", t["what"].format(f"`{own.relative_to(root).as_posix()}/{lang}`"), ""]
    lines += [line for text in said for line in (text, "")]
    lines += [t["head"], "|---|---|---|---|"]
    for notebook in sorted((root / "notebooks" / lang).glob("*.ipynb")):
        places = {
            "lesson": notebook,
            "exercise": own / lang / notebook.name,
            "solution": root / "solutions" / lang / notebook.name,
        }
        links = [
            f"[{t[kind]}](../{path.relative_to(root).as_posix()})" if path.exists() else "" for kind, path in places.items()
        ]
        lines.append(f"| {title(notebook)} | " + " | ".join(links) + " |")
    rows = {
        "slides": [(path.suffix[1:].upper(), path) for path in decks(lang, root / "slides" / "build")],
        "run": [(path.stem, path) for path in sorted((root / "notebooks" / lang / "pipeline").glob("*.ipynb"))],
    }
    for kind, files in rows.items():
        if files:
            links = [f"[{name}](../{path.relative_to(root).as_posix()})" for name, path in files]
            lines += ["", f"{t[kind]}: {', '.join(links)}"]
    return "\n".join(lines) + "\n"


def prepare(lang: str, action: Literal["update", "undo"] | None = None) -> tuple[Path, list[str]]:
    """Lay out the exercises where the student works, take them to the newer issue or back if that is asked for, and write the
    start page; give the page, and what is to be said in the terminal.
    """
    t, desk = TEXTS[lang], Desk(ROOT, WORK, lang)
    lines = []
    if action:
        done = desk.update() if action == "update" else desk.undo()
        kept = f"{desk.last_kept().relative_to(ROOT)}/"
        lines.append(t[action].format(lessons=", ".join(done), kept=kept) if done else t[f"no_{action}"])
    found = desk.lay_out()
    lines += [text.replace("**", "").replace("`", "") for text in notices(lang, found)]
    page = WORK / f"start.{lang}.md"
    page.write_text(start_page(lang, ROOT, WORK / "exercises", notices(lang, found)), encoding="utf-8")
    return page, lines


def notices(lang: str, found: Found) -> list[str]:
    """What is to be said of the student's own exercises, in Markdown: that there is a newer issue of some, and of which file
    nothing can be said.
    """
    t = TEXTS[lang]
    options = "" if lang == "ru" else f"--lang {lang} "
    commands = {"update": f'`make lab ARGS="{options}--update"`', "undo": f'`make lab ARGS="{options}--undo"`'}
    said = [t["newer"].format(lessons=", ".join(found.other), **commands)] if found.other else []
    return said + ([t["unreadable"].format(files=", ".join(found.unreadable))] if found.unreadable else [])
