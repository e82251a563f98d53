"""The monthly files of the US Bureau of Transportation Statistics: the whole country, any year since 1987.

"Reporting Carrier On-Time Performance", as CSV or zipped CSV, as either of the Bureau's downloads gives it: the prezipped
file of a month with all its columns, or the selection of its form, which calls them otherwise. These are read:

| prezipped | form | meaning |
|---|---|---|
| FlightDate | FL_DATE | local day of the scheduled departure: YYYY-MM-DD, or M/D/YYYY 12:00:00 AM |
| Reporting_Airline | OP_UNIQUE_CARRIER | carrier code |
| Tail_Number | TAIL_NUM | aircraft, may be empty |
| Flight_Number_Reporting_Airline | OP_CARRIER_FL_NUM | flight number |
| Origin, Dest | ORIGIN, DEST | airport codes |
| CRSDepTime, CRSArrTime | CRS_DEP_TIME, CRS_ARR_TIME | scheduled local times, HHMM |
| DepTime, ArrTime | DEP_TIME, ARR_TIME | actual local times, HHMM, empty if it did not happen |
| DepDelay, ArrDelay | DEP_DELAY, ARR_DELAY | minutes, negative if early; ArrDelay is empty if cancelled or diverted |
| Distance | DISTANCE | miles |
| CRSElapsedTime, ActualElapsedTime, AirTime | CRS_ELAPSED_TIME, ACTUAL_ELAPSED_TIME, AIR_TIME | minutes; may be left out |

The files have no weather and no planes: those features stay empty. The moment of the scheduled departure is computed
from the clock of the origin (`airports.py`).
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from flight_delays.clock import NO_TIME, is_time, minutes
from flight_delays.columns import FLIGHTS, PLANES, WEATHER
from flight_delays.errors import IS_FOLDER, DataError, named, no_file, shown
from flight_delays.sources.airports import next_at, to_local, to_utc, zones_of
from flight_delays.sources.csv_file import FLOAT, INT, NAME, TEXT, Columns, Kind, Piece, header, read_csv, set_apart, several
from flight_delays.sources.tables import Tables, conform, empty

_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_FORMS = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}) 12:00:00 AM", re.ASCII)
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ].*(Z|[+-]\d\d:?\d\d)")


def _parts(text: str) -> tuple[int, int, int] | None:
    """Year, month and day of a date in one of the two forms; None for any other, as it might be another day."""
    found = _ISO.fullmatch(text) or _FORMS.fullmatch(text)
    return (int(found["year"]), int(found["month"]), int(found["day"])) if found else None


def _day(text: str) -> np.datetime64:
    parts = _parts(text)
    try:
        return np.datetime64(date(*parts or ()), "us")
    except (TypeError, ValueError):
        raise ValueError("there is no such day") from None


DAY = Kind(_day, np.datetime64("NaT"), "datetime64[us]")
_KINDS = {
    "date": DAY,
    "carrier": NAME,
    "tailnum": TEXT,
    "flight": INT,
    "origin": NAME,
    "dest": NAME,
    "sched_dep_time": FLOAT,
    "dep_time": FLOAT,
    "dep_delay": FLOAT,
    "sched_arr_time": FLOAT,
    "arr_time": FLOAT,
    "arr_delay": FLOAT,
    "distance": FLOAT,
    "sched_elapsed": FLOAT,
    "elapsed": FLOAT,
    "air_time": FLOAT,
}
_PREZIPPED = {
    "date": "FlightDate",
    "carrier": "Reporting_Airline",
    "tailnum": "Tail_Number",
    "flight": "Flight_Number_Reporting_Airline",
    "origin": "Origin",
    "dest": "Dest",
    "sched_dep_time": "CRSDepTime",
    "dep_time": "DepTime",
    "dep_delay": "DepDelay",
    "sched_arr_time": "CRSArrTime",
    "arr_time": "ArrTime",
    "arr_delay": "ArrDelay",
    "distance": "Distance",
    "sched_elapsed": "CRSElapsedTime",
    "elapsed": "ActualElapsedTime",
    "air_time": "AirTime",
}
_FORM = {
    "date": "FL_DATE",
    "carrier": "OP_UNIQUE_CARRIER",
    "tailnum": "TAIL_NUM",
    "flight": "OP_CARRIER_FL_NUM",
    "origin": "ORIGIN",
    "dest": "DEST",
    "sched_dep_time": "CRS_DEP_TIME",
    "dep_time": "DEP_TIME",
    "dep_delay": "DEP_DELAY",
    "sched_arr_time": "CRS_ARR_TIME",
    "arr_time": "ARR_TIME",
    "arr_delay": "ARR_DELAY",
    "distance": "DISTANCE",
    "sched_elapsed": "CRS_ELAPSED_TIME",
    "elapsed": "ACTUAL_ELAPSED_TIME",
    "air_time": "AIR_TIME",
}
_DOWNLOADS = {"prezipped month": _PREZIPPED, "form": _FORM}
_OPTIONAL = ["sched_elapsed", "elapsed", "air_time"]
_AIRPORTS = "not in the table of flight_delays/sources/airports.py, where its time zone belongs"


def load(month: str, *, path: str | None) -> Tables:
    """Read a month such as "2013-01" from a file, or from the file for that month in a folder.

    DataError if there is no such file, it is broken, a date is in another form, or the month is not in it.
    """
    file = _file(month, Path(path or ""))
    columns = _columns(file)
    names = {ours: name for ours, (name, _) in columns.items()}
    found = read_csv(file, columns, wanted=partial(_of_month, month, file, names["date"]), finish=partial(_in_time, names))
    if found.table.empty and not found.unread["column"].any():  # but for lines that tell no month
        months = read_csv(file, {"date": columns["date"]}).table["date"].dt.strftime("%Y-%m")
        raise DataError(f"{file}: no flights in {month}; it has {months.min()} to {months.max()}")
    return Tables(
        conform(found.table, FLIGHTS), empty(WEATHER), empty(PLANES), about={"flights": found.about}, unread=found.unread
    )


def _columns(file: Path) -> Columns:
    """The columns that are read, as the file calls them; DataError if it is neither of the downloads, or lacks some."""
    there = header(file)
    download, names = max(_DOWNLOADS.items(), key=lambda each: len(set(each[1].values()) & set(there)))
    missing = [name for ours, name in names.items() if name not in there and ours not in _OPTIONAL]
    if missing:
        raise DataError(
            f"{file}: missing column {', '.join(missing)}, as the Bureau's {download} calls it; the file has {several(there)}"
        )
    return {ours: (name, _KINDS[ours]) for ours, name in names.items() if name in there}


def _of_month(month: str, file: Path, name: str, piece: Piece) -> np.ndarray:
    """Which rows are of the month; DataError if a date is in neither form, since nobody can tell which day it is."""
    other = np.flatnonzero(piece.where("date", lambda text: _parts(text) is None))
    if len(other):
        value = piece.raw["date"][int(other[0])].as_py().decode("utf-8", "replace")
        zone = ", and no time zone" if _ZONED.fullmatch(value) else ""
        raise DataError(
            f"{file}: line {piece.lines[other[0]]}: {name} {shown(value)} is neither YYYY-MM-DD nor M/D/YYYY 12:00:00 AM{zone};"
            f" so are {len(other)} of the first {len(piece.lines)} dates"
        )
    year, number = map(int, month.split("-"))
    return piece.where("date", lambda text: (_parts(text) or ())[:2] == (year, number))


def _in_time(names: Mapping[str, str], flights: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The flights with the moment of their scheduled departure; those that have none are set apart."""
    flights = flights.assign(**{ours: np.nan for ours in _OPTIONAL if ours not in flights})
    clock, zones = flights["sched_dep_time"], zones_of(flights["origin"])
    timed = is_time(clock)
    local = flights["date"] + pd.to_timedelta(minutes(clock.where(timed)), unit="min").astype("timedelta64[us]")
    scheduled = _scheduled(flights, local, zones)
    arrival = next_at(flights["sched_arr_time"], scheduled, zones_of(flights["dest"]))
    flights = flights.assign(scheduled=scheduled, planned_arrival=arrival)
    departure = names["sched_dep_time"]
    return set_apart(
        flights,
        [
            ("sched_dep_time", departure, clock.isna(), "empty"),
            ("sched_dep_time", departure, ~timed & clock.notna(), NO_TIME),
            ("origin", names["origin"], zones.isna(), _AIRPORTS),
            (
                *("sched_dep_time", departure),
                flights["scheduled"].isna() & timed & zones.notna(),
                "not on the clocks of that airport, which were put forward in that night",
            ),
        ],
    )


def _scheduled(flights: pd.DataFrame, local: pd.Series, zones: pd.Series) -> pd.Series:
    """UTC of the local times. Where a time comes twice it is the first, unless only the second leads to the planned arrival."""
    first, second = to_utc(local, zones), to_utc(local, zones, again=True)
    twice = first.notna() & (first != second)
    if not twice.any():
        return first
    planned = flights[twice]
    ends = zones_of(planned["dest"])

    def arrives(departure: pd.Series) -> pd.Series:
        there = to_local(departure[twice] + pd.to_timedelta(planned["sched_elapsed"], unit="min"), ends)
        return there.dt.hour * 60 + there.dt.minute == minutes(planned["sched_arr_time"]) % (24 * 60)

    again = (arrives(second) & ~arrives(first)).reindex(flights.index, fill_value=False)
    return first.mask(again, second)


def _file(month: str, path: Path) -> Path:
    problem = no_file(path)
    if problem is None:
        return path
    if problem != IS_FOLDER:
        raise DataError(f"{named(path)}: {problem} (ingest.path in params.yaml)")
    year, number = month.split("-")
    try:
        files = sorted(path.iterdir())
    except OSError as error:
        raise DataError(f"{named(path)}: cannot be read: {error.strerror} (ingest.path in params.yaml)") from None
    # the Bureau's own file names end in _2013_1
    found = [f for f in files if f.suffix.lower() in (".csv", ".zip") and f.stem.endswith(f"_{year}_{int(number)}")]
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise DataError(f"{path}: expected one file ending in _{year}_{int(number)}.csv or .zip for {month}, found {names}")
    return found[0]
