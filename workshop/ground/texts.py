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
