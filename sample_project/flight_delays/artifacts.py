"""Artefacts are replaced whole or not at all, and are compared by their content.

A stage writes under a temporary name beside the target and renames it at the end. Whoever
kills the stage half-way leaves the last good artefact as it was.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from flight_delays.errors import DataError


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write a file or a folder to; put it at `target` if all went well."""
    target = Path(target)
    partial = _partial(target)
    aside = target.with_name(f".{target.name}.previous")
    target.parent.mkdir(parents=True, exist_ok=True)
    if aside.exists() and not target.exists():  # killed between the two renames below
        aside.rename(target)
    _remove(partial)
    try:
        yield partial
        if partial.is_dir():
            # No portable call swaps two folders, so the old one steps aside for a moment.
            _remove(aside)
            if target.exists():
                target.rename(aside)
            partial.rename(target)
            _remove(aside)
        else:
            partial.replace(target)
    finally:
        _remove(partial)


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write sorted, indented JSON, so that equal contents are equal bytes."""
    with replacing(path) as partial:
        partial.write_text(
            json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n",
            encoding="utf-8",
        )


def read_json(path: str | os.PathLike[str], *keys: str) -> dict[str, Any]:
    """Read a JSON object; DataError if the file is missing or broken, or lacks one of `keys`."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; has the stage that writes it been run?") from None
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}") from None
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


def read_parquet(path: str | os.PathLike[str], columns: list[str] | None = None) -> pd.DataFrame:
    """Read a table; DataError if it is missing, broken or lacks one of `columns`."""
    try:
        # partitioning=None: a folder named like "a=b" on the way must not become a column
        return pd.read_parquet(path, columns=columns, engine="pyarrow", partitioning=None)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; has the stage that writes it been run?") from None
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read as a Parquet table: {error}") from None


def sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, or of a folder's relative names and bytes, as hex; DataError if there is none."""
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; has the stage that writes it been run?")
    digest = hashlib.sha256()
    if path.is_dir():
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
