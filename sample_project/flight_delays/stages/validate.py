"""Look at one month of raw data before anybody trains on it: set aside the rows that cannot be, and say which."""

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from flight_delays import artifacts, columns
from flight_delays.clock import NO_TIME, is_time
from flight_delays.columns import KEY
from flight_delays.errors import DataError, shown
from flight_delays.journal import recorded

logger = logging.getLogger(__name__)
REJECTED = ["file", "line", "column", "value", "reason"]
_SHOWN = 3  # offending values in a message


def _clock(nullable: bool) -> pa.Column:
    return pa.Column(float, pa.Check(is_time, error=NO_TIME), nullable=nullable)


def _between(least: float, most: float, what: str, *, nullable: bool = True) -> pa.Column:
    check = pa.Check.in_range(least, most, error=f"not between {least} and {most} {what}")
    return pa.Column(float, check, nullable=nullable)


def _not_negative(what: str) -> pa.Column:
    return pa.Column(float, pa.Check.ge(0, error=f"{what} below 0"), nullable=True)


_AIRPORT = pa.Check.str_matches(r"^[A-Z0-9]{3}$", error="not the code of an airport: three capital letters or digits")
_CARRIER = pa.Check.str_matches(r"^[A-Z0-9]{2}( ?\(\d\))?$", error="not the code of a carrier: two capital letters or digits")
FLIGHTS = pa.DataFrameSchema(
    {
        "sched_dep_time": _clock(nullable=False),
        "dep_time": _clock(nullable=True),
        "dep_delay": _between(-1440, 7200, "minutes"),
        "sched_arr_time": _clock(nullable=False),
        "arr_time": _clock(nullable=True),
        "arr_delay": _between(-1440, 7200, "minutes"),
        "carrier": pa.Column(str, _CARRIER),
        "flight": pa.Column(int, pa.Check.in_range(1, 9999, error="not a flight number from 1 to 9999")),
        "origin": pa.Column(str, _AIRPORT),
        "dest": pa.Column(str, _AIRPORT),
        "air_time": _between(5, 1500, "minutes in the air"),
        "sched_elapsed": _between(10, 1800, "minutes from gate to gate"),
        "elapsed": _between(10, 1800, "minutes from gate to gate"),
        "distance": _between(10, 10000, "miles", nullable=False),
    }
)
WEATHER = pa.DataFrameSchema(
    {
        "temp": _between(-80, 140, "degrees Fahrenheit"),
        "humid": _between(0, 101, "percent"),
        "wind_speed": _between(0, 1100, "miles per hour"),
        "wind_gust": _not_negative("a wind"),
        "precip": _not_negative("a rainfall"),
        "pressure": _between(850, 1100, "millibars"),
        "visib": _not_negative("a visibility"),
    }
)
# year 0 and the like are data errors of the registry; they are few, and the feature ignores them
PLANES = pa.DataFrameSchema({"seats": _not_negative("a number of seats")})


def check_columns(frame: pd.DataFrame, columns: Mapping[str, str], name: str) -> None:
    """Raise DataError if a column is missing, unknown or of another type than `columns` says."""
    problems = [f"{name}: missing column {column}" for column in columns if column not in frame]
    problems += [f"{name}: unknown column {column}" for column in frame if column not in columns]
    for column, dtype in columns.items():
        if column in frame and frame[column].dtype != dtype:
            problems.append(f"{name}: column {column} is of type {frame[column].dtype}, not {dtype}")
    if problems:
        raise DataError("\n".join(problems))


def _joined(found: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """What several looks have found: a table of line, column, value (as text) and reason (in words)."""
    some = [each for each in found if len(each)]
    nothing = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.UNREAD.items()})
    return pd.concat(some, ignore_index=True)[list(columns.UNREAD)] if some else nothing


def _noted(rows: pd.DataFrame, column: str, reason: str | list[str]) -> pd.DataFrame:
    values = rows[column].map(artifacts.as_text)
    return pd.DataFrame({"line": rows["line"], "column": column, "value": values, "reason": reason})


def broken_values(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """The values that break a schema: a table of line, column, value (as text) and reason (in words)."""
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        found = error.failure_cases.drop_duplicates(["index", "column", "check"])
        return pd.DataFrame(
            {
                "line": frame["line"].loc[found["index"]].to_numpy(),
                "column": found["column"].to_numpy(),
                "value": found["failure_case"].map(artifacts.as_text).to_numpy(),
                "reason": found["check"].replace("not_nullable", "empty").to_numpy(),
            }
        )
    return _joined([])


def broken_rules(flights: pd.DataFrame, month: str) -> pd.DataFrame:
    """The flights that break a rule which no single column shows, as `broken_values` gives them."""
    left, arrived = flights["dep_time"].notna(), flights["arr_delay"].notna()
    rules = [
        ("date", flights["date"].dt.strftime("%Y-%m") != month, f"not a day of {month}"),
        ("dep_delay", left & flights["dep_delay"].isna(), "empty, though the flight left"),
        ("dep_time", ~left & arrived, "empty, though the flight arrived"),
        ("arr_delay", flights["air_time"].notna() & ~arrived, "empty, though the flight was in the air and landed"),
        ("elapsed", flights["elapsed"] < flights["air_time"], "less than the time in the air"),
        ("dest", flights["origin"] == flights["dest"], "the airport that the flight left from"),
    ]
    return _joined(_noted(flights[broken], column, reason) for column, broken, reason in rules)


def repeated(flights: pd.DataFrame) -> pd.DataFrame:
    """The flights that are in the file a second time, as `broken_values` gives them; the one that comes first stays."""
    flights = flights.sort_values("line")
    again = flights[flights.duplicated(KEY)]
    first = again[KEY].merge(flights.drop_duplicates(KEY), on=KEY, how="left")["line"]
    reasons = [f"the same flight as in line {line}" for line in first]
    return _joined([_noted(again, "flight", reasons)])


def set_aside(
    flights: pd.DataFrame, unread: pd.DataFrame, *, month: str, file: str, names: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The flights that can be; and REJECTED, a row for each value for which another flight is not among them.

    `unread` is what the source could not read; `names` says what the file calls our columns.
    """
    found = _joined([broken_values(flights, FLIGHTS), broken_rules(flights, month)])
    found = _joined([found, repeated(flights[~flights["line"].isin(found["line"])])])
    rejected = _joined([unread, found.assign(column=found["column"].map(lambda ours: names.get(ours, ours)))])
    rejected = rejected.assign(file=file)[REJECTED].sort_values(["line", "column", "reason"], ignore_index=True)
    return flights[~flights["line"].isin(found["line"])], rejected


def summary(rejected: pd.DataFrame) -> str:
    """What was set aside, for one line of a message: the first values, and how many of which column there are."""
    said = []
    for file, line, column, value, reason in rejected.head(_SHOWN)[REJECTED].to_numpy():
        what = " ".join(filter(None, [column, shown(value) if value else ""]))
        said.append(f"{file} line {line}: " + (f"{what}: {reason}" if what else reason))
    if len(rejected) > _SHOWN:
        kinds = rejected["column"].replace("", "the whole line").value_counts()
        said.append(", ".join(f"{n} of {kind}" for kind, n in kinds.items()))
    return "; ".join(said)


def check_table(frame: pd.DataFrame, schema: pa.DataFrameSchema, key: list[str], about: Mapping[str, Any], name: str) -> None:
    """Raise DataError, with lines of the file, if a table of which no row is set aside has a value that cannot be."""
    found = _joined([broken_values(frame, schema), _noted(frame[frame.duplicated(key)], key[-1], "there twice")])
    if len(found):
        names = about.get("columns", {})
        found = found.assign(file=about.get("file", name), column=found["column"].map(lambda ours: names.get(ours, ours)))
        raise DataError(f"{name}: {summary(found.sort_values(['line', 'column']))}")


def check_month(flights: pd.DataFrame, name: str, *, min_rows: int, max_missing_share: float) -> None:
    """Raise DataError if a month has too few flights, or too many of them have no arrival."""
    if len(flights) < min_rows:
        raise DataError(f"{name}: {len(flights)} flights, at least {min_rows} expected (validate.min_rows)")
    missing = flights["arr_delay"].isna().mean()
    if missing > max_missing_share:
        raise DataError(
            f"{name}: arr_delay: {missing:.1%} of the flights have none, at most {max_missing_share:.1%} expected"
            " (validate.max_missing_share)"
        )


@recorded
def validate(
    raw_dir: str | os.PathLike[str],
    report_path: str | os.PathLike[str],
    rejected_path: str | os.PathLike[str],
    *,
    month: str,
    min_rows: int,
    max_missing_share: float,
    max_rejected_share: float,
) -> None:
    """Check the tables in `raw_dir`; write what was found, with the data's hash, to `report_path` (JSON).

    Rows that cannot be are written to `rejected_path` (CSV: REJECTED), and later stages leave them out. DataError if they
    are a larger share than `max_rejected_share`, or if anything else is wrong: it names file, line, column and reason.
    """
    raw = Path(raw_dir)
    tables = {}
    kinds = {"flights": columns.FLIGHTS, "weather": columns.WEATHER, "planes": columns.PLANES, "unread": columns.UNREAD}
    for name, expected in kinds.items():
        file = raw / f"{name}.parquet"
        tables[name] = artifacts.read_parquet(file)
        check_columns(tables[name], expected, str(file))
    about = artifacts.read_json(raw / "about.json", "flights")
    for name, schema, key in (("weather", WEATHER, ["origin", "observed"]), ("planes", PLANES, ["tailnum"])):
        check_table(tables[name], schema, key, about.get(name, {}), str(raw / f"{name}.parquet"))

    source, taken = about["flights"], tables["flights"]
    flights, rejected = set_aside(taken, tables.pop("unread"), month=month, file=source["file"], names=source["columns"])
    share = rejected_share(len(taken), len(flights), source)
    if share > max_rejected_share:
        raise DataError(
            f"{source['file']}: {share:.1%} of the rows of {month} cannot be, at most {max_rejected_share:.1%} expected"
            f" (validate.max_rejected_share): {summary(rejected)}"
        )
    check_month(flights, str(raw / "flights.parquet"), min_rows=min_rows, max_missing_share=max_missing_share)
    artifacts.write_csv(rejected_path, rejected)
    set_aside_rows = int(rejected["line"].nunique())
    report = {
        "month": month,
        "rows": {name: len(table) for name, table in tables.items()} | {"flights": len(flights)},
        "never_left": int(flights["dep_time"].isna().sum()),
        "cancelled_or_diverted": int(flights["arr_delay"].isna().sum()),
        "source": {name: value for name, value in source.items() if name != "columns"},
        "in_other_month_by_utc": int((flights["scheduled"].dt.strftime("%Y-%m") != month).sum()),
        "rejected": {
            "rows": set_aside_rows,
            "share": round(share, 6),
            "repeated": int(rejected["reason"].str.startswith("the same flight as").sum()),
            "columns": {str(name): int(n) for name, n in rejected["column"].value_counts().items()},
        },
        "raw_sha256": artifacts.sha256(raw),
        "rejected_sha256": artifacts.sha256(rejected_path),
    }
    artifacts.write_json(report_path, report)
    logger.info(
        "%s: %d flights, %d of them never arrived; rows set aside: %d",
        *(month, len(flights), report["cancelled_or_diverted"], set_aside_rows),
    )


def rejected_share(taken: int, good: int, source: Mapping[str, Any]) -> float:
    """The share of the month's rows that cannot be. Of the flights ingest may have taken a few, of unread rows it notes all."""
    rows = source["rows"] - source["left_out"]
    unread = source["unread"] / rows if rows else 0.0
    return unread + (1 - unread) * (1 - good / taken if taken else 0.0)
