"""What a run's results are read with: the order of the engines, and the months of a split."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

Entry = TypeVar("Entry")


def in_order(found: Mapping[str, Entry], names: Iterable[str]) -> dict[str, Entry]:
    """Those of `names` that are there, in that order: a file of JSON has its keys by the alphabet."""
    return {name: found[name] for name in names if name in found}


def split(train: Iterable[str], test: Iterable[str]) -> dict[str, str]:
    """Month -> `train` or `test`, as `months` of params.yaml has it."""
    return dict.fromkeys(train, "train") | dict.fromkeys(test, "test")
