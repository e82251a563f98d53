"""What stops a run before it starts; a notebook that runs another one asks the same."""

from pathlib import Path
from typing import Any

import papermill


class RunError(Exception):
    """The run cannot start as asked; the message says what to change."""


def check_declared(path: Path, given: dict[str, Any]) -> None:
    """RunError if the notebook does not declare a parameter: papermill would only warn and run with its default."""
    declared = papermill.inspect_notebook(str(path))
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise RunError(f"{path.name} declares no parameter {', '.join(unknown)}; it declares {', '.join(sorted(declared))}")
