"""In the kernel that runs the checks: get a student's values as data, and call a student's functions by message.

No code of the student's runs here. Names that the answers define are bound to what comes over (carrying.py), functions to
ones of ours that ask the other kernel (answering.py).
"""

import ctypes
import io
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
from IPython import get_ipython

from workshop import trying
from workshop.grading import carrying
from workshop.grading.answering import ERROR, MISSING, UNCARRIED, VALUE
from workshop.grading.carrying import NotCarried, Reference, Thing
from workshop.grading.files import ENGINES, Folders, named, shared
from workshop.grading.line import Line
from workshop.places import WORK

_PR_SET_DUMPABLE = 4  # from linux/prctl.h
_MARK = "_far"
_FUNCTIONS = (("builtins.function",), ("builtins.builtin_function_or_method",), ("builtins.method",))
_DATA: tuple[type, ...] = (type(None), bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict)
_DATA += (Path, np.ndarray, np.generic, pd.DataFrame, pd.Series, pd.Index, type, ModuleType)
_SHELLS = ("In", "Out", "exit", "quit", "get_ipython")  # what IPython keeps among a notebook's names
_SERVERS = ("airflow", "prefect")  # folders in which a server of each kernel's own works
_MADE_HERE = (str, list, dict, set, tuple)  # by us, each time anew: no value of ours is the same object


class StandIn(Thing):
    """An object there that may be called and is no plain function; perhaps of a class that is known here."""

    _kind: type | None
    _call: Callable[..., Any]

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What isinstance asks."""
        return self._kind or type(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it there."""
        return self._call(*args, **kwargs)


class Asker:
    """The end of the line where the checks are."""

    def __init__(self, namespace: dict[str, Any], folders: tuple[Path, ...]):
        self._line: Line | None = None
        self._descriptor = -1
        self._namespace = namespace
        self._shared = folders
        self._folders = Folders(folders)
        self._number = 0
        self._given: frozenset[str] = frozenset()
        self._theirs: dict[int, Any] = {}
        self._back: Folders | None = None
        self._noted: dict[str, Any] = {}
        self._environment: dict[str, str] = {}

    def use(self, descriptor: int) -> None:
        """Ask the kernel at the other end of this line from now on."""
        if self._descriptor != descriptor:
            if self._line:
                self._line.socket.detach()
            self._descriptor, self._line = descriptor, Line.of(descriptor)
            self._folders = Folders(self._shared)  # it has not seen any

    def bind(self, names: Iterable[str], given: Iterable[str], back: tuple[Path, ...]) -> None:
        """Give the names of answers the values that they have there; a name that is not there is not here either.

        `given` are the names that our own cells have bound in both kernels.
        """
        self._given = frozenset(given)
        self._back = Folders(back) if back else None
        self._theirs = {}
        for name in names:
            try:
                value = self._namespace[name] = self._ask({"do": "get", "name": name}, ())
                if isinstance(value, _MADE_HERE) and value:
                    self._theirs[id(value)] = value
            except LookupError:
                self._namespace.pop(name, None)
            except NotCarried as error:
                self._namespace[name] = carrying.nothing(str(error))

    def note(self) -> None:
        """Look at what there is, before a cell of ours."""
        self._noted, self._environment = dict(self._namespace), dict(os.environ)

    def hand_over(self) -> None:
        """Give the other kernel the files, and what has changed since `note` of the names and the environment."""
        names = {name: value for name, value in self._namespace.items() if self._noted.get(name, self) is not value}
        names = {name: value for name, value in names.items() if not name.startswith("_") and name not in _SHELLS}
        environment = {name: value for name, value in os.environ.items() if self._environment.get(name) != value}
        engines = [folder for folder in WORK.glob(f"*/{ENGINES}/*") if folder.name not in _SERVERS]
        told = {"path": sys.path, "environment": environment, "engines": Folders(tuple(engines)).changed()}
        self._ask({"do": "take", "given": _pickled(names, self._names())} | told, ())

    def is_far(self, value: Any) -> bool:
        """Whether a value stands for one that is there, or holds such a one, or is what a name of an answer was bound to."""
        if id(value) in self._theirs:
            return True
        if isinstance(value, Mapping):
            return any(map(self.is_far, value.values()))
        if type(value) in (tuple, list, set):
            return any(map(self.is_far, value))
        return _number_of(value) is not None

    def beside(self, function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
        """What a function of a module of ours returns there."""
        __tracebackhide__ = True
        return self._call({"do": "beside", "function": (function.__module__, function.__qualname__)}, args, kwargs)

    def _call(self, question: dict[str, Any], args: tuple, kwargs: dict[str, Any]) -> Any:
        """Ask with arguments; those of a student's function are ours, never what their process has under the same name."""
        __tracebackhide__ = True  # no student has written this
        given = _pickled((args, kwargs), self._names())
        return self._ask(question | {"given": given}, (*args, *kwargs.values()))

    def _names(self) -> dict[int, str]:
        """Our own objects that both sides have, by identity: connections and the like cannot be sent."""
        found = {name: self._namespace.get(name) for name in self._given}
        return {id(value): name for name, value in found.items() if not isinstance(value, _DATA)}

    def _ask(self, question: dict[str, Any], arguments: tuple) -> Any:
        __tracebackhide__ = True
        self._number += 1
        assert self._line is not None
        self._line.send(self._number, cloudpickle.dumps(question | {"files": self._folders.changed()}))
        how, packed, changed, files = (self._part() for _ in range(4))
        if self._back:
            new, gone = carrying.unpack(files, self._far)
            self._back.take({str(path): tuple(one) for path, one in new.items()}, map(str, gone))
            self._folders.note()
        for place, after in carrying.unpack(changed, self._far).items():
            _put(arguments[place], carrying.unpack(after, self._far))
        value = carrying.unpack(packed, self._far)
        if how == MISSING.encode():
            raise LookupError
        if how == UNCARRIED.encode():
            raise NotCarried(str(value))
        if how == ERROR.encode():
            raise value
        if how != VALUE.encode():
            raise NotCarried("an answer that is none")
        return value

    def _part(self) -> bytes:
        assert self._line is not None
        while True:
            number, content = self._line.receive()
            if number == self._number:  # else to a question that was broken off
                return content

    def _far(self, reference: Reference) -> Any:
        def ask(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return self._call({"do": "call", "number": reference.number}, args, kwargs)

        ask.__name__ = ask.__qualname__ = reference.name
        if reference.classes[:1] not in _FUNCTIONS:
            kind = next((_known(name) for name in reference.classes if name in trying.STAND_INS), None)
            own = {"_reference": reference, "_kind": kind, "_call": staticmethod(ask), "__name__": reference.name}
            return type(reference.classes[0].rpartition(".")[2], (StandIn,), own)()
        setattr(ask, _MARK, reference.number)
        return ask


def _known(name: str) -> type | None:
    """A class by its name and that of its module, which has been imported."""
    module, _, kind = name.rpartition(".")
    return getattr(sys.modules.get(module), kind, None)


class _Writer(cloudpickle.Pickler):
    names: Mapping[int, str] = MappingProxyType({})

    def persistent_id(self, value: Any) -> Any:
        """How the other side finds what is there, and what both have."""
        if (number := _number_of(value)) is not None:
            return ("far", number)
        name = self.names.get(id(value))
        return ("given", name) if name else None


def _pickled(value: Any, names: Mapping[int, str]) -> bytes:
    stream = io.BytesIO()
    writer = _Writer(stream)
    writer.names = names
    writer.dump(value)
    return stream.getvalue()


def _number_of(value: Any) -> int | None:
    """The number of what a value stands for; None if it is ours."""
    if type(value) is FunctionType:
        return getattr(value, _MARK, None)
    if issubclass(type(value), Thing):
        return type(value)._reference.number
    return None


def _put(value: Any, after: Any) -> None:
    """Let a change that a function has made to its argument be seen here."""
    if isinstance(value, pd.DataFrame | pd.Series) and type(after) is type(value):
        value.__setstate__(after.__getstate__())  # type: ignore[operator]  # as pickle does
    elif isinstance(value, list) and isinstance(after, list):
        value[:] = after
    elif (isinstance(value, dict) and isinstance(after, dict)) or (isinstance(value, set) and isinstance(after, set)):
        value.clear()
        value.update(after)
    elif isinstance(value, np.ndarray) and isinstance(after, np.ndarray) and value.shape == after.shape:
        value[...] = after


def start() -> None:
    """Be the kernel of the checks: what students' commands start may not look into its memory."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    shell = get_ipython()
    assert shell is not None  # we are in a kernel
    trying.asker = Asker(shell.user_ns, shared())


def bind(descriptor: int, names: list[str], given: list[str], back: list[str]) -> None:
    """See `Asker.use` and `Asker.bind`; `back` are the names of folders of a sandbox that the answer may change."""
    assert isinstance(trying.asker, Asker)
    trying.asker.use(descriptor)
    trying.asker.bind(names, given, named(back))


def note() -> None:
    """See `Asker.note`."""
    assert isinstance(trying.asker, Asker)
    trying.asker.note()


def hand_over(descriptor: int, given: list[str]) -> None:
    """See `Asker.hand_over`; `given` as `Asker.bind` has them."""
    assert isinstance(trying.asker, Asker)
    trying.asker.use(descriptor)
    trying.asker.bind((), given, ())
    trying.asker.hand_over()
