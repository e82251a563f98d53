"""YAML that a person has written, as much of it as a book: read by a quick parser, which is told what not to take."""

from pathlib import Path
from typing import Any

import yaml

from flight_delays.errors import named, no_file
from flight_delays.params import WRONG_TAG, KeysOnce, problem_of

_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # twenty times as quick, but not in every build
_DEEPEST = 20  # values within values
_LARGEST = 5_000_000  # bytes


class NotYaml(ValueError):
    """A file cannot be read as YAML; the message says why, in one line, without the file's name."""


class _Loader(KeysOnce, _QUICK):
    """With every key once."""


def load(file: Path) -> Any:
    """What is in the file; NotYaml if it is none, or is such that reading it would never end."""
    if problem := no_file(file):
        raise NotYaml(problem)
    if file.stat().st_size > _LARGEST:
        raise NotYaml(f"larger than {_LARGEST // 1_000_000} MB")
    try:
        text = file.read_text(encoding="utf-8")
        _refuse_what_never_ends(text)
        return yaml.load(text, _Loader)
    except OSError as error:
        raise NotYaml(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise NotYaml(f"not UTF-8 text: {error}") from None
    except yaml.YAMLError as error:
        raise NotYaml(f"not YAML: {problem_of(error)}") from None
    except ValueError as error:  # a number of too many digits, a day that is in no calendar
        raise NotYaml(f"not YAML: {error}") from None
    except WRONG_TAG:
        raise NotYaml("not YAML: a value that is not what its tag says") from None


def _refuse_what_never_ends(text: str) -> None:
    """ParserError for an alias, a few of which unfold to billions of values, and for thousands of open brackets."""
    depth = 0
    event: Any  # yaml's types know nothing of anchors
    for event in yaml.parse(text, _QUICK):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            what = "nested too deeply" if depth > _DEEPEST else f"alias *{named(event.anchor)}: write the value out"
            raise yaml.parser.ParserError(None, None, what, event.start_mark)
