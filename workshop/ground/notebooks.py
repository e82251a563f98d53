"""What any notebook says of itself."""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode


def read(file: Path) -> NotebookNode | None:
    """A stored notebook, or None if there is none or it is broken."""
    try:
        notebook = nbformat.read(file, as_version=4)
        nbformat.validate(notebook)
    except Exception:  # nbformat raises whatever the broken part of a file leads to
        return None
    return notebook


def title(file: Path) -> str:
    """The first heading of a notebook; its file's name if it has none, or is broken."""
    notebook = read(file)
    for cell in notebook.cells if notebook else ():
        if cell.cell_type == "markdown" and (found := re.match(r"# (.+)", cell.source)):
            return found[1]
    return file.stem
