"""No feature may know what happened after the horizon, and each must be what its name says."""

import numpy as np
import pandas as pd
import pytest

from flight_delays.columns import FEATURES, KEY, NUMBERS, PLANES, TARGET, WEATHER
from flight_delays.sources.tables import empty
from flight_delays.stages.ingest import kept
from flight_delays.stages.prepare import build, recent_delays

MINUTE = pd.Timedelta(minutes=1)
MEASURED = [name for name, dtype in WEATHER.items() if dtype == "float64"]
OPTIONS = {"horizon_hours": 2, "window_hours": 2, "late_minutes": 15}


@pytest.fixture(scope="module")
def days(january):
    """All flights of the first five days, with weather and planes."""
    flights = january.flights[january.flights["date"] < "2013-01-06"].reset_index(drop=True)
    return {"flights": flights, "weather": january.weather, "planes": january.planes}


def _with_another_future(tables: dict, flight: pd.Series, cutoff: pd.Timestamp, random: np.random.Generator) -> dict:
    """The same tables, but whatever happened after `cutoff` happened otherwise."""
    flights = tables["flights"].copy()
    left = flights["scheduled"] + flights["dep_delay"] * MINUTE
    landed = left + flights["air_time"] * MINUTE
    leaves_later, lands_later = ~(left <= cutoff), ~(landed <= cutoff)
    size = len(flights)

    soonest = np.floor((cutoff - flights["scheduled"]) / MINUTE) + 1  # a delay with which it leaves just after the cutoff
    delay = np.maximum(soonest, -60) + random.integers(0, 900, size)
    cancelled = random.random(size) < 0.2
    flights.loc[leaves_later, "dep_delay"] = np.where(cancelled, np.nan, delay)[leaves_later]
    flights.loc[leaves_later, "dep_time"] = np.where(cancelled, np.nan, random.integers(0, 24, size) * 100.0)[leaves_later]
    flights.loc[leaves_later, "tailnum"] = flights["tailnum"].where(~leaves_later | (flights.index == flight.name), "N0")
    for column, values in {
        "arr_delay": np.where(random.random(size) < 0.1, np.nan, random.integers(-60, 900, size)),
        "arr_time": random.integers(0, 24, size) * 100.0,
        "air_time": random.integers(20, 600, size).astype(float),
    }.items():
        flights.loc[lands_later, column] = values[lands_later]
    flights.loc[flight.name, "arr_delay"] = 500.0  # it must still arrive, to have a row at all

    weather = tables["weather"].copy()
    later = weather["observed"] > cutoff
    assert later.any()
    weather.loc[later, MEASURED] = random.uniform(0, 100, (int(later.sum()), len(MEASURED)))
    return {"flights": flights, "weather": weather, "planes": tables["planes"]}


@pytest.mark.parametrize("horizon_hours", [0, 0.5, 2, 6])
@pytest.mark.parametrize("seed", range(6))
def test_no_feature_changes_with_what_happens_after_the_horizon(days, horizon_hours, seed):
    random = np.random.default_rng([seed, int(horizon_hours * 60)])
    options = OPTIONS | {"horizon_hours": horizon_hours}
    candidates = days["flights"][days["flights"]["arr_delay"].notna() & (days["flights"]["date"] > "2013-01-01")]
    flight = candidates.loc[random.choice(candidates.index)]
    cutoff = flight["scheduled"] - pd.Timedelta(hours=horizon_hours)

    def row_of(tables: dict) -> pd.DataFrame:
        table = build(**tables, **options)
        return table[(table[KEY] == flight[KEY]).all(axis=1)][FEATURES].reset_index(drop=True)

    before = row_of(days)
    assert len(before) == 1
    after = row_of(_with_another_future(days, flight, cutoff, random))
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def _slowly(flights: pd.DataFrame, groups: list[str], cutoff: pd.Series, window: pd.Timedelta) -> pd.DataFrame:
    """recent_delays in the words of its docstring, one flight after the other."""
    rows = []
    for flight in flights.index:
        delays = []
        for other in flights.index[(flights[groups] == flights.loc[flight, groups]).all(axis=1)]:
            left = flights.at[other, "scheduled"] + flights.at[other, "dep_delay"] * MINUTE
            if other != flight and pd.notna(left) and cutoff[flight] - window < left <= cutoff[flight]:
                delays.append(flights.at[other, "dep_delay"])
        rows.append({"departures": float(len(delays)), "delay": sum(delays) / len(delays) if delays else np.nan})
    return pd.DataFrame(rows, index=flights.index)


@pytest.mark.parametrize("groups", [["origin"], ["origin", "carrier"]])
@pytest.mark.parametrize("horizon_hours", [0, 2])
def test_recent_delays_equals_a_slow_and_obvious_computation(days, groups, horizon_hours):
    flights = days["flights"].iloc[::23].reset_index(drop=True)
    cutoff = flights["scheduled"] - pd.Timedelta(hours=horizon_hours)
    fast = recent_delays(flights, groups, cutoff, np.timedelta64(300, "m"))
    slow = _slowly(flights, groups, cutoff, pd.Timedelta(minutes=300))
    assert slow["departures"].sum() > 100
    pd.testing.assert_frame_equal(fast, slow, check_exact=True)


def _flights(days, *scheduled_and_delay) -> pd.DataFrame:
    """Flights of one carrier from one airport, with scheduled times and departure delays as given."""
    flights = days["flights"].head(len(scheduled_and_delay)).copy()
    times, delays = zip(*scheduled_and_delay, strict=True)
    return flights.assign(
        scheduled=pd.to_datetime([f"2013-01-02 {time}" for time in times]).astype("datetime64[us]"),
        dep_delay=list(map(float, delays)),
        arr_delay=list(map(float, delays)),
        origin="JFK",
        carrier="AA",
        flight=range(1, len(times) + 1),
    )


@pytest.mark.parametrize(
    ("left", "counted"),
    [("10:01", False), ("10:00", True), ("08:01", True), ("08:00", False)],
    ids=["after the cutoff", "at the cutoff", "just inside the window", "where the window begins"],
)
def test_ties_at_the_edges_of_the_window(days, left, counted):
    flights = _flights(days, ("07:30", (pd.Timestamp(left) - pd.Timestamp("07:30")) / MINUTE), ("12:00", 0))
    table = build(flights, days["weather"], days["planes"], **OPTIONS)
    last = table.iloc[-1]
    assert last["scheduled"] == pd.Timestamp("2013-01-02 12:00")
    assert last["origin_departures"] == last["carrier_departures"] == int(counted)
    assert pd.isna(last["origin_delay"]) != counted


def test_a_flight_that_leaves_early_is_not_in_its_own_features(days):
    flights = _flights(days, ("12:00", -10), ("11:50", 4))
    table = build(flights, days["weather"], days["planes"], **OPTIONS | {"horizon_hours": 0})
    last = table.iloc[-1]
    assert last["scheduled"] == pd.Timestamp("2013-01-02 12:00")
    assert (last["origin_departures"], last["origin_delay"]) == (1, 4)


def test_weather_is_the_last_reading_before_the_cutoff_unless_too_old(days):
    flights = _flights(days, ("12:00", 0), ("18:00", 0))
    observed = pd.to_datetime(["2013-01-02 09:00", "2013-01-02 10:00", "2013-01-02 10:01"]).astype("datetime64[us]")
    weather = pd.DataFrame(dict.fromkeys(WEATHER, 50.0) | {"origin": "JFK", "observed": observed, "temp": [1.0, 2.0, 3.0]})
    table = build(flights, weather, days["planes"], **OPTIONS)
    assert table["temp"].iloc[0] == 2
    assert pd.isna(table["temp"].iloc[1])


@pytest.mark.parametrize("late_minutes", [15, 30])
def test_target_is_late_from_the_threshold_on(days, late_minutes):
    flights = _flights(days, ("10:00", late_minutes - 1), ("11:00", late_minutes), ("12:00", -5))
    table = build(flights, days["weather"], days["planes"], **OPTIONS | {"late_minutes": late_minutes})
    assert table[TARGET].tolist() == [0, 1, 0]


def test_flights_that_never_arrived_are_left_out_but_count_as_departures(days):
    flights = _flights(days, ("09:00", 7), ("12:00", 0))
    flights.loc[flights.index[0], "arr_delay"] = np.nan  # diverted
    table = build(flights, days["weather"], days["planes"], **OPTIONS)
    assert table["flight"].tolist() == [2]
    assert table["origin_delay"].tolist() == [7]


def test_the_order_of_the_rows_does_not_matter(days):
    shuffled = {name: table.sample(frac=1, random_state=3) for name, table in days.items()}
    pd.testing.assert_frame_equal(build(**days, **OPTIONS), build(**shuffled, **OPTIONS), check_exact=True)


def test_features_stay_empty_without_weather_and_planes(days):
    table = build(days["flights"], empty(WEATHER), empty(PLANES), **OPTIONS)
    unknown = [*MEASURED, "plane_age", "seats"]
    assert table[unknown].isna().all(axis=None)
    assert (table[NUMBERS].dtypes == "float64").all()


def test_thinning_keeps_rows_spread_over_the_month_whatever_their_order(january):
    few = january.flights.iloc[kept(january.flights, 100)].reset_index(drop=True)
    assert len(few) == 100
    assert few["date"].dt.day.nunique() == 31
    shuffled = january.flights.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(few, shuffled.iloc[kept(shuffled, 100)].reset_index(drop=True))
    assert len(kept(january.flights, None)) == len(january.flights) == len(kept(january.flights, 10**6))


def test_all_flights_are_in_the_order_of_their_key(january):
    shuffled = january.flights.sample(frac=1, random_state=1)
    ordered = shuffled.iloc[kept(shuffled, None)].reset_index(drop=True)
    pd.testing.assert_frame_equal(ordered, january.flights.sort_values(KEY, kind="stable", ignore_index=True))
