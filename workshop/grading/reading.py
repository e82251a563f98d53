"""Find and read the notebooks among whatever a student handed in: folders in folders, archives, files of other kinds."""

import io
import os
import re
import stat
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workshop.filled.parsing import Refused, Submission, parse
from workshop.places import CACHES

_LARGEST = 20 * 1024**2  # bytes of a notebook, with the outputs
_LARGEST_ZIP = 200 * 1024**2
_MOST_FILES, _DEEPEST, _MOST_NOTEBOOKS = 5000, 12, 200
_MOST_READ = 300 * 1024**2  # bytes of all notebooks of a student
_MOST_TEXT = 20_000_000  # characters of their cells
_ZIPS_IN_ZIPS = 2

# the end of a name under which notebooks arrive: mail programs and browsers add to it
_NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?( ?\(\d+\))?$", re.IGNORECASE)
_ZIP = re.compile(r"\.zip$", re.IGNORECASE)
_OTHER_ARCHIVE = re.compile(r"\.(rar|7z|tar|tgz|tbz2?|txz|gz|bz2|xz|zst)$", re.IGNORECASE)
NOT_THEIRS = ("__MACOSX", *CACHES, "node_modules", "Thumbs.db", "desktop.ini")
_FREQUENT = "оеаинтсрвл"


@dataclass(frozen=True)
class Read:
    """A file that is a notebook by its name: its name below the student's folder, when it was changed, and what it holds or
    why it could not be read.
    """

    name: str
    changed: float
    content: Submission | Refused

    @property
    def stem(self) -> str:
        """Its own name without the ending."""
        return _NOTEBOOK.sub("", PurePosixPath(self.name).name)


@dataclass(frozen=True)
class Found:
    """What a student handed in: notebooks, and of what else there is why it cannot be taken."""

    notebooks: tuple[Read, ...] = ()
    others: tuple[Refused, ...] = field(default=())


@dataclass(frozen=True)
class _Entry:
    name: str
    changed: float
    size: int
    read: Callable[[], bytes]
    link: bool = False
    special: bool = False


def shown_name(name: str) -> str:
    """A name of a file as people read it.

    What is not UTF-8 is read as CP866 or CP1251, in which Windows packs Russian names into archives. What a terminal or a
    page would not show but obey is replaced.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        name = _russian(os.fsencode(name))
    return "".join(character if character.isprintable() else "\ufffd" for character in name)


def _russian(raw: bytes) -> str:
    """The reading that has more of the letters that are frequent in Russian."""
    readings = (raw.decode("cp866"), raw.decode("cp1251", "replace"))
    return max(readings, key=lambda text: sum(letter in _FREQUENT for letter in text.lower()))


def read(path: Path) -> Found | Refused:
    """Read what a student handed in: a folder, a zip or another file."""
    try:
        return _read(path)
    except OSError as error:
        return Refused("unreadable", reason=error.strerror or str(error))


def _read(path: Path) -> Found:
    others: list[Refused] = []
    if path.is_dir():
        entries = _in_folder(path, others)
    elif not path.is_file():  # whoever opens a pipe waits for somebody to write into it
        return Found(others=(Refused("not_a_file"),))
    else:
        entry = _Entry(path.name, path.stat().st_mtime, path.stat().st_size, path.read_bytes)
        entries = _in_zip(entry, "", _ZIPS_IN_ZIPS, others) if _ZIP.search(path.name) else iter([entry])
    notebooks: list[Read] = []
    room, text = _MOST_READ, _MOST_TEXT
    for entry in _without_the_kit(list(entries)):
        if _NOTEBOOK.search(entry.name):
            content: Submission | Refused
            if len(notebooks) == _MOST_NOTEBOOKS or room < 0 or text < 0:
                others.append(Refused("too_many", count=_MOST_NOTEBOOKS))
                break
            try:
                content = _read_one(entry)
                text -= sum(len(cell["text"]) for cell in content.cells)
            except Refused as refused:
                content = refused
            room -= entry.size
            notebooks.append(Read(entry.name, entry.changed, content))
        elif _OTHER_ARCHIVE.search(entry.name):
            others.append(Refused("archive", file=entry.name))
        elif entry.link:  # it may have been meant for a folder of a notebook
            notebooks.append(Read(entry.name, entry.changed, Refused("link")))
        else:
            others.append(Refused("other_file", file=entry.name))
    return Found(tuple(notebooks), tuple(others))


def _read_one(entry: _Entry) -> Submission:
    if entry.link:
        raise Refused("link")
    if entry.special:
        raise Refused("not_a_file")
    if entry.size > _LARGEST:
        raise Refused("too_large", megabytes=_LARGEST // 1024**2)
    try:
        content = entry.read()
    except OSError as error:
        raise Refused("unreadable", reason=error.strerror or str(error)) from None
    return parse(content)


def _in_folder(folder: Path, others: list[Refused]) -> Iterator[_Entry]:
    """Files below a folder, those at the top first; links are named and not followed."""
    waiting = [(folder, "")]
    count = 0
    for depth in range(_DEEPEST):
        below = []
        for where, prefix in waiting:
            try:
                names = sorted(path.name for path in where.iterdir())
            except OSError as error:
                if not depth:
                    raise
                others.append(Refused("unreadable", reason=error.strerror))
                continue
            for name in names:
                if _not_theirs(name):
                    continue
                count += 1
                if count > _MOST_FILES:
                    others.append(Refused("too_many", count=_MOST_FILES))
                    return
                path, shown = where / name, f"{prefix}{shown_name(name)}"
                state = path.lstat()
                if stat.S_ISDIR(state.st_mode):
                    below.append((path, f"{shown}/"))
                    continue
                link, special = stat.S_ISLNK(state.st_mode), not stat.S_ISREG(state.st_mode)
                entry = _Entry(shown, state.st_mtime, state.st_size, path.read_bytes, link, special and not link)
                if _ZIP.search(name) and not special:
                    yield from _in_zip(entry, f"{shown}/", _ZIPS_IN_ZIPS, others)
                else:
                    yield entry
        waiting = below
        if not waiting:
            return
    others.append(Refused("too_deep", count=_DEEPEST))


def _not_theirs(name: str) -> bool:
    """What a system or a program adds to a folder."""
    return name.startswith(".") or name in NOT_THEIRS


def _in_zip(entry: _Entry, prefix: str, depth: int, others: list[Refused]) -> Iterator[_Entry]:
    if entry.size > _LARGEST_ZIP:
        others.append(Refused("too_large", megabytes=_LARGEST_ZIP // 1024**2))
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(entry.read()))
        listed = archive.infolist()
    except Refused as refused:
        others.append(refused)
        return
    except OSError as error:
        others.append(Refused("unreadable", reason=error.strerror or str(error)))
        return
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        others.append(Refused("bad_zip", file=entry.name))
        return
    in_order = sorted(listed, key=lambda one: (one.filename.count("/"), one.filename))
    named = [(_name_in(member), member) for member in in_order]
    theirs = [
        (name, member)
        for name, member in named
        if not (member.is_dir() or member.filename.endswith("\\") or any(map(_not_theirs, PurePosixPath(name).parts)))
    ]
    if len(theirs) > _MOST_FILES:
        others.append(Refused("too_many", count=_MOST_FILES))
        return
    for name, member in theirs:
        link = stat.S_ISLNK(member.external_attr >> 16)
        inner = _Entry(f"{prefix}{name}", _changed(member), member.file_size, _unpack(archive, member), link)
        if not _ZIP.search(name):
            yield inner
        elif not depth or link:
            others.append(Refused("archive", file=inner.name))
        else:
            yield from _in_zip(inner, f"{prefix}{name}/", depth - 1, others)


def _name_in(member: zipfile.ZipInfo) -> str:
    """As written by Windows: in its own letters, with its own separators."""
    name = member.orig_filename.partition("\0")[0]
    if not member.flag_bits & 0x800:  # else it is UTF-8
        raw = name.encode("cp437", "replace")
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            name = _russian(raw)
    parts = [shown_name(part) for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts)


def _changed(member: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*member.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def unpacked() -> bytes:
        try:
            with archive.open(member) as stream:  # reads no more than the size that the list says, or it is an error
                return stream.read(min(member.file_size, _LARGEST_ZIP) + 1)
        except RuntimeError:
            raise Refused("encrypted") from None
        except Exception as error:  # damaged in one of many ways
            raise Refused("bad_zip", file=type(error).__name__) from None

    return unpacked


def _without_the_kit(entries: list[_Entry]) -> Iterable[_Entry]:
    """Of a whole copy of the kit the student's own work only, or else the tasks: its solutions are ours."""
    kits = [entry.name.removesuffix("workshop/__init__.py") for entry in entries if entry.name.endswith("workshop/__init__.py")]
    for entry in entries:
        kit = next((kit for kit in kits if entry.name.startswith(kit)), None)
        if kit is None or entry.name[len(kit) :].startswith(("exercises/", "work/exercises/")):
            yield entry
