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
from flight_delays.sources.tables import Tables, conform, empty, read_csv

_CSV = {
    "planned": "time",
    "airline": "str",
    "number": "int",
    "from": "str",
    "to": "str",
    "miles": "float",
    "left_late": "float",
    "came_late": "float",
}
_NAMES = {"airline": "carrier", "number": "flight", "from": "origin", "to": "dest", "miles": "distance"}
_NAMES |= {"left_late": "dep_delay", "came_late": "arr_delay"}


def _clock(times: pd.Series) -> pd.Series:
    return times.dt.hour * 100.0 + times.dt.minute  # HHMM; empty if the time is


def load(month: str, *, path: str | None) -> Tables:
    """Read the month's file from the folder `path`; DataError if there is none or it is broken."""
    flights = read_csv(Path(path or "") / f"{month}.csv", _CSV).rename(columns=_NAMES)
    planned = flights["planned"]
    flights = flights.assign(
        scheduled=planned,
        date=planned.dt.normalize(),
        sched_dep_time=_clock(planned),
        dep_time=_clock(planned + pd.to_timedelta(flights["dep_delay"], unit="min")),
        # what the board does not tell; no feature looks at it
        sched_arr_time=_clock(planned),
        arr_time=float("nan"),
        air_time=float("nan"),
        tailnum=None,
    )
    return Tables(conform(flights, FLIGHTS), empty(WEATHER), empty(PLANES))
