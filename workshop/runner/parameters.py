"""What the parameters of notebooks may be: checked before anything runs, one line for what is wrong."""

import ast
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, Strict, TypeAdapter, ValidationError

from flight_delays.errors import ParamsError, shown
from flight_delays.params import Month, parse
from flight_delays.pipeline import Project
from workshop.engines import NAMES
from workshop.ground.months import split
from workshop.places import LANGUAGES, SAMPLE_PROJECT
from workshop.run import RunError, declared

_MONTHS = Annotated[list[Month], Strict(), Field(min_length=1)]
_MONTHS_ARE = 'a list of months such as ["2013-01", "2013-02"]'
# by name: the type, and how it is called; those of the project have the bounds of its params.yaml
_KINDS: dict[str, tuple[Any, str]] = {
    "train_months": (_MONTHS, _MONTHS_ARE),
    "test_months": (_MONTHS, _MONTHS_ARE),
    "rows": (Annotated[int, Strict(), Field(ge=1)] | None, "a whole number of 1 or more, or null for all"),
    "seed": (Annotated[int, Strict(), Field(ge=0, lt=2**32)], f"a whole number from 0 to {2**32 - 1}"),
    "engines": (
        Annotated[list[Literal[NAMES]], Strict(), Field(min_length=1)],  # type: ignore[valid-type]
        f'a list of some of {", ".join(NAMES)}, such as ["scripts", "dvc"]',
    ),
    "lang": (Literal[LANGUAGES], " or ".join(LANGUAGES)),
}


def check(name: str, value: Any, source: str) -> None:
    """RunError, which begins with `source`, unless a parameter of this name can have this value; unknown names may have any."""
    if name not in _KINDS:
        return
    kind, called = _KINDS[name]
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        raise _wrong(source, called, value) from None
    if isinstance(value, list) and len(set(value)) < len(value):
        raise _wrong(source, f"{called}, each once", value)


def defaults(notebook: Path) -> dict[str, Any]:
    """The parameters that a notebook declares, with their defaults; None where the default is more than a plain value.

    RunError if it is no notebook.
    """
    found: dict[str, Any] = {}
    for name, parameter in declared(notebook).items():
        try:
            found[name] = ast.literal_eval(parameter["default"])
        except (ValueError, SyntaxError):
            found[name] = None
    return found


def check_like_defaults(given: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """RunError if a parameter that is only this notebook's is of another kind than its default, or the months contradict."""
    for name, value in given.items():
        if name not in _KINDS and (called := _unlike(value, own[name])):
            raise _wrong(f"-p {name}", called, value)
    merged = {**own, **given}
    if {"train_months", "test_months"} <= merged.keys():
        project(merged)


def project(given: Mapping[str, Any]) -> Project:
    """The sample project with the months and the seed, if there is one, of a run; RunError if they make no sense."""
    if twice := sorted(set(given["train_months"]) & set(given["test_months"])):
        raise RunError(f"{twice[0]} cannot be both a train month and a test month")
    content = yaml.safe_load((SAMPLE_PROJECT / "params.yaml").read_text(encoding="utf-8"))
    content["months"] = split(given["train_months"], given["test_months"])
    content["train"]["seed"] = given.get("seed", content["train"]["seed"])
    try:
        return Project(SAMPLE_PROJECT, parse(content, "the parameters given"))
    except ParamsError as error:
        raise RunError(str(error)) from None


def _unlike(value: Any, default: Any) -> str:
    """What a value should have been, to be like a default; empty if it is."""
    if default is None:
        return ""
    if isinstance(default, bool) or not isinstance(default, int | float):
        names = {bool: "true or false", str: "a text", list: "a list", dict: "a mapping"}
        return "" if type(value) is type(default) else names.get(type(default), f"something like {default!r}")
    number = isinstance(value, type(default) | int) and not isinstance(value, bool) and math.isfinite(value)
    return "" if number else "a whole number" if isinstance(default, int) else "a number"


def _wrong(source: str, called: str, value: Any) -> RunError:
    return RunError(f"{source}: expected {called}, got {shown(value)}")
