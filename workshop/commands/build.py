"""Build the notebooks from lessons/.

lessons/NN_name/lesson.py -> notebooks/{ru,en}/NN_name.ipynb; lessons/NN_name/exercise.py -> exercises/{ru,en}/NN_name.ipynb
(blanks) and solutions/{ru,en}/NN_name.ipynb (with outputs); lessons/pipeline/NAME.py -> notebooks/{ru,en}/pipeline/NAME.ipynb,
where engine.py makes one for each engine of engines.yaml. Figures of runs (bench/measured.yaml) are put into these, and
between the marks of README.md, docs/ and other texts that are read as they are.
"""

import argparse
import sys
from pathlib import Path

from workshop.commands import Commands
from workshop.places import ROOT


def add_parser(commands: Commands) -> None:
    """Describe `build` to the command line."""
    parser = commands.add_parser("build", help="build the notebooks from lessons/", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check", action="store_true", help="write nothing; fail if a notebook or a text is stale, missing or orphaned"
    )
    what.add_argument(
        "--execute",
        nargs="?",
        const="changed",
        choices=("changed", "all"),
        help="run the solutions whose code has changed, or all, and store their outputs",
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="another folder with lessons/ (default: the kit)")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Build, check or execute; 0 if all is well, 1 with a line for each thing to mend."""
    from workshop.builder.format import BuildError
    from workshop.builder.plan import differences, execute, plan, write

    try:
        result = plan(options.root.resolve())
    except BuildError as error:
        print(error, "Nothing was written.", sep="\n", file=sys.stderr)
        return 1
    if options.check:
        wrong = differences(result)
        print(*wrong, "Mend it with: make build, and ARGS=--execute for solutions" if wrong else "up to date", sep="\n")
        return 1 if wrong else 0
    changed = write(result)
    notebooks = sum(file in result.notebooks for file in changed)
    print(f"{len(result.notebooks)} notebooks, {notebooks} of them changed")
    for file in changed:
        if file in result.texts:
            print(f"{file.relative_to(result.root)}: figures of runs put in")
    for file in result.orphans():
        print(f"{file.relative_to(result.root)}: orphaned, no source makes it; remove it")
    if options.execute:
        failures = execute(result, result.solutions if options.execute == "all" else result.unexecuted())
        print(*failures, sep="\n", end="\n" if failures else "", file=sys.stderr)
        return 1 if failures else 0
    for solution in result.unexecuted():
        print(f"{solution.files['en'].relative_to(result.root)}: to be executed again: make build ARGS=--execute")
    return 0
