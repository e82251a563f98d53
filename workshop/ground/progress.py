"""A bar that tells how far a long piece of work is."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

_BAR = "{desc} |{bar:20}| {n}/{total} {elapsed}"


@contextmanager
def progress(title: str, total: int, look: Callable[[], tuple[int, str]]) -> Iterator[None]:
    """A bar with the title and with what `look` sees: how much is done, and what is at work.

    Where nobody watches a terminal, a line with the title at the start and the seconds at the end.
    """
    started = time.perf_counter()
    watched = sys.stderr.isatty()
    if not watched:
        print(title, end=" ", file=sys.stderr, flush=True)
    width = shutil.get_terminal_size().columns  # tqdm itself shows nothing where the terminal does not tell its width
    bar = tqdm(total=total or None, bar_format=_BAR if total else "{desc} {elapsed}", ncols=width, disable=not watched)
    stop = threading.Event()

    def follow() -> None:
        while not stop.wait(0.3):
            done, at = look()
            bar.set_description_str(f"{title:<16} {at:<24}"[:40], refresh=False)
            bar.n = min(done, total)
            bar.refresh()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        bar.set_description_str(f"{title:<40}", refresh=False)
        bar.n = total
        bar.refresh()
        bar.close()
        if not watched:
            print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
