"""The tables that every source gives; their columns are those of `columns.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from flight_delays.columns import UNREAD


def empty(columns: Mapping[str, str]) -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


def conform(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The named columns, in order, with the named dtypes; what needs no change is not copied."""
    values = {name: frame[name].to_numpy().astype(dtype, copy=False) for name, dtype in columns.items()}
    return pd.DataFrame(values, index=frame.index, copy=False)


@dataclass(frozen=True)
class Tables:
    """One month: flights, hourly weather at their origins, and the planes; the last two may be empty.

    `unread` says which rows of the flights' file could not be read, and are not among the flights. `about` tells, for each
    table that came from a file, what `csv_file.Found` tells.
    """

    flights: pd.DataFrame
    weather: pd.DataFrame
    planes: pd.DataFrame
    about: dict[str, dict[str, Any]]
    unread: pd.DataFrame = field(default_factory=lambda: empty(UNREAD))
