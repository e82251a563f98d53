"""What the options of `make run` come to: parameters for notebooks."""

import argparse
import json
from typing import Any

from flight_delays.errors import shown
from workshop import engines
from workshop.ground.months import PROFILES
from workshop.run import RunError
from workshop.runner.parameters import check

# what is no parameter to choose, with the reason
_DECIDED = {"run_dir": "each run has a folder of its own", "profile": "it goes with months; use --profile"}
_LONGEST_NAME = 60
_GIVEN = ("train_months", "test_months", "rows", "seed")  # options that are notebook parameters


def check_options(options: argparse.Namespace) -> None:
    """RunError for options that do not go together."""
    of_the_pipeline = [f"--{name}" for name in ("profile", "engines") if getattr(options, name)]
    others = [f"--{name.replace('_', '-')}" for name in ("lang", *_GIVEN) if getattr(options, name) is not None]
    if options.lessons and of_the_pipeline:
        raise RunError(f"--lessons: {', '.join(of_the_pipeline)} is for the pipeline only")
    if options.resume and (surplus := [*of_the_pipeline, *others, *(["-p"] if options.p else [])]):
        raise RunError(f"--resume goes on with the last run as it was started: leave out {', '.join(surplus)}")


def given_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """The notebook parameters on the command line; RunError if one is given twice or cannot have its value."""
    given = {name: value for name in _GIVEN if (value := getattr(options, name)) is not None}
    given |= {name: value.split(",") for name, value in given.items() if name.endswith("_months")}
    sources = {name: f"--{name.replace('_', '-')}" for name in given}
    for name, text in options.p:
        if not name.isidentifier() or len(name) > _LONGEST_NAME:
            raise RunError(f"-p {shown(name)}: not a name that a parameter can have")
        if name in sources:
            raise RunError(f"-p {name}: given already, by {sources[name]}")
        given[name], sources[name] = _value(text), f"-p {name}"
    for name, value in given.items():
        check(name, value, sources[name])
    return given


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """What every notebook of the pipeline is given; RunError if a value makes no sense."""
    profile = options.profile or "quick"
    for name, _ in options.p:
        if name in _DECIDED:
            raise RunError(f"-p {name}: {_DECIDED[name]}")
    given = given_parameters(options)
    if options.engines is not None and "engines" in given:
        raise RunError("-p engines: given already, by --engines")
    try:
        names = engines.listed(options.engines)
    except ValueError as error:
        raise RunError(f"--engines: {error}") from None
    defaults = {**PROFILES[profile], "rows": None, "seed": 42, "engines": names, "profile": profile}
    return defaults | given


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the latter of thousands of brackets
        return text
