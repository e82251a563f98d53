"""What the checks of the tasks on papermill need: nights to judge, edits of a notebook, what it declares and what it wrote."""

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from workshop.trying import fresh


def declares(notebook: Path, *names: str) -> bool:
    """Whether papermill finds these parameters in a notebook."""
    return set(names) <= set(papermill.inspect_notebook(str(notebook)))


def with_imports_first(notebook: Path, target: Path) -> Path:
    """The same notebook with one more cell of code above the cell `parameters`."""
    changed = nbformat.read(notebook, as_version=4)
    changed.cells.insert(0, new_code_cell("import json\nencoding = 'utf-8'"))
    nbformat.write(changed, target)
    return target


def unknown_names() -> list[str]:
    """Names that no notebook here declares, sorted."""
    draw = fresh("names")
    return sorted({"".join(draw.choices("aeioukmrst", k=draw.randint(6, 9))) for _ in range(9)})


def read_report(file: Path) -> dict[str, Any]:
    """The dictionary that a notebook wrote as JSON; empty if it wrote something else."""
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return written if isinstance(written, dict) else {}


def is_rounded(value: Any, exact: float, digits: int) -> bool:
    """Whether a value is `exact`, rounded to so many digits after the point."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value - exact) <= 0.5 * 10**-digits + 1e-9 and abs(value - round(value, digits)) < 1e-9


def nights(folder: Path, target: Path) -> list[tuple[Path, dict[str, str]]]:
    """Folders of executed notebooks, and which of these failed by what; `folder` holds those of prices.ipynb, a to d.

    The other nights are made of the same copies: other names, other exceptions, a cell that failed after it had printed,
    one that was the last.
    """
    shutil.rmtree(target, ignore_errors=True)
    first, second, quiet = (target / name for name in ("first", "second", "quiet"))
    for night in (first, second, quiet):
        night.mkdir(parents=True)
    for name in "abcd":  # not what JupyterLab adds to the folder of a notebook that somebody opens
        shutil.copy(folder / f"{name}.ipynb", first)
    shutil.copy(folder / "c.ipynb", second / f"frightful-{fresh('night').randint(1, 99)}.ipynb")
    text = (folder / "b.ipynb").read_text(encoding="utf-8")
    (second / "b.ipynb").write_text(text.replace("ZeroDivisionError", "StopIteration"), encoding="utf-8")
    printed, last = (nbformat.read(folder / f"{name}.ipynb", as_version=4) for name in "db")
    cell = printed.cells[_failed(printed)]
    cell.outputs.insert(0, new_output("stream", name="stdout", text="so far so good\n"))
    del last.cells[_failed(last) + 1 :]
    nbformat.write(printed, second / "a.ipynb")
    nbformat.write(last, second / "last.ipynb")
    fallen = {"b.ipynb": "StopIteration", "a.ipynb": "JSONDecodeError", "last.ipynb": "ZeroDivisionError"}
    return [(first, {"b.ipynb": "ZeroDivisionError", "d.ipynb": "JSONDecodeError"}), (second, fallen), (quiet, {})]


def _failed(notebook: NotebookNode) -> int:
    return next(n for n, cell in enumerate(notebook.cells) if cell.metadata.get("papermill", {}).get("exception"))


def edits(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Notebooks that differ from the one given in the source of one cell, each cell in turn, or in the order of two."""
    more = f"more = {fresh('edits').randint(1, 999)}"
    for place, cell in enumerate(notebook.cells):
        edited = copy.deepcopy(notebook)
        edited.cells[place].source += f"\n{more}" if cell.cell_type == "code" else "\nmore"
        yield edited
    for old, new in (("limit = 1 / number", "limit = 2 / number"), ("# A notebook", "# One notebook"), ("number = 2", "number = 7")):
        edited = copy.deepcopy(notebook)
        for cell in edited.cells:
            cell.source = cell.source.replace(old, new)
        yield edited
    swapped = copy.deepcopy(notebook)
    swapped.cells[-2:] = reversed(swapped.cells[-2:])
    yield swapped


def reprints(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Notebooks that differ from the one given in what their cells have printed only."""
    printed, cleared = copy.deepcopy(notebook), copy.deepcopy(notebook)
    printed.cells[-1].outputs[0].text = "done, and more"
    yield printed
    for cell in cleared.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    yield cleared
