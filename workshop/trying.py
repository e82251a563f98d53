"""What checks of several lessons do with an answer: take a command apart, call a function, let one of ours run beside it.

In JupyterLab answers and checks share an interpreter. The grader runs them in two: see docs/grading.md. There a check's
calls of an answer go over by message; what is marked with `beside` runs over there as well, since it needs the answer
itself; and `carry` tells how objects of an engine come over as data.
"""

import functools
import os
import random
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from workshop.messages import Say

P = ParamSpec("P")
T = TypeVar("T")


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


SEED = "WORKSHOP_SEED"  # an environment variable: the seed of a class, which the grader sets


def fresh(what: str) -> random.Random:
    """Random numbers for what a check tries an answer on: others in each class that is graded, elsewhere the same each time.

    The seed stands in the feedback; `WORKSHOP_SEED=... make lab` repeats the inputs.
    """
    return random.Random(f"{os.environ.get(SEED, 0)} {what}")


# --- when the answer is in another process


class Asker(Protocol):
    """How the grader's checks reach the process of the answers."""

    def is_far(self, value: Any) -> bool:
        """Whether a value stands for one that is there, or holds such a one."""

    def beside(self, function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
        """What a function of a module of ours returns there."""


asker: Asker | None = None  # the grader's own kernel sets it


def beside(function: Callable[P, T]) -> Callable[P, T]:
    """Mark a function of a module that works on an answer's own objects: where these are, it runs; what it gives is data."""

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        __tracebackhide__ = True
        if asker and asker.is_far((args, kwargs)):
            return asker.beside(function, args, kwargs)
        return function(*args, **kwargs)

    return called


@dataclass(frozen=True)
class Carried:
    """Classes whose objects come over as data, and by which functions."""

    name: str
    kinds: tuple[type, ...]
    away: Callable[[Any], Any]
    back: Callable[[Any], Any]


CARRIED: dict[str, Carried] = {}
STAND_INS: set[str] = set()


def carry(name: str, kinds: type | tuple[type, ...], away: Callable[[Any], Any], back: Callable[[Any], Any]) -> None:
    """Let objects of some classes come over as what `away` gives, of which `back` makes them again."""
    CARRIED[name] = Carried(name, kinds if isinstance(kinds, tuple) else (kinds,), away, back)


def stand_in(*names: str) -> None:
    """Let an object that stays there be one of its class by `isinstance` here too; a class is named with its module."""
    STAND_INS.update(names)
