"""Build the lecture's decks, HTML by Sphinx and PDF by a browser."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.doctor import BROWSERS
from workshop.ground.results import DECKS, deck, printed
from workshop.places import LANGUAGES, ROOT, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SLIDES = ROOT / "slides"


class SlidesError(Exception):
    """A deck cannot be built; the message says why."""


def build(
    run: Path, languages: tuple[str, ...] = LANGUAGES, *, pdf: bool = True, source: Path = SLIDES, to: Path = DECKS
) -> None:
    """Build the decks of `source` that show `run`; all of them take their places in `to`, or none does.

    SlidesError if Sphinx finds anything wrong with one. Without a chromium no PDF is made, and a message says how to get it.
    """
    from flight_delays.artifacts import replacing

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


def chromium() -> str | None:
    """A browser that prints: chromium or Chrome of the machine, or playwright's own; None if there is none."""
    from playwright.sync_api import sync_playwright

    if found := next(filter(None, map(shutil.which, BROWSERS)), None):
        return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def running(browser: str) -> Iterator["Browser"]:
    """Start what `chromium` found, without a window, and close it afterwards."""
    from playwright.sync_api import sync_playwright

    is_root = hasattr(os, "geteuid") and os.geteuid() == 0  # for whom chromium has no sandbox
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"] if is_root else [])
        try:
            yield started
        finally:
            started.close()


def _print(page: Path, to: Path, browser: str) -> None:
    """Print a deck by Reveal's print view, a page for each slide."""
    with running(browser) as started:
        tab = started.new_page()
        tab.goto(f"{page.resolve().as_uri()}?print-pdf")
        tab.wait_for_function("Reveal.isReady() && document.querySelectorAll('.pdf-page').length > 0")
        tab.evaluate("document.fonts.ready")
        tab.pdf(path=to, prefer_css_page_size=True, print_background=True)
