"""Try every right and wrong answer of a lesson in place of ours; a process of its own for each lesson.

    python tests/try_answers.py LESSON_FOLDER ANSWERS.yaml

Prints a JSON list with a line for everything that is not as it should be. The exercise's cells run in order in one
namespace; at each task every answer is tried in a copy of it, and then ours is taken.
"""

import contextlib
import io
import json
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from IPython.display import display

from workshop import messages
from workshop.notebooks import STUB
from workshop.tasks import Exercise, Task, blank_count, fill, read_exercise

MIN_RIGHT, MIN_WRONG, MIN_TASKS = 2, 3, 4
NO_TASKS_NEEDED = "00_start"
NOT_SOLVED = "not_solved_yet"

Namespace = dict[str, Any]


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


def problems(lesson: Path, answers_file: Path) -> Iterator[str]:
    """Everything that is wrong with a lesson's checks and answers."""
    exercise = read_exercise(lesson / "exercise.py")
    answers = yaml.safe_load(answers_file.read_text(encoding="utf-8")) or {}
    yield from _count_problems(exercise, answers)
    namespace: Namespace = {"__name__": "__main__", "display": display}
    with listening() as said:
        _run(exercise.opening, namespace)
        for task in exercise.tasks:
            where = f"{exercise.lesson} task {task.number}"
            for what, answer, expected in _attempts(task, answers.get(task.number) or {}):
                verdict = _verdict(task, answer, expected, dict(namespace), said)
                if verdict:
                    yield f"{where}, {what}: {verdict}"
            _run(task.cells, namespace)


def _count_problems(exercise: Exercise, answers: dict) -> Iterator[str]:
    if len(exercise.tasks) < MIN_TASKS and exercise.lesson != NO_TASKS_NEEDED:
        yield f"{exercise.lesson}: {len(exercise.tasks)} tasks, but a lesson has at least {MIN_TASKS}"
    for number in sorted(set(answers) - {task.number for task in exercise.tasks}, key=str):
        yield f"{exercise.lesson} task {number}: answers, but no such task"
    for task in exercise.tasks:
        given = answers.get(task.number) or {}
        for kind, least in (("right", MIN_RIGHT), ("wrong", MIN_WRONG)):
            count = len(given.get(kind) or [])
            if count < least:
                yield f"{exercise.lesson} task {task.number}: {count} {kind} answers, but at least {least} are needed"


def _attempts(task: Task, given: dict) -> Iterator[tuple[str, list[str], str | None]]:
    """(what to call it, code for each blank, the key of the message it must meet or None if it is right)."""
    yield "the blank", [STUB] * task.blanks, NOT_SOLVED
    for number, answer in enumerate(given.get("right") or [], start=1):
        yield f"right answer {number}", _pieces(answer), None
    for number, answer in enumerate(given.get("wrong") or [], start=1):
        yield f"wrong answer {number}", _pieces(answer["code"]), answer["message"]


def _pieces(answer: str | list[str]) -> list[str]:
    return [answer] if isinstance(answer, str) else answer


def _verdict(task: Task, answer: list[str], expected: str | None, namespace: Namespace, said: dict[str, str]) -> str | None:
    """What is wrong with the outcome of an answer; None if it is as expected."""
    if len(answer) != task.blanks:
        return f"{len(answer)} pieces of code for {task.blanks} blanks"
    said.clear()
    try:
        _run(_until_checked(task), namespace, answer)
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


def _until_checked(task: Task) -> list:
    """The task's cells up to its last check, without those that only the solution shows."""
    last = task.cells.index(task.checks[-1])
    return [cell for cell in task.cells[: last + 1] if "solution" not in cell.tags]


def _run(cells, namespace: Namespace, answer: list[str] | None = None) -> None:
    """Run cells as a kernel would, with other code in their blanks if given."""
    waiting = list(answer or [])
    for cell in cells:
        code = cell.text
        if answer is not None:
            count = blank_count(code)
            code, waiting = fill(code, waiting[:count]), waiting[count:]
        file = f"<line {cell.line}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)  # inspect finds it, as in a kernel
        exec(compile(code, file, "exec"), namespace)


def main() -> None:
    """Print the problems as JSON; what cells print goes nowhere."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = list(problems(Path(sys.argv[1]), Path(sys.argv[2])))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
