"""Work on what students handed in, in a process of its own that may not take long nor much memory."""

import multiprocessing
import resource
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker, util
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from threading import Event
from typing import Any

from workshop.ground.processes import GUARD

_PRELOADED = [f"workshop.grading.{name}" for name in ("worker", "reading", "feedback", "reaching")]
_LOOK_EVERY = 0.1  # seconds


class TooMuch(Exception):
    """It took more time or memory than it may."""


class Stopped(Exception):
    """Grading is to end, not the work on one submission alone."""


def context() -> ForkServerContext:
    """Processes are forked from a server that has their imports, which take longer than most of the work."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(_PRELOADED)
    return found


@contextmanager
def serving() -> Iterator[None]:
    """Let the server and what belongs to it end with this block.

    Else it would be there until the end of this process, when its folder, among our temporary files, is gone already.
    """
    try:
        yield
    finally:
        forkserver._forkserver._stop()  # type: ignore[attr-defined]
        resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]
        util._run_finalizers(-100)  # type: ignore[attr-defined]  # the priority of the folder


def call(function: Callable, *arguments: Any, seconds: int, memory_mb: int, stop: Event | None = None) -> Any:
    """What the function gives; TooMuch if it takes too much, RuntimeError with what it says if it fails.

    Stopped is raised when `stop` is set meanwhile.
    """
    receive, send = context().Pipe(duplex=False)
    process = context().Process(target=_work, args=(send, seconds, memory_mb, function, arguments))
    process.start()
    send.close()
    assert process.pid is not None  # it is started
    GUARD.watch(process.pid)
    try:
        deadline = time.monotonic() + seconds
        while not receive.poll(_LOOK_EVERY):
            if stop and stop.is_set():
                raise Stopped
            if time.monotonic() > deadline:
                raise TooMuch
        state, value = receive.recv()
    except EOFError:  # the system has ended it
        raise TooMuch from None
    finally:
        process.kill()
        process.join()
        GUARD.release(process.pid)
        receive.close()
    if state == "much":
        raise TooMuch
    if state == "failed":
        raise RuntimeError(value)
    return value


def _work(send: Connection, seconds: int, memory_mb: int, function: Callable, arguments: tuple) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * 1024**2,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds + 1,) * 2)
    try:
        result = ("done", function(*arguments))
    except MemoryError:
        result = ("much", None)
    except Exception:
        result = ("failed", traceback.format_exc())
    send.send(result)
