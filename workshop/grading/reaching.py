"""Where a student's code reaches for the interpreter or the machine: for the instructor's eyes, never for the points."""

import ast
import builtins
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

# by full name; what lies inside of them counts too
_MODULES = {
    "IPython.core.inputtransformer2",
    "IPython.core.interactiveshell",
    "IPython.get_ipython",
    "ast.NodeTransformer",
    "builtins",
    "ctypes",
    "gc",
    "importlib.reload",
    "inspect.currentframe",
    "inspect.stack",
    "ipykernel",
    "mock",
    "os._exit",
    "os.abort",
    "os.kill",
    "signal",
    "socket",
    "sys._current_frames",
    "sys._getframe",
    "sys.addaudithook",
    "sys.meta_path",
    "sys.modules",
    "sys.setprofile",
    "sys.settrace",
    "threading.setprofile",
    "threading.settrace",
    "unittest.mock",
}
_BUILTINS = {"__builtins__", "compile", "eval", "exec", "get_ipython"}
# of any object
_ATTRIBUTES = {
    "__builtins__",
    "__code__",
    "__globals__",
    "__subclasses__",
    "ast_transformers",
    "cr_frame",
    "f_back",
    "f_builtins",
    "f_globals",
    "f_locals",
    "get_ipython",
    "gi_frame",
    "input_transformers_cleanup",
    "input_transformers_post",
    "tb_frame",
}
# by these an object makes itself equal to others, true, or of another type
_SPECIAL = {"__bool__", "__class__", "__eq__", "__hash__", "__ne__"}
_IMPORTERS = {"importlib.import_module", "importlib.__import__"}
_KIT = {"flight_delays", "workshop"}
_MEANT_TO_BE_SET = {"pandas.options", "sys.argv", "sys.path"}
_PROC = re.compile(r"(?<![\w.-])/proc(?!\w)")
_MAY_BE_CODE = re.compile(r"[(=]|import")  # most texts have none of these
_LONGEST = 60  # characters of a name

UNREAD = "?"

Names = dict[str, str]  # what a name in the code stands for: {"pd": "pandas", "join": "os.path.join"}


def reached(student: Mapping[int, Sequence[str]], given: Sequence[str]) -> dict[int, list[str]]:
    """What the code of each task reaches for, as `get_ipython`, `/proc`, `pandas.read_csv =`; other tasks are left out.

    `student` has the student's cells by task, `given` are our own cells. `UNREAD` stands for code that is too deep for the
    parser; what is not Python is passed over, as it does not run. Call it where time and memory are limited.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the code's own, as of a wrong escape
        ours = [tree for text in given if (tree := _cell(text))]
        read = {task: [_read(text) for text in texts] for task, texts in student.items()}
    finder = _Finder.of(ours, [tree for cells in read.values() for cell in cells for tree in cell.trees])
    found = {task: sorted({label for cell in cells for label in finder.reached(cell)}) for task, cells in read.items()}
    return {task: labels for task, labels in found.items() if labels}


# Code, and code in its strings


@dataclass
class _Read:
    """A cell: its tree, then the trees of code in its strings; `unread` if the parser gave up somewhere."""

    trees: list[ast.Module]
    unread: bool = False


def _read(text: str) -> _Read:
    cell = _Read([])
    parse, waiting = _cell, [text]
    while waiting:
        try:
            tree = parse(waiting.pop())
        except (RecursionError, MemoryError):
            tree, cell.unread = None, True
        if tree:
            cell.trees.append(tree)
            waiting += [one for one in _strings(tree) if _MAY_BE_CODE.search(one)]
        parse = _string  # of whatever comes after the cell itself
    return cell


def _string(text: str) -> ast.Module | None:
    """The tree of plain Python, also where all of it is indented; None if it is something else."""
    try:
        return ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError):
        return None


def _cell(text: str) -> ast.Module | None:
    """The tree of a cell, which may hold what IPython adds to Python; None if it is neither."""
    if tree := _string(text):
        return tree
    try:
        code = TransformerManager().transform_cell(text)
    except SyntaxError:
        return None
    if "get_ipython" not in text:
        code = code.replace("get_ipython()", "magic")  # it was not the student who wrote that
    return _string(code)


def _strings(tree: ast.AST) -> Iterator[str]:
    """The strings in a tree; a formatted one with a name in place of each value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "value" for part in node.values)


# What is found in it


@dataclass(frozen=True)
class _Finder:
    """Knows what names stand for in a student's code."""

    names: Names  # imported by us or by the student
    given: Names  # imported by us
    objects: set[str]  # ours that the student gives no other meaning
    read: set[str]  # Python's own names that our code uses

    @classmethod
    def of(cls, ours: Sequence[ast.Module], theirs: Sequence[ast.Module]) -> "_Finder":
        given = _imported(ours)
        loaded = {node.id for tree in ours for node in ast.walk(tree) if isinstance(node, ast.Name)}
        objects = {name for tree in ours for name in _bound(tree)}
        own = {name for tree in theirs for name in _bound(tree)}
        return cls(given | _imported(theirs), given, objects - own, loaded & set(dir(builtins)))

    def reached(self, cell: _Read) -> Iterator[str]:
        """What a cell reaches for."""
        unread = cell.unread
        for tree in cell.trees:
            try:
                yield from self._in(tree)
            except RecursionError:
                unread = True
        for tree in cell.trees[:1]:
            yield from self._taken(tree)
        if unread:
            yield UNREAD

    def _in(self, tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from self._listed(*(alias.name for alias in node.names))
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield from self._listed(*(f"{node.module}.{alias.name}" for alias in node.names))
            elif isinstance(node, ast.ClassDef):
                yield from _SPECIAL.intersection(name for statement in node.body for name in _bound(statement))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from ["/proc"] if _PROC.search(node.value) else []
                yield from {node.value} & (_SPECIAL | _ATTRIBUTES)  # as a key, or for getattr
            elif isinstance(node, ast.Name):
                yield from {node.id} & _BUILTINS
                yield from self._listed(self.names.get(node.id, ""))
            elif isinstance(node, ast.Attribute):
                yield from self._attribute(node)
            elif isinstance(node, ast.Call):
                yield from self._call(node)

    def _taken(self, tree: ast.Module) -> Iterator[str]:
        """The names that a cell gives another meaning than our code counts on."""
        brought = _imported([tree])
        for name in _bound(tree):
            # `import datetime` after our `from datetime import datetime` is no trick
            other = name in self.given and _package(brought.get(name, "")) != _package(self.given[name])
            if other or name in self.read:
                yield _changed(name)

    def _listed(self, *full: str) -> Iterator[str]:
        for name in full:
            parts = name.split(".")
            yield from _MODULES.intersection(".".join(parts[:end]) for end in range(1, len(parts) + 1))

    def _path(self, node: ast.AST) -> tuple[str, bool]:
        """The full name of an expression, and whether it leads to a module, or to what is ours; else it has no name."""
        parts: list[str] = []
        while True:
            match node:
                case ast.Attribute(value=value, attr=attr):
                    node = value
                    parts.append(attr)
                case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(attr)), *_]):
                    node = value
                    parts.append(attr)
                case ast.Call(func=ast.Name(id="type"), args=[value]):
                    node = value
                case ast.Name(id=name):
                    root = self.names.get(name) or (name if name in self.objects else "")
                    return ".".join([root, *reversed(parts)]), bool(root)
                case ast.Call(args=[ast.Constant(value=str(module)), *_]) if self._imports(node):
                    return ".".join([module, *reversed(parts)]), True
                case _:
                    return "", False

    def _imports(self, node: ast.Call) -> bool:
        if isinstance(node.func, ast.Name) and node.func.id == "__import__":
            return True
        return self._path(node.func)[0] in _IMPORTERS

    def _attribute(self, node: ast.Attribute) -> Iterator[str]:
        yield from {node.attr} & _ATTRIBUTES
        full, known = self._path(node)
        yield from self._listed(full)
        yield from ["__dict__"] if known and node.attr == "__dict__" else []
        if isinstance(node.ctx, ast.Load):
            return
        yield from {node.attr} & _SPECIAL
        if known and not any(full == name or full.startswith(f"{name}.") for name in _MEANT_TO_BE_SET):
            yield _changed(full)

    def _call(self, node: ast.Call) -> Iterator[str]:
        match node:
            case ast.Call(func=ast.Name(id="setattr" | "delattr" | "vars" as name), args=[value, *_]) if self._path(value)[1]:
                yield name
            case ast.Call(func=ast.Name(id="getattr")):
                full, _ = self._path(node)
                yield from self._listed(full)
            case ast.Call(args=[ast.Constant(value=str(module)), *_]) if self._imports(node):
                yield from self._listed(module)
                yield from ["importlib"] if _package(module) in _KIT else []
            case ast.Call() if self._imports(node):
                yield "importlib"


def _changed(name: str) -> str:
    """What is told of a name that is given another value; names may come from strings, and those may hold anything."""
    return "".join(sign if sign.isprintable() else "?" for sign in name[:_LONGEST]) + " ="


def _package(full: str) -> str:
    return full.partition(".")[0]


def _imported(trees: Sequence[ast.Module]) -> Names:
    """The names that imports bring, wherever they stand."""
    found: Names = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = _package(alias.name)
                    found[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _bound(tree: ast.AST) -> Iterator[str]:
    """The names that code gives a meaning to where it stands, not inside of a function, a class or a comprehension."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or _package(node.name)
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            waiting += ast.iter_child_nodes(node)
