"""What is left of a command that is stopped while an engine is at work, and after how many seconds nothing is any more.

Exit code 1 if anything is left after ten seconds.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

KIT = Path(__file__).resolve().parent.parent
ALL = (
    "scripts:SIGTERM",
    "dvc:SIGHUP",
    "airflow:SIGINT",
    "airflow:SIGKILL",
    "prefect:SIGTERM",
    "prefect:SIGKILL",
    "kubeflow:SIGKILL",
)
# what one sees in the list of processes when an engine is at work
AT_WORK = {
    "scripts": "run_pipeline.py",
    "dvc": "flight_delays ingest",
    "airflow": "airflow dag-processor",
    "prefect": "flight_delays_flow.py",
    "kubeflow": "flight_delays_kfp.py",
}
MARK = "WORKSHOP_STOPPED"  # in the environment of all that is started
SECONDS = 10
SMALL = ("--rows", "300", "--train-months", "2013-01", "--test-months", "2013-02")


def marked(mark: str) -> list[str]:
    """The command lines of what is there of a run."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


def stop(engine: str, wanted: signal.Signals) -> float | None:
    """Run one engine, stop the command when it is at work, print what came of it, and give the seconds until nothing was left.

    None if something was, or if nothing was at work.
    """
    mark = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="s-") as temporary:
        command = subprocess.Popen(
            [sys.executable, "-m", "workshop", "run", "--engines", engine, *SMALL],
            cwd=KIT,
            env={**os.environ, MARK: mark, "TMPDIR": temporary},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while command.poll() is None and not any(AT_WORK[engine] in line for line in marked(mark)):
            time.sleep(0.5)
        count, started = len(marked(mark)), time.monotonic()
        command.send_signal(wanted)
        while (left := [*marked(mark), *map(str, Path(temporary).iterdir())]) and time.monotonic() < started + SECONDS:
            time.sleep(0.1)
        seconds = time.monotonic() - started
        command.kill()
        print(
            f"{engine} {wanted.name}: of {count} processes {len(left)} left after {seconds:.1f} s",
            *left,
            sep="\n  ",
            flush=True,
        )
        return seconds if count > 1 and not left else None


def case_of(text: str) -> tuple[str, signal.Signals]:
    """An engine and the signal that stops it; ArgumentTypeError if one of them is unknown."""
    engine, _, name = text.partition(":")
    if engine not in AT_WORK or name not in signal.Signals.__members__:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(AT_WORK)} and a signal, got {text!r}")
    return engine, signal.Signals[name]


def main() -> int:
    """Try the cases of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "cases", nargs="*", type=case_of, metavar="ENGINE:SIGNAL", help=f"such as airflow:SIGTERM (default: {' '.join(ALL)})"
    )
    cases = parser.parse_args().cases or list(map(case_of, ALL))
    done = [stop(engine, wanted) for engine, wanted in cases]
    return 1 if None in done else 0


if __name__ == "__main__":
    sys.exit(main())
