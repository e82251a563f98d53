"""Flights from the board of one airport: a CSV for each month, `2024-01.csv`, with columns of its own.

| column | meaning |
|---|---|
| planned | scheduled departure, local, YYYY-MM-DD HH:MM |
| airline, number | carrier code of two characters, flight number |
| from, to | airport codes of three letters |
| miles | distance |
| left_late, came_late | minutes, negative if early, empty if it did not happen |
"""

from pathlib import Path

import pandas as pd

from flight_delays.columns import FLIGHTS, PLANES, WEATHER
from flight_delays.sources.airports import to_utc, zones_of
from flight_delays.sources.csv_file import FLOAT, INT, NAME, TIME, read_csv, set_apart
from flight_delays.sources.tables import Tables, conform, empty

_COLUMNS = {  # our name: name in the file, kind
    "planned": ("planned", TIME),
    "carrier": ("airline", NAME),
    "flight": ("number", INT),
    "origin": ("from", NAME),
    "dest": ("to", NAME),
    "distance": ("miles", FLOAT),
    "dep_delay": ("left_late", FLOAT),
    "arr_delay": ("came_late", FLOAT),
}


def _clock(times: pd.Series) -> pd.Series:
    return times.dt.hour * 100.0 + times.dt.minute  # HHMM; empty if the time is


def load(month: str, *, path: str | None) -> Tables:
    """Read the month's file from the folder `path`; DataError if there is none or it is broken."""
    found = read_csv(Path(path or "") / f"{month}.csv", _COLUMNS, finish=_complete)
    flights = conform(found.table, FLIGHTS)
    return Tables(flights, empty(WEATHER), empty(PLANES), about={"flights": found.about}, unread=found.unread)


def _complete(flights: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The flights with all that the other sources tell; those whose departure was on no clock are set apart."""
    planned = flights["planned"]
    flights = flights.assign(
        scheduled=to_utc(planned, zones_of(flights["origin"])),
        date=planned.dt.normalize(),
        sched_dep_time=_clock(planned),
        dep_time=_clock(planned + pd.to_timedelta(flights["dep_delay"], unit="min")),
        # what the board does not tell: features made of it stay empty
        sched_arr_time=_clock(planned),
        planned_arrival=pd.NaT,
        arr_time=float("nan"),
        air_time=float("nan"),
        sched_elapsed=float("nan"),
        elapsed=float("nan"),
        tailnum=None,
    )
    return set_apart(flights, [("planned", "planned", flights["scheduled"].isna(), "on no clock of that airport")])
