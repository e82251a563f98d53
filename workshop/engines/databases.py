"""Empty databases of the engines, kept in the Python environment: `python -m workshop databases` makes all.

The set-up does that, so that no run is charged for it. One that is not there is made when it is first needed.
"""

import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from workshop.places import as_documented


def provide(target: Path, package: str, make: Callable[[Path], Path]) -> None:
    """Put an empty database with all tables of an engine at `target`, a new file that only its owner can read.

    Making it takes most of a start, so one is kept in the Python environment for each version of `package`, if that
    can be written to, and unless engines are started as documented. `make` is given an empty folder and tells where in
    it the database is.
    """
    kept = None if as_documented() else _kept(package, make)
    if kept:
        target.touch(mode=0o600)  # before there is anything in it
        shutil.copyfile(kept, target)
    else:
        _make(target, make)
        target.chmod(0o600)


def _kept(package: str, make: Callable[[Path], Path]) -> Path | None:
    folder = Path(sys.prefix, "share", "workshop")
    kept = folder / f"{package}-{version(package)}.db"
    with suppress(OSError):
        if not kept.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _make(kept, make)
    return kept if kept.exists() else None


def _make(database: Path, make: Callable[[Path], Path]) -> None:
    with TemporaryDirectory(dir=database.parent) as home:
        make(Path(home)).replace(database)
