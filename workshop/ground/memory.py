"""How much memory a piece of work takes, with all the processes that it starts."""

import threading
from collections.abc import Callable
from contextlib import suppress

import psutil

_EVERY = 0.5  # seconds
_MORE = 1.02  # by how much the processes' own sums must have grown for another look at what they share


class Peak:
    """The most memory that this process's children, and theirs, had at one time while the block lasted, in MB.

    Memory that processes share is counted once, where the system tells (Linux: PSS); elsewhere RSS. The system is asked for
    that, which takes it a while, only if the sum of RSS is the largest so far. What comes and goes between two looks, half a
    second apart, is not seen.
    """

    def __init__(self) -> None:
        self.megabytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        here, largest = psutil.Process(), 0.0
        while not self._over.wait(_EVERY):
            children = here.children(recursive=True)
            resident = _sum(children, _resident)
            if resident > largest * _MORE:
                largest = resident
                self.megabytes = max(self.megabytes, _sum(children, _own_share) // 1_000_000)


def _sum(processes: list[psutil.Process], size: Callable[[psutil.Process], int]) -> int:
    """The sizes of those processes that have not just ended and do not belong to another user."""
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            total += size(process)
    return total


def _resident(process: psutil.Process) -> int:
    return process.memory_info().rss


def _own_share(process: psutil.Process) -> int:
    memory = process.memory_full_info()
    return getattr(memory, "pss", memory.rss)
