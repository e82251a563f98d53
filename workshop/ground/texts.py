"""Texts in both languages: YAML of `key: {ru: ..., en: ...}`, with {places} for values, beside the module that says them."""

from pathlib import Path

import yaml


def read(file: Path) -> dict[str, dict[str, str]]:
    """The texts of a file: key -> language -> text."""
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}


def by_language(file: Path) -> dict[str, dict[str, str]]:
    """The same as language -> key -> text."""
    found: dict[str, dict[str, str]] = {}
    for key, texts in read(file).items():
        for language, text in texts.items():
            found.setdefault(language, {})[key] = text
    return found


def plural(number: int, lang: str) -> str:
    """The form of a noun after a whole number: "one", in Russian "few" (2, 3, 4, 22...), or "many"."""
    if lang == "en":
        return "one" if number == 1 else "many"
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    return "few" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "many"
