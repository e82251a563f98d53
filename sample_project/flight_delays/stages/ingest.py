"""Fetch one month of raw data and store it as Parquet."""

import logging
import os

import numpy as np
import pandas as pd

from flight_delays import artifacts
from flight_delays.columns import KEY
from flight_delays.journal import recorded
from flight_delays.sources import bts, nycflights13

logger = logging.getLogger(__name__)
SOURCES = {"nycflights13": nycflights13.load, "bts": bts.load}


def thin(flights: pd.DataFrame, rows: int | None) -> pd.DataFrame:
    """Sort flights by their key and keep at most `rows` of them, evenly spread over the month."""
    flights = flights.sort_values(KEY, kind="stable", ignore_index=True)
    if rows is None or rows >= len(flights):
        return flights
    keep = np.linspace(0, len(flights) - 1, rows).round().astype(int)
    return flights.iloc[keep].reset_index(drop=True)


@recorded
def ingest(raw_dir: str | os.PathLike[str], *, month: str, source: str, path: str | None, rows: int | None) -> None:
    """Write flights.parquet, weather.parquet and planes.parquet of one month to the folder `raw_dir`.

    Their columns are those of `columns.py`. DataError if the source is broken or lacks the month.
    """
    tables = SOURCES[source](month, path=path)
    flights = thin(tables.flights, rows)
    with artifacts.replacing(raw_dir) as folder:
        folder.mkdir()
        artifacts.write_parquet(folder / "flights.parquet", flights)
        artifacts.write_parquet(folder / "weather.parquet", tables.weather.sort_values(["observed", "origin"]))
        artifacts.write_parquet(folder / "planes.parquet", tables.planes.sort_values("tailnum"))
    logger.info("%s: %d flights of %d", month, len(flights), len(tables.flights))
