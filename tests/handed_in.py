"""Submissions to tiny lessons, as people hand them in and as they should not; import by path: tests are no package."""

import io
import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v3.nbbase import new_code_cell, new_heading_cell, new_text_cell, new_worksheet
from tiny_lessons import SUM, write_lesson

from workshop.grading import notebook

RIGHT = {
    1: "answer = 42",
    2: "def double(x):\n    return x + x",
    3: "from pathlib import Path\n\nPath('note.txt').touch()",
    4: "total = 6",
}
# texts are found in the copy of the kit that a submission works in
IN_THE_COPY = "../../lessons"


def make_lessons(folder: Path) -> Path:
    """Two tiny lessons, the first with a file that its notebooks read; gives their folder."""
    write_lesson(folder, "01_tiny", texts_from=IN_THE_COPY)
    (folder / "01_tiny" / "table.csv").write_text("a,b\n")
    (folder / "01_tiny" / "former.json").write_text('{"issues": []}')  # no notebook reads it
    write_lesson(folder, "02_other", tasks=(SUM,), texts_from=IN_THE_COPY)
    return folder


def answered(assignment: notebook.Assignment, answers: dict[int, str], language: str = "ru") -> NotebookNode:
    """The exercise with answer cells replaced, by task."""
    content = assignment.notebook(language)
    tasks = {assignment.ids[cell.line]: task.number for task in assignment.exercise.tasks for cell in task.answer_cells}
    for cell in content.cells:
        if tasks.get(cell.id) in answers:
            cell.source = answers[tasks[cell.id]]
    return content


def as_bytes(content: Any) -> bytes:
    """A notebook as a file."""
    return json.dumps(content).encode()


def line_endings(content: NotebookNode) -> bytes:
    """As VS Code on Windows writes it: CRLF inside of the cells, and a newline after the last line."""
    changed = json.loads(json.dumps(content))
    for cell in changed["cells"]:
        cell["source"] = [f"{line}\r\n" for line in cell["source"].split("\n")]
    return as_bytes(changed)


def colab(content: NotebookNode) -> bytes:
    """As Google Colab writes it: ids in the metadata only."""
    changed = json.loads(json.dumps(content))
    for cell in changed["cells"]:
        cell["metadata"]["id"] = cell.pop("id")
    return as_bytes({**changed, "nbformat_minor": 0})


def no_ids(content: NotebookNode, *, other: bool = False) -> bytes:
    """As older programs write it: without ids, or with others that they have made up."""
    changed = json.loads(json.dumps(content))
    for number, cell in enumerate(changed["cells"]):
        cell.pop("id")
        if other:
            cell["id"] = f"made-up-{number}"
    return as_bytes({**changed, "nbformat_minor": 5 if other else 4})


def version_3(content: NotebookNode) -> bytes:
    """As IPython 2 wrote it: worksheets, `input` in place of `source`, headings as cells of their own."""
    cells = []
    for cell in content.cells:
        if cell.cell_type == "code":
            cells.append(new_code_cell(input=cell.source))
        elif cell.source.startswith("# ") and "\n" not in cell.source:
            cells.append(new_heading_cell(cell.source.removeprefix("# "), level=1))
        else:
            cells.append(new_text_cell("markdown", source=cell.source))
    return as_bytes({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [new_worksheet(cells=cells)]})


def packed(files: dict[str, bytes]) -> bytes:
    """A zip; a name is written as it is, also with backslashes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def bomb(size: int) -> bytes:
    """A zip with a notebook of `size` bytes, all alike."""
    return packed({"01_tiny.ipynb": b" " * size})


def put(folder: Path, student: str, files: dict[str, bytes] | Iterable[tuple[str, bytes]]) -> None:
    """Write the files of a student; what is no UTF-8 in a name is given as `os.fsdecode` has it."""
    for name, content in dict(files).items():
        file = folder / student / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def in_cp866(name: str) -> str:
    """A name as `unzip` leaves it that was written on a Russian Windows."""
    return os.fsdecode(name.encode("cp866"))
