"""What a notebook tells a student, in the language of the notebook, while its code stays the same.

A lesson keeps its texts in lessons/NAME/messages.yaml: `key: {ru: ..., en: ...}`, with {places} for values. A
notebook sets `lang` in its parameters cell (the builder writes it there) and then says:

    texts = Messages("04_dvc", lang)
    say, not_solved_yet = texts.say, texts.not_solved_yet
"""

import os
from pathlib import Path
from typing import NoReturn

import yaml

from workshop.places import LESSONS

FILE_NAME = "messages.yaml"


class NotSolvedYet(NotImplementedError):
    """The student has not replaced a blank; notebooks show the message instead of a traceback."""

    def _render_traceback_(self) -> list[str]:  # asked for by IPython
        return [str(self)]


class Messages:
    """The texts of a lesson in one language."""

    def __init__(self, lesson: str, lang: str, lessons: str | os.PathLike[str] = LESSONS):
        """Take the name of the lesson's folder, "ru" or "en", and where the lessons are."""
        self.lesson = lesson
        self.lang = lang
        self._texts = _load(Path(__file__).with_name(FILE_NAME)) | _load(Path(lessons) / lesson / FILE_NAME)

    def say(self, key: str, **values: object) -> str:
        """The text of a key, its {places} filled; KeyError if the lesson has no such text or a value is left out."""
        try:
            return self._texts[key][self.lang].format(**values)
        except KeyError as error:
            raise KeyError(f"{self.lesson}: no text or no value for {error} (key {key!r}, language {self.lang!r})") from None

    def not_solved_yet(self) -> NoReturn:
        """Stop at a blank: raise NotSolvedYet, which tells the student what to do."""
        raise NotSolvedYet(self.say("not_solved_yet"))


def _load(file: Path) -> dict[str, dict[str, str]]:
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {} if file.exists() else {}
