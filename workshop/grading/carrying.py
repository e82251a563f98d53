"""Values of a student's process as data, and back: only types of this list are built again, by us, from what they hold.

Who sends may be anybody, so nothing here runs what is sent: it is JSON with a tag for each type that JSON does not have,
tables as Arrow's streams and arrays as NumPy's files without pickled objects. A value of a class that is on no list comes
as a `Thing` that knows only how it called itself; a function as a `Far` one, which is called by message.
"""

import base64
import builtins
import collections
import dataclasses
import datetime
import io
import json
import sys
import traceback
from collections.abc import Callable, KeysView, ValuesView
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import nbformat
import numpy as np
import pandas as pd
import pyarrow as pa

from workshop.messages import NotSolvedYet
from workshop.places import LESSONS
from workshop.trying import CARRIED

_TAG, _CONTENT = "", "v"
_LONGEST_TEXT = 2000  # characters of how a thing calls itself
_LONGEST_NAME = 200
_SEQUENCES: dict[str, Callable[[list], Any]] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_SEQUENCES |= {"deque": collections.deque, "dict_keys": lambda found: dict.fromkeys(found).keys()}
_SEQUENCES |= {"dict_values": lambda found: dict(enumerate(found)).values()}
_HERE = Path(__file__).parent
_OURS = ("flight_delays.", "workshop.")  # packages whose dataclasses are built again


class NotCarried(ValueError):
    """A message that is none of ours."""


@dataclasses.dataclass(frozen=True)
class Reference:
    """What stays where it is: its number there, its name, and the names of its classes."""

    number: int
    name: str
    classes: tuple[str, ...]
    text: str


class Thing:
    """A value of another process whose class is not known here; it is equal to itself only."""

    _reference: Reference

    def __repr__(self) -> str:
        """How it calls itself."""
        return self._reference.text


# --- away


def pack(value: Any, refer: Callable[[Any], int]) -> bytes:
    """A value as bytes; `refer` gives a number to what stays here. NotCarried if it is nested too deep."""
    try:
        return json.dumps(_out(value, refer), ensure_ascii=True).encode()
    except (RecursionError, ValueError) as error:
        raise NotCarried(f"{type(value).__name__}: {error}") from None


def pack_error(error: BaseException, refer: Callable[[Any], int]) -> bytes:
    """An exception as bytes."""
    return json.dumps(_error_out(error, refer)).encode()


def _tagged(tag: str, content: Any) -> dict[str, Any]:
    return {_TAG: tag, _CONTENT: content}


def _out(value: Any, refer: Callable[[Any], int]) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    for carried in CARRIED.values():
        if isinstance(value, carried.kinds):
            return _tagged("carried", [carried.name, _out(carried.away(value), refer)])
    if isinstance(value, nbformat.NotebookNode):
        return _tagged("notebook", _out(json.loads(json.dumps(value)), refer))
    if isinstance(value, dict | MappingProxyType):
        return _tagged("dict", [[_out(key, refer), _out(item, refer)] for key, item in value.items()])
    if isinstance(value, KeysView | ValuesView) and kind.__name__ in _SEQUENCES:
        return _tagged(kind.__name__, [_out(item, refer) for item in list(value)])
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and _is_ours(kind.__module__):
        fields = {one.name: _out(getattr(value, one.name), refer) for one in dataclasses.fields(value) if one.init}
        return _tagged("dataclass", [kind.__module__, kind.__qualname__, fields])
    for made in (list, tuple, set, frozenset, collections.deque):
        if isinstance(value, made):
            return _tagged(made.__name__, [_out(item, refer) for item in value])
    if isinstance(value, range):
        return _tagged("range", [value.start, value.stop, value.step])
    return _plain_out(value, refer)


def _plain_out(value: Any, refer: Callable[[Any], int]) -> Any:
    """What holds nothing else of ours."""
    if isinstance(value, np.generic) and not isinstance(value, np.object_):
        return _tagged("array", [_array_out(np.asarray(value)), True])
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            return _tagged("objects", [list(value.shape), [_out(item, refer) for item in value.ravel().tolist()]])
        return _tagged("array", [_array_out(value), False])
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        return _table_out(value, refer)
    if value is pd.NaT or value is pd.NA:
        return _tagged("missing", "NaT" if value is pd.NaT else "NA")
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        return _tagged(type(value).__name__, [value.isoformat(), _zone_out(getattr(value, "tzinfo", None))])
    if isinstance(value, datetime.datetime):
        return _tagged("datetime", [value.replace(tzinfo=None).isoformat(), _zone_out(value.tzinfo), value.fold])
    if isinstance(value, datetime.date | datetime.time):
        kind = "date" if isinstance(value, datetime.date) else "time"
        return _tagged(kind, [value.isoformat()])
    if isinstance(value, datetime.timedelta):
        return _tagged("timedelta", [value.days, value.seconds, value.microseconds])
    if isinstance(value, datetime.tzinfo):
        return _tagged("zone", _zone_out(value))
    if isinstance(value, PurePath):
        return _tagged("path", str(value))
    if isinstance(value, bytes | bytearray):
        return _tagged("bytes", base64.b64encode(value).decode())
    if isinstance(value, Decimal | Fraction | complex | UUID):
        name = next(one.__name__ for one in (Decimal, Fraction, complex, UUID) if isinstance(value, one))
        return _tagged(name, str(value))
    if isinstance(value, str | int | float):  # of a class that is made of one
        return str.__str__(value) if isinstance(value, str) else int(value) if isinstance(value, int) else float(value)
    if isinstance(value, BaseException):
        return _error_out(value, refer)
    return _reference_out(value, refer)


def _reference_out(value: Any, refer: Callable[[Any], int]) -> Any:
    classes = [f"{one.__module__}.{one.__qualname__}"[:_LONGEST_NAME] for one in type(value).__mro__]
    name = str(getattr(value, "__name__", type(value).__name__))[:_LONGEST_NAME]
    try:
        text = repr(value)[:_LONGEST_TEXT]
    except Exception as error:
        text = f"<{name}: {type(error).__name__}>"
    kind = "function" if callable(value) and not isinstance(value, type) else "thing"
    return _tagged(kind, [refer(value), name, classes, text])


def _error_out(error: BaseException, refer: Callable[[Any], int]) -> Any:
    classes = [one.__name__ for one in type(error).__mro__]
    arguments = [_out(one, refer) for one in error.args]
    return _tagged("error", [classes, arguments, str(error)[:_LONGEST_TEXT], _where(error)[-_LONGEST_TEXT:]])


def _where(error: BaseException) -> str:
    """The lines of code that led to an error, without those of ours that called them."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not Path(frame.filename).is_relative_to(_HERE)]
    return "".join(traceback.format_list(frames))


def _array_out(array: np.ndarray) -> str:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return base64.b64encode(stream.getvalue()).decode()


def _table_out(value: Any, refer: Callable[[Any], int]) -> Any:
    """A table by Arrow, or value by value where a column holds what Arrow has no type for."""
    kind = next(one.__name__ for one in (pd.DataFrame, pd.Series, pd.Index) if isinstance(value, one))
    name = _out(None if kind == "DataFrame" else value.name, refer)
    whole = (
        value if kind == "DataFrame" else value.to_frame(name="value") if kind == "Series" else value.to_frame(False, "value")
    )
    try:
        stream = pa.BufferOutputStream()
        table = pa.Table.from_pandas(whole)
        with pa.ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table)
        content: Any = base64.b64encode(stream.getvalue()).decode()
    except (pa.ArrowException, ValueError, TypeError, KeyError):
        columns = [_out(whole.iloc[:, place].tolist(), refer) for place in range(whole.shape[1])]
        content = [_out(whole.index.tolist(), refer), _out(whole.columns.tolist(), refer), columns]
    return _tagged("table", [kind, name, content])


def _zone_out(zone: datetime.tzinfo | None) -> Any:
    if zone is None:
        return None
    name = getattr(zone, "key", None) or getattr(zone, "name", None)
    if isinstance(name, str):
        return name[:_LONGEST_NAME]
    offset = zone.utcoffset(None)
    return offset.total_seconds() if offset is not None else "UTC"


def _is_ours(module: str) -> bool:
    """Whether a module is the project's, the kit's or a lesson's; it must have been imported already."""
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return f"{module}.".startswith(_OURS) or Path(file).is_relative_to(LESSONS)


# --- and back


def nothing(reason: str) -> Thing:
    """What stands for a value that could not be carried."""
    return type("Thing", (Thing,), {"_reference": Reference(-1, "", (), reason)})()


def unpack(content: bytes, far: Callable[[Reference], Any]) -> Any:
    """The value of these bytes; `far` makes what stands for a thing or a function that has stayed there.

    NotCarried if they are none of ours. An exception comes as a value, too.
    """
    try:
        return _in(json.loads(content), far)
    except NotCarried:
        raise
    except Exception as error:  # whatever is wrong with them, it is not our own fault
        raise NotCarried(f"{type(error).__name__}: {error}") from None


def _in(told: Any, far: Callable[[Reference], Any]) -> Any:
    if not isinstance(told, dict):
        if isinstance(told, list):
            raise NotCarried("a list without a tag")
        return told
    tag, content = told[_TAG], told[_CONTENT]
    if tag in _SEQUENCES:
        return _SEQUENCES[tag]([_in(item, far) for item in content])
    if tag == "dict":
        return {_in(key, far): _in(item, far) for key, item in content}
    if tag in _BACK:
        return _BACK[tag](content)
    return _MORE[tag](content, far)


def _notebook_in(content: Any, far: Callable[[Reference], Any]) -> Any:
    return nbformat.from_dict(_in(content, far))


def _carried_in(content: Any, far: Callable[[Reference], Any]) -> Any:
    name, data = content
    return CARRIED[name].back(_in(data, far))


def _dataclass_in(content: Any, far: Callable[[Reference], Any]) -> Any:
    module, name, fields = content
    if not _is_ours(module):
        raise NotCarried(f"{module} is not ours")
    kind = getattr(sys.modules[module], name)
    if not (dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module):
        raise NotCarried(f"{name} is no dataclass of {module}")
    return kind(**{str(key): _in(item, far) for key, item in fields.items()})


def _objects_in(content: Any, far: Callable[[Reference], Any]) -> Any:
    shape, items = content
    found = np.empty(len(items), dtype=object)
    found[:] = [_in(item, far) for item in items]
    return found.reshape([int(one) for one in shape])


def _array_in(content: Any) -> Any:
    text, scalar = content
    array = np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
    return array[()] if scalar else array


def _table_in(content: Any, far: Callable[[Reference], Any]) -> Any:
    kind, name, data = content
    if isinstance(data, str):
        with pa.ipc.open_stream(base64.b64decode(data)) as reader:
            whole = reader.read_all().to_pandas()
    else:
        index, names, columns = _in(data[0], far), _in(data[1], far), [_in(one, far) for one in data[2]]
        whole = pd.concat([pd.Series(one, dtype=object) for one in columns], axis="columns") if columns else pd.DataFrame()
        whole = whole.infer_objects()
        whole.index, whole.columns = pd.Index(index), pd.Index(names, dtype=object if not names else None)
    if kind == "DataFrame":
        return whole
    column = whole["value"].rename(_in(name, far))
    return column if kind == "Series" else pd.Index(column)


def _function_in(content: Any, far: Callable[[Reference], Any]) -> Any:
    return far(_reference_in(content))


def _thing_in(content: Any, far: Callable[[Reference], Any]) -> Any:
    reference = _reference_in(content)
    own = reference.classes[0].rpartition(".")[2] if reference.classes else reference.name
    return type(own, (Thing,), {"_reference": reference})()


def _reference_in(content: Any) -> Reference:
    number, name, classes, text = content
    return Reference(int(number), str(name), tuple(map(str, classes)), str(text)[:_LONGEST_TEXT])


def _error_in(content: Any, far: Callable[[Reference], Any]) -> BaseException:
    """The same exception if it is Python's own, else one of its name, made of the nearest that is."""
    classes, arguments, text, where = content
    given = [_in(one, far) for one in arguments]
    if NotSolvedYet.__name__ in classes:
        return NotSolvedYet(*given)
    found = [getattr(builtins, str(name), None) for name in classes]
    base = next((one for one in found if isinstance(one, type) and issubclass(one, BaseException)), Exception)
    kind = base if base is found[0] else type(str(classes[0]), (base,), {"__str__": lambda self: str(text)})
    error = kind(*given)
    if where:
        error.add_note(str(where)[:_LONGEST_TEXT])
    return error


def _zone_in(told: Any) -> datetime.tzinfo | None:
    if told is None:
        return None
    if isinstance(told, str):
        return datetime.UTC if told == "UTC" else ZoneInfo(told)
    return datetime.timezone(datetime.timedelta(seconds=told))


def _datetime_in(content: Any) -> datetime.datetime:
    text, zone, fold = content
    return datetime.datetime.fromisoformat(text).replace(tzinfo=_zone_in(zone), fold=fold)


def _timestamp_in(content: Any) -> pd.Timestamp:
    text, zone = content
    moment = pd.Timestamp(text)
    return moment.tz_convert(_zone_in(zone)) if zone is not None else moment


_BACK: dict[str, Callable[[Any], Any]] = {
    "range": lambda content: range(*content),
    "array": _array_in,
    "missing": lambda content: {"NaT": pd.NaT, "NA": pd.NA}[content],
    "Timestamp": _timestamp_in,
    "Timedelta": lambda content: pd.Timedelta(content[0]),
    "datetime": _datetime_in,
    "date": lambda content: datetime.date.fromisoformat(content[0]),
    "time": lambda content: datetime.time.fromisoformat(content[0]),
    "timedelta": lambda content: datetime.timedelta(*content),
    "zone": _zone_in,
    "path": Path,
    "bytes": base64.b64decode,
    "Decimal": Decimal,
    "Fraction": Fraction,
    "complex": complex,
    "UUID": UUID,
}
_MORE: dict[str, Callable[[Any, Callable[[Reference], Any]], Any]] = {
    "notebook": _notebook_in,
    "carried": _carried_in,
    "dataclass": _dataclass_in,
    "objects": _objects_in,
    "table": _table_in,
    "function": _function_in,
    "thing": _thing_in,
    "error": _error_in,
}
