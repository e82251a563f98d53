"""What a command of the kit lives in: an environment, a home folder, a place for temporary files and processes of its own."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workshop.ground.processes import GUARD, MARK, end, new_mark, remove
from workshop.places import environment, settings
from workshop.surroundings import temporary_folder

# The user's own does not get here. A disk that tells no owners would make Git refuse our own sandboxes.
_GITCONFIG = """\
[user]
\tname = student
\temail = student@localhost
[init]
\tdefaultBranch = main
[safe]
\tdirectory = *
"""


def make_home() -> Path:
    """The home folder of all that we start, for this user only, made where it is missing. OSError if that cannot be."""
    home = Path(settings()["HOME"])
    if not home.is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)  # two may come at once
    if not (home / ".gitconfig").exists():
        partial = home / f".gitconfig.{os.getpid()}"
        partial.write_text(_GITCONFIG, encoding="utf-8")
        partial.replace(home / ".gitconfig")
    return home


@contextmanager
def household(purpose: str = "run") -> Iterator[None]:
    """Let this process and all below it have nothing of the user's but what passes for a purpose (surroundings.PASSES).

    At the end, however it comes, SIGKILL included, nothing is left of what was started and of temporary files. Asked to
    end, or left by its terminal, the block is left with KeyboardInterrupt, as by Ctrl-C. OSError if there is no place for
    the home folder or for temporary files.
    """
    with _interrupted_by_signals(), _environment(environment(purpose)):
        make_home()
        temporary = temporary_folder()
        mark = new_mark()
        try:
            GUARD.keep_house(mark, temporary)
            os.environ |= {"TMPDIR": str(temporary), MARK: mark}
            tempfile.tempdir = None  # so that it looks again
            yield
        finally:
            tempfile.tempdir = None
            with suppress(KeyboardInterrupt):  # an impatient second Ctrl-C: the guard goes on
                end({0: mark})
                remove(temporary)
                GUARD.release(0)


@contextmanager
def _environment(ours: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(ours)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Let what else asks a process to end do what Ctrl-C does; not what nohup has ignored."""
    asked = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL]
    for number in asked:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in asked:
            signal.signal(number, signal.SIG_DFL)
