"""What a notebook tells a student, in the language of the notebook, while its code stays the same.

A lesson keeps its texts in lessons/NAME/messages.yaml: `key: {ru: ..., en: ...}`, with {places} for values. Its
notebooks get them with `say = load("04_dvc", lang)`, where `lang` comes from the parameters cell: the builder
writes the language there.
"""

import os
from pathlib import Path
from typing import NoReturn

from workshop.ground.texts import read
from workshop.places import LESSONS

FILE_NAME = "messages.yaml"


class NotSolvedYet(NotImplementedError):
    """The student has not replaced a blank; a notebook shows the message instead of a traceback."""

    def _render_traceback_(self) -> list[str]:  # asked for by IPython
        return [str(self)]


class Say:
    """The texts of a lesson in one language, `lang`: `say(key)` gives one."""

    def __init__(self, lesson: str, lang: str, texts: dict[str, dict[str, str]]):
        self._lesson = lesson
        self.lang = lang
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, its {places} filled; KeyError if there is no such text or a value is left out."""
        try:
            return self._texts[key][self.lang].format(**values)
        except KeyError as error:
            raise KeyError(f"{self._lesson}: say({key!r}) in {self.lang!r}: there is no {error}") from None

    def not_solved_yet(self) -> NoReturn:
        """Stop at a blank: raise NotSolvedYet, which tells the student what to do."""
        raise NotSolvedYet(self("not_solved_yet"))


def load(lesson: str, lang: str, lessons: str | os.PathLike[str] = LESSONS) -> Say:
    """The texts of a lesson, by its folder's name, in "ru" or "en"; the kit's own texts are among them."""
    file = Path(lessons) / lesson / FILE_NAME
    return Say(lesson, lang, own_texts() | (read(file) if file.exists() else {}))


def own_texts() -> dict[str, dict[str, str]]:
    """The texts that every lesson has."""
    return read(Path(__file__).with_name(FILE_NAME))
