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


def kept(flights: pd.DataFrame, rows: int | None) -> np.ndarray:
    """Positions of the flights in the order of their key: all, or `rows` of them, evenly spread over the month."""
    values = [flights[name] for name in reversed(KEY)]  # np.lexsort takes the first key last
    order = np.lexsort([pd.factorize(each, sort=True)[0] if each.dtype.kind == "O" else each.to_numpy() for each in values])
    if rows is None or rows >= len(order):
        return order
    return order[np.linspace(0, len(order) - 1, rows).round().astype(int)]


@recorded
def ingest(raw_dir: str | os.PathLike[str], *, month: str, source: str, path: str | None, rows: int | None) -> None:
    """Write the raw tables of one month to the folder `raw_dir`.

    flights.parquet, weather.parquet and planes.parquet have the columns of `columns.py`; unread.parquet says which rows of
    the source could not be read and are not among the flights; about.json tells, by table, of the file that it came from.
    DataError if the source is broken or lacks the month.
    """
    tables = SOURCES[source](month, path=path)
    some = kept(tables.flights, rows)
    with artifacts.replacing(raw_dir) as folder:
        folder.mkdir()
        artifacts.write_rows(folder / "flights.parquet", tables.flights, some)
        artifacts.write_parquet(folder / "weather.parquet", tables.weather.sort_values(["observed", "origin"]))
        artifacts.write_parquet(folder / "planes.parquet", tables.planes.sort_values("tailnum"))
        artifacts.write_parquet(folder / "unread.parquet", tables.unread)
        artifacts.write_json(folder / "about.json", tables.about)
    about = tables.about["flights"]
    logger.info(
        "%s: %d flights of %d; %s, %s: %d rows, %d of them of other months, %d that cannot be read",
        *(month, len(some), len(tables.flights)),
        *(about["file"], about["encoding"], about["rows"], about["left_out"], about["unread"]),
    )
