"""The tables that every source gives (their columns: `columns.py`), and how to read them out of CSV files without surprises."""

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from flight_delays.errors import DataError


@dataclass(frozen=True)
class Tables:
    """One month: flights, hourly weather at their origins, and the planes; the last two may be empty."""

    flights: pd.DataFrame
    weather: pd.DataFrame
    planes: pd.DataFrame


def empty(columns: dict[str, str]) -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


def conform(frame: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """The named columns, in order, with the named dtypes."""
    return frame[list(columns)].astype(columns)


def read_csv(path: Path, columns: dict[str, str], *, wanted: Callable[[pd.DataFrame], pd.Series] | None = None) -> pd.DataFrame:
    """Read the named columns of a CSV file, or of the one CSV in a zip archive.

    `columns` maps a column to "int", "float", "str" or "time". `wanted` is given all rows, their columns as they were read,
    and says which are to be kept (True); only those are looked at closely. DataError names the file and what is wrong
    with it: missing, empty, not a zip, truncated, a missing column, or the first rows of a column that
    are not of its kind.
    """
    content = _csv_bytes(path)
    if not content.strip():
        raise DataError(f"{path}: the file is empty")
    try:
        header = pd.read_csv(io.BytesIO(content), nrows=0).columns
        missing = [name for name in columns if name not in header]
        if missing:
            raise DataError(f"{path}: missing column {', '.join(missing)}; the file has {', '.join(map(str, header))}")
        # pyarrow reads five times faster than the default engine
        frame = pd.read_csv(io.BytesIO(content), usecols=list(columns), engine="pyarrow")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from None
    except ValueError as error:
        raise DataError(f"{path}: not a CSV table: {error}") from None
    if frame.empty:
        raise DataError(f"{path}: no rows below the header")
    if wanted:
        frame = frame[wanted(frame)]
    return pd.DataFrame({name: _typed(path, frame[name], kind) for name, kind in columns.items()})


def _csv_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    if path.suffix.lower() != ".zip":
        return path.read_bytes()
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty")
    try:
        with zipfile.ZipFile(path) as archive:
            # macOS puts a shadow of each file under __MACOSX/
            names = [n for n in archive.namelist() if n.lower().endswith(".csv") and not n.startswith("__MACOSX/")]
            if len(names) != 1:
                raise DataError(f"{path}: expected one CSV in the archive, found {len(names)}")
            return archive.read(names[0])
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: not a zip archive, or a truncated one: {error}") from None
    except RuntimeError as error:  # it asks for a password or for a compression that Python lacks
        raise DataError(f"{path}: cannot be unpacked: {error}") from None


def _typed(path: Path, column: pd.Series, kind: str) -> pd.Series:
    if kind == "str":
        # a column of nothing but digits was read as numbers
        text = column if column.dtype == "object" else column.astype("Int64").astype("string").astype("object")
        return text.where(text.notna(), None)  # type: ignore[call-overload]  # pandas-stubs know of no None here
    if kind == "time":
        # times that pyarrow recognised are times already; anything else is tried again, value by value
        known = isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M"
        typed = column if known else pd.to_datetime(column.astype("string"), errors="coerce", utc=True)
        if typed.dt.tz is not None:
            typed = typed.dt.tz_localize(None)
    else:
        typed = column if column.dtype.kind in "if" else pd.to_numeric(column, errors="coerce")
    lost = typed.isna() & column.notna()
    if kind in ("int", "time"):
        lost |= typed.isna()
    if kind == "int" and typed.dtype.kind == "f":
        lost |= typed % 1 != 0
    if lost.any():
        rows = "; ".join(f"line {row + 2}: {column[row]!r}" for row in column.index[lost][:3])
        raise DataError(f"{path}: column {column.name}: {int(lost.sum())} values are not of type {kind} ({rows})")
    return typed.astype(np.dtype({"int": "int64", "float": "float64", "time": "datetime64[us]"}[kind]))
