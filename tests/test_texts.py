"""What the kit's tool says, it says in both languages, with the same values."""

import string

import pytest

from workshop.ground.texts import read
from workshop.places import LANGUAGES, ROOT

FILES = sorted(file for kind in ("yaml", "json") for file in (ROOT / "workshop").rglob(f"*.{kind}"))


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_text_is_there_in_both_languages_with_the_same_values(file):
    for key, texts in read(file).items():
        assert tuple(texts) == LANGUAGES, key
        assert all(isinstance(text, str) and text.strip() for text in texts.values()), key
        assert places(texts["ru"]) == places(texts["en"]), key


def test_there_are_texts():
    assert len(FILES) >= 8
