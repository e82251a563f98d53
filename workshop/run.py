"""What stops a run before it starts; a notebook that runs another one asks the same."""

from pathlib import Path
from typing import Any

import papermill
from papermill.exceptions import PapermillException

from workshop.ground.notebooks import read


class RunError(Exception):
    """The run cannot start as asked; the message says what to change."""


def declared(path: Path) -> dict[str, Any]:
    """The parameters that a notebook declares, as papermill tells them; RunError if it is no notebook, or a broken one."""
    broken = RunError(f"{path}: not a notebook, or a broken one; `make build` writes it anew")
    if read(path) is None:
        raise broken
    try:
        return papermill.inspect_notebook(str(path))
    except (KeyError, ValueError, AttributeError, TypeError, PapermillException):  # such as one that tells no language
        raise broken from None


def check_declared(path: Path, given: dict[str, Any]) -> None:
    """RunError if the notebook does not declare a parameter: papermill would only warn and run with its default."""
    known = declared(path)
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise RunError(f"{path.name} declares no parameter {', '.join(unknown)}; it declares {', '.join(sorted(known))}")
