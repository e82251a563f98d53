"""In the kernel that runs a student's cells: answer what the checks ask, until they have no more questions.

All this runs where the student's code runs, so nothing that it says is believed: see carrying.py for what is made of it.
"""

import importlib
import io
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any

from IPython import get_ipython

from workshop.grading import carrying
from workshop.grading.files import Folders, named, shared
from workshop.grading.line import END, Line

VALUE, ERROR, MISSING, UNCARRIED = "value", "error", "missing", "uncarried"
_MOST_BACK = 50 * 1024**2  # bytes of files that an answer has left
_CHANGING = (list, dict, set, bytearray)


class Here:
    """What has been named over there by a number."""

    def __init__(self, namespace: dict[str, Any]):
        self.namespace = namespace
        self._kept: list[Any] = []

    def refer(self, value: Any) -> int:
        """The number of a value, which is kept from now on."""
        for number, kept in enumerate(self._kept):
            if kept is value:
                return number
        self._kept.append(value)
        return len(self._kept) - 1

    def find(self, where: tuple[str, Any]) -> Any:
        """What the other side means by a number, or by the name of something given."""
        kind, what = where
        return self._kept[what] if kind == "far" else self.namespace[what]


class _Reader(pickle.Unpickler):
    def __init__(self, content: bytes, here: Here):
        super().__init__(io.BytesIO(content))
        self._here = here

    def persistent_load(self, where: Any) -> Any:
        return self._here.find(where)


def serve(descriptor: int, back: list[str]) -> None:
    """Answer questions of the other end of a line until it ends the conversation; `back` are the names of folders of a
    sandbox that go back.
    """
    shell = get_ipython()
    assert shell is not None  # we are in a kernel
    line, here = Line.of(descriptor), _here(shell.user_ns)
    own, sent = Folders(shared()), Folders(named(back), most=_MOST_BACK)
    try:
        while (message := line.receive())[0] != END:
            number, content = message
            for part in _answer(content, here, own, sent):
                line.send(number, part)
    finally:
        line.socket.detach()  # the next conversation needs it


_known: list[Here] = []


def _here(namespace: dict[str, Any]) -> Here:
    if not _known:
        _known.append(Here(namespace))
    return _known[0]


def _answer(content: bytes, here: Here, own: Folders, sent: Folders) -> Iterator[bytes]:
    """The parts of an answer: how it ended, the value, what became of the arguments, and files."""
    question = _Reader(content, here).load()
    own.take(*question["files"])
    sent.note(question["files"][0])  # they have these
    if question["do"] == "get":
        name = question["name"]
        found = name in here.namespace
        yield from _told(VALUE if found else MISSING, here.namespace.get(name), here, (), sent)
        return
    if question["do"] == "take":
        own.take(*question["engines"])
        sys.path[:] = question["path"]
        os.environ.update(question["environment"])
        here.namespace.update(_Reader(question["given"], here).load())
        yield from _told(VALUE, None, here, (), sent)
        return
    function = here.find(("far", question["number"])) if question["do"] == "call" else _ours(*question["function"])
    args, kwargs = _Reader(question["given"], here).load()
    asked = (*args, *kwargs.values())
    before = [_packed(one, here) for one in asked]
    try:
        value, how = function(*args, **kwargs), VALUE
    except BaseException as error:  # also SystemExit and an interrupt: the check meets what it would meet here
        value, how = error, ERROR
    changed = [(place, after) for place, one in enumerate(asked) if (after := _packed(one, here)) != before[place]]
    yield from _told(how, value, here, changed, sent)


def _ours(module: str, name: str) -> Callable[..., Any]:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return getattr(found, "__wrapped__", found)


def _packed(value: Any, here: Here) -> bytes:
    """An argument that may have been changed, as bytes; nothing for any other."""
    if isinstance(value, _CHANGING) or type(value).__name__ in ("DataFrame", "Series", "ndarray"):
        try:
            return carrying.pack(value, here.refer)
        except carrying.NotCarried:
            return b""
    return b""


def _told(how: str, value: Any, here: Here, changed: Any, sent: Folders) -> Iterator[bytes]:
    try:
        packed = carrying.pack_error(value, here.refer) if how == ERROR else carrying.pack(value, here.refer)
    except carrying.NotCarried as error:
        how, packed = UNCARRIED, carrying.pack(str(error), here.refer)
    files, gone = sent.changed()
    yield how.encode()
    yield packed
    yield carrying.pack(dict(changed), here.refer)
    yield carrying.pack([{path: list(one) for path, one in files.items()}, gone], here.refer)
