"""Which modules of the kit a module imports: for the floor plan of workshop/, and for what a proof depends on."""

import ast
from functools import cache
from pathlib import Path

FRONT_ROOMS = ("engines", "quiz")  # of the front room, like the modules at the top

Modules = dict[str, Path]


def modules(kit: Path) -> Modules:
    """Every module of workshop/ by its name, such as workshop.quiz.pages; a room goes by its own name."""
    files = (kit / "workshop").rglob("*.py")
    return {".".join(file.relative_to(kit).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imported(file: Path, known: Modules) -> set[str]:
    """What a file imports from where the known modules are, at its top or in a function."""
    packages = {name.partition(".")[0] for name in known}
    found = set()
    for name, inside in _imports(file.read_bytes(), str(file)):
        members = {f"{name}.{one}" for one in inside}
        found |= {member if member in known else name for member in members} or {name}
    return {name for name in found if name.partition(".")[0] in packages}


@cache  # by the content, so that a change is seen
def _imports(code: bytes, file: str) -> list[tuple[str, tuple[str, ...]]]:
    """The modules that code names, each with what is taken from inside it."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: say the whole name"
            found.append((str(node.module), tuple(alias.name for alias in node.names)))
    return found


def needed(starts: set[str], known: Modules) -> set[str]:
    """The known modules that are loaded with some of them: what those import, and what that imports, with all packages."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if package := name.rpartition(".")[0]:
            waiting.append(package)
        if name in known:
            found.add(name)
            waiting += imported(known[name], known)
    return found


def front_room(known: Modules) -> set[str]:
    """What notebooks may import."""
    rooms = {f"workshop.{room}" for room in FRONT_ROOMS}
    top = {name for name in known if name.count(".") == 1 and known[name].name != "__init__.py"}
    inside = {name for name in known if ".".join(name.split(".")[:2]) in rooms}
    return top - {"workshop.__main__"} | inside
