"""Where the flow keeps what its tasks make, and when that is still good: the flow itself is in the file beside this one.

Prefect looks a task's result up by a key made of its inputs and its code. Inputs that were paths such as
models/boosting.skops would be the same whatever the file holds, and the cache would answer with the model of other
parameters. So tasks keep what they make in a store where the path names the content (store/<SHA-256>/boosting.skops):
another content is another path, thus another key, and what an old result points at is never overwritten.

Several runs may use the store at once. A result is good for 30 days; the run that ends last takes away those that are
older, and the files that no result points at.
"""

import functools
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from modulefinder import ModuleFinder
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect import Task, task
from prefect.cache_policies import INPUTS, TASK_SOURCE, CachePolicy
from prefect.client.schemas.objects import TaskRun
from prefect.context import TaskRunContext
from prefect.states import State

from flight_delays import artifacts
from flight_delays.errors import IS_FOLDER, PipelineError, no_file

if sys.platform != "win32":  # on Windows nothing tells that another run is at work, so there nothing is cleaned
    import fcntl

ROOT = Path(__file__).resolve().parent.parent  # the project, whatever the current folder is
RESULTS = ROOT / ".engines/prefect/results"  # remove this folder, and all is done anew
STORE = RESULTS / "store"  # inside, so that no result outlives the file it points at
GOOD_FOR = timedelta(days=30)


# --- files whose path names their content ---------------------------------------------------------------


def workplace() -> TemporaryDirectory:
    """A folder to work in, on the disk of the store; it goes when the task ends."""
    STORE.mkdir(parents=True, exist_ok=True)
    return TemporaryDirectory(dir=STORE, prefix=".new-")


def keep(made: Path) -> str:
    """Move a file or folder into the store; give its path there, which holds the hash of its content."""
    kept = STORE / artifacts.sha256(made) / made.name
    kept.parent.mkdir(exist_ok=True)
    try:
        made.rename(kept)
    except OSError:  # a folder, or a file on Windows, that is there already: made before, or by another run meanwhile
        if not kept.exists():
            raise
    return str(kept)


@contextmanager
def in_use() -> Iterator[None]:
    """Keep the store as it is while a run is at work; clean it afterwards, unless another run still is."""
    STORE.mkdir(parents=True, exist_ok=True)
    with (STORE / ".lock").open("a") as lock:  # closed by whatever ends the process, a kill too
        if sys.platform == "win32":
            yield
            return
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield
        finally:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                clean()


def stands_for(result: Path) -> Path | None:
    """What is kept in the store for a result of Prefect's; None if that is gone, or the result too old or half written."""
    try:
        record = json.loads(result.read_text(encoding="utf-8"))
        kept, good_until = Path(json.loads(record["result"])), datetime.fromisoformat(record["metadata"]["expiration"])
    except (ValueError, KeyError, TypeError):
        return None
    return kept if kept.exists() and good_until > datetime.now(UTC) else None


def clean() -> None:
    """Remove results that are no longer good, then the files that none of the others points at.

    In this order: whoever is killed between the two leaves files without a result, and never a result without its file.
    """
    needed = {".lock"}
    for result in RESULTS.iterdir():
        if result == STORE:
            continue
        if kept := stands_for(result):
            needed.add(kept.parent.name)
        else:
            result.unlink()
    for folder in STORE.iterdir():
        if folder.name not in needed:
            shutil.rmtree(folder)


# --- when is a result of before still good? -----------------------------------------------------------

ONE_AT_A_TIME = threading.Lock()


@functools.cache
def code_of(stage: str) -> str:
    """Hash of the modules of the project that a stage imports, directly or through others."""
    # ModuleFinder empties a cache of the interpreter's, and of two at once one fails with KeyError: Prefect takes a key
    # that fails for none, and runs the task again. The first tasks of a flow are two at once.
    with ONE_AT_A_TIME:
        finder = ModuleFinder(path=[str(ROOT)])
        finder.import_hook(f"flight_delays.stages.{stage}")
    files = (module.__file__ for module in finder.modules.values())  # type: ignore[attr-defined]  # typeshed does not know it
    return artifacts.sha256_of_all(file for file in files if file)


def stage_code(context: TaskRunContext, inputs: dict) -> str:
    """What TASK_SOURCE does not see: the code that the task calls, and where its files are kept."""
    return f"{code_of(context.task.name)} {STORE}"


def source_data(context: TaskRunContext, inputs: dict) -> str | None:
    """The content of the user's own data, at a path that stays the same when a file there changes."""
    path = inputs["options"]["path"]
    return artifacts.sha256(path) if path and no_file(Path(path)) in (None, IS_FOLDER) else None


SAME_INPUTS_AND_CODE = INPUTS + TASK_SOURCE + CachePolicy.from_cache_key_fn(stage_code)
SAME_DATA_TOO = SAME_INPUTS_AND_CODE + CachePolicy.from_cache_key_fn(source_data)


def may_pass(task: Task, task_run: TaskRun, state: State) -> bool:
    """Whether to try again: not after an error of ours, which will be the same the next time."""
    return not isinstance(state.data, PipelineError)


def cached(
    *, task_run_name: str, cache_policy: CachePolicy = SAME_INPUTS_AND_CODE
) -> Callable[[Callable[..., str]], Task[..., str]]:
    """Make a task whose result is kept, and which is tried again after an error that may pass."""
    return task(
        task_run_name=task_run_name,
        persist_result=True,
        result_serializer="json",  # so that `clean` can read which file a result stands for
        cache_expiration=GOOD_FOR,
        cache_policy=cache_policy,
        retries=2,
        retry_delay_seconds=1,
        retry_condition_fn=may_pass,
    )
