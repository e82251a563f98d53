"""Tables of flights on which the answers of this lesson's tasks are tried, and what the letters of its lists stand for."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from workshop.trying import fresh

CheckFile = Callable[[pd.DataFrame, str], None]
PLENTY = 1200  # flights, so that chance moves an AUC little

# --- task 1: tables that give away what an experiment has done


def outcome(experiment: Callable[..., float], *arguments: object) -> float | ValueError:
    """What the experiment returns, or why scikit-learn refused what it was given."""
    try:
        return experiment(*arguments)
    except ValueError as error:
        return error


def all_alike(flights: pd.DataFrame) -> pd.DataFrame:
    """Both features are the same for all flights, so that nothing can be told from them: the ROC AUC is one half."""
    return _arrived(flights, PLENTY).assign(sched_dep_time=1200.0, distance=500.0)


def decided_by(column: str, flights: pd.DataFrame) -> pd.DataFrame:
    """One feature alone decides which flight is late, and by an hour."""
    return _decided(column, flights, on_time=0.0, late=60.0)


def exactly_late(flights: pd.DataFrame) -> pd.DataFrame:
    """The distance decides, but most are late by exactly 15 minutes, and most of the others by 14."""
    table = _decided("distance", flights, on_time=14.0, late=15.0)
    tenth = np.arange(len(table)) % 10
    return table.assign(arr_delay=table["arr_delay"].mask(tenth == 0, 60.0).mask(tenth == 1, -60.0))


def rarely_late(flights: pd.DataFrame) -> pd.DataFrame:
    """Flights are late rarely or less rarely, as the distance decides: "late" is never the likelier answer."""
    random = np.random.default_rng(0)
    far = np.arange(PLENTY) % 2 == 1
    late = random.random(PLENTY) < np.where(far, 0.3, 0.0)
    table = _arrived(flights, PLENTY).assign(sched_dep_time=1200.0)
    return table.assign(distance=np.where(far, 900.0, 300.0), arr_delay=np.where(late, 60.0, 0.0))


def in_fours(flights: pd.DataFrame) -> pd.DataFrame:
    """Fours of flights of one distance, every second four late: how small must a leaf be, and how many trees, to see that?

    With leaves of two flights a hundred trees reach 0.8 to 0.9, those with other leaves, or one tree, more or less.
    """
    four = np.arange(PLENTY) // 4
    delay = np.where(four % 2 == 1, 60.0, 0.0)
    return _arrived(flights, PLENTY).assign(sched_dep_time=1200.0, distance=100.0 + four, arr_delay=delay)


def forty(flights: pd.DataFrame) -> pd.DataFrame:
    """Forty flights, half of them late, whatever the features say."""
    late = np.random.default_rng(0).permutation(np.arange(40) % 2 == 1)
    return _arrived(flights, 40).assign(arr_delay=np.where(late, 60.0, 0.0))


def of_ten(roc_auc: float) -> bool:
    """Can this be the ROC AUC of ten flights? It is a number of pairs (late, not late), halves for ties, by all such pairs."""
    pairs = [2 * late * (10 - late) for late in range(1, 10)]
    return any(abs(roc_auc * halves - round(roc_auc * halves)) < 1e-6 for halves in pairs)


def _decided(column: str, flights: pd.DataFrame, *, on_time: float, late: float) -> pd.DataFrame:
    table = _arrived(flights, PLENTY)
    features = {"sched_dep_time": 1200.0, "distance": 500.0} | {column: table[column]}
    above = table[column] > table[column].median()
    return table.assign(**features, arr_delay=np.where(above, late, on_time))


def _arrived(flights: pd.DataFrame, count: int) -> pd.DataFrame:
    return flights.dropna(subset=["arr_delay"]).iloc[:count].reset_index(drop=True)


# --- task 2: files


def verdicts(check_file: CheckFile, month: str, *tables: pd.DataFrame) -> set[str]:
    """What `check_file` does with these tables: "taken", "refused", or what else came instead."""
    return {_verdict(check_file, table, month) for table in tables}


def _verdict(check_file: CheckFile, table: pd.DataFrame, month: str) -> str:
    try:
        returned = check_file(table.copy(), month)
    except ValueError as error:
        return "refused" if str(error).strip() else "a ValueError without a text"
    except (AssertionError, AttributeError, LookupError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return "taken" if returned is None else f"returned {type(returned).__name__}"


def with_gaps(flights: pd.DataFrame, gaps: int, of: int) -> pd.DataFrame:
    """So many flights, of which so many have no arrival delay."""
    table = _some(flights, of)
    empty = fresh("gaps").sample(range(of), gaps)
    return table.assign(arr_delay=table["arr_delay"].mask(table.index.isin(empty)))


def _some(flights: pd.DataFrame, count: int) -> pd.DataFrame:
    """So many flights that arrived, one after the other, from somewhere in the table."""
    arrived = flights.dropna(subset=["arr_delay"])
    first = fresh("flights").randrange(len(arrived) - count)
    return arrived.iloc[first : first + count].reset_index(drop=True)


def sound(flights: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Files with which nothing is wrong: one flight, one in ten without a delay, two flights that are nearly the same."""
    yield _some(flights, 1)
    yield with_gaps(flights, 1, of=10)
    yield with_gaps(flights, 100, of=1000)
    flight = _some(flights, 1)
    others = {
        "scheduled": flight["scheduled"] + pd.Timedelta(minutes=1),
        "origin": "JFK" if flight["origin"].item() != "JFK" else "EWR",
        "carrier": "UA" if flight["carrier"].item() != "UA" else "AA",
        "flight": flight["flight"] + 1,
    }
    for name, other in others.items():
        yield pd.concat([flight, flight.assign(**{name: other})], ignore_index=True)


def of_other_months(flights: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Files of another year, and with one flight of another month or year: the first, the last, one in the middle."""
    table = _some(flights, 9)
    years = pd.DateOffset(years=1)
    yield table.assign(date=table["date"] + years)
    for row in (0, 4, 8):
        for offset in (pd.DateOffset(months=1), pd.DateOffset(months=-1), years):
            yield table.assign(date=table["date"].mask(table.index == row, table["date"] + offset))


def with_too_many_gaps(flights: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Files in which more than one flight in ten has no delay: by one, by many, all."""
    for gaps, of in ((2, 10), (1, 9), (101, 1000), (500, 1000), (1, 1)):
        yield with_gaps(flights, gaps, of)


def with_one_twice(flights: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Files that hold one flight twice: as it is, side by side, and far apart with all but its key told otherwise."""
    table = _some(flights, 9)
    yield table.iloc[[0, 0, 1, 2]].reset_index(drop=True)
    for row in (0, 4, 8):
        copy = table.iloc[[row]].assign(arr_delay=1.0, dep_time=1.0, dest="BOS", distance=1.0, tailnum="N0", line=0)
        yield pd.concat([table, copy], ignore_index=True)


# --- tasks 3 and 4: the letters


def etl_letters(letters: set[str]) -> tuple[int, int]:
    """How many letters of task 3 good ETL needs just as much, and how many of the others are missing."""
    both = {"schema": "a", "version control": "d", "run time and volume": "f"}
    learned = {"chance": "b", "model and metrics": "c", "rollback": "e", "drift": "g", "hyperparameters": "h"}
    return len(letters & {*both.values()}), len({*learned.values()} - letters)


def accident_letters(prevented: Mapping[str, bool]) -> tuple[int, int]:
    """How many stories of task 4 are wrongly said to be prevented by a pipeline, and how many wrongly not."""
    carried_out_wrongly = {"a forgotten step": "a", "another file": "c", "lost parameters": "e"}.values()
    said = {letter for letter, verdict in prevented.items() if verdict}
    return len(said - {*carried_out_wrongly}), len({*carried_out_wrongly} - said)


# --- task 5


def known_months() -> list[tuple[tuple[float, float, float], float]]:
    """Minutes by hand, runs a month and hours to automate, with the months after which that has paid off."""
    draw = fresh("months")
    cases = [(draw.randint(5, 90), draw.randint(1, 60), draw.randint(1, 40) / 4) for _ in range(5)]
    return [((minutes, runs, minutes * runs * months / 60), months) for minutes, runs, months in cases]


def months(pays_back: Callable[..., float], *arguments: float) -> float:
    """What `pays_back` answers to these arguments; NaN, which equals nothing, where it divides by zero."""
    try:
        return pays_back(*arguments)
    except ZeroDivisionError:
        return float("nan")
