"""What the checks of the tasks do with an answer, beside running it on the server: see notebook_flows.py for that."""

import inspect
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import cloudpickle
import notebook_flows as here
import pandas as pd

from workshop.engines.base import Outcome
from workshop.engines.prefect import Prefect
from workshop.sandbox import Sandbox
from workshop.trying import beside

_RESULTS = ".engines/prefect/results"  # where flows/store.py of the project keeps them


# --- task 2: fetch and count


def fetched_and_counted(
    session: Prefect, fast: Callable[..., Any], months: Sequence[str], fetch: Any, shorter: int = 0
) -> tuple[here.Watched, str | None]:
    """A run of `fast`, and what is wrong with its tasks: "tasks", "order", "in turn", "barrier" or None.

    The task `fetch` gives files that are `shorter` by so many flights. To see a barrier, one month's file is to take longer than the others by more than a second. A computer that is busy
    with other things may start tasks late, so what is wrong must be wrong twice.
    """
    for _ in range(2):
        run = _with_an_archive(session, fast, months, fetch, shorter)
        wrong = None if run.error else _order_problem(run, months)
        if wrong not in ("in turn", "barrier"):
            break
    return run, wrong


def _order_problem(run: here.Watched, months: Sequence[str]) -> str | None:
    if run.names != sorted(f"{name} {month}" for name in ("count", "fetch") for month in months):
        return "tasks"
    by_name = {one.name: one for one in run.tasks}
    fetches, counts = ([by_name[f"{name} {month}"] for month in months] for name in ("fetch", "count"))
    if any(count.start < fetch.end for fetch, count in zip(fetches, counts, strict=True)):
        return "order"
    if max(one.start for one in fetches) > min(one.end for one in fetches):
        return "in turn"
    slowest = max(one.end for one in fetches)
    if any(count.start > slowest for fetch, count in zip(fetches, counts, strict=True) if fetch.end < slowest - 1):
        return "barrier"
    return None


@beside
def _with_an_archive(session: Prefect, fast: Callable[..., Any], months: Sequence[str], fetch: Any, shorter: int) -> here.Watched:
    plain = fetch.fn
    with tempfile.TemporaryDirectory() as folder:

        def fetched(month: str) -> Path:
            copy = Path(folder, f"{month}.parquet")
            pd.read_parquet(plain(month)).iloc[shorter:].to_parquet(copy)
            return copy

        with patch.object(fetch, "fn", fetched if shorter else plain):
            return here.watch(session, fast, months)


# --- task 3: retries


@dataclass(frozen=True)
class Retried:
    """How often each source was asked; what the condition itself raised; the pauses before the three retries."""

    asked: dict[str, int]
    raised: list[Exception]
    pauses: list[float]


@beside
def refusal(careful: Mapping[str, Any]) -> BaseException | None:
    """The error with which Prefect refuses these options of a task; None if it takes them."""
    from prefect import task

    return here.call(lambda: task(**careful)(lambda: None))[1]


@beside
def retried(careful: Mapping[str, Any], troubles: Mapping[str, Sequence[Exception]]) -> Retried:
    """Ask sources by tasks that are made with `careful`; each fails with one error after the other, and then answers."""
    from prefect import flow, task  # after `here.connect`, which makes it quiet

    asked, raised = dict.fromkeys(troubles, 0), []
    options = dict(careful)
    if inspect.isfunction(condition := options.get("retry_condition_fn")):
        options["retry_condition_fn"] = _noting(condition, raised)

    def read(name: str) -> None:
        asked[name] += 1
        if asked[name] <= len(troubles[name]):
            raise troubles[name][asked[name] - 1]

    def all_at_once() -> None:
        for future in [task(**options)(read).submit(name) for name in troubles]:
            future.wait()

    here.call(flow(all_at_once))
    return Retried(asked, raised, _pauses(task(**careful)(read)))


def _noting(condition: Callable[..., Any], raised: list[Exception]) -> Callable[..., Any]:
    """The same condition, which notes what it raises: Prefect takes an error there for a no, and only logs it."""
    if inspect.iscoroutinefunction(condition):

        async def noted(*args: Any) -> Any:
            try:
                return await condition(*args)
            except Exception as error:
                raised.append(error)
                raise
    else:

        def noted(*args: Any) -> Any:
            try:
                return condition(*args)
            except Exception as error:
                raised.append(error)
                raise

    return noted


def _pauses(made: Any) -> list[float]:
    # read and not timed: on a busy computer every pause is longer
    delays = made.retry_delay_seconds or 0
    delays = delays if isinstance(delays, list) else [delays]
    return [float(delays[min(n, len(delays) - 1)]) for n in range(3)]


# --- task 4: the point of return


def same_cache(sandbox: Sandbox, cell: str) -> None:
    """Let a cell find the project's cache as it was when the cell ran first, however often it is run."""
    results, kept = sandbox.root / _RESULTS, sandbox.root / f"{_RESULTS} before the {cell}"
    if kept.exists():
        shutil.rmtree(results, ignore_errors=True)
        shutil.copytree(kept, results)
    else:
        results.mkdir(parents=True, exist_ok=True)
        shutil.copytree(results, kept)


def wrong_about(again: set[str] | frozenset[str], resumed: Outcome) -> str | None:
    """Whether these are "too much" or "too little" for the names of the tasks that were run anew; None if neither."""
    worked = {record.name for record in resumed.records}
    return "too much" if again - worked else "too little" if worked - again else None


# --- task 5: the key of the cache


@dataclass(frozen=True)
class KeyTried:
    """Whether each case took its result from the cache; the keys; the errors in place of keys; whether another process makes others."""

    found: dict[str, bool]
    keys: list[Any]
    errors: list[Exception]
    elsewhere: bool


@beside
def key_tried(content_key: Callable[..., Any]) -> KeyTried:
    """Run three tasks with a cache key, one case after the other, over files of our own; a blank raises."""
    from prefect import flow, task

    worked, keys, errors, found = [], [], [], {}

    def noted(context: Any, parameters: dict[str, Any]) -> Any:
        key, error = here.call(content_key, context, dict(parameters))
        (errors if error else keys).append(error or key)
        return None if error else key

    def late(path: str, minutes: int) -> None:
        worked.append(path)

    def late1(path: str, minutes: int) -> None:
        worked.append(path)

    def early(path: str, minutes: int) -> None:
        worked.append(path)

    tasks = {one.__name__: task(cache_key_fn=noted)(one) for one in (late, late1, early)}
    with tempfile.TemporaryDirectory() as folder:

        def run() -> None:
            for case, name, path, minutes in _cases(Path(folder)):
                before = len(worked)
                tasks[name](str(path), minutes)
                found[case] = len(worked) == before

        _, failed = here.call(flow(run, result_storage=Path(folder, "results")))
        file = Path(folder, "delays.csv")
        elsewhere = bool(keys) and _key_elsewhere(content_key, file) not in (None, here.call(content_key, *_asked(file))[0])
    if errors and isinstance(errors[0], NotImplementedError):
        raise errors[0]
    if failed and not errors:
        errors.append(failed)
    return KeyTried(found, keys, errors, elsewhere)


def _asked(file: Path) -> tuple[SimpleNamespace, dict[str, Any]]:
    """A context and parameters, as far as the task promises them."""
    return SimpleNamespace(task=SimpleNamespace(name="late")), {"path": str(file), "minutes": 15}


def _key_elsewhere(content_key: Callable[..., Any], file: Path) -> str | None:
    """The key that a process of its own makes for a file; None if it cannot be made there."""
    ask = "import cloudpickle, sys; told, sys.stdout = sys.stdout, sys.stderr; "  # the function may print
    ask += "key, asked = cloudpickle.load(sys.stdin.buffer); told.write(key(*asked))"
    try:
        given = cloudpickle.dumps((content_key, _asked(file)))
    except Exception:  # what the function uses of the notebook need not fit into a file
        return None
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", ask], input=given, env=environment, capture_output=True, check=False)
    return done.stdout.decode() if done.returncode == 0 else None


def _cases(folder: Path) -> Iterator[tuple[str, str, Path, int]]:
    """What to call, one after the other: (case, task, file, minutes); the file is made before."""
    data, copy = folder / "delays.csv", folder / "other.csv"
    text, big = b"arr_delay\n12\n47\n", bytes(range(256)) * 8192

    def save(content: bytes, moment: int) -> None:
        data.write_bytes(content)
        os.utime(data, (moment, moment))

    save(text, 1)
    yield "new", "late", data, 15
    yield "same", "late", data, 15
    save(b"arr_delay\n12\n74\n", 1)
    yield "edited", "late", data, 15
    save(text, 9)
    yield "saved", "late", data, 15
    shutil.copy2(data, copy)
    yield "copied", "late", copy, 15
    yield "minutes", "late", data, 30
    yield "task", "early", data, 15
    yield "joined", "late1", data, 5
    save(text.replace(b"\n", b"\r\n"), 9)
    yield "line ends", "late", data, 15
    save(big, 9)
    yield "big", "late", data, 15
    save(big[:-1] + b"\0", 9)
    yield "tail", "late", data, 15
    save(text, 1)
    yield "back", "late", data, 15


# --- task 6: as many tasks as are needed

# airport -> (hour, delay) of each flight; 15 minutes are late
FLIGHTS = {
    "2013-03": {"EWR": [(7, 15), (9, 0), (9, 14)], "JFK": [(8, 90), (8, 0), (9, 0), (9, 0)], "LGA": [(6, 0), (18, 40)]},
    "2013-01": {"EWR": [(7, 0), (8, -5)], "JFK": [(21, 90)], "LGA": [(10, 15), (11, 14), (11, 0), (12, 0)]},
}
SHARES = {
    month: {airport: sum(late >= 15 for _, late in of) / len(of) for airport, of in airports.items()}
    for month, airports in FLIGHTS.items()
}


@contextmanager
def other_flights(files: Mapping[str, str]) -> Iterator[None]:
    """Let the files of the months in FLIGHTS hold those flights for a while."""
    kept = {month: Path(files[month]).read_bytes() for month in FLIGHTS}
    try:
        for month, airports in FLIGHTS.items():
            rows = [(airport, 100 * hour + 30, delay) for airport, of in airports.items() for hour, delay in of]
            pd.DataFrame(rows, columns=["origin", "sched_dep_time", "arr_delay"]).to_parquet(files[month])
        yield
    finally:
        for month, content in kept.items():
            Path(files[month]).write_bytes(content)


def wrong_places(
    dug: Sequence[str], months: Sequence[str], threshold: float, before: Mapping[str, Mapping[str, float]]
) -> str | None:
    """What is wrong with the places (`2013-01 JFK`) whose worst hour was looked for: "other shares", "equal", ... or None.

    `before` holds the shares of the files that were there before FLIGHTS: month -> airport -> share.
    """
    wanted, equal = _above(SHARES, months, threshold), _above(SHARES, months, threshold, equal=True)
    if sorted(dug) == sorted(wanted):
        return None
    if set(dug) == set(_above(before, months, threshold)) != set(wanted):
        return "other shares"
    if len(dug) == len(set(dug)) and wanted < set(dug) <= equal:
        return "equal"
    return "too many" if set(dug) - wanted or len(dug) != len(set(dug)) else "too few"


def investigated(months: Sequence[str], threshold: float) -> dict[str, int]:
    """What `investigate` is to return on FLIGHTS."""
    places = (place.split() for place in _above(SHARES, months, threshold))
    return {f"{month} {airport}": max(FLIGHTS[month][airport], key=lambda flight: flight[1])[0] for month, airport in places}


def _above(
    shares: Mapping[str, Mapping[str, float]], months: Sequence[str], threshold: float, *, equal: bool = False
) -> set[str]:
    places = {f"{month} {airport}": share for month in months for airport, share in shares[month].items()}
    return {place for place, share in places.items() if share > threshold or (equal and share == threshold)}
