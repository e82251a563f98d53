"""Build the site: the pages of each language by Sphinx, and what else they link to."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from flight_delays import artifacts
from workshop.ground.notebooks import read
from workshop.ground.progress import progress
from workshop.ground.rendering import render
from workshop.places import TWIN, environment
from workshop.site import pages
from workshop.site.content import Site, SiteError

MARK = "site.json"  # what the site shows; a folder without it is not ours to replace


def build(root: Path, target: Path, lessons: Path, languages: tuple[str, ...]) -> None:
    """Build the site of the kit in `root` into `target`, outputs from the run in `lessons`; SiteError if a page is wrong."""

    def executed(lesson: str) -> NotebookNode | None:
        return read(lessons / "notebooks" / f"{lesson}.ipynb")

    sites = {lang: Site.find(root, lang, extras(root, lang, languages)) for lang in languages}
    with artifacts.replacing(target) as new, tempfile.TemporaryDirectory() as scratch:
        new.mkdir()
        made = {}
        for lang, site in sites.items():
            source = Path(scratch, lang)
            shutil.copytree(root / "site", source, ignore=shutil.ignore_patterns("build", ".build*"))
            made[lang] = {"pages": sorted(site.pages), "outputs": pages.write(site, _other(site, sites), executed, source)}
            _tell(lang, made[lang])
        _sphinx(sites, Path(scratch))
        for lang in sites:
            shutil.move(Path(scratch, "out", lang), new / lang)
        _copy_extras(root, sites, new)
        chooser = render(pages.TEMPLATES / "chooser.html.j2", languages=languages, t=pages.TEXTS)
        (new / "index.html").write_text(chooser, encoding="utf-8")
        artifacts.write_json(new / MARK, made)


def _other(site: Site, sites: dict[str, Site]) -> Site | None:
    """The site in the other language, if it is built too."""
    return sites.get(TWIN[site.lang])


def extras(root: Path, lang: str, languages: tuple[str, ...]) -> dict[str, str]:
    """What else the site takes along, if it is there: its path in the kit, and its address below the folder of `lang`."""
    addresses = {"runs/latest/report.html": "../report/report.html"}
    for each in languages:
        below = "slides" if each == lang else f"../{each}/slides"
        addresses |= {f"slides/build/{each}": below, f"slides/build/lecture.{each}.pdf": f"{below}/lecture.{each}.pdf"}
    return {path: address for path, address in addresses.items() if (root / path).exists()}


def _tell(lang: str, made: dict[str, Any]) -> None:
    shown = {lesson: counts for lesson, counts in made["outputs"].items() if counts["shown"]}
    print(f"{lang}: {len(made['pages'])} pages, outputs of {len(shown)} of {len(made['outputs'])} lessons", flush=True)
    for lesson, counts in shown.items():
        if counts["shown"] < counts["all"]:
            why = "the lesson failed, or has changed since it ran"
            print(f"{lang}: {lesson}: {counts['shown']} of {counts['all']} cells: {why}", flush=True)


def _copy_extras(root: Path, sites: dict[str, Site], new: Path) -> None:
    """Copy slides and report to where the pages link to."""
    for lang, site in sites.items():
        for path, address in site.extras.items():
            if address.startswith("slides/"):  # the PDF
                (new / lang / "slides").mkdir(exist_ok=True)
                shutil.copyfile(root / path, new / lang / address)
            elif address == "slides":
                shutil.copytree(root / path, new / lang / address, dirs_exist_ok=True)
    run = root / "runs" / "latest"
    if (run / "report.html").exists():
        (new / "report").mkdir()
        shutil.copyfile(run / "report.html", new / "report" / "report.html")
        shutil.copytree(run / "notebooks", new / "report" / "notebooks")  # the report links to them


def _sphinx(sites: dict[str, Site], scratch: Path) -> None:
    """Build all languages side by side into `scratch`/out; SiteError with Sphinx's warnings if there is one."""
    running = {}
    for lang, site in sites.items():
        with (scratch / f"{lang}.log").open("w", encoding="utf-8") as log:
            running[lang] = subprocess.Popen(
                _command(site, sites, scratch / lang, scratch / "out" / lang),
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
    total = sum(len(site.pages) for site in sites.values())
    try:
        with progress(f"pages: {', '.join(sites)}", 2 * total, _count(scratch, total)):
            codes = {lang: process.wait() for lang, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    if any(codes.values()):
        lines = []
        for lang, site in sites.items():
            text = (scratch / f"{lang}.log").read_text(encoding="utf-8")
            for name, file in site.pages.items():
                text = text.replace(str(scratch / lang / f"{name}{file.suffix}"), str(file.relative_to(site.root)))
            lines += text.strip().splitlines()
        raise SiteError("\n".join(lines[-40:]))


def _command(site: Site, sites: dict[str, Site], source: Path, out: Path) -> list[str]:
    t = pages.TEXTS[site.lang]
    context = {
        "text_own": t["own"],
        "text_other": t["other"],
        "text_language": t["language"],
        "other_lang": "",
        "other_pages": "",
    }
    if other := _other(site, sites):
        ours = ("index", "quiz", "search", "tasks/index", "solutions/index")
        context |= {"other_lang": other.lang, "other_pages": " ".join([*other.pages, *ours])}
    settings = {"language": site.lang, "project": t["title"], "html_title": t["title"]}
    return [
        *(sys.executable, "-m", "sphinx", "--builder=html", "--quiet", "--fail-on-warning", "--keep-going", "--no-color"),
        f"--doctree-dir={source}.doctrees",
        *(f"--define={name}={value}" for name, value in settings.items()),
        *(f"--html-define={name}={value}" for name, value in context.items()),
        *(str(source), str(out)),
    ]


def _count(scratch: Path, total: int) -> Callable[[], tuple[int, str]]:
    """A function that says how much is done: each page is read, then written."""

    def look() -> tuple[int, str]:
        read = min(total, sum(1 for _ in scratch.rglob("*.doctree")))
        written = min(total, sum(1 for _ in (scratch / "out").rglob("*.html")))
        return read + written, "writing" if written else "reading"

    return look
