"""Change one value of params.yaml, or of a YAML file laid out like it; comments, order, quotes and all other lines stay."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.tokens import CommentToken
from ruamel.yaml.util import load_yaml_guess_indent

_WIDTH = 4096  # columns; a longer line would be broken, changed or not


class _Representer(RoundTripRepresenter):
    """ruamel's own, which leaves the place of a null empty."""


_Representer.add_representer(type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", "null"))


def set_value(file: Path, key: str, value: Any) -> None:
    """Set a value of a YAML file by its dotted key, such as `train.candidates.boosting.max_iter`.

    `value` is made of dict, list, str, int, float, bool and None. KeyError if the file has no such key, ruamel's
    YAMLError if it is no YAML; it stays as it was then.
    """
    text = file.read_text(encoding="utf-8")
    *sections, last = names = key.split(".")
    place = content = _yaml().load(text)
    was = yaml.safe_load(text)  # by the library that the project reads with, to which other words are numbers or true
    try:
        for name in sections:
            place = place[name]
        place[last]
        for name in names:
            was = was[name]
    except (KeyError, TypeError):  # the latter for a key below a number or a word
        raise KeyError(f"{key}: not in {file}") from None
    after = _cut_what_follows(place, last)
    # written by that library too, which quotes other words than ruamel does
    new = _yaml().load(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))
    place[last] = _merged(place[last], new, was, value)
    _put_what_follows(place, last, after)
    _, indent, offset = load_yaml_guess_indent(text)
    output = StringIO()
    _yaml(indent, offset).dump(content, output)
    file.write_text(output.getvalue(), encoding="utf-8")


def _yaml(indent: int | None = None, offset: int | None = None) -> YAML:
    """A reader and writer; `indent` and `offset` are the columns of a list's items and of their dashes."""
    both_ways = YAML()
    both_ways.preserve_quotes = True
    both_ways.width = _WIDTH
    both_ways.Representer = _Representer
    if indent is not None:
        both_ways.indent(sequence=indent, offset=offset)
    return both_ways


def _merged(old: Any, new: Any, was: Any, value: Any) -> Any:
    """`new`, with what `old` has of it as it is written there, comments included; `was` and `value` are what they mean."""
    if not isinstance(old, CommentedMap) or not isinstance(value, Mapping):
        return old if _same(was, value) else new
    merged = CommentedMap(
        (key, _merged(old[key], part, was[key], value[key]) if key in old and key in was else part) for key, part in new.items()
    )
    merged.ca.comment = old.ca.comment
    merged.ca.items.update({key: comment for key, comment in old.ca.items.items() if key in new})
    return merged


def _same(was: Any, value: Any) -> bool:
    """Whether two values are alike: 1, 1.0 and true are not."""
    if isinstance(was, list) and isinstance(value, list):
        return len(was) == len(value) and all(map(_same, was, value))
    if isinstance(was, dict) and isinstance(value, Mapping):
        return list(was) == list(value) and all(_same(was[key], value[key]) for key in was)
    return type(was) is type(value) and was == value


# ruamel keeps the blank lines and comments between two entries with the last scalar before them. They belong to
# what follows, and stay when that scalar goes.


def _end(place: CommentedMap | CommentedSeq, key: Any) -> tuple[CommentedMap | CommentedSeq, Any, int]:
    """Where the comment after the last scalar of `place[key]` is kept: the collection, the key in it, the position."""
    while isinstance(value := place[key], CommentedMap | CommentedSeq) and value and not value.fa.flow_style():
        place, key = value, len(value) - 1 if isinstance(value, CommentedSeq) else list(value)[-1]
    return place, key, 0 if isinstance(place, CommentedSeq) else 2


def _cut_what_follows(place: CommentedMap, key: str) -> str:
    """Take out the lines between `place[key]` and what comes after it, and give them."""
    holder, last, position = _end(place, key)
    comments = holder.ca.items.get(last)
    token = comments[position] if comments else None
    if token is None:
        return ""
    own, _, after = token.value.partition("\n")
    token.value = f"{own}\n"
    if not own:
        comments[position] = None
    return after


def _put_what_follows(place: CommentedMap, key: str, after: str) -> None:
    if not after:
        return
    holder, last, position = _end(place, key)
    comments = holder.ca.items.setdefault(last, [None] * 4)
    if comments[position]:
        comments[position].value += after
    else:
        comments[position] = CommentToken(f"\n{after}", CommentMark(0), None)
