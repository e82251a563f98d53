"""Which copy of the project this package belongs to."""

import os
from pathlib import Path

from flight_delays.errors import WrongCopy

HERE = Path(__file__).resolve().parent.parent


def check(root: str | os.PathLike[str]) -> None:
    """WrongCopy, in one line, unless this package lies in the project `root`.

    Whoever has two copies and installed one of them, or left it in PYTHONPATH, would run the graph of one with the
    stages of the other, and see nothing of it.
    """
    project = Path(root).resolve()
    if project != HERE:
        raise WrongCopy(f"flight_delays comes from {HERE}, not from {project}: set PYTHONPATH to {project}, or install that")
