"""Make the mutants of a task's solution: one change each, in an order that is always the same."""

import ast
import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from workshop.builder.format import BEGIN, END
from workshop.builder.tasks import Task, blank_count, fill
from workshop.mutants.arguments import calls
from workshop.mutants.kinds import KINDS, code_in, quoted
from workshop.mutants.syntax import Change, Scope

Ranges = Sequence[tuple[int, int]]  # the lines of a cell's markers, from 1
_WORDS = ("nothing", "swapped", "the same within the loop")
_AROUND = 8  # letters beside what differs
_SHOWN = 36  # letters of what was there and of what is: YAML writes a key of more than 128 over two lines


@dataclass(frozen=True)
class Mutant:
    """One change in one blank of a task: its name, its kind, the place among the cells of an attempt, and that cell's code."""

    name: str
    kind: str
    cell: int
    code: str

    @property
    def hash(self) -> str:
        """What tells the mutant from any other one."""
        return hashlib.sha256(self.code.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class _Found:
    kind: str
    line: int  # from 1, in the cell or in the string
    in_string: bool
    before: str
    after: str
    code: str


def mutants(task: Task, right: Sequence[Sequence[str]] = ()) -> list[Mutant]:
    """All mutants of a solution that compile and that are neither the solution nor one of the `right` answers.

    An answer is a piece of code for each blank of the task.
    """
    cells = [cell.text for cell in task.attempted]
    literals = calls(cells)
    ours = [_meaning(text) for text in cells]
    seen = {tuple(ours), *(tuple(_meaning(text) for text in _filled(cells, pieces)) for pieces in right)}
    names: Counter[str] = Counter()
    made, blanks = [], 0
    for place, text in enumerate(cells):
        ranges = _ranges(text)
        for found in sorted(_changes(text, ranges, literals), key=lambda found: found.line):
            meaning = (*ours[:place], _meaning(found.code), *ours[place + 1 :])
            if meaning in seen or not _compiles(found.code):
                continue
            seen.add(meaning)
            name = _name(found, ranges, blanks, task.blanks)
            names[name] += 1
            name += f" ({names[name]})" if names[name] > 1 else ""
            made.append(Mutant(name, found.kind, place, found.code))
        blanks += len(ranges)
    return made


def drawn(found: Sequence[Mutant], most: int) -> list[Mutant]:
    """At most so many of the mutants, of all kinds alike, drawn by their hashes; in their order."""
    by_kind = [sorted((one for one in found if one.kind == kind), key=lambda one: one.hash) for kind in KINDS]
    chosen: list[Mutant] = []
    while any(by_kind) and len(chosen) < most:
        for kind in by_kind:
            if kind and len(chosen) < most:
                chosen.append(kind.pop(0))
    return [one for one in found if one in chosen]


def _filled(cells: Sequence[str], pieces: Sequence[str]) -> list[str]:
    waiting, filled = list(pieces), []
    for text in cells:
        count = blank_count(text)
        filled.append(fill(text, waiting[:count]))
        waiting = waiting[count:]
    return filled


def _meaning(text: str) -> str | None:
    """The same for codes that differ in comments and layout only; None if it is no code."""
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return None


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as `1 is 2`
            compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _ranges(text: str) -> Ranges:
    lines = list(enumerate(text.splitlines(), start=1))
    begins = [number for number, line in lines if BEGIN.fullmatch(line)]
    ends = [number for number, line in lines if END.fullmatch(line)]
    return list(zip(begins, ends, strict=True))


def _name(found: _Found, ranges: Ranges, earlier: int, blanks: int) -> str:
    """Such as "line 3, boundary: `a > b` -> `a >= b`", the line counted in the blank."""
    place = next(index for index, (begin, end) in enumerate(ranges) if begin < found.line < end)
    blank = f"blank {earlier + place + 1}, " if blanks > 1 else ""
    inside = " in a string" if found.in_string else ""
    before, after = _difference(found.before, found.after)
    return f"{blank}line {found.line - ranges[place][0]}{inside}, {found.kind}: {before} -> {after}"


def _difference(before: str, after: str) -> tuple[str, str]:
    """What was there and what is, each as short as it can be told: without most of what both have."""
    if after in _WORDS or before in _WORDS:
        return _shown(before), _shown(after)
    same = _alike(before, after)
    rest = _alike(before[same:][::-1], after[same:][::-1])
    start, end = max(same - _AROUND, 0), max(rest - _AROUND, 0)
    if max(len(before), len(after)) <= _SHOWN:
        start = end = 0
    cut = [f"{'...' if start else ''}{one[start : len(one) - end]}{'...' if end else ''}" for one in (before, after)]
    return _shown(cut[0]), _shown(cut[1])


def _alike(one: str, other: str) -> int:
    """How many letters are the same from the start."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def _shown(text: str) -> str:
    if text in _WORDS:
        return text
    text = " ".join(text.split()) or repr(text)[1:-1]
    return f"`{text if len(text) <= _SHOWN else f'{text[: _SHOWN // 2]} ... {text[5 - _SHOWN // 2 :]}'}`"


def _changes(text: str, ranges: Ranges, literals: dict[str, dict[int | str, list[str]]]) -> Iterator[_Found]:
    """Every change within the ranges of a code, and within the codes that stand there as strings."""
    if not ranges:
        return
    tree = _Tree(text, ranges)
    strings = tuple(dict.fromkeys(word for node in tree.nodes if tree.inside(node) and (word := _word(node))))
    for node in tree.nodes:
        if isinstance(node, cst.SimpleString) and tree.inside(node) and (inner := code_in(node)):
            yield from _in_string(tree, node, inner)
            continue
        scope = Scope(tree.parents.get(node), strings, literals, tree.inside)
        for kind, mistakes in KINDS.items():
            if kind == "constant" and tree.in_message(node):
                continue
            for change in mistakes(node, scope):
                if tree.inside(change.at):
                    yield _Found(kind, tree.line(change.at), False, change.before, change.after, tree.with_change(change))


def _in_string(tree: "_Tree", literal: cst.SimpleString, inner: str) -> Iterator[_Found]:
    """The changes of a code that stands in a string, each as one of the code around it."""
    several = "\n" in literal.value
    for found in _changes(inner, [(0, len(inner.splitlines()) + 1)], {}):
        new = quoted(literal, found.code)
        line = tree.line(literal) + (found.line - 1 if several else 0)
        whole = tree.with_change(Change(literal, new, literal, "", ""))
        yield _Found(found.kind, line, True, found.before, found.after, whole)


def _word(node: cst.CSTNode) -> str | None:
    """The string of a literal that is one word."""
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) and len(value.split()) == 1 else None


class _Tree:
    """A code's syntax tree, and which of its nodes stand within the ranges of lines."""

    def __init__(self, text: str, ranges: Ranges):
        wrapper = MetadataWrapper(cst.parse_module(text))
        collector = _Collector()
        wrapper.module.visit(collector)
        self.nodes = collector.nodes
        self.parents: Mapping[cst.CSTNode, cst.CSTNode] = wrapper.resolve(ParentNodeProvider)
        self._module = wrapper.module
        self._positions: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)
        self._ranges = ranges

    def line(self, node: cst.CSTNode) -> int:
        """The first line of a node."""
        return self._positions[node].start.line

    def inside(self, node: cst.CSTNode) -> bool:
        """Whether a node stands within one of the ranges."""
        place = self._positions.get(node)
        return place is not None and any(begin < place.start.line and place.end.line < end for begin, end in self._ranges)

    def in_message(self, node: cst.CSTNode) -> bool:
        """Whether a node is part of an error's text, whose words nobody checks."""
        around = self.parents.get(node)
        while around is not None and not isinstance(around, cst.Raise):
            around = self.parents.get(around)
        return around is not None

    def with_change(self, change: Change) -> str:
        """The code with a change in it."""
        new = self._module.deep_replace(change.node, change.new)
        assert isinstance(new, cst.Module)
        return new.code


class _Collector(cst.CSTVisitor):
    """All nodes in their order, without types and docstrings."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Keep the node."""
        if isinstance(node, cst.Annotation) or (isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString)):
            return False
        self.nodes.append(node)
        return True
