"""What can go wrong, by what the user has to do about it, with the exit code of each; and the words for it."""

import reprlib
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

IS_FOLDER = "cannot be read: it is a folder, not a file"
_LONGEST = 200  # characters of a path in a message
_MOST = 20  # problems in a message


class PipelineError(Exception):
    """A stage cannot do its work; the message names the file, column or key to look at."""

    exit_code = 1


class DataError(PipelineError):
    """The data are not what the stage needs."""


class DiskFull(PipelineError):
    """There is no room for what a stage has made."""


class ParamsError(PipelineError):
    """params.yaml, or what was asked on the command line, is wrong."""

    exit_code = 2


class GateClosed(PipelineError):
    """The new model is not good enough to be registered."""

    exit_code = 3


class WrongCopy(PipelineError):
    """The package that was imported belongs to another copy of the project."""

    exit_code = 2


def shown(value: Any) -> str:
    """A value for a message: its beginning, in one line, however long, large or deep it is."""
    few = reprlib.Repr()
    few.maxlevel, few.maxstring, few.maxother, few.maxlong = 3, 80, 80, 40
    try:
        return few.repr(value)
    except ValueError:  # Python writes no whole number of more than 4300 digits
        return f"a {type(value).__name__} that is too long to show"


def in_line(text: str) -> str:
    """Somebody's text for a message: what a terminal would obey instead of showing it, such as a line break, is escaped."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def named(path: str | Path) -> str:
    """A path for a message, its middle left out if it is very long."""
    name = in_line(str(path))
    half = _LONGEST // 2
    return name if len(name) <= _LONGEST else f"{name[:half]}...{name[-half:]}"


def no_file(path: Path) -> str | None:
    """Why `path` is not a file that can be read, in words; None if it is one.

    Asked before anything is opened: whoever opens a pipe waits for somebody to write into it, maybe for ever.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "no such file"
    except OSError as error:  # such as a name that is too long
        return f"cannot be read: {error.strerror}"
    except ValueError as error:  # a zero byte in the name
        return f"cannot be read: {error}"
    if stat.S_ISDIR(mode):
        return IS_FOLDER
    if not stat.S_ISREG(mode):
        return "cannot be read: it is a pipe, a socket or a device, not a file"
    return None


def wrong_fields(problems: Iterable[Any]) -> list[str]:
    """What pydantic found (`ValidationError.errors()`): a line a problem with its key, rule and value, 20 at most."""
    lines = []
    for problem in problems:
        key = ".".join(in_line(str(part)[:80]) for part in problem["loc"] if part != "[key]")
        text = problem["msg"].removeprefix("Value error, ")
        value = "" if problem["type"] in ("missing", "value_error") else f", got {shown(problem['input'])}"
        lines.append(f"{key}: {text}{value}" if key else text)
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"and {more} more"] if more > 0 else lines
