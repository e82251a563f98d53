"""What commands leave for other commands: where measurements and decks are, and what is measured."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from workshop.places import ROOT

BENCH = ROOT / "bench"
SITUATIONS = ("cold", "nothing changed", "hyper-parameter changed", "month added", "resumed after a failure")
DECKS = ROOT / "slides" / "build"

Entry = TypeVar("Entry")


def in_order(found: Mapping[str, Entry], names: Iterable[str]) -> dict[str, Entry]:
    """Those of `names` that are there, in that order: a file of JSON has its keys by the alphabet."""
    return {name: found[name] for name in names if name in found}


def deck(lang: str, built: Path = DECKS) -> Path:
    """Where the deck of a language is."""
    return built / lang / "index.html"


def printed(lang: str, built: Path = DECKS) -> Path:
    """Where the PDF of a language is."""
    return built / f"lecture.{lang}.pdf"
