"""What checks of several lessons do with an answer: take a command apart, call a function."""

import shlex
from collections.abc import Callable
from typing import Any

from workshop.messages import Say


def words(command: Any) -> list[str]:
    """The words of a command as a shell takes them; none if it is no text, or a quote in it is never closed."""
    try:
        return shlex.split(command) if isinstance(command, str) else []
    except ValueError:
        return []


def call(say: Say, function: Callable[..., Any], *given: Any, shown: str = "") -> Any:
    """What a student's function returns.

    AssertionError says so if it raises, other than at a blank, or returns None; `shown` stands there for the arguments,
    which are written out without it.
    """
    text = f"{function.__name__}({shown or ', '.join(map(repr, given))})"
    try:
        answer = function(*given)
    except NotImplementedError:
        raise
    except Exception as error:
        raise AssertionError(say("raised", call=text, error=f"{type(error).__name__}: {error}")) from error
    assert answer is not None, say("returned_none", call=text)
    return answer
