"""Artefacts are replaced whole or not at all, and are compared by their content.

A stage writes under a temporary name beside the target and renames it at the end. Whoever
kills the stage half-way leaves the last good artefact as it was. What an engine made elsewhere
and publishes at its end is replaced together.
"""

import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from flight_delays.errors import IS_FOLDER, DataError, DiskFull, named, no_file

_SLICE = 1 << 18  # rows

if sys.platform != "win32":  # on Windows two that publish at once are not kept apart
    import fcntl


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _put(partial: Path, target: Path) -> None:
    if partial.is_dir():
        # No portable call swaps two folders, so the old one steps aside for a moment.
        _remove(_aside(target))
        if target.exists():
            target.rename(_aside(target))
        partial.rename(target)
        _remove(_aside(target))
    else:
        partial.replace(target)


@contextmanager
def _in_words(target: Path) -> Iterator[None]:
    """What the system says while `target` is written becomes one line: DiskFull, or DataError for what a person can mend."""
    try:
        yield
    except OSError as error:
        kept = "the one of before was kept" if no_file(target) in (None, IS_FOLDER) else "there was none before"
        if is_full_disk(error):
            raise DiskFull(f"{named(target)}: no room on {disk_of(target)}; {kept}") from None
        in_the_way = next((parent for parent in target.parents if parent.is_file()), None)
        if in_the_way:
            raise DataError(f"{in_the_way}: is a file where a folder is needed, for {target}; move it away") from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENAMETOOLONG):
            raise DataError(f"{named(target)}: cannot be written: {error.strerror}; {kept}") from None
        raise


def is_full_disk(error: BaseException) -> bool:
    """Whether an error says that there is no room. Some have no number: shutil's gathers texts, SQLite has one of its own."""
    numbered = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return numbered or any(text in str(error) for text in (os.strerror(errno.ENOSPC), "database or disk is full"))


def disk_of(path: Path) -> str:
    """The disk of a path, which need not exist: where it is mounted, and how much is free."""
    place = path.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    while not place.is_mount():
        place = place.parent
    return f"the disk of {place} ({free / 1e6:.1f} MB free)"


@contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write a file or a folder to; put it at `target` if all went well.

    DiskFull if there is no room for it; DataError if a file is where a folder should be, or the like.
    """
    target = Path(target)
    partial = _partial(target)
    with _in_words(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if _aside(target).exists() and not target.exists():  # killed between the two renames of a folder
            _aside(target).rename(target)
        _remove(partial)
        try:
            yield partial
            _put(partial, target)
        finally:
            _remove(partial)


@contextmanager
def _alone(note: Path) -> Iterator[None]:
    with note.with_suffix(".lock").open("a") as lock:  # closed by whatever ends the process, a kill too
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy(target: Path) -> Path:
    return target.with_name(f".{target.name}.together.partial")  # which no stage takes for its own


def replace_together(sources: Mapping[Path, str | os.PathLike[str]], note: Path) -> None:
    """Copy files and folders, given as target -> source, to their targets: all of them, or none.

    The copies get temporary names first. Then the file `note` says that they are complete, and they are renamed. A kill
    before that leaves the old artefacts, and one after it leaves the rest to `finish_replacing`. What it takes for old
    is what lies at the targets now: artefacts that others put there meanwhile are newer, and stay. DiskFull if there is
    no room for the copies.
    """
    with _in_words(note):
        note.parent.mkdir(parents=True, exist_ok=True)
    with _alone(note):
        _finish(note)
        targets = {os.path.relpath(target, note.parent): sha256(target) if target.exists() else None for target in sources}
        try:
            write_json(note, {"complete": False, "targets": targets})
            for target, source in sources.items():
                with _in_words(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    (shutil.copytree if Path(source).is_dir() else shutil.copyfile)(source, _copy(target))
            write_json(note, {"complete": True, "targets": targets})
        finally:
            _finish(note)


def finish_replacing(note: Path) -> None:
    """Bring to its end what a `replace_together` began that was killed; wait for one that is still at work.

    Its artefacts are then all new, if all its copies were complete, or all old. May be killed and called again.
    """
    if note.exists() or _partial(note).exists():
        with _alone(note):
            _finish(note)


def _finish(note: Path) -> None:
    _remove(_partial(note))
    if not note.exists():
        return
    content = read_json(note, "complete", "targets")
    old = {note.parent / name: content_hash for name, content_hash in content["targets"].items()}
    waiting = [target for target in old if _copy(target).exists() and target.exists()]
    ours = content["complete"] and all(sha256(target) == old[target] for target in waiting)
    for target in old:
        if ours and _copy(target).exists():
            _put(_copy(target), target)
        if ours:
            _remove(_aside(target))
        _remove(_copy(target))
    note.unlink()


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write sorted, indented JSON, so that equal contents are equal bytes."""
    with replacing(path) as partial:
        partial.write_text(
            json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n",
            encoding="utf-8",
        )


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")  # Python reads and writes NaN and Infinity, JSON has neither


def _must_be_file(path: Path) -> None:
    if problem := no_file(path):
        ask = "; has the stage that writes it been run?" if problem == "no such file" else ""
        raise DataError(f"{named(path)}: {problem}{ask}")


def read_json(path: str | os.PathLike[str], *keys: str) -> dict[str, Any]:
    """Read a JSON object; DataError if the file is missing or broken, or lacks one of `keys`."""
    _must_be_file(Path(path))
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_no_number)
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}") from None
    except RecursionError:
        raise DataError(f"{path}: not JSON: nested too deeply") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected keys with values, got {type(content).__name__}")
    if missing := [key for key in keys if key not in content]:
        raise DataError(f"{path}: missing key {', '.join(missing)}; run the stage that writes it again")
    return content


def write_parquet(path: str | os.PathLike[str], frame: pd.DataFrame) -> None:
    """Write a table without its index."""
    with replacing(path) as partial:
        frame.to_parquet(partial, index=False, engine="pyarrow", compression="zstd")


def write_rows(path: str | os.PathLike[str], frame: pd.DataFrame, rows: np.ndarray) -> None:
    """Write the rows at these positions, in this order, without the index.

    In slices: a table that fills half of the memory must not be copied as a whole to be put in order.
    """
    types = {name: pa.string() if dtype.kind == "O" else pa.from_numpy_dtype(dtype) for name, dtype in frame.dtypes.items()}
    schema = pa.schema(list(types.items()))
    with replacing(path) as partial, pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        for start in range(0, max(len(rows), 1), _SLICE):  # one slice at least, which may have no rows
            some = frame.iloc[rows[start : start + _SLICE]]
            writer.write_table(pa.Table.from_pandas(some, schema=schema, preserve_index=False))


def as_text(value: Any) -> str:
    """A value as people write it: 2505 and not 2505.0, and nothing if it is missing."""
    if pd.isna(value):
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def write_csv(path: str | os.PathLike[str], frame: pd.DataFrame) -> None:
    """Write a table without its index, for people to open."""
    with replacing(path) as partial:
        frame.to_csv(partial, index=False, lineterminator="\n")


def read_parquet(path: str | os.PathLike[str], columns: list[str] | None = None) -> pd.DataFrame:
    """Read a table; DataError if it is missing, broken or lacks one of `columns`."""
    _must_be_file(Path(path))
    try:
        # partitioning=None: a folder named like "a=b" on the way must not become a column. filesystem: else pandas opens the
        # file, and a thread of Arrow's that still holds it when the process ends would abort it (exit code -6).
        return pd.read_parquet(path, columns=columns, engine="pyarrow", partitioning=None, filesystem=LocalFileSystem())
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read as a Parquet table: {error}") from None


def sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, or of a folder's relative names and bytes, as hex; DataError if there is none."""
    path = Path(path)
    problem = no_file(path)
    if problem == "no such file":
        raise DataError(f"{path}: no such file or folder; has the stage that writes it been run?")
    if problem and problem != IS_FOLDER:
        raise DataError(f"{named(path)}: {problem}")
    digest = hashlib.sha256()
    if problem == IS_FOLDER:
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\0{sha256(file)}\n".encode())
    else:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def sha256_of_all(paths: Iterable[str | os.PathLike[str]]) -> str:
    """One hash of the contents of several artefacts, whatever they are called and in which order."""
    return hashlib.sha256("\n".join(sorted(sha256(path) for path in paths)).encode()).hexdigest()
