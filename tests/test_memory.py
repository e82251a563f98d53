"""The memory of a piece of work is that of all its processes."""

import subprocess
import sys
import time

from workshop.ground.memory import Peak

GRANDCHILD = "data = bytearray(b'x') * 150_000_000; print('there', flush=True); __import__('time').sleep(60)"
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def test_what_a_grandchild_takes_is_seen():
    with Peak() as before:
        time.sleep(0.7)
    with (
        Peak() as peak,
        subprocess.Popen([sys.executable, "-c", CHILD, GRANDCHILD], stdout=subprocess.PIPE, text=True) as child,
    ):
        child.stdout.readline()
        time.sleep(1.2)
        child.kill()
    assert 140 < peak.megabytes - before.megabytes < 260
