"""The longest tests come first, a module stays together, and `--keep-seconds` measures anew."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HOOKS = "import sys; sys.path.append(__file__.rpartition('/')[0])\nfrom scheduling import *\n"


@pytest.fixture
def kit(tmp_path):
    """A folder of tests that take no time, and what is said of them."""
    tests = tmp_path / "tests"
    tests.mkdir()
    shutil.copy(HERE / "scheduling.py", tests)
    (tests / "conftest.py").write_text(HOOKS)
    for module, count in (("test_many", 3), ("test_long", 1), ("test_run_lessons", 2)):
        code = [f"def test_{n}():\n    pass\n" for n in range(count)]
        (tests / f"{module}.py").write_text("\n".join(code))
    seconds = {"tests/test_many.py": 1, "tests/test_long.py": 9, "tests/test_run_lessons.py::test_1": 5, "tests/gone.py": 3}
    (tests / "seconds.json").write_text(json.dumps(seconds))
    return tmp_path


def order(kit: Path, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "pytest", "-v", "-p", "xdist", "--import-mode=importlib", *arguments, "tests"]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=kit, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"PASSED tests/(\S+)", done.stdout) or re.findall(r"tests/(\S+) PASSED", done.stdout)


@pytest.mark.parametrize("processes", [[], ["-n", "1"]], ids=["alone", "a process"])
def test_the_longest_first(kit, processes):
    assert order(kit, *processes) == [
        "test_run_lessons.py::test_0",  # not measured yet
        "test_long.py::test_0",
        "test_run_lessons.py::test_1",
        *(f"test_many.py::test_{n}" for n in range(3)),
    ]


def test_what_ran_is_measured_anew(kit):
    order(kit, "--keep-seconds", "-k", "not test_1")
    assert json.loads((kit / "tests/seconds.json").read_text()) == {
        "tests/test_long.py": 0,
        "tests/test_many.py": 0,
        "tests/test_run_lessons.py::test_0": 0,
        "tests/test_run_lessons.py::test_1": 5,
    }
