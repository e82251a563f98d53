"""Look at one month of raw data before anybody trains on it."""

import logging
import os
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from flight_delays import artifacts, columns
from flight_delays.columns import KEY
from flight_delays.errors import DataError
from flight_delays.journal import recorded

logger = logging.getLogger(__name__)


def _clock(nullable: bool) -> pa.Column:
    # HHMM: 0 to 2400, and the last two digits are minutes
    return pa.Column(
        float,
        [
            pa.Check.in_range(0, 2400, error="a time of day is between 0000 and 2400"),
            pa.Check(lambda hhmm: hhmm % 100 < 60, error="the minutes of a time of day are below 60"),
        ],
        nullable=nullable,
    )


FLIGHTS = pa.DataFrameSchema(
    {
        "scheduled": pa.Column("datetime64[us]"),
        "date": pa.Column("datetime64[us]"),
        "sched_dep_time": _clock(nullable=False),
        "dep_time": _clock(nullable=True),
        "dep_delay": pa.Column(float, pa.Check.in_range(-1440, 7200), nullable=True),
        "sched_arr_time": _clock(nullable=False),
        "arr_time": _clock(nullable=True),
        "arr_delay": pa.Column(float, pa.Check.in_range(-1440, 7200), nullable=True),
        "carrier": pa.Column(str, pa.Check.str_matches(r"^[A-Z0-9]{2}( ?\(\d\))?$")),
        "flight": pa.Column(int, pa.Check.in_range(1, 9999)),
        "tailnum": pa.Column(str, nullable=True),
        "origin": pa.Column(str, pa.Check.str_matches(r"^[A-Z0-9]{3}$")),
        "dest": pa.Column(str, pa.Check.str_matches(r"^[A-Z0-9]{3}$")),
        "air_time": pa.Column(float, pa.Check.in_range(5, 1500), nullable=True),
        "distance": pa.Column(float, pa.Check.in_range(10, 10000)),
    },
    strict=True,
)
WEATHER = pa.DataFrameSchema(
    {
        "origin": pa.Column(str),
        "observed": pa.Column("datetime64[us]"),
        "temp": pa.Column(float, pa.Check.in_range(-80, 140), nullable=True),
        "humid": pa.Column(float, pa.Check.in_range(0, 101), nullable=True),
        "wind_speed": pa.Column(float, pa.Check.in_range(0, 1100), nullable=True),
        "wind_gust": pa.Column(float, pa.Check.ge(0), nullable=True),
        "precip": pa.Column(float, pa.Check.ge(0), nullable=True),
        "pressure": pa.Column(float, pa.Check.in_range(850, 1100), nullable=True),
        "visib": pa.Column(float, pa.Check.ge(0), nullable=True),
    },
    unique=["origin", "observed"],
    strict=True,
)
PLANES = pa.DataFrameSchema(
    {
        "tailnum": pa.Column(str),
        # year 0 and the like are data errors of the registry; they are few, and the feature ignores them
        "year": pa.Column(float, nullable=True),
        "seats": pa.Column(float, pa.Check.ge(0), nullable=True),
    },
    unique=["tailnum"],
    strict=True,
)
_SHOWN = 3  # offending rows in a message


def _rows(values: pd.Series) -> str:
    return "; ".join(f"row {index}: {value!r}" for index, value in values.head(_SHOWN).items())


def check_columns(frame: pd.DataFrame, columns: dict[str, str], name: str) -> None:
    """Raise DataError if a column is missing, unknown or of another type than `columns` says."""
    problems = [f"{name}: missing column {column}" for column in columns if column not in frame]
    problems += [f"{name}: unknown column {column}" for column in frame if column not in columns]
    for column, dtype in columns.items():
        if column in frame and frame[column].dtype != dtype:
            values = frame[column]
            if values.dtype == object:  # text among numbers: show what is none
                values = values[pd.to_numeric(values, errors="coerce").isna()]
            problems.append(f"{name}: column {column} is of type {frame[column].dtype}, not {dtype} ({_rows(values)})")
    if problems:
        raise DataError("\n".join(problems))


def check_values(frame: pd.DataFrame, schema: pa.DataFrameSchema, name: str) -> None:
    """Raise DataError with column, rule and first offending rows if a value breaks the schema."""
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        problems = []
        for (column, rule), found in error.failure_cases.groupby(["column", "check"], sort=False):
            values = found.set_index("index")["failure_case"].sort_index()
            problems.append(f"{name}: column {column}: {rule}: {len(values)} times ({_rows(values)})")
        raise DataError("\n".join(problems)) from None


def check_rules(flights: pd.DataFrame, name: str, *, month: str, min_rows: int, max_missing_share: float) -> None:
    """Raise DataError if the flights of a month break a rule that no single column shows."""
    if len(flights) < min_rows:
        raise DataError(f"{name}: {len(flights)} flights, at least {min_rows} expected (validate.min_rows)")
    missing = flights["arr_delay"].isna().mean()
    if missing > max_missing_share:
        raise DataError(
            f"{name}: arr_delay: {missing:.1%} of the flights have none, at most {max_missing_share:.1%} expected"
            " (validate.max_missing_share)"
        )
    rules = {
        "the same flight more than once": flights.duplicated(KEY, keep=False),
        f"not a flight of {month}": flights["date"].dt.strftime("%Y-%m") != month,
        "left, but has no departure delay": flights["dep_time"].notna() & flights["dep_delay"].isna(),
        "never left, but arrived": flights["dep_time"].isna() & flights["arr_delay"].notna(),
        "was in the air and landed, but has no arrival delay": flights["air_time"].notna() & flights["arr_delay"].isna(),
        "origin and destination are the same": flights["origin"] == flights["dest"],
    }
    problems = []
    for rule, broken in rules.items():
        if broken.any():
            rows = flights.loc[broken, [*KEY, "dest"]].head(_SHOWN)
            shown = "; ".join(f"row {i}: " + " ".join(str(v) for v in row) for i, *row in rows.itertuples())
            problems.append(f"{name}: {rule}: {int(broken.sum())} flights ({shown})")
    if problems:
        raise DataError("\n".join(problems))


@recorded
def validate(
    raw_dir: str | os.PathLike[str], report_path: str | os.PathLike[str], *, month: str, min_rows: int, max_missing_share: float
) -> None:
    """Check the tables in `raw_dir` and write what was found, with the data's hash, to `report_path` (JSON).

    DataError names the file, the column or rule, and the first offending rows.
    """
    raw = Path(raw_dir)
    tables = {}
    schemas = {"flights": (FLIGHTS, columns.FLIGHTS), "weather": (WEATHER, columns.WEATHER), "planes": (PLANES, columns.PLANES)}
    for name, (schema, expected) in schemas.items():
        file = raw / f"{name}.parquet"
        tables[name] = artifacts.read_parquet(file)
        check_columns(tables[name], expected, str(file))
        check_values(tables[name], schema, str(file))
    flights = tables["flights"]
    check_rules(flights, str(raw / "flights.parquet"), month=month, min_rows=min_rows, max_missing_share=max_missing_share)
    report = {
        "month": month,
        "rows": {name: len(table) for name, table in tables.items()},
        "never_left": int(flights["dep_time"].isna().sum()),
        "cancelled_or_diverted": int(flights["arr_delay"].isna().sum()),
        "raw_sha256": artifacts.sha256(raw),
    }
    artifacts.write_json(report_path, report)
    logger.info("%s: %d flights, %d of them never arrived", month, len(flights), report["cancelled_or_diverted"])
