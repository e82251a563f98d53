"""The rooms of workshop/: imports go down the floor plan of docs/design.md and nowhere else than the doors say."""

import ast
import re
import shutil
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.kit_imports import FRONT_ROOMS, front_room, imported, modules
from workshop.places import ROOT

DOOR = re.compile(r"[A-Z][^.;]*; may import ([^.;]+)\.")


def place_of(module: str) -> str:
    """The room or the module at the top that a module belongs to."""
    _, *parts = module.split(".")
    return {"__main__": "commands"}.get(parts[0], parts[0]) if parts else "workshop"


def floors(kit: Path) -> dict[str, int]:
    """From room or module at the top to its floor, by the table in docs/design.md; 0 is the lowest."""
    text = (kit / "docs/design.md").read_text(encoding="utf-8")
    table = text.partition("## The floor plan")[2].partition("\n## ")[0]
    rows = [row.split("|")[2] for row in table.splitlines() if row.startswith("| ") and "`" in row]
    return {name: floor for floor, row in enumerate(reversed(rows)) for name in re.findall(r"`(\w+)/?`", row)}


def door(file: Path, places: set[str], rooms: set[str]) -> set[str] | None:
    """What may be imported by the sentence of a package's docstring; None if there is no such sentence."""
    first = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    if not (found := DOOR.fullmatch(first)):
        return None
    named = found[1]
    allowed = places & set(re.findall(r"\w+", named))
    if "the front room" in named:
        allowed |= (places - rooms) | set(FRONT_ROOMS)
    return places - {"commands"} if named == "every room" else allowed


def wrong(kit: Path) -> list[str]:
    """What the rooms of a kit do against the plan, a line each."""
    known = modules(kit)
    rooms = {file.parent.name for name, file in known.items() if file.name == "__init__.py" and name != "workshop"}
    places = {place_of(name) for name in known} - {"workshop"}
    plan = floors(kit)
    lines = [f"{name}: not in the floor plan" for name in sorted(places - set(plan))]
    lines += [f"{name}: in the floor plan only" for name in sorted(set(plan) - places)]
    doors = {}
    for room in sorted(rooms | {"workshop"}):
        file = known["workshop" if room == "workshop" else f"workshop.{room}"]
        doors[room] = door(file, places, rooms)
        if doors[room] is None:
            lines.append(f"{room}: its door does not say what it may import")
    if lines:
        return lines
    graph = {name: imported(file, known) for name, file in known.items()}
    for name, targets in graph.items():
        here = place_of(name)
        allowed = doors[here if here in rooms else "workshop"] | {here}
        for target in targets - {"workshop"}:
            there = place_of(target)
            if there not in allowed:
                lines.append(f"{name} imports {target}: its door says nothing of {there}")
            if here != "workshop" and plan[there] > plan[here]:
                lines.append(f"{name} imports {target}: that goes up")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        lines.append(f"a circle: {' <- '.join(error.args[1])}")
    return lines


def test_imports_go_down_and_only_where_a_door_leads():
    assert wrong(ROOT) == []


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("quiz/questions.py", "from workshop.builder import outputs", "its door says nothing of builder"),
        ("ground/months.py", "def f():\n    import workshop.commands.run", "its door says nothing of commands"),
        ("figures.py", "from workshop import report", "workshop.figures imports workshop.report: that goes up"),
        ("engines/databases.py", "from workshop.engines import airflow", "a circle: workshop.engines.airflow"),
        ("new_room.py", "", "new_room: not in the floor plan"),
    ],
)
def test_what_is_against_the_plan_is_found(tmp_path, file, line, said):
    shutil.copytree(ROOT / "workshop", tmp_path / "workshop", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/design.md", tmp_path / "docs")
    with (tmp_path / "workshop" / file).open("a", encoding="utf-8") as stream:
        stream.write(f"\n{line}\n")
    found = wrong(tmp_path)
    assert any(said in one for one in found), found


def test_a_door_without_its_sentence_is_found(tmp_path):
    (tmp_path / "room.py").write_text('"""A room; may import anything."""', encoding="utf-8")
    assert door(tmp_path / "room.py", {"lab"}, {"lab"}) == set()
    (tmp_path / "room.py").write_text('"""A room."""', encoding="utf-8")
    assert door(tmp_path / "room.py", {"lab"}, {"lab"}) is None


def test_no_room_has_a_name_that_checks_and_copies_leave_out():
    left_out = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["extend-exclude"])
    folders = {file.parent.name for file in modules(ROOT).values()}
    assert "builder" in folders
    assert not folders & left_out


def test_notebooks_import_the_front_room_only():
    known = modules(ROOT)
    front = front_room(known)
    sources = [*(ROOT / "lessons").rglob("*.py"), *(ROOT / "docs/instructor/examples").glob("*/lessons/*/*.py")]
    assert len(sources) > 20
    beyond = {str(file.relative_to(ROOT)): names for file in sources if (names := imported(file, known) - front)}
    assert beyond == {}


def test_texts_name_files_that_are_there():
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    texts += [ROOT / name for name in ("slides/README.md", "site/conf.py", "Makefile")]
    roots = [ROOT, *(ROOT / "docs/instructor/examples").iterdir()]
    missing = []
    for file in texts:
        for name in re.findall(r"\bworkshop/[\w./]*\w", file.read_text(encoding="utf-8")):
            if not any((root / name).exists() for root in roots):
                missing.append(f"{file.relative_to(ROOT)}: {name}")
    assert missing == []
