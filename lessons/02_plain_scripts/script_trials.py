"""What the answers of this lesson's tasks are tried on: graphs, files with times, flights whose future is another."""

import os
from collections.abc import Callable, Iterator
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from flight_delays import artifacts
from flight_delays.pipeline import Project

from workshop.trying import fresh

Edges = set[tuple[str, str]]
MakeFeatures = Callable[[pd.DataFrame], pd.DataFrame]
Needed = Callable[[list[Path], list[Path]], bool]

# --- task 2

_END = "".join(fresh("names").choices("bcdfghk", k=2))
NAMES = tuple(name + _END for name in ("rain", "train", "in", "plan", "a"))  # a name may be part of another


def graphs() -> Iterator[tuple[str, Edges, set[str]]]:
    """A stage, a graph, and whom an edit of that stage concerns: no arrows, branches that meet, chains.

    Of chains there is one for every order of the names, so that the pairs come in any order.
    """
    rain, train, inlet, plan, a = NAMES
    yield train, set(), {train}
    yield train, {(inlet, plan)}, {train}
    branches = {(train, plan), (train, rain), (inlet, rain), (plan, a), (rain, a), (rain, "b")}
    after = {train: {plan, rain, a, "b"}, inlet: {rain, a, "b"}, plan: {a}, rain: {a, "b"}, a: set(), "b": set()}
    for stage, names in after.items():
        yield stage, set(branches), {stage, *names}
    far = [f"stage {7 * number % 40}" for number in range(40)]
    for order in [*permutations(NAMES), far]:
        for place, stage in enumerate(order):
            yield stage, set(pairwise(order)), {*order[place:]}


# --- task 3


def changes(project: Project, stage: str, item: str | None) -> bool:
    """Run a stage, and tell whether it left any file other than it was."""
    before = _contents(project)
    project.run(stage, item)
    return _contents(project) != before


def _contents(project: Project) -> dict[Path, str]:
    folders = (project.root / name for name in ("data", "models", "reports"))
    return {path: artifacts.sha256(path) for folder in folders for path in folder.rglob("*") if path.is_file()}


# --- task 4


def asked_about_files(needed: Needed, folder: Path) -> dict[str, str]:
    """What `needed` answers about files that are made in `folder`, by case: "True", or the name of an error, or all it said."""
    return {name: ", ".join(sorted({_answer(needed, *case) for case in cases})) for name, cases in _file_cases(folder).items()}


def _file_cases(folder: Path) -> dict[str, list[tuple[list[Path], list[Path]]]]:
    """Inputs and outputs by what they are an example of."""
    h = sorted(fresh("hours").sample(range(24), 6))
    hours = {f"h{place}": hour for place, hour in enumerate(h)} | {"as_h2": h[2], "after_h2": h[2] + 0.0001}
    made = {name: _changed_at(folder / name, hours[name]) for name in reversed(hours)}  # in another order than changed
    h0, h1, h2, h3, h4, h5, as_h2, after_h2 = (made[name] for name in hours)
    gone = folder / "gone"
    return {
        "missing": [([h0], [gone]), ([h0], [h3, gone]), ([h0], [gone, h3]), ([h4], [h3, gone]), ([], [gone]), ([], [h3, gone])],
        "no inputs": [([], [h0]), ([], [h3, h0])],
        "fresh": [([h0, h2], [h3, h5]), ([h2, h0], [h5, h3]), ([h2], [h3])],
        "at once": [([h2], [as_h2]), ([h0, h2], [h5, as_h2])],
        "stale": [([h0, h4], [h3]), ([h4, h0], [h3]), ([h0, h4, h1], [h3]), ([after_h2], [h2])],
        "partly": [([h2], [h1, h5]), ([h2], [h5, h1]), ([h0, h2], [h5, h1, h4])],
    }


def _changed_at(file: Path, hour: float) -> Path:
    """Make a file that was changed at this hour of some day, and read the earlier the later it was changed."""
    file.write_bytes(bytes(24 - int(hour)))
    os.utime(file, ns=(int((24 - hour) * 3.6e12), int(hour * 3.6e12)))
    return file


def _answer(needed: Needed, inputs: list[Path], outputs: list[Path]) -> str:
    try:
        answer = needed(list(inputs), list(outputs))
    except (OSError, ValueError, IndexError) as error:  # no such file, the least of nothing, the first of nothing
        return type(error).__name__
    return str(bool(answer)) if isinstance(answer, bool | np.bool_) else repr(answer)


# --- tasks 5 and 6


def empty_if_cancelled(flights: pd.DataFrame) -> set[str]:
    """The columns that are empty for every flight that never left."""
    cancelled = flights[flights["dep_time"].isna()]
    return {name for name in flights if cancelled[name].isna().all()}


def other_futures(flights: pd.DataFrame, afterwards: set[str]) -> Iterator[pd.DataFrame]:
    """The same flights when all that is known only afterwards has come out otherwise, and when it is not known yet."""
    other = fresh("future").randint(500, 2000)
    yield flights.assign(**{name: other - flights[name].iloc[::-1].to_numpy() for name in afterwards})
    yield flights.assign(**dict.fromkeys(afterwards, np.nan))


def same(one: pd.DataFrame, other: Any) -> bool:
    """Do two tables hold the same values, row by row, in columns of the same names?"""
    if not isinstance(other, pd.DataFrame) or list(one) != list(other) or len(one) != len(other):
        return False
    mine, theirs = one.to_numpy(object), other.to_numpy(object)
    return bool(((mine == theirs) | (pd.isna(mine) & pd.isna(theirs))).all())


def each_by_itself(make_features: MakeFeatures, flights: pd.DataFrame) -> bool:
    """Do flights have the same features in any company: backwards, in part, alone?"""
    features = make_features(flights.copy())
    order = np.arange(len(flights))
    some = [order[::-1], order[::3], order[: len(order) // 2], *(order[[row]] for row in (0, len(order) // 2, -1))]
    return all(same(features.iloc[rows], make_features(flights.iloc[rows].copy())) for rows in some)


def by_utc(flights: pd.DataFrame) -> pd.DataFrame:
    """The same flights, their time of scheduled departure written by UTC, HHMM."""
    scheduled = flights["scheduled"].dt
    return flights.assign(sched_dep_time=100.0 * scheduled.hour + scheduled.minute)
