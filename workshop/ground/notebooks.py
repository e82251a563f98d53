"""What any notebook says of itself."""

import re
from pathlib import Path

import nbformat


def title(notebook: Path) -> str:
    """The first heading of a notebook; its file's name if it has none."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "markdown" and (found := re.match(r"# (.+)", cell.source)):
            return found[1]
    return notebook.stem
