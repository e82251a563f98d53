"""Check a lesson's messages.yaml: every key has a text in every language, with the same places for values."""

import string
from pathlib import Path

import yaml

from workshop.builder.format import Problem
from workshop.messages import FILE_NAME, own_texts
from workshop.places import LANGUAGES

# the places of each text, by key: what `say` must be given
Places = dict[str, frozenset[str]]


def read_places(folder: Path) -> tuple[Places, list[Problem]]:
    """The keys that a lesson's checks may say, with the values each needs, and what is wrong in the file."""
    places: Places = {key: _places(texts["en"]) for key, texts in own_texts().items()}
    file = folder / FILE_NAME
    problems: list[Problem] = []
    if not file.exists():
        return places, problems
    try:
        # composed, not loaded: nodes know their lines, and a key given twice is still seen
        document = yaml.compose(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        return places, [Problem(file, error.problem_mark.line + 1 if error.problem_mark else 1, f"not YAML: {error.problem}")]
    if document is None:
        return places, problems
    if not isinstance(document, yaml.MappingNode):
        return places, [Problem(file, 1, "expected `key: {ru: ..., en: ...}`")]
    for key_node, value in document.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if key in places:
            problems.append(Problem(file, line, f"key {key!r} is there twice, or is one of the kit's own"))
        texts = {name.value: text.value for name, text in value.value} if isinstance(value, yaml.MappingNode) else {}
        problems += [Problem(file, line, f"{key}: {text}") for text in _text_problems(texts)]
        try:
            places[key] = _places(str(texts.get("en", "")))
        except ValueError:
            places[key] = frozenset()
    return places, problems


def _text_problems(texts: dict[str, object]) -> list[str]:
    if set(texts) != set(LANGUAGES):
        return [f"expected the languages {', '.join(LANGUAGES)}, found {', '.join(map(str, texts)) or 'none'}"]
    written = {language: text for language, text in texts.items() if isinstance(text, str) and text.strip()}
    if empty := [language for language in texts if language not in written]:
        return [f"no text in {', '.join(empty)}"]
    try:
        found = {language: _places(text) for language, text in written.items()}
    except ValueError as error:
        return [f"{error}; a brace that is meant is written twice"]
    if len(set(found.values())) > 1:
        return ["the languages have other {places}: " + "; ".join(f"{k}: {', '.join(sorted(v))}" for k, v in found.items())]
    return []


def _places(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
