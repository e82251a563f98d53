"""`make site`: lessons with their outputs, questions, slides and guide as a site that opens from disk, in both languages."""

import argparse
import sys
from pathlib import Path

from workshop.commands import Commands
from workshop.places import LANGUAGES, ROOT

FOLDER = ROOT / "site" / "build"


def add_parser(commands: Commands) -> None:
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
    from workshop.site.build import MARK, build
    from workshop.site.content import SiteError

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
