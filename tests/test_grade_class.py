"""A class of thirty, half of it odd or hostile: everybody gets the right points, also when grading is killed half-way."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from workshop.engines.servers import wait_for
from workshop.grading import notebook
from workshop.grading.feedback import text
from workshop.places import ROOT

HERE = Path(__file__).parent
sys.path.append(str(HERE))
from handed_in import (  # noqa: E402
    RIGHT,
    answered,
    as_bytes,
    bomb,
    colab,
    in_cp866,
    line_endings,
    make_lessons,
    no_ids,
    packed,
    put,
    version_3,
)

FULL, NOTHING = [2, 2, 2, 2], [0, 0, 0, 0]
SLEEPER = f"4343.{os.getpid()}"  # seconds, and recognised among all processes
CELL_SECONDS, SECONDS, MEMORY, DISK, PROCESSES = 20, 300, 1000, 200, 250
BOMB = f"import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep({SLEEPER})"
DOUBLE = "def double(x):\n    return 2 * x\n\n\n"
HOSTILE = {
    # what is answered to task 2, and the points
    "бомба": (
        f"import subprocess, sys, time\nbomb = {BOMB!r}\n"
        "subprocess.Popen([sys.executable, '-c', bomb], start_new_session=True)\ntime.sleep(3)",
        [2, 0, 2, 2],
    ),
    "диск": (DOUBLE + "for n in range(100):\n    open(f'{n}', 'wb').write(bytes(10**7))", FULL),
    "память": (DOUBLE + "for n in range(200):\n    open(f'/dev/shm/{n}', 'wb').write(bytes(10**7))", FULL),
    "без_имени": (DOUBLE + "import os\nfor n in range(300):\n    os.write(os.memfd_create('x'), bytes(10**7))", FULL),
    "вечность": ("while True:\n    pass", [2, 0, 2, 2]),
    "упрямство": ("import signal\n\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass", [2, 0, 0, 0]),
    "беглец": (DOUBLE + f"import subprocess\nsubprocess.Popen(['sleep', '{SLEEPER}'], start_new_session=True)", FULL),
}
# what their pages say of what they tried
SAID = {
    "бомба": "NameError",
    "диск": "No space left on device",
    "память": "No space left on device",
    "без_имени": "Function not implemented",
    "rar": "распакуйте",
    "zip_bomb": "файл больше",
    "slow_to_show": "SyntaxError",
}


def write_class(folder: Path, tiny: notebook.Assignment) -> dict[str, tuple[list[int], str]]:
    """Hand in for thirty students; gives the points of each and the key of the remark, or nothing."""
    right, english = answered(tiny, RIGHT), answered(tiny, RIGHT, "en")
    half = as_bytes(answered(tiny, {**RIGHT, 2: "double = str", 4: "total = 0"}))
    plain = "01_tiny.ipynb"
    handed = {
        # as asked for
        **{f"студент_{n}": ({plain: as_bytes(right)}, FULL, "") for n in range(6)},
        **{f"student_{n}": ({plain: as_bytes(english)}, FULL, "") for n in range(3)},
        **{f"half_{n}": ({plain: half}, [2, 0, 2, 0], "") for n in range(2)},
        "nbgrader": ({"01_tiny/01_tiny.ipynb": as_bytes(right)}, FULL, ""),
        "blank": ({plain: as_bytes(tiny.notebook("ru"))}, NOTHING, ""),
        # odd
        "folder": ({"work/exercises/en/01_tiny.ipynb": as_bytes(english)}, FULL, ""),
        "zip": (
            {"hw.zip": packed({"__MACOSX/en/._01_tiny.ipynb": b"\0\5\x16\7", "en/01_tiny.ipynb": as_bytes(english)})},
            FULL,
            "",
        ),
        "windows": ({"01_TINY (1).IPYNB": b"\xef\xbb\xbf" + line_endings(right)}, FULL, ""),
        "colab": ({"Копия блокнота 01_tiny.ipynb": colab(english)}, FULL, ""),
        "old": ({plain: version_3(right)}, FULL, ""),
        "no_ids": ({"exercises.zip": packed({"ru\\01_tiny.ipynb": no_ids(right, other=True)})}, FULL, ""),
        "rar": ({"01_tiny.rar": b"Rar!\x1a\7\0"}, NOTHING, "archive"),
        in_cp866("Щукина"): ({plain: as_bytes(right)}, FULL, ""),
        # hostile
        **{
            name: ({plain: as_bytes(answered(tiny, {**RIGHT, 2: answer}))}, points, "stuck" if name == "упрямство" else "")
            for name, (answer, points) in HOSTILE.items()
        },
        "zip_bomb": ({"hw.zip": bomb(10**9)}, NOTHING, "too_large"),
        "slow_to_show": (
            {plain: as_bytes(answered(tiny, {**RIGHT, 2: RIGHT[2] + "\n" + "x = '" * 150_000}))},
            [2, 0, 2, 2],
            "",
        ),
    }
    for student, (files, *_) in handed.items():
        put(folder, student, files)
    put(folder, "__MACOSX", {"zip/._01_tiny.ipynb": b"\0\5\x16\7"})
    (folder / ".DS_Store").touch()
    named = {os.fsencode(name).decode("cp866") if "\udc99" in name else name: rest for name, (_, *rest) in handed.items()}
    return {name: (points, key) for name, (points, key) in named.items()}


def table(out: Path) -> dict[str, dict[str, str]]:
    if not (out / "grades.csv").exists():
        return {}
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["student"]: row for row in csv.DictReader(stream)}


def asleep() -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if any(SLEEPER in part for part in one.info["cmdline"] or [])]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, graded by a run that is killed half-way and by a second one.

    (expected, the table's folder, the finished second run, rows of the first, when pages of the first were written)
    """
    base = tmp_path_factory.mktemp("class") / "с пробелом"
    lessons = make_lessons(base / "lessons")
    expected = write_class(base / "сданное", notebook.read_assignment(lessons / "01_tiny"))
    temporary = tmp_path_factory.mktemp("t")
    options = ["--lessons", str(lessons), "--jobs", "2", "--cell-seconds", str(CELL_SECONDS), "--seconds", str(SECONDS)]
    options += ["--memory", str(MEMORY), "--disk", str(DISK), "--processes", str(PROCESSES)]
    command = [sys.executable, "-m", "workshop", "grade", str(base / "сданное"), *options]
    settings = {"cwd": ROOT, "env": {**os.environ, "TMPDIR": str(temporary)}, "text": True, "start_new_session": True}
    out = base / "сданное-graded"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, **settings) as first:
        try:
            wait_for(lambda: first.poll() is not None or len(table(out)) > len(expected) // 2, 1200)
            below = psutil.Process(first.pid).children(recursive=True)
        finally:
            first.kill()
    wait_for(lambda: not [one for one in below if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], 20)
    before = table(out)
    pages = {student: page_of(out, student).stat().st_mtime_ns for student in before}
    second = subprocess.run(command, capture_output=True, timeout=1800, check=False, **settings)
    assert list(temporary.iterdir()) == []  # what the first has left too
    return expected, out, second, before, pages


def page_of(out: Path, student: str) -> Path:
    return out / "feedback" / student / "01_tiny.html"


@pytest.mark.engine
def test_everybody_gets_the_right_points(graded):
    expected, out, second, *_ = graded
    assert (len(expected), second.returncode) == (30, 0), second.stderr
    rows = table(out)
    points = {student: [int(row[f"task_{n}"]) for n in (1, 2, 3, 4)] for student, row in rows.items()}
    assert points == {student: points for student, (points, _) in expected.items()}, second.stdout
    remarks = {student: row["remark"] for student, row in rows.items()}
    assert {student for student, remark in remarks.items() if remark} == {
        student for student, (_, key) in expected.items() if key
    }
    for key in {key for _, key in expected.values() if key}:
        assert text(key, "ru", file="01_tiny.rar", megabytes=20, task=2) in remarks.values()
    assert not asleep()


@pytest.mark.engine
def test_the_second_run_goes_on_where_the_first_was_killed(graded):
    expected, out, second, before, pages = graded
    assert len(expected) // 2 < len(before) < len(expected)
    kept = set(before) - {"rar", "zip_bomb"}  # a remark without a run is made anew
    again = {line.split("] ")[1].split(" 01_tiny")[0] for line in second.stdout.splitlines() if line.startswith("[")}
    assert again == set(expected) - kept
    assert {student: row for student, row in table(out).items() if student in before} == before
    for student in kept:
        assert page_of(out, student).stat().st_mtime_ns == pages[student]


@pytest.mark.engine
def test_pages_are_small_and_say_what_was_refused(graded):
    expected, out, *_ = graded
    for student in expected:
        assert page_of(out, student).stat().st_size < 2_000_000, student
    for student, said in SAID.items():
        assert said in page_of(out, student).read_text(encoding="utf-8"), student
    assert '<html lang="en">' in page_of(out, "zip").read_text(encoding="utf-8")
    for student in ("windows", "colab", "old", "no_ids"):
        assert text("checks_restored", "ru", count=0)[:20] not in page_of(out, student).read_text(encoding="utf-8")
        assert text("checks_restored", "en", count=0)[:20] not in page_of(out, student).read_text(encoding="utf-8")
