"""Try the mutants of some tasks in the kernel of their solution: ROOT LESSON FILE NUMBERS, started by `make mutants`.

FILE is the number of an open file, to which a line of JSON goes for each task as soon as all its mutants have been tried.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from nbval_answers import run_nbval

from tests.inputs import lay_out, solution
from workshop.mutants.verdicts import Kit
from workshop.places import ROOT


def main(root: str, lesson: str, tell: str, numbers: str) -> int:
    """Try them where a mutant can do no harm: in copies of the solution and of all that it reads of the kit."""
    kit = Kit(Path(root))
    with TemporaryDirectory() as folder:
        notebook = Path(folder, "solution", f"{lesson}.ipynb")
        notebook.parent.mkdir()
        shutil.copy(kit.solution(lesson), notebook)
        options = ["--exercise", str(kit.exercise(lesson)), "--answers", str(kit.answers(lesson))]
        if kit.root == ROOT:  # else its lessons import the kit as it is here
            options += ["--kit", str(lay_out(solution(ROOT, lesson), Path(folder, "kit")))]
        options += ["-p", "nbval_answers", "--try-mutants", numbers, "--tell", tell]
        done = run_nbval(notebook, *options, work=Path(folder, "work"), seconds=None, tell=[int(tell)])
    print(done.stdout[-6000:], done.stderr[-2000:], sep="\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
