"""Note down an issue of the exercises that was handed out, so that its notebooks can be graded and taken over later.

To be run when students get new notebooks, with the Git revision that these were built in; also afterwards, for an earlier one.
The exercises of that revision are read from Git, and lessons/NN_name/former.json gets what their cells were. An issue that
is noted already stays as it is. Read docs/authoring.md on what to do when an answer of it has no place any more.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.commands import Commands
from workshop.places import LANGUAGES, ROOT

if TYPE_CHECKING:
    from workshop.builder.former import Former


class _WrongUse(Exception):
    """There is no such revision, or nothing to be read in it."""


def add_parser(commands: Commands) -> None:
    """Describe `issue` to the command line."""
    parser = commands.add_parser("issue", help="note down an issue of the exercises that was handed out", description=__doc__)
    parser.add_argument("revision", type=_revision, metavar="REVISION", help="of Git: a commit, a tag, a branch, HEAD")
    parser.add_argument("--root", type=Path, default=ROOT, help="another folder with lessons/ (default: the kit)")
    parser.set_defaults(main=main)


def _revision(text: str) -> str:
    if not text.strip() or text.startswith("-"):
        raise argparse.ArgumentTypeError(f"expected a revision, got {text[:60]!r}")
    return text


def main(options: argparse.Namespace) -> int:
    """Note down; 0 if all of it leads somewhere today, 1 if a source is wrong or an answer has no place, 2 for wrong use."""
    from workshop.builder.format import BuildError
    from workshop.builder.former import FILE, as_text, read
    from workshop.builder.plan import plan

    root = options.root.resolve()
    try:
        found = _issues(root, options.revision)
        for lesson, former in found.items():
            folder = root / "lessons" / lesson
            if not folder.is_dir():
                print(f"{lesson}: no such lesson any more")
                continue
            known = read(folder)
            if former.issue in {one.issue for one in known}:
                print(f"{lesson}: issue {former.issue} is noted already")
                continue
            _write(folder / FILE, as_text([*known, former]))
            print(f"{lesson}: issue {former.issue}, {len(former.answers)} answer cells -> lessons/{lesson}/{FILE}")
        plan(root)
    except _WrongUse as error:
        print(error, file=sys.stderr)
        return 2
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _write(file: Path, text: str) -> None:
    from flight_delays import artifacts

    with artifacts.replacing(file) as new:
        new.write_text(text, encoding="utf-8")


def _issues(root: Path, revision: str) -> "dict[str, Former]":
    """The issue of each lesson at a revision."""
    import nbformat

    from workshop.builder.former import Former
    from workshop.builder.handout import read_handout

    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    if not commit:
        raise _WrongUse(f"Git knows no revision {revision}; a shallow clone may lack it: git fetch --unshallow")
    date = _git(root, "show", "--no-patch", "--format=%cI", commit).strip()
    files = _git(root, "ls-tree", "-r", "--name-only", commit, "exercises/").splitlines()
    lessons = sorted({Path(file).stem for file in files if file.endswith(".ipynb")})
    if not lessons:
        raise _WrongUse(f"Revision {revision} has no exercises/")
    found = {}
    for lesson in lessons:
        names = {language: f"exercises/{language}/{lesson}.ipynb" for language in LANGUAGES}
        try:
            notebooks = {
                language: nbformat.reads(_git(root, "show", f"{commit}:./{name}"), as_version=4)
                for language, name in names.items()
                if name in files
            }
            handout = read_handout(notebooks)
        except ValueError as error:
            raise _WrongUse(f"exercises/*/{lesson}.ipynb of revision {revision}: {error}") from None
        found[lesson] = Former(handout.issue, handout.titles, handout.slots, commit, date)
    return found


def _git(root: Path, *arguments: str) -> str:
    """What Git prints; nothing where it says no quietly. _WrongUse if it cannot tell."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise _WrongUse("Git is not installed") from None
    if done.returncode and done.stderr.strip():
        raise _WrongUse(f"git {arguments[0]}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout
