"""The kinds of mistakes that mutants make: a function for each, from a node to what may stand there instead."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from workshop.mutants.arguments import argument
from workshop.mutants.syntax import Change, Scope, changed, code, even, expression, name_of, source, swapped, without
from workshop.mutants.words import variants

Kind = Callable[[Any, Scope], Iterator[Change]]

_COMPARISONS = [
    (cst.Equal, cst.NotEqual),
    (cst.LessThan, cst.GreaterThan),
    (cst.LessThanEqual, cst.GreaterThanEqual),
    (cst.Is, cst.IsNot),
    (cst.In, cst.NotIn),
]
_BOUNDARIES = [(cst.LessThan, cst.LessThanEqual), (cst.GreaterThan, cst.GreaterThanEqual)]
_ARITHMETIC = [
    (cst.Add, cst.Subtract),
    (cst.Multiply, cst.Divide),
    (cst.BitOr, cst.BitAnd),
    (cst.LeftShift, cst.RightShift),
    (cst.AddAssign, cst.SubtractAssign),
    (cst.MultiplyAssign, cst.DivideAssign),
    (cst.BitOrAssign, cst.BitAndAssign),
    (cst.And, cst.Or),
]


def _both_ways(pairs: list) -> dict:
    return {one: other for pair in pairs for one, other in (pair, pair[::-1])}


_OPPOSITES = _both_ways([*_COMPARISONS, *_ARITHMETIC]) | {cst.FloorDivide: cst.Divide, cst.Modulo: cst.FloorDivide}
_STRICTNESS = _both_ways(_BOUNDARIES)
_OTHER_END = _both_ways([("min", "max"), ("head", "tail"), ("first", "last"), ("ceil", "floor"), ("union", "intersection")])
_ANY_ALL = _both_ways([("any", "all")])
_NOT_COMMUTATIVE = (cst.Subtract, cst.Divide, cst.FloorDivide, cst.Modulo, cst.Power, cst.LeftShift, cst.RightShift)
_OVER_ALL = {"sum", "min", "max", "sorted", "len", "set", "list", "tuple", "dict", "any", "all", "zip", "map"}
_CASTS = {"int", "float", "str", "bool"}
_COLLECTIONS = {"set": "list", "list": "tuple", "tuple": "list", "sorted": "set", "frozenset": "list", "dict": "list"}
_OTHER_ERRORS = {
    "OSError": "ConnectionError",
    "ConnectionError": "OSError",
    "Exception": "ValueError",
    "ValueError": "TypeError",
    "KeyError": "ValueError",
    "LookupError": "KeyError",
}


def operator(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """Another operator, of numbers, sets, truth; a condition turned round; the smallest for the largest."""
    if isinstance(node, cst.ComparisonTarget | cst.BinaryOperation | cst.BooleanOperation | cst.AugAssign):
        if other := _OPPOSITES.get(type(node.operator)):
            yield _with_operator(node, other(), scope)
    elif isinstance(node, cst.UnaryOperation):
        yield changed(node, _safe(node.expression))
    elif isinstance(node, cst.If | cst.While | cst.IfExp | cst.CompIf):
        if not isinstance(node.test, cst.Comparison | cst.UnaryOperation):
            new = cst.UnaryOperation(cst.Not(), expression(f"({source(node.test)})"))
            yield changed(node.test, new)
    elif isinstance(node, cst.Call):
        yield from _renamed(node, _OTHER_END)


def boundary(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """With the boundary or without it; a range that ends one later."""
    if isinstance(node, cst.ComparisonTarget) and (other := _STRICTNESS.get(type(node.operator))):
        yield _with_operator(node, other(), scope)
    elif isinstance(node, cst.Call) and name_of(node) == "range" and node.args:
        end = node.args[0] if len(node.args) == 1 else node.args[1]
        for step in ("+ 1", "- 1"):
            yield changed(end.value, cst.parse_expression(f"{source(end.value)} {step}"))


def position(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """Another place of a sequence: the last for the first, the next; a slice without one of its ends."""
    if not isinstance(node, cst.SubscriptElement):
        return
    if isinstance(node.slice, cst.Index):
        if (place := _integer(node.slice.value)) is not None:
            for other in {0: [-1, 1], -1: [0]}.get(place, [place + 1]):
                yield changed(node.slice.value, cst.parse_expression(str(other)))
    elif isinstance(node.slice, cst.Slice):
        for end in ("lower", "upper", "step"):
            if getattr(node.slice, end):
                yield changed(node.slice, node.slice.with_changes(**{end: None}))


def first(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """The first instead of all: in a loop, as an argument, of a condition; a loop that returns at once."""
    if isinstance(node, cst.For | cst.CompFor):
        yield changed(node.iter, expression(f"list({source(node.iter)})[:1]"))
    elif isinstance(node, cst.Call):
        yield from _renamed(node, _ANY_ALL)
        if name_of(node) in _OVER_ALL and isinstance(node.func, cst.Name) and len(node.args) == 1:
            (only,) = node.args
            if not only.star and not isinstance(only.value, cst.GeneratorExp | cst.ListComp | cst.SetComp):
                yield changed(only.value, expression(f"list({source(only.value)})[:1]"))
    elif isinstance(node, cst.IndentedBlock | cst.Module):
        for loop, after in zip(node.body, node.body[1:], strict=False):
            if isinstance(loop, cst.For) and isinstance(loop.body, cst.IndentedBlock) and _is_return(after):
                inside = loop.body.with_changes(body=[*loop.body.body, after])
                yield Change(loop, loop.with_changes(body=inside), after, code(after), "the same within the loop")


def order(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """Neighbours swapped: statements, elements, arguments, the sides of an operation."""
    if isinstance(node, cst.IndentedBlock | cst.Module):
        for index, (one, other) in enumerate(zip(node.body, node.body[1:], strict=False)):
            if _order_matters(one, other):
                yield Change(
                    node, node.with_changes(body=swapped(node.body, index)), one, f"{code(one)}; {code(other)}", "swapped"
                )
    elif isinstance(node, cst.List | cst.Tuple) and not isinstance(scope.parent, cst.ComparisonTarget):
        for index in range(len(node.elements) - 1):
            if code(node.elements[index].value) != code(node.elements[index + 1].value):
                pair = ", ".join(code(element.value) for element in node.elements[index : index + 2])
                new = node.with_changes(elements=swapped(even(node.elements), index))
                yield Change(node, new, node.elements[index], pair, "swapped")
    elif isinstance(node, cst.Call):
        yield from _arguments_swapped(node)
    elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, _NOT_COMMUTATIVE):
        yield changed(node, node.with_changes(left=_safe(node.right), right=_safe(node.left)))


def constant(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """Another number, string, truth or nothing; another error; a file opened to be written anew, or to be added to."""
    if isinstance(node, cst.Integer):
        whole = int(ast.literal_eval(node.value))
        for number in (whole + 1, whole - 1) if whole else (1,):
            yield changed(node, expression(str(number)))
    elif isinstance(node, cst.Float):
        part = float(ast.literal_eval(node.value))
        for real in (part * 2, part / 2) if part else (1.0,):
            yield changed(node, expression(repr(real)))
    elif isinstance(node, cst.Name) and not isinstance(scope.parent, cst.Attribute | cst.Arg):
        others = {"True": "False", "False": "True", "None": "False"} | _OTHER_ERRORS
        if other := others.get(node.value):
            yield changed(node, cst.Name(other))
    elif isinstance(node, cst.Arg) and isinstance(node.value, cst.Name):
        others = {"True": "False", "False": "True", "None": "False"} | _OTHER_ERRORS
        if other := others.get(node.value.value):
            yield changed(node.value, cst.Name(other))
    elif isinstance(node, cst.Call) and name_of(node) == "open":
        for arg in node.args:
            if mode := {"a": "w", "w": "a"}.get(getattr(arg.value, "evaluated_value", "")):
                yield changed(arg.value, cst.SimpleString(f'"{mode}"'))
    elif isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
        for before, after, text in variants(node.evaluated_value, scope.strings):
            yield Change(node, quoted(node, text), node, before, after or "nothing")
    elif isinstance(node, cst.FormattedStringText) and "\\" not in node.value:
        for before, after, text in variants(node.value, ()):
            yield Change(node, node.with_changes(value=text), node, before, after or "nothing")


def wrong_type(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """A value of another type: a list for a set, text for a number, a value without its cast."""
    # what is only looked into, and what is part of another collection
    searched = isinstance(scope.parent, cst.ComparisonTarget | cst.For | cst.CompFor | cst.Element)
    if isinstance(node, cst.Set) and not searched:
        yield changed(node, cst.List(even(node.elements)))
    elif isinstance(node, cst.List) and not searched:
        yield changed(node, expression(f"tuple({source(node)})"))
    elif isinstance(node, cst.Tuple) and node.lpar and not searched:
        yield changed(node, cst.List(even(node.elements)))
    elif isinstance(node, cst.SetComp):
        yield changed(node, cst.ListComp(node.elt, node.for_in))
    elif isinstance(node, cst.ListComp) and not searched:
        yield changed(node, cst.SetComp(node.elt, node.for_in))
    elif isinstance(node, cst.Integer | cst.Float) and not isinstance(scope.parent, cst.Index):
        yield changed(node, cst.SimpleString(f'"{node.value}"'))
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
        if node.func.value in _CASTS and len(node.args) == 1:
            yield changed(node, _safe(node.args[0].value))
        elif (other := _COLLECTIONS.get(node.func.value)) and (node.func.value != "sorted" or len(node.args) == 1):
            yield changed(node, node.with_changes(func=cst.Name(other)))
    elif isinstance(node, cst.Return) and node.value is not None and not isinstance(node.value, cst.Name | cst.Call):
        shape = "str({})" if isinstance(node.value, cst.Integer | cst.Float | cst.BinaryOperation | cst.Comparison) else "[{}]"
        yield changed(node.value, expression(shape.format(source(node.value))))


def item(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """An item that is left out, of a list, a set, a dictionary or a text with values; one too many."""
    if isinstance(node, cst.List | cst.Tuple | cst.Set | cst.Dict):
        for index, element in enumerate(node.elements):
            left = without(even(node.elements), index)
            new: cst.CSTNode = node.with_changes(elements=left) if left else _EMPTY[type(node)]
            yield Change(node, new, element, code(element.with_changes(comma=cst.MaybeSentinel.DEFAULT)), "nothing")
        if isinstance(node, cst.List | cst.Set) and all(isinstance(one.value, cst.SimpleString) for one in node.elements):
            more = [*even(node.elements), cst.Element(cst.SimpleString('"other"'))]
            yield Change(node, node.with_changes(elements=more), node, "nothing", '"other"')
    elif isinstance(node, cst.FormattedString):
        for index, part in enumerate(node.parts):
            if isinstance(part, cst.FormattedStringExpression):
                yield Change(node, node.with_changes(parts=without(node.parts, index)), part, code(part), "nothing")
                if part.format_spec or part.conversion:
                    yield changed(part, part.with_changes(format_spec=None, conversion=None))


_EMPTY: dict[type, cst.CSTNode] = {
    cst.List: expression("[]"),
    cst.Tuple: expression("()"),
    cst.Set: expression("set()"),
    cst.Dict: expression("{}"),
}


def deleted(node: cst.CSTNode, scope: Scope) -> Iterator[Change]:
    """Something that was not done: a statement, a condition, one of two conditions, a call of a method, a decorator."""
    if isinstance(node, cst.IndentedBlock | cst.Module):
        for index, statement in enumerate(node.body):
            if not _does_nothing(statement, last=index == len(node.body) - 1):
                left = without(node.body, index) or [cst.parse_statement("pass")]
                yield Change(node, node.with_changes(body=left), statement, code(statement), "nothing")
    elif isinstance(node, cst.If):
        if isinstance(scope.parent, cst.IndentedBlock | cst.Module) and not node.orelse:
            yield changed(node.test, cst.Name("True"))
        if node.orelse:
            yield Change(node, node.with_changes(orelse=None), node.orelse, code(node.orelse), "nothing")
    elif isinstance(node, cst.IfExp):
        for one in (node.body, node.orelse):
            yield changed(node, _safe(one))
    elif isinstance(node, cst.BooleanOperation):
        for one in (node.left, node.right):
            yield changed(node, _safe(one))
    elif isinstance(node, cst.CompFor) and node.ifs:
        for index, condition in enumerate(node.ifs):
            yield Change(node, node.with_changes(ifs=without(node.ifs, index)), condition, code(condition), "nothing")
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        positional = any(arg.keyword is None for arg in node.args)
        if isinstance(scope.parent, cst.Expr):  # the whole statement is left out already
            return
        if not positional or not isinstance(node.func.value, cst.Name):
            yield Change(node, node.func.value, node, code(node), code(node.func.value))
    elif isinstance(node, cst.FunctionDef):
        for index, decorator in enumerate(node.decorators):
            new = node.with_changes(decorators=without(node.decorators, index))
            yield Change(node, new, decorator, code(decorator), "nothing")


KINDS: dict[str, Kind] = {
    "operator": operator,
    "boundary": boundary,
    "position": position,
    "first": first,
    "order": order,
    "constant": constant,
    "argument": argument,
    "type": wrong_type,
    "item": item,
    "deleted": deleted,
}


def quoted(literal: cst.SimpleString, text: str) -> cst.SimpleString:
    """A literal like this one, for another text."""
    value = f"{literal.prefix}{literal.quote}{text}{literal.quote}"
    if _means(value) != text:
        escaped = text.replace("\\", "\\\\").replace(literal.quote, "\\" + literal.quote)
        value = f"{literal.quote}{escaped}{literal.quote}"
    return cst.SimpleString(value if _means(value) == text else repr(text))


def _means(value: str) -> object:
    try:
        return ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return None


def _with_operator(node: Any, other: cst.CSTNode, scope: Scope) -> Change:
    """A node with another operator, its blanks as they were; a comparison's target is called with its left side."""
    if not isinstance(node, cst.BooleanOperation | cst.AugAssign) and isinstance(
        node.operator, cst.BaseBinaryOp | cst.BaseCompOp
    ):
        other = other.with_changes(whitespace_before=cst.SimpleWhitespace(" "), whitespace_after=cst.SimpleWhitespace(" "))
    new = node.with_changes(operator=other)
    if isinstance(node, cst.ComparisonTarget) and isinstance(scope.parent, cst.Comparison):
        left = code(scope.parent.left)
        return Change(node, new, node, f"{left} {code(node)}", f"{left} {code(new)}")
    return changed(node, new)


def _renamed(call: cst.Call, names: dict[str, str]) -> Iterator[Change]:
    if other := names.get(name_of(call)):
        if isinstance(call.func, cst.Attribute):
            func: cst.BaseExpression = call.func.with_changes(attr=cst.Name(other))
        else:
            func = cst.Name(other)
        yield changed(call, call.with_changes(func=func))


def _arguments_swapped(call: cst.Call) -> Iterator[Change]:
    for index, (one, other) in enumerate(zip(call.args, call.args[1:], strict=False)):
        if one.star or other.star or code(one.value) == code(other.value) or bool(one.keyword) != bool(other.keyword):
            continue
        args = list(call.args)
        args[index], args[index + 1] = one.with_changes(value=other.value), other.with_changes(value=one.value)
        new = call.with_changes(args=args)
        pair = f"{code(one.value)}, {code(other.value)}"
        yield Change(call, new, one, pair, "swapped")


def _integer(node: cst.CSTNode) -> int | None:
    try:
        value = ast.literal_eval(code(node))
    except (SyntaxError, ValueError):
        return None
    return value if type(value) is int else None


def _safe(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression in parentheses, if it is an operation that stands without them."""
    operations = (cst.BinaryOperation, cst.BooleanOperation, cst.Comparison, cst.UnaryOperation, cst.IfExp, cst.Lambda)
    if isinstance(node, operations) and not node.lpar:
        return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return node


def _small(statement: cst.CSTNode) -> cst.CSTNode:
    """The statement of a line that has one; else the line or the block as it is."""
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        return statement.body[0]
    return statement


def _is_return(statement: cst.CSTNode) -> bool:
    return isinstance(_small(statement), cst.Return)


def _does_nothing(statement: cst.CSTNode, *, last: bool) -> bool:
    """Whether it is a docstring, `pass`, or a `return` of nothing at the end."""
    small = _small(statement)
    if isinstance(small, cst.Pass) or (isinstance(small, cst.Expr) and isinstance(small.value, cst.BaseString)):
        return True
    return last and isinstance(small, cst.Return) and (small.value is None or code(small.value) == "None")


_PLAIN = (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.FunctionDef)


def _order_matters(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether swapping two statements may change anything: not if both only bind names that the other does not use."""
    try:
        first_one, second = (ast.parse(source(statement).strip()).body[0] for statement in (one, other))
    except (SyntaxError, IndexError):  # `return` and the like are read by ast.parse too; what is not is no statement
        return False
    if isinstance(first_one, ast.Return | ast.Raise | ast.Break | ast.Continue):
        return False
    if not (isinstance(first_one, _PLAIN) and isinstance(second, _PLAIN)):
        return True
    return bool(_bound(first_one) & _names(second) or _bound(second) & _names(first_one))


def _names(statement: ast.stmt) -> set[str]:
    used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return used | _bound(statement)


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    found = set()
    for target in targets:
        if target is not None:
            # `x[0] = ...` and `x.y = ...` change x
            found |= {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
    return found


def code_in(literal: cst.SimpleString) -> str | None:
    """The Python that a string holds, as lessons write files; None if it is another text, a word or one expression."""
    text = literal.evaluated_value
    if not isinstance(text, str) or not re.search(r"[\n=]", text):
        return None
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    return text if any(not isinstance(statement, ast.Expr) for statement in body) else None
