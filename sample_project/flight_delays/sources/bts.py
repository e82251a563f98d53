"""The monthly files of the US Bureau of Transportation Statistics: the whole country, any year since 1987.

"Reporting Carrier On-Time Performance", as CSV or zipped CSV, the prezipped file of a month with all its
columns or a selection that has at least these:

| column | meaning |
|---|---|
| FlightDate | local day of the scheduled departure, YYYY-MM-DD |
| Reporting_Airline | carrier code |
| Tail_Number | aircraft, may be empty |
| Flight_Number_Reporting_Airline | flight number |
| Origin, Dest | airport codes |
| CRSDepTime, CRSArrTime | scheduled local times, HHMM |
| DepTime, ArrTime | actual local times, HHMM, empty if it did not happen |
| DepDelay, ArrDelay | minutes, negative if early; ArrDelay is empty if cancelled or diverted |
| AirTime | minutes |
| Distance | miles |

The files have no weather and no planes: those features stay empty. Times are the origin's local clock.
"""

from pathlib import Path

import pandas as pd

from flight_delays.columns import FLIGHTS, PLANES, WEATHER
from flight_delays.errors import DataError
from flight_delays.sources.tables import Tables, conform, empty, read_csv

_CSV = {
    "FlightDate": "time",
    "Reporting_Airline": "str",
    "Tail_Number": "str",
    "Flight_Number_Reporting_Airline": "int",
    "Origin": "str",
    "Dest": "str",
    "CRSDepTime": "float",
    "DepTime": "float",
    "DepDelay": "float",
    "CRSArrTime": "float",
    "ArrTime": "float",
    "ArrDelay": "float",
    "AirTime": "float",
    "Distance": "float",
}
_NAMES = {
    "FlightDate": "date",
    "Reporting_Airline": "carrier",
    "Tail_Number": "tailnum",
    "Flight_Number_Reporting_Airline": "flight",
    "Origin": "origin",
    "Dest": "dest",
    "CRSDepTime": "sched_dep_time",
    "DepTime": "dep_time",
    "DepDelay": "dep_delay",
    "CRSArrTime": "sched_arr_time",
    "ArrTime": "arr_time",
    "ArrDelay": "arr_delay",
    "AirTime": "air_time",
    "Distance": "distance",
}


def load(month: str, *, path: str | None) -> Tables:
    """Read a month such as "2013-01" from a file, or from the file for that month in a folder.

    DataError if there is no such file, it is broken, or the month is not in it.
    """
    file = _file(month, Path(path or ""))
    flights = read_csv(file, _CSV).rename(columns=_NAMES)
    months = flights["date"].dt.strftime("%Y-%m")
    if not (months == month).any():
        raise DataError(f"{file}: no flights in {month}; it has {months.min()} to {months.max()}")
    flights = flights[months == month]
    clock = flights["sched_dep_time"] // 100 * 60 + flights["sched_dep_time"] % 100
    flights = flights.assign(scheduled=flights["date"] + pd.to_timedelta(clock, unit="min"))
    return Tables(conform(flights, FLIGHTS), empty(WEATHER), empty(PLANES))


def _file(month: str, path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder (ingest.path in params.yaml)")
    year, number = month.split("-")
    # the Bureau's own file names end in _2013_1
    found = sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in (".csv", ".zip") and file.stem.endswith(f"_{year}_{int(number)}")
    )
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise DataError(f"{path}: expected one file ending in _{year}_{int(number)}.csv or .zip for {month}, found {names}")
    return found[0]
