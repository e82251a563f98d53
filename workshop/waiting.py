"""A line below a running cell that says what is waited for, how long it usually takes and how long it has taken."""

import contextvars
import threading
import time

from IPython.display import DisplayHandle

from workshop.messages import Say

_QUIET = 2.0  # seconds without a line: what is over by then was no waiting
_EVERY = 1.0


class Waiting:
    """Such a line, written anew every second until `end`."""

    def __init__(self, say: Say, what: str, usual: int | None):
        """`what` is a text such as "Airflow is starting", `usual` are seconds, None if nobody knows."""
        self._say, self._what, self._usual = say, what, usual
        self._started = time.monotonic()
        self._over, self._last = threading.Event(), "waiting"
        # in this context, or the line would appear below whatever cell is running when it is written
        follow = contextvars.copy_context().run
        self._thread = threading.Thread(target=follow, args=(self._follow,), daemon=True)
        self._thread.start()

    def end(self, *, done: bool) -> None:
        """Let the line, if there is one, say how long it took; `done` unless the cell has failed."""
        self._last = "waiting_over" if done else "waiting"
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        if self._over.wait(_QUIET):
            return
        line = DisplayHandle()
        line.display(self._plain(self._at_work()), raw=True)
        while not self._over.wait(_EVERY):
            line.update(self._plain(self._at_work()), raw=True)
        line.update(self._plain(self._say(self._last, what=self._what, seconds=self._seconds())), raw=True)

    def _at_work(self) -> str:
        if self._usual is None:
            return self._say("waiting", what=self._what, seconds=self._seconds())
        return self._say("waiting_usually", what=self._what, usual=about(self._usual), seconds=self._seconds())

    def _seconds(self) -> int:
        return round(time.monotonic() - self._started)

    @staticmethod
    def _plain(text: str) -> dict[str, str]:
        return {"text/plain": text}


def about(seconds: int) -> int:
    """Seconds as one says them: to 5 from 20 on, to 10 from a minute on."""
    step = 1 if seconds < 20 else 5 if seconds < 60 else 10
    return step * round(seconds / step)
