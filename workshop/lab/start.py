"""The page that JupyterLab opens at, and the exercises that it links to."""

import shutil
from pathlib import Path

from workshop.ground.notebooks import title
from workshop.ground.results import deck, printed
from workshop.ground.texts import by_language
from workshop.places import ROOT, WORK

TEXTS = by_language(Path(__file__).with_name("texts.yaml"))


def own_exercises(lang: str, exercises: Path, folder: Path) -> None:
    """Copy the exercises to where the student works; what is there already stays as it is."""
    for source in sorted((exercises / lang).glob("*.ipynb")):
        target = folder / lang / source.name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def decks(lang: str, built: Path) -> list[Path]:
    """The deck and the PDF of a language, if they are built."""
    return [path for path in (deck(lang, built), printed(lang, built)) if path.exists()]


def start_page(lang: str, root: Path, own: Path) -> str:
    """The page in Markdown, with links relative to a folder below `root`."""
    t = TEXTS[lang]
    lines = [f"# {t['title']}", "", t["what"].format(f"`{own.relative_to(root).as_posix()}/{lang}`"), ""]
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


def prepare(lang: str) -> Path:
    """Copy the exercises to where the student works and write the start page; give the page."""
    own = WORK / "exercises"
    own_exercises(lang, ROOT / "exercises", own)
    page = WORK / f"start.{lang}.md"
    page.write_text(start_page(lang, ROOT, own), encoding="utf-8")
    return page
