"""The rules of a source: its first cells, its twins, its markers, its code, and what it tells a student."""

import ast
import re
from collections.abc import Callable, Iterator

from workshop.builder.format import BEGIN, END, LANGUAGE_LINE, WAITS, Block, Cell, Problem, Source
from workshop.builder.message_rules import Places
from workshop.builder.twins import check_twins
from workshop.places import CYRILLIC

_MARKER_WORDS = re.compile(r"(BEGIN|END)\s+SOLUTION", re.IGNORECASE)
_MINUTES = {"ru": re.compile(r"(\d+) мин\b"), "en": re.compile(r"(\d+) min\b")}
_BOLD_LINE = re.compile(r"^\*\*(.+)\*\*\s*$", re.MULTILINE)
# the functions that give a notebook its texts: the only ones that need its language
_TEXT_GIVERS = {"start", "load"}


def check(source: Source, places: Places, blank: Callable[[str], str]) -> Iterator[Problem]:
    """Everything that is wrong in a source.

    `places` are the keys its code may say; `blank` gives a cell's text as a student gets it.
    """
    yield from _check_head(source)
    for block in source.blocks:
        if not block.is_code:
            yield from check_twins(source, block)
            yield from _check_no_markers(source, block)
    sound = True
    for cell in source.code:
        problems = [*_check_markers(source, cell), *_check_cyrillic(source, cell)]
        problems += _check_syntax(source, cell, blank) if not problems else []
        sound = sound and not problems
        yield from problems
    yield from _check_waits(source, places)
    if sound:
        yield from _check_language(source)
        yield from _check_messages(source, places)


# The first cells


def _check_head(source: Source) -> Iterator[Problem]:
    first = source.blocks[0].key if source.blocks else None
    if first is None or first.kind != "code" or "parameters" not in first.tags:
        yield Problem(source.file, first.line if first else 1, "the first cell must be a code cell tagged 'parameters'")
    for block in source.blocks[1:]:
        if "parameters" in block.key.tags:
            yield Problem(source.file, block.key.line, "only the first cell is tagged 'parameters'")
    title = source.blocks[1] if len(source.blocks) > 1 else None
    if title is None or title.is_code or any(not cell.text.startswith("# ") for cell in title.cells):
        line = title.key.line if title else 1
        yield Problem(source.file, line, "after the parameters comes the title: a Markdown cell that starts with `# `")
        return
    minutes = {cell.language: _minutes(cell) for cell in title.cells}
    for cell in title.cells:
        if not minutes[cell.language]:
            yield Problem(
                source.file,
                cell.line,
                "the title cell has no line with minutes, such as **Teaching 20 min · exercises 25 min**",
            )
    if all(minutes.values()) and minutes["ru"] != minutes["en"]:
        yield Problem(source.file, title.cells[1].line, "the languages give other minutes")


def _minutes(cell: Cell) -> list[str]:
    return [number for line in _BOLD_LINE.findall(cell.text) for number in _MINUTES[cell.language].findall(line)]


def _check_no_markers(source: Source, block: Block) -> Iterator[Problem]:
    for cell in block.cells:
        for number, line in enumerate(cell.text.splitlines(), start=cell.first):
            if _MARKER_WORDS.search(line):
                yield Problem(source.file, number, "a solution marker in a Markdown cell: tag the cell 'solution' instead")


# Code cells


def _check_markers(source: Source, cell: Cell) -> Iterator[Problem]:
    opened: tuple[int, str] | None = None
    for number, line in enumerate(cell.text.splitlines(), start=cell.first):
        if begin := BEGIN.fullmatch(line):
            if source.kind != "exercise":
                yield Problem(source.file, number, "a solution marker belongs into exercise.py")
            if "check" in cell.tags:
                yield Problem(source.file, number, "a check cell has no solution to blank")
            if opened:
                yield Problem(source.file, number, f"BEGIN SOLUTION inside of the one in line {opened[0]}")
            opened = number, begin[1]
        elif end := END.fullmatch(line):
            if opened is None:
                yield Problem(source.file, number, "END SOLUTION without BEGIN SOLUTION")
            elif opened[1] != end[1]:
                yield Problem(source.file, number, f"END SOLUTION is not indented like its BEGIN SOLUTION in line {opened[0]}")
            opened = None
        elif _MARKER_WORDS.search(line):
            yield Problem(source.file, number, "a solution marker is a line of its own: # BEGIN SOLUTION or # END SOLUTION")
    if opened:
        yield Problem(source.file, opened[0], "BEGIN SOLUTION is never ended in its cell")


def _check_cyrillic(source: Source, cell: Cell) -> Iterator[Problem]:
    for number, line in enumerate(cell.text.splitlines(), start=cell.first):
        if CYRILLIC.search(line):
            yield Problem(
                source.file, number, "Cyrillic in a code cell: code is shared by the languages, texts go to messages.yaml"
            )


def _check_syntax(source: Source, cell: Cell, blank: Callable[[str], str]) -> Iterator[Problem]:
    for what, text in (("the cell", cell.text), ("the cell with its blank", blank(cell.text))):
        try:
            parse(text)
        except SyntaxError as error:
            line = min(cell.first + (error.lineno or 1) - 1, cell.first + cell.text.count("\n"))
            yield Problem(source.file, line, f"{what} is not Python: {error.msg}")
            return
    if "check" in cell.tags:
        asserts = [node for node in ast.walk(parse(cell.text)) if isinstance(node, ast.Assert)]
        if not asserts:
            yield Problem(source.file, cell.line, "a check cell without an assert checks nothing")
        for node in asserts:
            if node.msg is None:
                yield Problem(source.file, _line(cell, node), "an assert without a message does not help a student")


def parse(text: str) -> ast.Module:
    """The syntax tree of a code cell; SyntaxError if it is not Python: magics are not."""
    return compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _line(cell: Cell, node: ast.stmt | ast.expr) -> int:
    return cell.first + node.lineno - 1


def _check_waits(source: Source, places: Places) -> Iterator[Problem]:
    for cell in source.code:
        tags = sorted(tag for tag in cell.tags if tag.startswith(WAITS))
        if len(tags) > 1:
            yield Problem(source.file, cell.line, f"a cell waits for one thing, not for {', '.join(tags)}")
        for tag in tags:
            if places.get(tag.replace("-", "_")) != frozenset():
                key = tag.replace("-", "_")
                yield Problem(source.file, cell.line, f"tag {tag!r}: messages.yaml has no text {key}, or one with {{places}}")


# The language of a notebook, and its messages


def _check_language(source: Source) -> Iterator[Problem]:
    """`lang` must be set where it is used; and outputs of a solution, stored once for all languages, must not depend on it."""
    parameters, *others = source.code
    settings = LANGUAGE_LINE.findall(parameters.text)
    for cell in others:
        tree = parse(cell.text)
        passed = {
            id(argument) for call in _calls(tree, _TEXT_GIVERS) for argument in [*call.args, *(k.value for k in call.keywords)]
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Name) or node.id != "lang":
                continue
            if len(settings) != 1:
                yield Problem(
                    source.file,
                    _line(cell, node),
                    'the parameters cell must set `lang = "en"`, once; the builder puts in the language',
                )
            elif source.kind == "exercise" and id(node) not in passed:
                yield Problem(
                    source.file, _line(cell, node), "`lang` is only for start and load: no output may depend on the language"
                )


def _check_messages(source: Source, places: Places) -> Iterator[Problem]:
    trees = [(cell, parse(cell.text)) for cell in source.code]
    if missing := _first_need_of_say(trees):
        yield Problem(source.file, missing, "needs `say` from an earlier cell: sandbox, say = start(...) or say = load(...)")
    for cell, tree in trees:
        messages = [node.msg for node in ast.walk(tree) if isinstance(node, ast.Assert) and node.msg]
        in_asserts = {id(node) for message in messages for node in ast.walk(message)}
        for call in _calls(tree, {"say"}):
            line = _line(cell, call)
            if source.kind == "exercise" and id(call) not in in_asserts:
                yield Problem(source.file, line, "`say` is only for messages of asserts: no output may depend on the language")
            yield from (Problem(source.file, line, text) for text in _call_problems(call, places))


def _first_need_of_say(trees: list[tuple[Cell, ast.Module]]) -> int | None:
    """The line of the first blank or call that comes before `say` is there, if any: a blank's stub calls it too."""
    for cell, tree in trees:
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "say"]
        if any(isinstance(node.ctx, ast.Store) for node in names):
            return None
        needs = [_line(cell, node) for node in names]
        needs += [number for number, line in enumerate(cell.text.splitlines(), start=cell.first) if BEGIN.fullmatch(line)]
        if needs:
            return min(needs)
    return None


def _call_problems(call: ast.Call, places: Places) -> Iterator[str]:
    key = call.args[0].value if len(call.args) == 1 and isinstance(call.args[0], ast.Constant) else None
    if not isinstance(key, str):
        yield "say takes one key, written out"
    elif key not in places:
        yield f"say({key!r}): messages.yaml has no such key"
    elif {keyword.arg for keyword in call.keywords} != places[key]:
        yield f"say({key!r}) must give {', '.join(f'{place}=...' for place in sorted(places[key])) or 'no values'}"


def _calls(tree: ast.AST, names: set[str]) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]
