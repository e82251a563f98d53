"""Make notebooks of a source: one for each language and variant, the same bytes at every build.

- A cell has the same id in every variant and language. It is made from the lesson and from the cell's own text as a
  student gets it (the English one of twins), so that neither a cell inserted elsewhere nor another solution changes it.
  An answer cell whose blank stays keeps the id of the newest former issue.
- `# BEGIN SOLUTION` ... `# END SOLUTION` becomes STUB, with the indentation of the marker.
- The source of a check is folded. A note in a cell's metadata tells the kernel what the cell is (workshop/builder/notes.py).
- The line `lang = "en"` of the parameters cell gets the notebook's language. It is the only code that differs.
- The metadata of an exercise names its lesson and its issue: a student's notebook keeps them, and tells by them what it is of.
"""

import hashlib
from collections import Counter
from functools import cache
from typing import Any, Literal

import nbformat
from nbconvert.preprocessors import TagRemovePreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.preprocessors import ClearSolutions

from workshop.builder import former
from workshop.builder.format import GRADED, LANGUAGE_LINE, WAITS, Block, Source
from workshop.builder.handout import digest, issue_of
from workshop.builder.notes import notes
from workshop.builder.tasks import HEADING, blank_count
from workshop.cells import NOTE
from workshop.places import LANGUAGES

STUB = "say.not_solved_yet()  # replace this line by your code"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

Variant = Literal["lesson", "exercise", "solution"]


@cache  # each language and variant asks for it
def blank(text: str) -> str:
    """The text of a code cell with its solutions replaced by the stub."""
    return _blanked(new_notebook(cells=[new_code_cell(text)])).cells[0].source


def _blanked(notebook: NotebookNode) -> NotebookNode:
    # without enforce_metadata it takes cells that were not made by nbgrader
    clear = ClearSolutions(code_stub={"python": STUB}, enforce_metadata=False)
    return clear.preprocess(notebook, {})[0]


def cell_ids(source: Source) -> list[str]:
    """An id for each block of a source. BuildError if the former issues of an exercise cannot be read."""
    kept = _kept_ids(source) if source.kind == "exercise" else {}
    seen: Counter[str] = Counter()
    ids = []
    for number, block in enumerate(source.blocks):
        key = block.key
        content = "\n".join([source.kind, source.name, key.kind, blank(key.text) if block.is_code else key.text])
        id_ = kept.get(number, "")
        while not id_ or (number not in kept and id_ in kept.values()):
            seen[content] += 1
            id_ = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:12]
        ids.append(id_)
    return ids


def _kept_ids(source: Source) -> dict[int, str]:
    """The ids of answer cells that were handed out in the newest former issue, in the same place with the same blank, by the
    number of the block: among blanks that read alike, another one's edit would give them other ids.
    """
    issues = former.read(source.file.parent)
    if not issues:
        return {}
    titles: dict[int, str] = {}
    answers: dict[str, int] = {}
    counted: Counter[int] = Counter()
    task = 0
    for number, block in enumerate(source.blocks):
        if not block.is_code and (heading := HEADING["en"].search(block.key.text)):
            task = int(heading[1])
            titles[task] = heading[4].strip()
        elif block.is_code and blank_count(block.key.text):
            counted[task] += 1
            answers[f"{task}.{counted[task]}"] = number
    places = former.places_of_answers(issues[-1], titles)
    there = {answers[to]: issues[-1].answers[place] for place, to in places.items() if to in answers}
    texts = {id_: issues[-1].by_id[id_].digests for id_ in there.values()}
    return {number: id_ for number, id_ in there.items() if texts[id_] == (digest(blank(source.blocks[number].key.text)),)}


def make(source: Source, language: str, variant: Variant) -> NotebookNode:
    """The notebook of a source in one language; an "exercise" has blanks, a "solution" has everything, none has outputs."""
    if variant != "exercise":
        return new_notebook(cells=_cells(source, language), metadata=METADATA)
    return exercises(source)[language]


def exercises(source: Source) -> dict[str, NotebookNode]:
    """The notebooks with blanks of a source, by language; they bear the name of their issue."""
    made = {language: _exercise(source, language) for language in LANGUAGES}
    for notebook in made.values():
        notebook.metadata["workshop"] = {"lesson": source.lesson, "issue": issue_of(made)}
    return made


def _exercise(source: Source, language: str) -> NotebookNode:
    notebook = _blanked(new_notebook(cells=_cells(source, language), metadata=METADATA))
    return TagRemovePreprocessor(remove_cell_tags={"solution"}).preprocess(notebook, {})[0]


def _cells(source: Source, language: str) -> list[NotebookNode]:
    ids = cell_ids(source)
    parts = zip(source.blocks, ids, notes(source, ids), strict=True)
    return [_node(block, id_, note, language) for block, id_, note in parts]


def _node(block: Block, id_: str, note: dict[str, Any], language: str) -> NotebookNode:
    cell = block.cell(language)
    tags = {tag for tag in cell.tags - set(LANGUAGES) if not tag.startswith((WAITS, GRADED))}
    if "exercise" in tags:
        tags -= {"solution"}  # a task's own text: in both
    text = LANGUAGE_LINE.sub(language_line(language), cell.text) if "parameters" in tags else cell.text
    new = new_code_cell if block.is_code else new_markdown_cell
    metadata: dict[str, Any] = {"tags": sorted(tags)} if tags else {}
    if note:
        metadata[NOTE] = note
    if "check" in tags:
        metadata["jupyter"] = {"source_hidden": True}
    return new(text, id=id_, metadata=metadata)


def language_line(language: str) -> str:
    """The line of the parameters cell that names the notebook's language."""
    return f'lang = "{language}"  # the only line of code that differs between the languages'


def to_bytes(notebook: NotebookNode) -> bytes:
    """The notebook as a file: valid, keys sorted, UTF-8, a newline at the end."""
    nbformat.validate(notebook)
    return (nbformat.writes(notebook, nbformat.NO_CONVERT) + "\n").encode()
