"""`make slides`: the lecture as decks that open from disk, and as PDF, with code of the project and figures of the last run.

HTML goes to slides/build/ru/index.html and slides/build/en/index.html, PDF to slides/build/lecture.ru.pdf and lecture.en.pdf.
"""

import argparse
import sys
from pathlib import Path

from workshop.commands import Commands
from workshop.places import LANGUAGES, RUNS


def add_parser(commands: Commands) -> None:
    """Describe `slides` to the command line."""
    parser = commands.add_parser("slides", help="build the lecture's decks from the last run", description=__doc__)
    parser.add_argument("--lang", choices=LANGUAGES, help="one language only")
    parser.add_argument("--no-pdf", action="store_true", help="HTML only")
    parser.add_argument("--run", type=Path, metavar="DIR", help="the run to show (default: runs/latest)")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Build; 2 if there is no run to show, 1 if a deck is wrong."""
    from workshop.slides.build import SlidesError, build
    from workshop.slides.material import Material, MaterialError

    run = options.run or RUNS / "latest"
    languages = (options.lang,) if options.lang else LANGUAGES
    try:
        for lang in languages:
            Material(run, lang)
        build(run, languages, pdf=not options.no_pdf)
    except MaterialError as error:
        print(f"slides: {error}", file=sys.stderr)
        return 2
    except SlidesError as error:
        print(f"slides: {error}\nWhat was built before is still there.", file=sys.stderr)
        return 1
    return 0
