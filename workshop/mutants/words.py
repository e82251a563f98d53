"""Mistakes within a string: a word that is another one, or is not there."""

import re
from collections.abc import Iterator, Sequence

_WORD = re.compile(r"\S+")
_NUMBER = re.compile(r"\d+(?!.*\d)", re.DOTALL)  # the last one
_ZONE = re.compile(r"[A-Z]\w+/[A-Z]\w+")
_OPPOSITES = [("and", "or"), ("ASC", "DESC"), ("true", "false"), ("=", "!="), ("<", "<="), (">", ">="), ("&&", "||")]
_OPPOSITE = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}
_PUNCTUATION = "\"'`()[]{},:;"
_PROSE = re.compile(r"[A-Za-z',.:;-]+")
_FEW_WORDS = 4  # so many may be a command


def is_prose(text: str) -> bool:
    """Whether a string is a sentence: nobody checks its words."""
    words = text.split()
    plain = all(_PROSE.fullmatch(word) and not word.startswith("-") for word in words)
    return len(words) > _FEW_WORDS and plain and "\n" not in text.strip()


def variants(text: str, others: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """What may stand instead of a string: (what is changed, what it becomes, the whole string).

    `others` are strings of the same solution, one of which may be mistaken for this one.
    """
    words = list(_WORD.finditer(text))
    if not words or is_prose(text):
        if text:
            yield text, "", ""
        return
    alone = len(words) == 1
    for word in words:
        start, end = word.span()
        for new in _instead(word[0], others if alone else ()):
            yield word[0], new, text[:start] + new + text[end:]
        if alone:
            if not re.search(r"\w", word[0]):  # what separates others; a word is noticed when it is another one
                yield word[0], "", text[:start] + text[end:]
            continue
        line = text.rfind("\n", 0, start) + 1, (text.find("\n", end) + 1 or len(text) + 1) - 1
        if text[slice(*line)].strip() == word[0]:  # the only word of its line
            yield word[0], "", text[: line[0]] + text[line[1] + 1 :]
        elif text[line[0] : start].strip():
            yield word[0], "", text[:start].rstrip(" ") + text[end:]
        else:
            yield word[0], "", text[:start] + text[end:].lstrip(" ")
    if "\n" in text.strip():
        yield from _lines(text)


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """The text without one of its lines, if that has several words: one of a single word has gone with it."""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        if len(line.split()) > 1:
            yield line.strip(), "", "".join(lines[:index] + lines[index + 1 :])


def _instead(word: str, others: Sequence[str]) -> Iterator[str]:
    """Other words in place of this one; its brackets, quotes and commas stay."""
    core = word.strip(_PUNCTUATION)
    if not core:
        if not word.isspace() and word in _OPPOSITE:
            yield _OPPOSITE[word]
        return
    before, _, after = word.partition(core)
    if core in _OPPOSITE:
        found = [_OPPOSITE[core]]
    elif core == "*":
        found = ["1"]
    elif core.startswith("-"):
        found = []  # an option that is not there is a mistake of no interest
    elif _ZONE.fullmatch(core):
        found = ["UTC"]
    elif number := _NUMBER.search(core):
        found = [core[: number.start()] + _next(number[0]) + core[number.end() :]]
    else:
        found = [other for other in others if other != core][:1] or ["other"]
    parent, separator, _ = core.rpartition(next((sign for sign in "/." if sign in core), "/"))
    if parent and separator and not core.startswith("-"):
        found.append(parent)
    yield from (before + new + after for new in found)


def _next(number: str) -> str:
    return f"{int(number) + 1:0{len(number)}d}"
