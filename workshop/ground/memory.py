"""How much memory a piece of work takes, with all the processes that it starts."""

import threading
from contextlib import suppress

import psutil

_EVERY = 0.5  # seconds


class Peak:
    """The most memory that this process's children, and theirs, had at one time while the block lasted, in MB.

    Memory that processes share is counted once, where the system tells (Linux: PSS); elsewhere RSS. What comes and goes
    between two looks, half a second apart, is not seen.
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
        here = psutil.Process()
        while not self._over.wait(_EVERY):
            self.megabytes = max(self.megabytes, sum(map(_size, here.children(recursive=True))) // 1_000_000)


def _size(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        memory = process.memory_full_info()
        return getattr(memory, "pss", memory.rss)
    return 0  # it has just ended, or belongs to another user
