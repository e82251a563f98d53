"""Build the lecture's decks, HTML by Sphinx and PDF by a browser."""

import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from flight_delays.artifacts import replacing
from workshop.ground.results import DECKS, deck, printed
from workshop.places import LANGUAGES, ROOT, environment
from workshop.slides.browser import chromium, running

SLIDES = ROOT / "slides"


class SlidesError(Exception):
    """A deck cannot be built; the message says why."""


def build(
    run: Path, languages: tuple[str, ...] = LANGUAGES, *, pdf: bool = True, source: Path = SLIDES, to: Path = DECKS
) -> None:
    """Build the decks of `source` that show `run`; all of them take their places in `to`, or none does.

    SlidesError if Sphinx finds anything wrong with one. Without a chromium no PDF is made, and a message says how to get it.
    """
    browser = chromium() if pdf else None
    with ExitStack() as places:
        for lang in languages:
            folder = places.enter_context(replacing(deck(lang, to).parent))
            _sphinx(lang, run, source, folder)
            if browser:
                _print(folder / "index.html", places.enter_context(replacing(printed(lang, to))), browser)
    for lang in languages:
        print(deck(lang, to))
        if browser:
            print(printed(lang, to))
        elif printed(lang, to).exists():
            print(f"{printed(lang, to)} is of an earlier build")
    if pdf and not browser:
        print(
            "No chromium on this machine, so no PDF. Install one and run make slides again: apt install chromium,\n"
            "or .venv/bin/playwright install chromium. Or open in Chrome, and print to a file:\n"
            f"{deck(languages[0], to).resolve().as_uri()}?print-pdf"
        )


def _sphinx(lang: str, run: Path, source: Path, to: Path) -> None:
    with tempfile.TemporaryDirectory() as doctrees:
        command = [
            *(sys.executable, "-m", "sphinx", "-b", "revealjs", "--fail-on-warning", "--quiet"),
            *("-c", str(source), "-d", doctrees, "-D", f"language={lang}", "-D", f"workshop_run={run.resolve()}"),
            *(str(source / lang), str(to)),
        ]
        done = subprocess.run(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise SlidesError(f"the {lang} deck has errors, see above")
    (to / ".buildinfo").unlink(missing_ok=True)
    shutil.rmtree(to / "_sources", ignore_errors=True)


def _print(page: Path, to: Path, browser: str) -> None:
    """Print a deck by Reveal's print view, a page for each slide."""
    with running(browser) as started:
        tab = started.new_page()
        tab.goto(f"{page.resolve().as_uri()}?print-pdf")
        tab.wait_for_function("Reveal.isReady() && document.querySelectorAll('.pdf-page').length > 0")
        tab.evaluate("document.fonts.ready")
        tab.pdf(path=to, prefer_css_page_size=True, print_background=True)
