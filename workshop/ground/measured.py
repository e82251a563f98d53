"""Figures of runs by name, as the texts of a language show them: bench/measured.yaml, and what `make bench` left beside it.

A name is the way to a figure, such as `run.airflow.seconds`, and its last word says what it is: see `_SHOWN`. A text asks
for it by name, with `:1` for so many digits after the point, and with `:+` for a sign: `run.dvc.seconds:+1`.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from workshop.ground import careful_yaml

MEASURED, RESULTS = Path("bench/measured.yaml"), Path("bench/results.json")  # below the kit
BENCH = "bench"  # the group of all that is in RESULTS

Value = int | float | str
# a name, and how many digits and whether a sign are asked for
PLACE = re.compile(r"(?P<name>[a-z]\w*(?:\.\w+)+)(?::(?P<sign>\+?)(?P<digits>\d?))?")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SPACE = "\N{NO-BREAK SPACE}"  # a unit stays with its number
_UNITS = {"s": "с", "min": "мин", "MB": "МБ", "GB": "ГБ", "%": "%"}
_GROUPED_FROM = {"en": 1_000, "ru": 10_000}  # four digits stay together in Russian


class MeasuredError(Exception):
    """A file of figures is wrong, or has no such figure; the message names the file and the key."""


def _checked(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures of a group; ValueError names the first that is none."""
    for name, value in _leaves(figures):
        last = name.rpartition(".")[2]
        if wrong := [part for part in name.split(".") if not _NAME.fullmatch(part)]:
            raise ValueError(f"{name}: a name is of small letters, digits and _, not {wrong[0]!r}")
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(f"{name}: a number or a word is wanted, not {value!r}")
        if last.endswith("hash"):
            if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{8,64}", value):
                raise ValueError(f"{name}: a hash in quotes is wanted, not {value!r}")
        elif _kind(name) and (isinstance(value, str) or not 0 <= value < 1e12):
            raise ValueError(f"{name}: a number from 0 is wanted, not {value!r}")
        if "roc_auc" in last and isinstance(value, int | float) and value > 1:
            raise ValueError(f"{name}: a ROC AUC is 1 at most, not {value!r}")
    return figures


class Group(BaseModel):
    """What one command has measured: on which machine, with which Python, and its figures."""

    model_config = ConfigDict(extra="forbid", strict=True)

    command: str = Field(min_length=1)
    machine: str = Field(min_length=1)
    python: str = Field(pattern=r"^\d+\.\d+")
    figures: Annotated[dict[str, Any], Field(min_length=1), AfterValidator(_checked)]


_GROUPS = TypeAdapter(dict[str, Group])


class Figures:
    """All figures of a kit, by name."""

    def __init__(self, values: Mapping[str, Value]):
        self.values = dict(values)

    def shown(self, place: str, lang: str) -> str:
        """What stands for `name` or `name:digits` in "ru" or "en"; MeasuredError if there is no such figure."""
        if not (found := PLACE.fullmatch(place)):
            raise MeasuredError(f"{place!r} is no name of a figure, such as run.airflow.seconds or run.roc_auc:2")
        return _said(found["name"], self.value(found["name"]), lang, found["sign"] or "", found["digits"] or "")

    def value(self, name: str) -> Value:
        """The figure as it is stored; MeasuredError if there is none."""
        if name not in self.values:
            near = difflib.get_close_matches(name, self.values, n=1)
            file = RESULTS if name.startswith(f"{BENCH}.") else MEASURED
            raise MeasuredError(f"{file} has no figure {name!r}" + (f"; is it {near[0]}?" if near else ""))
        return self.values[name]

    def of(self, name: str) -> dict[str, Value]:
        """What is below a name, by the rest of its names; empty if there is nothing."""
        return {key.removeprefix(f"{name}."): value for key, value in self.values.items() if key.startswith(f"{name}.")}

    def nested(self, lang: str) -> dict[str, Any]:
        """All of them as texts, a dictionary for each word of a name, for templates that take names apart at the dots."""
        tree: dict[str, Any] = {}
        for name in self.values:
            *folders, last = name.split(".")
            place = tree
            for folder in folders:
                place = place.setdefault(folder, {})
            place[last] = self.shown(name, lang)
        return tree


def read(root: Path) -> Figures:
    """The figures of the kit in a folder; MeasuredError if one of the files is wrong. A file that is not there has none."""
    return _read(root, *(_changed(root / file) for file in (MEASURED, RESULTS)))


def groups(file: Path) -> dict[str, Group]:
    """The groups of a measured.yaml; MeasuredError names file and key."""
    try:
        content = careful_yaml.load(file)
        found = _GROUPS.validate_python(content)
    except careful_yaml.NotYaml as error:
        raise MeasuredError(f"{file}: {error}") from None
    except ValidationError as error:
        lines = [f"{file}: {_where(one['loc'])}{one['msg'].removeprefix('Value error, ')}" for one in error.errors()]
        raise MeasuredError("\n".join(lines)) from None
    for name in found:
        if name == BENCH or not _NAME.fullmatch(name):
            raise MeasuredError(f"{file}: {name}: no name of a group: small letters, digits and _, and {BENCH} is {RESULTS}")
    return found


def _where(place: tuple[int | str, ...]) -> str:
    return "".join(f"{part}: " for part in place if part != "[key]")


@cache  # as long as the files are the same
def _read(root: Path, measured: float | None, results: float | None) -> Figures:
    values: dict[str, Value] = {}
    if measured is not None:
        for name, group in groups(root / MEASURED).items():
            values |= {f"{name}.{key}": value for key, value in _leaves(group.figures)}
    if results is not None:
        values |= {f"{BENCH}.{key}": value for key, value in _leaves(_results(root / RESULTS))}
    return Figures(values)


def _changed(file: Path) -> float | None:
    return file.stat().st_mtime_ns if file.exists() else None


def _results(file: Path) -> dict[str, Any]:
    """What `make bench` left; its names are words for people, and become such as `hyper_parameter_changed`."""

    def renamed(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {re.sub(r"\W+", "_", key.lower()).strip("_"): renamed(inner) for key, inner in value.items()}

    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MeasuredError(f"{file}: not JSON: {error}") from None
    if not isinstance(content, dict):
        raise MeasuredError(f"{file}: not what `make bench` writes")
    return renamed(content)


def _leaves(tree: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


# --- how a figure looks


def _said(name: str, value: Value, lang: str, sign: str, digits: str) -> str:
    if isinstance(value, str):
        return f"`{value}`" if name.endswith("hash") else value
    kind = _kind(name)
    if kind is None:
        return _number(value, lang, sign, digits)
    return kind(value, lang, sign, digits)


def _kind(name: str) -> Callable[[float, str, str, str], str] | None:
    last = name.rpartition(".")[2]
    return next((kind for pattern, kind in _SHOWN.items() if re.fullmatch(pattern, last)), None)


def _number(value: float, lang: str, sign: str = "", digits: str = "") -> str:
    """A number with the sign that parts thousands, and in Russian with a comma before its decimals."""
    grouped = "," if abs(value) >= _GROUPED_FROM[lang] else ""
    precise = f".{digits}f" if digits else ""
    text = f"{value:{sign}{grouped}{precise}}"
    return text.translate({ord(","): _SPACE, ord("."): ","}) if lang == "ru" else text


def _with_unit(value: float, unit: str, lang: str, sign: str, digits: str) -> str:
    return f"{_number(value, lang, sign, digits)}{_SPACE}{_UNITS[unit] if lang == 'ru' else unit}"


def _seconds(value: float, lang: str, sign: str, digits: str) -> str:
    if value < 120 or sign or digits:
        return _with_unit(value, "s", lang, sign, digits or ("" if isinstance(value, int) else "1"))
    minutes, seconds = divmod(round(value), 60)
    whole = _with_unit(minutes, "min", lang, "", "")
    return f"{whole}{_SPACE}{_with_unit(seconds, 's', lang, '', '')}" if seconds else whole


def _share(value: float, lang: str, sign: str, digits: str) -> str:
    percent = round(100 * value, 1)
    return _with_unit(percent, "%", lang, sign, digits or ("0" if percent == int(percent) else "1"))


def _roc_auc(value: float, lang: str, sign: str, digits: str) -> str:
    return f"{value:{sign}.{digits or 4}f}"  # in both languages with a point, as all programs print it


# By the last word of a name. Figures of memory and of disk are as the commands give them, rounded when they are measured.
_SHOWN: dict[str, Callable[[float, str, str, str], str]] = {
    r"(.*_)?seconds": _seconds,
    r"(.*_)?(mb|megabytes)": lambda *how: _with_unit(how[0], "MB", *how[1:]),
    r"(.*_)?(gb|gigabytes)": lambda *how: _with_unit(how[0], "GB", *how[1:]),
    r"(.*_)?share(_.*)?": _share,
    r"(.*_)?roc_auc(_.*)?": _roc_auc,
}
