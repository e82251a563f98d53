"""A CSV file, or the one CSV in a zip archive, read in pieces: whatever is wrong is known by its line in the file.

Files are larger than memory, break off, come in two encodings, and have a few rows in which a value is none. Those rows are
left out and noted, by line, column and reason. What makes the whole file doubtful is an error.
"""

import csv
import logging
import lzma
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow

from flight_delays.artifacts import as_text
from flight_delays.columns import UNREAD
from flight_delays.errors import DataError, in_line, named, no_file, shown

logger = logging.getLogger(__name__)

_PIECE = 32 << 20  # bytes: large enough for speed, small beside the table
_BLOCK = 1 << 20  # what Arrow takes at a time: it reads twice as fast what fits into a processor's cache
_LONGEST_LINE = _BLOCK  # a line of the Bureau's widest file has less than a thousand
_TELL_EVERY = 1_000_000  # rows
_MOST_PROBLEMS = 100_000  # values; a file with more of them is no such file
_ASCII = bytes(byte if byte < 128 else ord("?") for byte in range(256))  # for bytes.translate
_SHOWN = 80  # characters of a value
_NAMES_SHOWN = 30  # columns
_EMPTY = {"", "NA", "NaN", "nan", "NULL", "null"}  # what R, pandas and databases write for a number that is not there
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


# --- values -------------------------------------------------------------------------------------------


class Kind(NamedTuple):
    """How the values of a column are read."""

    read: Callable[[str], Any]  # of a text; ValueError, with the reason in words, if it is no such value
    none: Any  # what stands for a value that cannot be read, until its row is left out
    dtype: str


def _float(text: str) -> float:
    text = text.strip()
    if text in _EMPTY:
        return float("nan")
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    value = float(text)
    if not np.isfinite(value):
        raise ValueError("a number too large")
    return value


def _int(text: str) -> int:
    value = _float(text)
    if np.isnan(value):
        raise ValueError("empty")
    if value % 1 or abs(value) >= 2**53:
        raise ValueError("not a whole number")
    return int(value)


def _text(text: str) -> str | None:
    text = text.strip()
    return None if text in _EMPTY else sys.intern(text)  # the same in all pieces, in memory only once


def _name(text: str) -> str:
    if not (name := text.strip()):
        raise ValueError("empty")
    return sys.intern(name)


def _time(text: str) -> np.datetime64:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("not a time, such as 2013-01-01T10:00:00Z") from None
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment, "us")


FLOAT = Kind(_float, float("nan"), "float64")
INT = Kind(_int, 0, "int64")
TEXT = Kind(_text, None, "object")  # may be empty
NAME = Kind(_name, None, "object")  # may not
TIME = Kind(_time, np.datetime64("NaT"), "datetime64[us]")  # UTC, unless it says otherwise


# --- the table -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """The columns of some rows as they stand in the file, and the line of each row."""

    lines: np.ndarray
    raw: Mapping[str, pa.Array]  # by our names

    def only(self, kept: np.ndarray) -> "Piece":
        """The rows for which `kept` is true."""
        return Piece(self.lines[kept], {ours: array.filter(pa.array(kept)) for ours, array in self.raw.items()})

    def where(self, ours: str, test: Callable[[str], bool]) -> np.ndarray:
        """In which rows the value passes the test; each different value is asked about once."""
        encoded = self.raw[ours].dictionary_encode()
        passed = [test(value.decode("utf-8", "replace")) for value in encoded.dictionary.to_pylist()]
        return np.array(passed, dtype=bool)[encoded.indices.to_numpy()]

    def empty(self) -> np.ndarray:
        """In which rows no column has a value."""
        empty = np.ones(len(self.lines), dtype=bool)
        for array in self.raw.values():
            empty &= pc.binary_length(array).to_numpy() == 0
            if not empty.any():  # known after the first columns, as a rule
                break
        return empty


@dataclass(frozen=True)
class Found:
    """What was found in a file: its rows, those that could not be read, and what is worth telling about it.

    `about` has file (its name), encoding, rows, left_out (not wanted), unread (rows), columns (our name -> the file's).
    """

    table: pd.DataFrame  # the columns that were asked for, and `line`
    unread: pd.DataFrame  # columns.UNREAD: a row for each value that cannot be read
    about: dict[str, Any]


Columns = Mapping[str, tuple[str, Kind]]  # our name -> name in the file, and kind
Wanted = Callable[[Piece], np.ndarray]
# of the typed rows of a piece: those that stay, with columns added; and what is wrong with the others (columns.UNREAD)
Finish = Callable[[pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]


def header(path: Path) -> list[str]:
    """The names of the columns; DataError if there is no file, or it is empty or no text."""
    with _opened(path) as (stream, _):
        return _header(path, next(_pieces(path, stream), b""))[0]


def read_csv(path: Path, columns: Columns, *, wanted: Wanted | None = None, finish: Finish | None = None) -> Found:
    """Read the named columns, whatever the others hold.

    `wanted` says which rows are to be kept; only those are looked at closely. `finish` completes the typed rows of each
    piece. The file is UTF-8, or else, the whole of it, Windows-1252. DataError names the file and what is wrong with it:
    missing, empty, damaged, broken off, a missing column, no rows.
    """
    try:
        return _read(path, columns, wanted, finish, "utf-8")
    except UnicodeDecodeError:
        return _read(path, columns, wanted, finish, "cp1252")


def read_whole(path: Path, columns: Columns) -> Found:
    """Read a file in which every value must be readable; DataError as `read_csv` has it, or with the first that are not."""
    found = read_csv(path, columns)
    if len(found.unread):
        raise DataError(f"{path}: {len(found.unread)} values cannot be read: {_first(found.unread)}")
    return found


Rule = tuple[str, str, pd.Series, str]  # column, what the file calls it, which rows break the rule, the reason in words


def set_apart(frame: pd.DataFrame, rules: Iterable[Rule]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """For a `finish`: the rows that break no rule, and the values of those that do (columns.UNREAD)."""
    apart = pd.Series(data=False, index=frame.index)
    noted = []
    for ours, name, broken, reason in rules:
        apart |= broken
        if broken.any():
            rows = frame.loc[broken]
            noted.append(rows[["line"]].assign(column=name, value=rows[ours].map(as_text), reason=reason))
    return (frame[~apart], pd.concat(noted).astype(UNREAD)) if noted else (frame, _problems([]))


def _read(path: Path, columns: Columns, wanted: Wanted | None, finish: Finish | None, encoding: str) -> Found:
    growing = _Growing()
    problems: list[pd.DataFrame] = []
    rows = left_out = told = 0
    with _opened(path) as (stream, size):
        pieces = _pieces(path, stream)
        names, rest = _header(path, next(pieces, b""))
        places = _places(path, names, columns)
        line = 2
        for content in filter(None, chain([rest], pieces)):
            if encoding == "utf-8":
                content.decode(encoding)  # columns that are not read decide too: a file has one encoding
            piece, broken, line = _split(path, content, line, len(names), places)
            rows += len(piece.lines) + len(broken)
            if wanted:
                kept = wanted(piece)
                left_out += int((~kept).sum())
                piece = piece.only(kept)
            table, unread = _typed(piece, columns, encoding)
            problems += [broken, unread]
            if finish:
                table, unread = finish(table)
                problems.append(unread)
            if sum(map(len, problems)) > _MOST_PROBLEMS:
                raise DataError(f"{path}: more than {_MOST_PROBLEMS:,} values cannot be read: {_first(pd.concat(problems))}")
            growing.add(table, stream.tell() / size)
            if rows - told >= _TELL_EVERY:
                told = rows
                logger.info("%s: %s rows read, %.0f%%", path.name, f"{rows:,}", 100 * stream.tell() / size)
    if not rows:
        raise DataError(f"{path}: no rows below the header")
    unread = pd.concat(problems, ignore_index=True).astype(UNREAD).sort_values(["line", "column"], ignore_index=True)
    about = {"file": path.name, "encoding": encoding, "rows": rows, "left_out": left_out}
    about |= {"unread": unread["line"].nunique(), "columns": {ours: name for ours, (name, _) in columns.items()}}
    return Found(growing.table(), unread, about)


class _Growing:
    """A table that grows piece by piece, in one array for each column, with room for what is still to come.

    Room that is never used takes no memory. Pieces that are joined in the end would: what they leave when they go is too
    scattered for anything else.
    """

    def __init__(self) -> None:
        self._columns: dict[str, np.ndarray] = {}
        self._rows = 0

    def add(self, table: pd.DataFrame, share: float) -> None:
        """Add rows; `share` of the file has been read with them."""
        end = self._rows + len(table)
        for name in table:
            values = table[name].to_numpy()
            column = self._columns.setdefault(str(name), values[:0])
            if end > len(column):
                room = end if share >= 1 else int(1.1 * end / share)
                roomy = np.empty(room, dtype=values.dtype)
                roomy[: self._rows] = column[: self._rows]
                column = self._columns[str(name)] = roomy
            column[self._rows : end] = values
        self._rows = end

    def table(self) -> pd.DataFrame:
        """All rows."""
        return pd.DataFrame({name: column[: self._rows] for name, column in self._columns.items()}, copy=False)


def _first(unread: pd.DataFrame) -> str:
    return "; ".join(f"line {row.line}: {row.column} {shown(row.value)}: {row.reason}" for row in unread.head(3).itertuples())


def _problems(found: list[tuple[int, str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=list(UNREAD)).astype(UNREAD)


def _typed(piece: Piece, columns: Columns, encoding: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of which every value can be read, with the types of their columns; and the values that cannot."""
    table: dict[str, Any] = {}
    problems: list[tuple[int, str, str, str]] = []
    readable = np.ones(len(piece.lines), dtype=bool)
    for ours, (name, kind) in columns.items():
        encoded = piece.raw[ours].dictionary_encode()  # few values are different, and each is read once
        texts, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
        values, reasons = np.empty(len(texts), dtype=kind.dtype), {}
        for code, text in enumerate(texts):
            try:
                values[code] = kind.read(text.decode(encoding))
            except UnicodeDecodeError:
                values[code], reasons[code] = kind.none, "neither UTF-8 nor Windows-1252"
            except ValueError as error:
                values[code], reasons[code] = kind.none, str(error)
        table[ours] = values[codes]
        for row in np.flatnonzero(np.isin(codes, list(reasons))) if reasons else ():
            readable[row] = False
            value = texts[codes[row]].decode(encoding, "backslashreplace")
            problems.append((int(piece.lines[row]), name, value[:_SHOWN], reasons[codes[row]]))
    frame = pd.DataFrame(table | {"line": piece.lines}, copy=False)
    return frame if readable.all() else frame[readable], _problems(problems)


def _split(path: Path, content: bytes, first: int, width: int, places: Mapping[str, int]) -> tuple[Piece, pd.DataFrame, int]:
    """The columns at these places, as they stand there; lines that cannot be split; the number of the line that follows."""
    lines = content.removesuffix(b"\n").count(b"\n") + 1
    broken: dict[int, str] = {}
    table = _parsed(content, width, places.values())
    if table is None or table.num_rows != lines:
        broken = _broken_lines(content, width)
        table = _parsed(_without(content, broken), width, places.values())
        if lines - 1 in broken and not content.endswith(b"\n"):
            raise DataError(f"{path}: breaks off in line {first + lines - 1}: {broken[lines - 1]}; is the file complete?")
        if table is None or table.num_rows + len(broken) != lines:
            raise DataError(f"{path}: not a CSV table, somewhere in the lines {first} to {first + lines - 1}")
    numbers = np.delete(np.arange(lines), list(broken))
    raw = {ours: table.column(str(place)).combine_chunks() for ours, place in places.items()}
    whole = Piece(first + numbers, raw)
    empty = whole.empty()
    texts = content.split(b"\n") if broken or empty.any() else []
    for row in np.flatnonzero(empty):  # nothing in it, or nothing that is read?
        empty[row] = not texts[numbers[row]].strip(b'", \t\r')
    problems = [
        (first + number, "", texts[number].decode("utf-8", "replace").strip()[:_SHOWN], reason)
        for number, reason in broken.items()
    ]
    return whole.only(~empty), _problems(problems), first + lines


def _parsed(
    content: bytes, width: int, places: Collection[int], *, skip: Callable[[arrow.InvalidRow], str] | None = None
) -> pa.Table | None:
    """The columns at these places, named by them, as bytes; None if Arrow cannot split a line, and it is not skipped."""
    names = [str(place) for place in range(width)]
    asked = [names[place] for place in sorted(set(places))]
    try:
        return arrow.read_csv(
            BytesIO(content),
            # in one thread Arrow can tell the numbers of the lines that it skips
            read_options=arrow.ReadOptions(column_names=names, block_size=_BLOCK, use_threads=not skip),
            parse_options=arrow.ParseOptions(ignore_empty_lines=False, invalid_row_handler=skip),
            convert_options=arrow.ConvertOptions(include_columns=asked, column_types=dict.fromkeys(asked, pa.binary())),
        )
    except pa.ArrowInvalid:
        return None


def _broken_lines(content: bytes, width: int) -> dict[int, str]:
    """The lines, from 0, that cannot be split into `width` values: line -> reason in words."""
    lines = content.split(b"\n")
    broken = {
        number: "a quotation mark without its partner, or a line break in a value"
        for number, line in enumerate(lines)
        if line.count(b'"') % 2 or b"\r" in line.removesuffix(b"\r")
    }
    others = np.delete(np.arange(len(lines)), list(broken))

    def skip(row: arrow.InvalidRow) -> str:
        broken[int(others[row.number - 1])] = f"{row.actual_columns} values, not {width}"
        return "skip"

    # Arrow shows each such line as text, which must be UTF-8
    _parsed(_without(content, dict(broken)).translate(_ASCII), width, [0], skip=skip)
    return broken


def _without(content: bytes, lines: Mapping[int, str]) -> bytes:
    return b"\n".join(line for number, line in enumerate(content.split(b"\n")) if number not in lines)


# --- the file ------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """The bytes of the CSV, and how many there are; DataError if it is no file, or an archive that is none or damaged."""
    if problem := no_file(path):
        raise DataError(f"{named(path)}: {problem}")
    try:
        if path.suffix.lower() != ".zip":
            with path.open("rb") as stream:
                yield stream, path.stat().st_size
        elif not path.stat().st_size:
            raise DataError(f"{path}: the file is empty")
        else:
            with zipfile.ZipFile(path) as archive:
                member = _the_csv(path, archive)
                with archive.open(member) as stream:
                    yield stream, member.file_size
    except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError(f"{path}: not a zip archive, or a damaged one: {error}") from None
    except OSError as error:
        reason = error.strerror or f"a damaged archive: {error}"  # bz2 raises an OSError of its own
        raise DataError(f"{path}: cannot be read: {reason}") from None
    except RuntimeError as error:  # it asks for a password or for a compression that Python lacks
        raise DataError(f"{path}: cannot be unpacked: {error}") from None


def _the_csv(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    # macOS puts a shadow of each file under __MACOSX/
    found = [m for m in archive.infolist() if m.filename.lower().endswith(".csv") and not m.filename.startswith("__MACOSX/")]
    if len(found) != 1:
        raise DataError(f"{path}: expected one CSV in the archive, found {len(found)}")
    return found[0]


def _pieces(path: Path, stream: IO[bytes]) -> Iterator[bytes]:
    """The bytes in pieces of whole lines; the last may lack its line break. DataError if a line has no end."""
    rest = b""
    while block := stream.read(_PIECE):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise DataError(f"{path}: a line is longer than 1 MB, which is no CSV table; it begins with {shown(rest[:80])}")
        if newline:
            yield whole + newline
    if rest:
        yield rest


def _header(path: Path, first: bytes) -> tuple[list[str], bytes]:
    """The names in the first line, and what follows it."""
    line, _, rest = first.partition(b"\n")
    if not line.strip() and not rest.strip():
        raise DataError(f"{path}: the file is empty")
    if line.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in line:
        raise DataError(f"{path}: not UTF-8 text, but UTF-16 or no text at all; save it as UTF-8")
    line = line.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\r")
    if b"\r" in line:
        raise DataError(f"{path}: lines end in a carriage return alone; save it with line feeds")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
    return [name.strip() for name in next(csv.reader([text]), [])], rest


def several(names: list[str]) -> str:
    """Names of columns for a message: the first of them, if there are many."""
    more = len(names) - _NAMES_SHOWN
    return in_line(", ".join(names[:_NAMES_SHOWN])[:1000]) + (f" and {more} more" if more > 0 else "")


def _places(path: Path, names: list[str], columns: Columns) -> dict[str, int]:
    """Where the columns stand; DataError if one is missing or there twice."""
    asked = [name for name, _ in columns.values()]
    if missing := [name for name in asked if name not in names]:
        raise DataError(f"{path}: missing column {', '.join(missing)}; the file has {several(names)}")
    if twice := [name for name in asked if names.count(name) > 1]:
        raise DataError(f"{path}: column {', '.join(twice)} is there twice")
    return {ours: names.index(name) for ours, (name, _) in columns.items()}
