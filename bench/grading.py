"""What the solutions of all lessons take in the grader's jail. On Linux, as root.

Their disk and /dev/shm are file systems of the jail, which are asked through /proc while a solution runs.
"""

import argparse
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from workshop.grading import jail, notebook, plan, supervise
from workshop.places import LESSONS, ROOT

EVERY = 0.3  # seconds


def look(most: dict[str, int]) -> None:
    """Keep the most that was seen of everything."""
    seen = dict.fromkeys(most, 0)
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error, OSError):
            root = Path(f"/proc/{process.pid}/root")
            if not (root / "submission").is_dir():
                continue
            disk, shared = os.statvfs(root / "submission"), os.statvfs(root / "dev/shm")
            seen["tasks"] += process.num_threads()
            seen["memory MB"] += process.memory_info().rss >> 20
            for name, value in (  # of the jail that has most: answers and checks have one each
                ("disk MB", (disk.f_blocks - disk.f_bfree) * disk.f_frsize >> 20),
                ("files", disk.f_files - disk.f_ffree),
                ("shared MB", (shared.f_blocks - shared.f_bfree) * shared.f_frsize >> 20),
            ):
                seen[name] = max(seen[name], value)
    for name, value in seen.items():
        most[name] = max(most[name], value)


def measure(lesson: str) -> dict[str, int]:
    """Run the solution of a lesson, print what came of it, and give the most that it took of everything."""
    limits = supervise.Limits(cell_seconds=1500, seconds=5000, disk_mb=4000, processes=4000, isolation=jail.BWRAP)
    with supervise.workplace(LESSONS) as place:
        assignment = notebook.read_assignment(LESSONS / lesson)
        content = (ROOT / "solutions/ru" / f"{lesson}.ipynb").read_bytes()
        handed = notebook.identify(notebook.parse(content), assignment)
        most = dict.fromkeys(("disk MB", "files", "shared MB", "tasks", "memory MB"), 0)
        over = threading.Event()

        def watch() -> None:
            while not over.wait(EVERY):
                look(most)

        thread = threading.Thread(target=watch)
        thread.start()
        start = time.perf_counter()
        restored = notebook.restore(handed, assignment, "ru")[0]
        outcome = supervise.run(restored, plan.steps(restored, assignment), place, "ru", limits)
        over.set()
        thread.join()
        wrong = [id_ for id_, cell in outcome.cells.items() if cell["status"] != "ok"]
        print(lesson, outcome.end, f"{time.perf_counter() - start:.0f} s", most, "wrong:", wrong, flush=True)
        return most


def main() -> None:
    """Run the solutions one after the other, and print a line for each."""
    lessons = sorted(file.parent.name for file in LESSONS.glob("*/exercise.py"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help=f"of {', '.join(lessons)} (default: all)")
    wanted = parser.parse_args().lessons
    if unknown := sorted(set(wanted) - set(lessons)):
        parser.error(f"no such lesson: {', '.join(unknown)}")
    for lesson in wanted or lessons:
        measure(lesson)


if __name__ == "__main__":
    main()
