"""Values of a student's process as data: what they are afterwards, and what cannot be forged."""

import collections
import datetime
import enum
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from workshop.grading import carrying
from workshop.messages import NotSolvedYet
from workshop.sandbox import Record

MOMENT = datetime.datetime(2013, 10, 27, 1, 30, fold=1, tzinfo=ZoneInfo("Europe/Moscow"))
VALUES = [
    *(None, True, 1, -(10**40), 0.1, float("inf"), "да", b"\x00", [1, [2]], (1, "a"), {1, 2}, frozenset({(1, 2)}), range(3)),
    *({"a": {1: [None]}, (1, 2): "b"}, {}, [], collections.deque([1]), Decimal("0.10"), Fraction(1, 3), 2j),
    *(UUID(int=7), Path("a/b"), MOMENT, MOMENT.date(), datetime.time(1, 30), datetime.timedelta(1, 2, 3)),
    *(ZoneInfo("Europe/Moscow"), datetime.UTC, datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC)),
    *(np.int64(3), np.float32(0.5), np.bool_(True), pd.Timestamp("2013-01-01", tz="UTC"), pd.Timedelta("1h")),
    *(new_notebook(cells=[new_code_cell("x = 1", id="a")]), Record("train", None, 1.0, 2.0, "done", 1, 0)),
]
TABLES = [
    pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, np.nan], "d": pd.to_datetime(["2013-01-01", None], utc=True)}),
    pd.DataFrame({"a": [1, "x"], "b": [None, {1}]}),
    pd.DataFrame({"a": pd.Categorical(["x", "y"])}, index=pd.Index(["p", "q"], name="i")),
    pd.DataFrame([[1, 2]], columns=["a", "a"]),
    pd.DataFrame({1: [1]}),
    pd.DataFrame(),
]


def over(value, far=lambda reference: reference):
    """A value when it has come over."""
    kept = []

    def refer(one):
        kept.append(one)
        return len(kept) - 1

    return carrying.unpack(carrying.pack(value, refer), far)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_the_same_afterwards(value):
    assert over(value) == value
    assert type(over(value)) is type(value)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_table_is_the_same_afterwards(table):
    pd.testing.assert_frame_equal(over(table), table)


@pytest.mark.parametrize("column", [pd.Series([1, 2], name="a"), pd.Series(["x", {1}], index=[3, 4]), pd.Series(dtype=float)])
def test_a_column_is_the_same_afterwards(column):
    pd.testing.assert_series_equal(over(column), column)


def test_arrays_are_the_same_afterwards():
    for array in (np.arange(6).reshape(2, 3), np.array(["a", {1}], dtype=object), np.array(["2013-01-01"], "datetime64[ns]")):
        found = over(array)
        assert found.dtype == array.dtype
        assert found.tolist() == array.tolist()
    assert list(over({"a": 1}.keys())) == ["a"]
    assert over(MappingProxyType({"a": 1})) == {"a": 1}
    assert over(pd.NaT) is pd.NaT


def test_what_pretends_to_be_something_else_is_what_it_holds():
    class Sly(str):
        __slots__ = ()

        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    class Number(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    class All:
        def __eq__(self, other):
            return True

        __hash__ = None

    class Word(enum.StrEnum):
        ONE = "one"

    assert type(over(Sly("x"))) is str
    assert over(Sly("x")) != "y"
    assert over(Number(3)) != 4
    assert over([All()]) != [1]
    assert type(over(All())).__name__ == "All"
    assert over(Word.ONE) == "one"
    assert type(over(collections.Counter("aab"))) is dict


@pytest.mark.parametrize(
    "error", [ValueError("no"), KeyError("price"), NotSolvedYet("blank"), FileNotFoundError(2, "gone"), SystemExit(3)]
)
def test_an_error_is_the_same_afterwards(error):
    found = carrying.unpack(carrying.pack_error(error, len), lambda reference: None)
    assert type(found) is type(error)
    assert str(found) == str(error)


def test_an_error_that_is_unknown_here_has_its_name_and_the_nearest_kind():
    class LostError(OSError):
        pass

    found = carrying.unpack(carrying.pack_error(LostError("gone"), lambda value: 0), lambda reference: None)
    assert type(found).__name__ == "LostError"
    assert isinstance(found, OSError)
    assert str(found) == "gone"


def test_a_function_stays_where_it_is():
    found = over({"f": len})["f"]
    assert (found.number, found.name) == (0, "len")


@pytest.mark.parametrize(
    "told",
    [
        "no JSON",
        json.dumps([1]),
        json.dumps({"": "dataclass", "v": ["os", "stat_result", {}]}),
        json.dumps({"": "dataclass", "v": ["workshop.sandbox", "Sandbox", {"root": "/"}]}),
        json.dumps({"": "carried", "v": ["nothing", 1]}),
        json.dumps({"": "eval", "v": "1"}),
        json.dumps({"": "array", "v": ["gASVAA==", False]}),
        "[" * 100_000,
    ],
)
def test_what_is_none_of_ours_is_refused(told):
    with pytest.raises(carrying.NotCarried):
        carrying.unpack(told.encode(), lambda reference: None)


def test_what_is_nested_too_deep_is_told():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(carrying.NotCarried, match="list"):
        over(deep)
