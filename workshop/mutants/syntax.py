"""What the kinds of mistakes share: a change of a syntax tree, the code of its nodes, lists of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import libcst as cst

Part = TypeVar("Part", bound=cst.CSTNode)


@dataclass(frozen=True)
class Change:
    """`new` instead of `node`; `at` says where that is, `before` and `after` what to call it."""

    node: cst.CSTNode
    new: cst.CSTNode
    at: cst.CSTNode
    before: str
    after: str


@dataclass(frozen=True)
class Scope:
    """What a mistake may know of what stands around: the node around this one, words of the solution, the literal
    arguments that the task's cells call functions with (by function and place), and which nodes stand in the blank."""

    parent: cst.CSTNode | None
    strings: tuple[str, ...]
    calls: dict[str, dict[int | str, list[str]]]
    inside: Callable[[cst.CSTNode], bool]


def source(node: cst.CSTNode) -> str:
    """The code of a node as it is written."""
    return cst.Module([]).code_for_node(node)


def code(node: cst.CSTNode) -> str:
    """The code of a node in one line, to be read, without the comments above it."""
    return " ".join(source(node.with_changes(leading_lines=()) if hasattr(node, "leading_lines") else node).split())


def changed(node: cst.CSTNode, new: cst.CSTNode) -> Change:
    """A change that is called by the whole node."""
    return Change(node, new, node, code(node), code(new))


def expression(text: str) -> cst.BaseExpression:
    """The node of an expression, in parentheses wherever its place may need them."""
    node = cst.parse_expression(text)
    atoms = (cst.Name, cst.Call, cst.Attribute, cst.Subscript, cst.BaseString, cst.BaseNumber, cst.List, cst.Dict, cst.Set)
    if isinstance(node, atoms) or getattr(node, "lpar", None):
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def name_of(call: cst.Call) -> str:
    """The name of what is called, without what it belongs to; "" if it has none."""
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""


def even(parts: Sequence[Part]) -> list[Part]:
    """Elements or arguments without their commas, which are written anew."""
    return [part.with_changes(comma=cst.MaybeSentinel.DEFAULT) for part in parts]


def without(parts: Sequence[Part], index: int) -> list[Part]:
    """The parts but one."""
    return [*parts[:index], *parts[index + 1 :]]


def swapped(parts: Sequence[Part], index: int) -> list[Part]:
    """The parts with one of them after its neighbour."""
    return [*parts[:index], parts[index + 1], parts[index], *parts[index + 2 :]]
