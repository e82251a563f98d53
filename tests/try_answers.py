"""Try answers of a task, each in a copy of what the cells before the task have left.

Loaded by path in the kernel of a solution, so it imports no more than a lesson's checks themselves do.
"""

import contextlib
import io
import json
import linecache
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workshop import messages

NOT_SOLVED = "not_solved_yet"

Namespace = dict[str, Any]
Attempt = dict[str, Any]  # what it is called; its cells as [line, code]; the key it is expected to meet, None if it is right


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
    for attempt in attempts:
        with listening() as said, contextlib.redirect_stdout(io.StringIO()):
            verdict = _verdict(attempt, dict(namespace), said)
        if verdict:
            yield f"{attempt['what']}: {verdict}"


def write_problems(attempts: str, namespace: Namespace, target: str) -> None:
    """The same as JSON, from a file and to a file: how a kernel is asked."""
    found = list(problems(json.loads(Path(attempts).read_text(encoding="utf-8")), namespace))
    Path(target).write_text(json.dumps(found), encoding="utf-8")


def run(cells: list, namespace: Namespace) -> None:
    """Run cells as a kernel would."""
    for line, code in cells:
        file = f"<line {line}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)  # inspect finds it, as in a kernel
        exec(compile(code, file, "exec"), namespace)


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
