"""A command in a sandbox ends with whoever runs it, and all that it started with it, however far that got away."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from workshop.engines.servers import wait_for
from workshop.places import environment
from workshop.sandbox import Sandbox

SECONDS = 10  # within which nothing may be left

# starts a child in a session of its own, as a kernel has, a daemon that nobody is the parent of, and, when it is asked to
# end, one more; none of them minds being asked
STUBBORN = """
import signal, subprocess, sys, time
from pathlib import Path


def start(role, *before):
    subprocess.Popen([*before, sys.executable, __file__, role], start_new_session=True)


signal.signal(signal.SIGINT, signal.SIG_IGN)
if len(sys.argv) == 1:
    signal.signal(signal.SIGTERM, lambda *_: start("late"))
    start("child")
    start("daemon", "sh", "-c", 'setsid "$@" &', "sh")
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(sys.argv[-1]).touch()
until = time.monotonic() + 300
while time.monotonic() < until:
    time.sleep(1)
"""
RUNNER = """
import signal, sys
from workshop.sandbox import Sandbox
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has it ignored for what it starts in the background
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as nohup does
Sandbox(sys.argv[1]).run(["python", "stubborn.py"])
"""


@pytest.fixture
def stubborn(tmp_path) -> Sandbox:
    """A sandbox with nothing but the program above in it."""
    (tmp_path / "stubborn.py").write_text(STUBBORN, encoding="utf-8")
    return Sandbox(tmp_path)


def at_work(sandbox: Sandbox) -> list[psutil.Process]:
    """The processes of the program."""
    program = str(sandbox.root / "stubborn.py")
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        ours = process.info["cwd"] == str(sandbox.root) or program in (process.info["cmdline"] or [])
        if ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def up(sandbox: Sandbox) -> bool:
    """Whether all of them are at work."""
    return (sandbox.root / "child").exists() and (sandbox.root / "daemon").exists()


STOPS = {
    "interrupted": [signal.SIGINT],
    "interrupted twice": [signal.SIGINT, signal.SIGINT],
    "asked to end": [signal.SIGTERM],
    "hung up": [signal.SIGHUP],
    "killed": [signal.SIGKILL],
}


@pytest.mark.parametrize("signals", STOPS.values(), ids=STOPS)
def test_nothing_outlives_a_runner_that_is_stopped(stubborn, signals):
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(stubborn.root)], env=environment(), cwd="/", stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: up(stubborn))
        assert len(at_work(stubborn)) == 3
    finally:
        for wanted in signals:
            runner.send_signal(wanted)
            time.sleep(1)
    wait_for(lambda: not at_work(stubborn), SECONDS)
    runner.wait(SECONDS)


def test_nothing_outlives_a_time_limit(stubborn):
    start = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        stubborn.run(["python", "stubborn.py"], timeout=5)
    assert up(stubborn)
    assert not at_work(stubborn)
    assert time.monotonic() - start < 5 + SECONDS


def test_a_guard_that_was_killed_is_replaced(stubborn):
    runner = f"""
import psutil
from workshop.sandbox import Sandbox
sandbox = Sandbox({str(stubborn.root)!r})
sandbox.run(["python", "-c", ""])
for child in psutil.Process().children():
    child.kill()
    child.wait()
sandbox.run(["python", "stubborn.py"])
"""
    started = subprocess.Popen([sys.executable, "-c", runner], env=environment(), cwd="/")
    try:
        wait_for(lambda: up(stubborn))
    finally:
        started.kill()
        started.wait()
    wait_for(lambda: not at_work(stubborn), SECONDS)
