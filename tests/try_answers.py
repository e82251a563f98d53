"""Try answers of a task, each in a copy of what the cells before the task have left.

Loaded by path in the kernel of a solution, so it imports no more than a lesson's checks themselves do.
"""

import contextlib
import copy
import io
import json
import linecache
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from workshop import messages

NOT_SOLVED = "not_solved_yet"
PASSED, TIMEOUT, MUTE = "passed", "timeout", "no message"
LEAST_SECONDS, TIMES = 5, 10  # an attempt may take the first, and so many times what the solution itself takes
AGAIN_SECONDS = 5  # whatever has caught the end of an attempt meets it again

Namespace = dict[str, Any]
Attempt = dict[str, Any]  # what it is called; its cells as [line, code]; the key it is expected to meet, None if it is right


class TooLong(BaseException):
    """An attempt has used up its time; no check catches it by accident."""


@contextlib.contextmanager
def listening() -> Iterator[dict[str, str]]:
    """The texts that checks ask for, by key: so a message leads back to its key, whatever values it holds."""
    said: dict[str, str] = {}
    original = messages.Say.__call__

    def say_and_note(say: messages.Say, key: str, **values: object) -> str:
        said[key] = original(say, key, **values)
        return said[key]

    messages.Say.__call__ = say_and_note
    try:
        yield said
    finally:
        messages.Say.__call__ = original


def problems(attempts: list[Attempt], namespace: Namespace) -> Iterator[str]:
    """A line for every attempt that did not end as it was expected to."""
    for attempt in _one_by_one(attempts, namespace):
        with listening() as said, contextlib.redirect_stdout(io.StringIO()):
            verdict = _verdict(attempt, dict(namespace), said)
        if verdict:
            yield f"{attempt['what']}: {verdict}"


def verdicts(attempts: list[Attempt], namespace: Namespace) -> Iterator[tuple[str, float]]:
    """How each attempt ended, in a word or the key of a message, and its seconds.

    The first one has the limit that it brings, 0 for none, and then sets that of the others: it is our own.
    """
    limit = attempts[0].get("limit", 0.0) if attempts else 0.0
    for attempt in _one_by_one(attempts, namespace):
        started = time.perf_counter()
        quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
        with listening() as said, quiet[0], quiet[1]:
            met = _in_time(limit, attempt["cells"], dict(namespace), said)
        seconds = time.perf_counter() - started
        limit = limit or LEAST_SECONDS + TIMES * seconds
        yield met, seconds


def write_problems(attempts: str, namespace: Namespace, target: str) -> None:
    """What `problems` gives as lines of JSON, from a file and to a file: how a kernel is asked."""
    _write(problems, attempts, namespace, target)


def write_verdicts(attempts: str, namespace: Namespace, target: str) -> None:
    """The same of `verdicts`."""
    _write(verdicts, attempts, namespace, target)


def _write(judge: Callable, attempts: str, namespace: Namespace, target: str) -> None:
    with Path(target).open("w", encoding="utf-8", buffering=1) as lines:
        for found in judge(json.loads(Path(attempts).read_text(encoding="utf-8")), namespace):
            lines.write(json.dumps(found) + "\n")


def run(cells: list, namespace: Namespace) -> None:
    """Run cells as a kernel would."""
    for line, code in cells:
        file = f"<line {line}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)  # inspect finds it, as in a kernel
        exec(compile(code, file, "exec"), namespace)


def _one_by_one(attempts: list[Attempt], namespace: Namespace) -> Iterator[Attempt]:
    """The attempts; after each, tables, and lists, dictionaries and sets of plain values, are as they were before it.

    In place, since functions of the notebook know them. What else an attempt changes, a check must stand: a student's
    second answer meets what the first one left.
    """
    ours = {name: value for name, value in namespace.items() if name[:1] != "_"}
    kept = {name: copy.deepcopy(value) for name, value in ours.items() if _is_table(value) or _is_plain_collection(value)}
    for attempt in attempts:
        yield attempt
        for name, before in kept.items():
            _put_back(namespace[name], before)


def _put_back(value: Any, before: Any) -> None:
    """Make a value what it was."""
    if _is_table(value):
        if not value.equals(before):
            value.__setstate__(before.copy().__getstate__())  # as pickle does
    elif value != before:
        if isinstance(value, list):
            value[:] = copy.deepcopy(before)
        else:
            value.clear()
            value.update(copy.deepcopy(before))


def _is_table(value: Any) -> bool:
    pandas = sys.modules.get("pandas")  # only if the notebook has it
    return pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series)


def _is_plain_collection(value: Any) -> bool:
    return isinstance(value, list | dict | set) and _is_plain(value)


def _is_plain(value: Any) -> bool:
    """Whether a value is a list, a dictionary or a set of nothing but such, numbers, texts and paths."""
    if isinstance(value, dict):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | bytes | int | float | Path)


def _verdict(attempt: Attempt, namespace: Namespace, said: dict[str, str]) -> str | None:
    """What is wrong with the outcome of an attempt; None if it is as expected."""
    expected = attempt["expected"]
    try:
        run(attempt["cells"], namespace)
    except messages.NotSolvedYet:
        met = f"the key {NOT_SOLVED!r}"
        as_expected = expected == NOT_SOLVED
    except AssertionError as error:
        keys = [key for key, text in said.items() if text == str(error)]
        met = f"the key {keys[-1]!r}" if keys else f"an assertion without a message of the lesson: {error!s:.200}"
        as_expected = expected in keys
    except BaseException as error:  # also SystemExit: whatever an answer or a check may do
        met, as_expected = f"{type(error).__name__}: {error!s:.300}", False
    else:
        met, as_expected = "no objection", expected is None
    if as_expected:
        return None
    return f"met {met} instead of {f'the key {expected!r}' if expected else 'no objection'}"


def _in_time(limit: float, cells: list, namespace: Namespace, said: dict[str, str]) -> str:
    """How an attempt ended that may take so many seconds, 0 for any: a word, or the key of a message."""
    try:
        with _ended_after(limit):
            run(cells, namespace)
    except messages.NotSolvedYet:
        return NOT_SOLVED
    except AssertionError as error:
        return next((key for key, text in reversed(said.items()) if text == str(error)), MUTE)
    except TooLong:
        return TIMEOUT
    except BaseException as error:  # also SystemExit
        return f"error: {type(error).__name__}"
    return PASSED


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """TooLong in the block after so many seconds, and again as long as it goes on."""
    at_work = True

    def end(number: int, frame: object) -> None:
        if at_work:
            raise TooLong

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        yield
    finally:
        at_work = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
