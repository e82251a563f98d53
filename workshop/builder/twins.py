"""Twins say the same in two languages: same headings, lists, tables, code, links and images; only the words differ."""

import re
from collections import Counter
from collections.abc import Iterator

from markdown_it import MarkdownIt

from workshop.builder.format import Block, Cell, Problem, Source

_HTML_TARGET = re.compile(r"""\b(?:src|href)\s*=\s*["']([^"']+)["']""", re.IGNORECASE)


def check_twins(source: Source, block: Block) -> Iterator[Problem]:
    """Where the twins of a Markdown block differ in more than their words."""
    first, second = block.cells
    before, after = _skeleton(first), _skeleton(second)
    for what in before:
        if before[what] != after[what]:
            yield Problem(
                source.file,
                second.line,
                f"other {what} than its twin in line {first.line}: {_difference(before[what], after[what])}",
            )


def _skeleton(cell: Cell) -> dict[str, list[str]]:
    """What twins have in common; lists whose order a language may change are sorted."""
    tokens = MarkdownIt("commonmark").enable("table").parse(cell.text)
    inline = [child for token in tokens for child in token.children or []]
    html = [token.content for token in [*tokens, *inline] if token.type.startswith("html_")]
    spans = [token.content for token in inline if token.type == "code_inline"]
    spans += [span for text in html for span in re.findall(r"`([^`\n]+)`", text)]  # a folded hint is HTML to the parser
    links = [str(token.attrs["href"]) for token in inline if token.type == "link_open"]
    images = [str(token.attrs["src"]) for token in inline if token.type == "image"]
    links += [target for text in html for target in _HTML_TARGET.findall(text)]
    return {
        "heading levels": [token.tag for token in tokens if token.type == "heading_open"],
        "list items": [token.type for token in tokens if token.type == "list_item_open"],
        "table cells": [token.tag for token in tokens if token.type in ("th_open", "td_open")],
        "inline code": sorted(spans),
        "fenced code": [f"{token.info}\n{token.content}" for token in tokens if token.type in ("fence", "code_block")],
        "links": sorted(_without_language(target, cell.language) for target in links),
        "images": sorted(_without_language(target, cell.language) for target in images),
    }


def _without_language(target: str, language: str) -> str:
    """The target without the notebook's own language: notebooks/ru/ is the twin of notebooks/en/, a.ru.svg of a.en.svg."""
    target = re.sub(rf"(^|/){language}(?=/)", r"\1LANG", target)
    target = target.replace(f"README.{language}.md", "README.md")
    return re.sub(rf"\.{language}(?=\.\w+$)", ".LANG", target)


def _difference(before: list[str], after: list[str]) -> str:
    if len(before) != len(after) and len({*before, *after}) == 1:
        return f"{len(after)} instead of {len(before)}"
    missing, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    parts = [
        f"{word} {', '.join(map(repr, counter.elements()))}"
        for word, counter in (("without", missing), ("with", added))
        if counter
    ]
    return " and ".join(parts) or "in another order"
