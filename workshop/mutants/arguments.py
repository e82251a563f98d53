"""Mistakes with arguments: one that is ignored, mixed up with another, or not passed on."""

import ast
from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from workshop.mutants.syntax import Change, Scope, code, even, expression, without

_MOST = 3  # stand-ins for a parameter
_BY_TYPE = {"str": '"other"', "int": "1", "float": "0.5", "bool": "True", "list": "[]", "set": "set()", "dict": "{}"}


def argument(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """An argument that is not passed on; a parameter that is ignored, something plausible in its place."""
    if isinstance(node, cst.Call):
        named = [index for index, arg in enumerate(node.args) if arg.keyword]
        last = len(node.args) - len(named) - 1
        for index in [last, *named] if last >= 1 else named:
            new = node.with_changes(args=without(even(node.args), index))
            shown = code(node.args[index].with_changes(comma=cst.MaybeSentinel.DEFAULT))
            yield Change(node, new, node.args[index], shown, "nothing")
    elif isinstance(node, cst.FunctionDef):
        parameters = [*node.params.posonly_params, *node.params.params, *node.params.kwonly_params]
        names = [parameter.name.value for parameter in parameters]
        literals = scope.calls.get(node.name.value, {})
        for index, parameter in enumerate(parameters):
            name = names[index]
            called = [*literals.get(index, []), *literals.get(name, [])]
            for other in _stand_ins(parameter, called, [one for one in names if one != name]):
                ignoring = Ignoring(name, expression(other), scope.inside)
                body = node.body.visit(ignoring)
                if isinstance(body, cst.CSTNode) and ignoring.at is not None:
                    yield Change(node, node.with_changes(body=body), ignoring.at, f"the argument {name}", other)


def _stand_ins(parameter: cst.Param, called: Sequence[str], others: Sequence[str]) -> list[str]:
    """What may stand for a parameter: what the check calls the function with, then its type, then its neighbours."""
    kind = code(parameter.annotation.annotation).partition("[")[0] if parameter.annotation else ""
    found = dict.fromkeys([*called[:2], *([_BY_TYPE[kind]] if kind in _BY_TYPE else []), *others])
    return list(found)[:_MOST] or ["None"]


class Ignoring(cst.CSTTransformer):
    """Puts something in place of every use of a name within the blank; `at` is the first of them."""

    def __init__(self, name: str, other: cst.BaseExpression, inside: Callable[[cst.CSTNode], bool]):
        super().__init__()
        self.at: cst.CSTNode | None = None
        self._name = name
        self._other = other
        self._inside = inside

    def visit_Attribute_attr(self, node: cst.Attribute) -> None:
        """Nothing: see leave_Attribute."""

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        """Leave the name after the point as it is."""
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        """Leave the name of a keyword as it is."""
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_AssignTarget(self, original_node: cst.AssignTarget, updated_node: cst.AssignTarget) -> cst.AssignTarget:
        """Leave what is assigned to."""
        return original_node

    def leave_AugAssign(self, original_node: cst.AugAssign, updated_node: cst.AugAssign) -> cst.AugAssign:
        """Leave what is changed in place."""
        return updated_node.with_changes(target=original_node.target)

    def visit_For(self, node: cst.For) -> bool:
        """Leave a loop over this name."""
        return code(node.target) != self._name

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        """Leave a function within that has a parameter of this name."""
        return not self._hidden_by(node.params)

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        """Leave a function within that has a parameter of this name."""
        return not self._hidden_by(node.params)

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        """Leave types."""
        return False

    def visit_Param(self, node: cst.Param) -> bool:
        """Leave the parameters of functions within."""
        return False

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        """Put the other in place of the name."""
        if original_node.value != self._name or not self._inside(original_node):
            return updated_node
        self.at = self.at or original_node
        return self._other

    def _hidden_by(self, parameters: cst.Parameters) -> bool:
        every = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
        return self._name in {parameter.name.value for parameter in every}


def calls(codes: Sequence[str]) -> dict[str, dict[int | str, list[str]]]:
    """The literal arguments in calls of functions: name -> place or keyword -> literals, in order."""
    found: dict[str, dict[int | str, list[str]]] = {}
    for text in codes:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                places: list[tuple[int | str, ast.expr]] = [
                    *enumerate(node.args),
                    *((one.arg, one.value) for one in node.keywords if one.arg),
                ]
                for place, value in places:
                    if isinstance(value, ast.Constant):
                        literals = found.setdefault(node.func.id, {}).setdefault(place, [])
                        if (literal := ast.unparse(value)) not in literals:
                            literals.append(literal)
    return found
