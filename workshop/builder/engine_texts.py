"""What lessons/pipeline/engines.yaml says of each engine: the short notebooks of the engines have one source, engine.py."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workshop.places import LANGUAGES

SOURCE, TEXTS = "engine.py", "engines.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Words(_Strict):
    """A text in each language."""

    ru: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Engine(_Strict):
    """What the notebook of an engine says: the file of sample_project that it shows, its title, what was and what came."""

    file: str = Field(min_length=1)
    title: Words
    about: Words
    happened: Words

    def values(self, name: str) -> dict[str, dict[str, str]]:
        """What the source's {{ words }} stand for, by language."""
        shared = {"engine": name, "file": self.file}
        texts = ("title", "about", "happened")
        return {lang: shared | {text: getattr(getattr(self, text), lang) for text in texts} for lang in LANGUAGES}


def read(file: Path) -> tuple[dict[str, Engine], list[tuple[int, str]]]:
    """The engines of a file by name, and what is wrong in it: (line, text)."""
    try:
        return _parsed(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, [(1, f"is not there: {SOURCE} needs it")]


@cache  # each notebook of an engine asks for it
def _parsed(text: str) -> tuple[dict[str, Engine], list[tuple[int, str]]]:
    try:
        document = yaml.compose(text)  # nodes know their lines, and a key given twice is still seen
        contents = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        return {}, [(error.problem_mark.line + 1 if error.problem_mark else 1, f"not YAML: {error.problem}")]
    if not isinstance(document, yaml.MappingNode):
        return {}, [(1, "expected `engine: {file: ..., title: ..., about: ..., happened: ...}`")]
    engines, wrong = {}, []
    for key, _ in document.value:
        name, line = key.value, key.start_mark.line + 1
        if name in engines:
            wrong.append((line, f"{name} is there twice"))
        try:
            engines[name] = Engine.model_validate(contents.get(name))
        except ValidationError as error:
            wrong += [(line, f"{'.'.join(map(str, (name, *each['loc'])))}: {each['msg']}") for each in error.errors()]
    return engines, wrong


def values(source: Path, name: str) -> dict[str, dict[str, str]] | None:
    """For a source that many notebooks are built from, what its {{ words }} stand for in the one of that name."""
    if source.name != SOURCE:
        return None
    engine = name.rpartition("/")[2]
    return read(source.with_name(TEXTS))[0][engine].values(engine)
