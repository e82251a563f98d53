"""Files of one kernel's folders for the other: what has changed since they were sent last."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workshop.places import CACHES, WORK

Sent = dict[str, tuple[bytes, int, int]]  # by path, of a folder with a slash at its end: content, time in nanoseconds, mode
ENGINES = ".engines"  # where servers keep what is theirs
_NEVER = (ENGINES, *CACHES)
_LARGEST = 200 * 1024**2
_LONGEST = 1000  # characters of a path: systems take no more than 4096 bytes
_START = Path.cwd()  # whatever becomes of it, and wherever the student goes


@dataclass
class Folders:
    """Some folders, and how their files were when they were looked at last."""

    folders: tuple[Path, ...]
    most: int = 280 * 1024**2  # bytes that are sent at once; the smallest files go first
    _seen: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def changed(self) -> tuple[Sent, list[str]]:
        """The files that are other than at the last time, and the paths that are gone."""
        now = dict(self._look())
        new: Sent = {}
        size = 0
        for path, stat in sorted(now.items(), key=lambda one: one[1][1]):
            size += stat[1] if self._seen.get(path) != stat else 0
            if self._seen.get(path) == stat or size > self.most:
                continue
            mtime, _, mode = stat
            try:
                new[path] = (b"" if path.endswith("/") else Path(path).read_bytes(), mtime, mode)
            except OSError:  # gone in the meantime
                continue
        gone = [path for path in self._seen if path not in now]
        self._seen = now
        return new, gone

    def note(self, paths: Iterable[str] | None = None) -> None:
        """Take the files as they are for known, all or those of some paths."""
        now = dict(self._look())
        self._seen = now if paths is None else self._seen | {path: now[path] for path in paths if path in now}

    def take(self, new: Sent, gone: Iterable[str]) -> None:
        """Make the files as they were sent; ValueError if one lies elsewhere."""
        for path in (*new, *gone):
            self._check(path)
        for path in sorted(gone, reverse=True):  # what is in a folder, before it
            with suppress(OSError):
                Path(path).rmdir() if path.endswith("/") else Path(path).unlink()
        for path, (content, mtime, mode) in new.items():
            file = Path(path)
            if path.endswith("/"):
                file.mkdir(parents=True, exist_ok=True)
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)  # not through a link, and not into a file that somebody has open
            file.write_bytes(content)
            file.chmod(mode)
            os.utime(file, ns=(mtime, mtime))

    def _check(self, path: str) -> None:
        where = Path(path).parent.resolve() / Path(path).name
        if not any(where.is_relative_to(folder.resolve()) for folder in self.folders):
            raise ValueError(f"{path} lies elsewhere")

    def _look(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        waiting = [str(folder) for folder in self.folders]
        while waiting:
            try:
                entries = list(os.scandir(waiting.pop()))
            except OSError:
                continue
            for entry in entries:
                if entry.name in _NEVER or len(entry.path) > _LONGEST:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    yield f"{entry.path}/", (0, 0, 0)
                elif entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    if stat.st_size <= _LARGEST:
                        yield entry.path, (stat.st_mtime_ns, stat.st_size, stat.st_mode & 0o777)


def shared() -> tuple[Path, ...]:
    """The folders whose files a student's function finds as the checks have left them."""
    return WORK, Path(tempfile.gettempdir())


def named(names: Iterable[str]) -> tuple[Path, ...]:
    """The folders of these names in all sandboxes; `.` is the one that the notebook lies in."""
    sandboxes = sorted(WORK.glob("*"))
    return tuple(found for name in names for found in ([_START] if name == "." else [one / name for one in sandboxes]))
