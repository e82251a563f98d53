"""`make site`: lessons with their outputs, questions, slides and guide as a site that opens from disk, in both languages."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workshop.places import LANGUAGES, ROOT, environment

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from workshop.site_pages import Site

FOLDER = ROOT / "site" / "build"
MARK = "site.json"  # what the site shows; a folder without it is not ours to replace


def add_parser(commands) -> None:
    """Describe `site` to the command line."""
    parser = commands.add_parser(
        "site",
        help="build the site: lessons, slides, guide",
        description="Build the site into site/build: open site/build/index.html, no network is needed. Outputs of the lessons "
        'are those of the last `make run ARGS="--lessons"`; the report of the last `make run` and the slides of the last '
        "`make slides` are taken along if they are there. Exit code 1: something is wrong with a page; 2: the command is "
        "wrong. Either way the last good site stays.",
    )
    parser.add_argument("--lang", choices=LANGUAGES, help="one language only; default: both")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="default: site/build")
    parser.add_argument("--lessons", type=Path, metavar="RUN", help="another run of the lessons; default: runs/latest-lessons")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Build the site and give the exit code."""
    from workshop.site_pages import SiteError

    target, lessons = options.to.resolve(), options.lessons
    if target.exists() and (not target.is_dir() or (any(target.iterdir()) and not (target / MARK).exists())):
        print(f"{target}: not a site made by this command; name an empty folder or a new one", file=sys.stderr)
        return 2
    if lessons is not None and not (lessons / "notebooks").is_dir():
        print(f"{lessons}: not a run of the lessons; there is no folder notebooks in it", file=sys.stderr)
        return 2
    try:
        build(ROOT, target, lessons or ROOT / "runs" / "latest-lessons", (options.lang,) if options.lang else LANGUAGES)
    except SiteError as error:
        print(error, "The site was not built.", sep="\n", file=sys.stderr)
        if target.exists():
            print("The last one stays as it was.", file=sys.stderr)
        return 1
    print(f"Open {target / 'index.html'}")
    return 0


def build(root: Path, target: Path, lessons: Path, languages: tuple[str, ...]) -> None:
    """Build the site of the kit in `root` into `target`, outputs from the run in `lessons`; SiteError if a page is wrong."""
    from flight_delays import artifacts
    from workshop import outputs, site_pages
    from workshop.rendering import render

    def executed(lesson: str) -> "NotebookNode | None":
        return outputs.read(lessons / "notebooks" / f"{lesson}.ipynb")

    sites = {lang: site_pages.Site.find(root, lang, extras(root, lang, languages)) for lang in languages}
    with artifacts.replacing(target) as new, tempfile.TemporaryDirectory() as scratch:
        new.mkdir()
        made = {}
        for lang, site in sites.items():
            source = Path(scratch, lang)
            shutil.copytree(root / "site", source, ignore=shutil.ignore_patterns("build", ".build*", "texts.yaml"))
            made[lang] = {"pages": sorted(site.pages), "outputs": site_pages.write(site, _other(site, sites), executed, source)}
            _tell(lang, made[lang])
        _sphinx(sites, Path(scratch))
        for lang in sites:
            shutil.move(Path(scratch, "out", lang), new / lang)
        _copy_extras(root, sites, new)
        chooser = render("site/chooser.html.j2", languages=languages, t=site_pages.texts())
        (new / "index.html").write_text(chooser, encoding="utf-8")
        artifacts.write_json(new / MARK, made)


def _other(site: "Site", sites: "dict[str, Site]") -> "Site | None":
    """The site in the other language, if it is built too."""
    return next((each for each in sites.values() if each is not site), None)


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


def _copy_extras(root: Path, sites: "dict[str, Site]", new: Path) -> None:
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


def _sphinx(sites: "dict[str, Site]", scratch: Path) -> None:
    """Build all languages side by side into `scratch`/out; SiteError with Sphinx's warnings if there is one."""
    from workshop import site_pages
    from workshop.execution import progress

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
        raise site_pages.SiteError("\n".join(lines[-40:]))


def _command(site: "Site", sites: "dict[str, Site]", source: Path, out: Path) -> list[str]:
    from workshop.site_pages import texts

    t = texts()[site.lang]
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
