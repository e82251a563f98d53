"""What commands leave for other commands: where measurements and decks are, and what is measured."""

from pathlib import Path

from workshop.places import ROOT

BENCH = ROOT / "bench"
SITUATIONS = ("cold", "nothing changed", "hyper-parameter changed", "month added", "resumed after a failure")
DECKS = ROOT / "slides" / "build"


def deck(lang: str, built: Path = DECKS) -> Path:
    """Where the deck of a language is."""
    return built / lang / "index.html"


def printed(lang: str, built: Path = DECKS) -> Path:
    """Where the PDF of a language is."""
    return built / f"lecture.{lang}.pdf"
