"""The questions of quiz/questions.yaml: what one looks like, and what is wrong with one that does not."""

import os
import re
from collections import Counter
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from flight_delays.errors import in_line
from workshop.ground import careful_yaml, measured
from workshop.ground.rendering import CODE, fill
from workshop.places import CYRILLIC, LANGUAGES, LESSONS, ROOT

FILE = ROOT / "quiz" / "questions.yaml"
# what the lecture teaches, by id
# fmt: off
POINTS = (
    "G1", "G2", "G3", "Q0", "W1", "W2", "W3", "W4", "S1", "S2", "Q1", "E1", "T0",
    "T1", "T2", "T3", "T4", "T5", "A1", "A2", "A3", "A4", "A5", "Q2", "Q3", "C1",
    "C2", "C3", "C4", "Q4", "M1", "M2", "M3", "M4", "P1", "K1", "K2", "K3",
)
# fmt: on
_CODE = re.compile(CODE, re.DOTALL)
_CATCH_ALL = re.compile(
    r"\b(?:all|none|any) of the above\b|вышеперечисленн|перечисленного|все (?:ответы|варианты)", re.IGNORECASE
)

_MOST_PROBLEMS = 20  # in a message
_LONGEST = 400  # characters of one


def _shown(text: str) -> str:
    """Somebody's words as they are; ValueError for what pages do not show and Moodle's XML may not hold."""
    if strange := [sign for sign in text if not sign.isprintable() and sign not in "\n\t\u00a0\u00ad"]:
        raise ValueError(f"a sign that nobody sees: {strange[0]!a}")
    return text


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AfterValidator(_shown)]


class QuizError(Exception):
    """The file of questions is wrong; the message names file, question and field."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(_Strict):
    """A piece of Markdown in both languages: words, `code`, fenced code."""

    ru: Words
    en: Words

    def __getitem__(self, lang: str) -> str:
        """The words in "ru" or "en"."""
        return getattr(self, lang)

    @model_validator(mode="after")
    def _twins(self) -> "Text":
        ru, en = [Counter(_CODE.findall(text)) for text in (self.ru, self.en)]
        if ru != en:
            raise ValueError(f"other code in ru than in en: {', '.join(sorted(((ru - en) + (en - ru)).keys()))}")
        if CYRILLIC.search(self.en):
            raise ValueError("Cyrillic letters in en")
        if self.ru == self.en and len(_CODE.sub("", self.ru).split()) > 3:  # names and commands are the same in both
            raise ValueError("the same in ru and en")
        return self


class Option(_Strict):
    """Something to choose; `feedback` is said to whoever chose it."""

    text: Text
    right: bool = False
    feedback: Text | None = None


class _Question(_Strict):
    id: Annotated[str, StringConstraints(pattern=r"^(?:[a-z0-9]+(?:-[a-z0-9]+)*|[QK][0-9])$")]
    lesson: str
    points: Annotated[list[str], Field(min_length=1)]
    text: Text
    explanation: Text

    @model_validator(mode="after")
    def _known(self) -> "_Question":
        if unknown := [point for point in self.points if point not in POINTS]:
            raise ValueError(f"points: the lecture has no {', '.join(unknown)}")
        if self.lesson not in lessons():
            raise ValueError(f"lesson: there is no lessons/{self.lesson}")
        return self

    @property
    def counts(self) -> bool:
        """Whether there is a right answer."""
        return not isinstance(self, (Poll, Open))


class _Choice(_Question):
    options: Annotated[list[Option], Field(min_length=3, max_length=6)]

    @model_validator(mode="after")
    def _apart(self) -> "_Choice":
        for lang in LANGUAGES:
            texts = [option.text[lang] for option in self.options]
            if len({text.casefold() for text in texts}) < len(texts):
                raise ValueError(f"options: two are the same in {lang}")
            if any(_CATCH_ALL.search(text) for text in texts):
                raise ValueError(f"options: one speaks of the others in {lang}; they may be shuffled")
        return self

    @property
    def right(self) -> list[int]:
        """The positions of the right options."""
        return [number for number, option in enumerate(self.options) if option.right]


class Poll(_Choice):
    """Options to vote for; none is right."""

    type: Literal["poll"]

    @model_validator(mode="after")
    def _no_right(self) -> "Poll":
        if self.right:
            raise ValueError("options: a poll has no right answer")
        return self


class Single(_Choice):
    """One option is right."""

    type: Literal["single"]

    @model_validator(mode="after")
    def _one_right(self) -> "Single":
        if len(self.right) != 1:
            raise ValueError(f"options: {len(self.right)} are right, one must be")
        for lang in LANGUAGES:
            right, *others = sorted(self.options, key=lambda option: not option.right)
            if len(right.text[lang]) > max(len(option.text[lang]) for option in others):
                raise ValueError(f"options: the right one is the longest in {lang}, which gives it away")
        return self


class Multiple(_Choice):
    """Several options are right, at least one is not."""

    type: Literal["multiple"]

    @model_validator(mode="after")
    def _some_right(self) -> "Multiple":
        if not 2 <= len(self.right) < len(self.options):
            raise ValueError(f"options: {len(self.right)} of {len(self.options)} are right; at least two, and not all, must be")
        return self


class TrueFalse(_Question):
    """A statement that is true or not."""

    type: Literal["truefalse"]
    answer: bool


class Number(_Question):
    """A whole number to work out."""

    type: Literal["number"]
    answer: Annotated[int, Field(ge=-(10**9), le=10**9)]


class Open(_Question):
    """To be answered in one's own words: a model answer, and what a good one names."""

    type: Literal["open"]
    answer: Text
    names: Annotated[list[Text], Field(min_length=2)]


Question = Annotated[Poll | Single | Multiple | TrueFalse | Number | Open, Field(discriminator="type")]
_ADAPTER = TypeAdapter(Question)


@cache
def lessons() -> tuple[str, ...]:
    """The names of the lessons, in order."""
    return tuple(sorted(folder.name for folder in LESSONS.iterdir() if re.match(r"\d\d_", folder.name)))


def load(file: str | os.PathLike[str] = FILE) -> list[Question]:
    """All questions, in the order of the file; QuizError says what is wrong and where."""
    name = in_line(Path(file).name)
    try:
        listed = careful_yaml.load(Path(file))
    except careful_yaml.NotYaml as error:
        raise QuizError(f"{name}: {error}") from None
    if not isinstance(listed, list) or not listed:
        raise QuizError(f"{name}: a list of questions is wanted, each beginning with - id:")
    problems = _fill(listed, Path(file))
    questions: list[Question] = []
    for number, entry in enumerate(listed, start=1):
        where = entry.get("id") if isinstance(entry, dict) else None
        where = in_line(where[:60]) if isinstance(where, str) else None
        try:
            questions.append(_ADAPTER.validate_python(entry))
        except ValidationError as error:
            problems += [f"{name}: {where or f'question number {number}'}: {_said(one)}" for one in error.errors()]
    for twice, count in Counter(question.id for question in questions).items():
        if count > 1:
            problems.append(f"{name}: {twice}: id: {count} questions have it")
    if len(problems) > _MOST_PROBLEMS:
        problems[_MOST_PROBLEMS:] = [f"{name}: and {len(problems) - _MOST_PROBLEMS} more"]
    if problems:
        raise QuizError("\n".join(problems))
    return questions


def _fill(entries: list[Any], file: Path) -> list[str]:
    """Put figures of runs into the places of all texts, and say what is wrong: the file, the line and the name."""
    problems: list[str] = []

    def filled(value: Any, lang: str | None) -> Any:
        if isinstance(value, dict):
            return {key: filled(inner, key if key in LANGUAGES else lang) for key, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner, lang) for inner in value]
        if not isinstance(value, str) or lang is None or "{{" not in value:  # else no file of figures is asked for
            return value
        text, wrong = fill(value, partial(_figure, lang=lang), code=False)
        problems.extend(f"{_place(file, text, line)}: {in_line(why[:_LONGEST])}" for line, why in wrong)
        return text

    entries[:] = filled(entries, None)
    return problems


def _figure(name: str, lang: str) -> str:
    try:
        return measured.read(ROOT).shown(name, lang)
    except measured.MeasuredError as error:
        raise ValueError(str(error)) from None


def _place(file: Path, text: str, line: int) -> str:
    """The file and the line in which a line of a text stands; what YAML has read knows no lines."""
    wanted = text.splitlines()[line].strip()
    rows = file.read_text(encoding="utf-8").splitlines()
    found = next((number for number, row in enumerate(rows, start=1) if wanted in row), None)
    return f"{in_line(file.name)}:{found}" if found else in_line(file.name)


def of_lesson(lesson: str, file: str | os.PathLike[str] = FILE) -> list[Question]:
    """The questions of a lesson, by its folder's name; QuizError if it has none."""
    found = [question for question in load(file) if question.lesson == lesson]
    if not found:
        raise QuizError(f"{Path(file).name}: no questions for {lesson!r}; the lessons are {', '.join(lessons())}")
    return found


def _said(error: ErrorDetails) -> str:
    """One of pydantic's errors as FIELD: what is wrong with it."""
    kinds = ("poll", "single", "multiple", "truefalse", "number", "open")
    place = [in_line(str(part)[:80]) for part in error["loc"]]
    if place and place[0] in kinds:
        place = place[1:]
    message = error["msg"].removeprefix("Value error, ")
    if error["type"].startswith("union_tag"):
        place, message = ["type"], f"must be one of {', '.join(kinds)}"
    return ": ".join(filter(None, [".".join(place), in_line(message[:_LONGEST])]))
