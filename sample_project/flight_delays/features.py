"""What is known of a flight some hours before it leaves: the features, and nothing that happened later.

Most of them tell how it goes for other flights just now. Each such fact has a moment from which it is known, its `begin`,
and one from which it is too old to count, its `end`; a flight learns the facts that are in effect at its own cutoff,
`horizon_hours` before its scheduled departure. That a flight will be cancelled is known at no moment: it waits, as
a late one does.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from flight_delays.clock import minutes
from flight_delays.columns import CONDITIONS, FEATURES, KEY

_MINUTE = np.timedelta64(1, "m")  # a pandas Timedelta would turn the times into nanoseconds
_WEATHER_AGE = pd.Timedelta(hours=3)  # an older reading is no longer the weather
_AIRCRAFT_AGE = pd.Timedelta(hours=48)  # after that the aircraft's last flight says nothing of the next
_LONGEST = 4  # hours; where nobody left for so long, nobody is called late, and one that waits longer no longer counts
_WHOLE_MONTH = 31 * 24  # hours


class Facts(NamedTuple):
    """Something of every flight: its value, known from `begin` on, until `end`; where one is empty it never counts."""

    begin: pd.Series
    end: pd.Series
    value: pd.Series


def hours(number: float) -> np.timedelta64:
    """So many hours, to the minute."""
    return np.timedelta64(round(number * 60), "m")


def in_effect(flights: pd.DataFrame, groups: list[str], cutoff: pd.Series, facts: Facts) -> tuple[np.ndarray, np.ndarray]:
    """Count and sum of the facts of other flights of the same group that are in effect at the `cutoff` of each flight.

    A fact is in effect while begin <= cutoff < end. Without `groups` all flights are one.
    """
    group = flights.groupby(groups, sort=False).ngroup().to_numpy() if groups else np.zeros(len(flights), dtype="int64")
    counts = ((facts.begin < facts.end) & facts.value.notna()).to_numpy()
    first = flights["scheduled"].min()
    begin, end, now = ((times - first).dt.total_seconds().to_numpy() for times in (facts.begin, facts.end, cutoff))
    value = facts.value.to_numpy(dtype="float64")
    # one axis for all groups, each on a stretch of its own, so that all flights can be looked up at once
    stretch = 4 * np.nanmax(np.abs(np.concatenate([begin[counts], end[counts], now])), initial=1.0)

    def until_now(moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = group[counts] * stretch + moments[counts]
        order = np.argsort(places, kind="stable")
        total = np.concatenate([[0.0], np.cumsum(value[counts][order])])
        number = np.searchsorted(places[order], group * stretch + now, side="right")
        return number, total[number]

    (begun, begun_sum), (ended, ended_sum) = until_now(begin), until_now(end)
    itself = counts & (begin <= now) & (now < end)
    return begun - ended - itself, begun_sum - ended_sum - np.where(itself, value, 0.0)


def mean(count: np.ndarray, total: np.ndarray) -> np.ndarray:
    """The mean; empty where there is nothing to average."""
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)


def behind_schedule(flights: pd.DataFrame, groups: list[str], cutoff: pd.Series, window: np.timedelta64) -> np.ndarray:
    """How many minutes the flights scheduled in the `window` before the cutoff are behind, on average, as far as is known.

    One that left is as late as it left, at least 0; one that has not left waits since its scheduled departure.
    """
    scheduled, left = flights["scheduled"], _left(flights)
    end = scheduled + window
    none = pd.Series(0.0, index=flights.index)
    since = (scheduled - scheduled.min()) / _MINUTE
    count, _ = in_effect(flights, groups, cutoff, Facts(scheduled, end, none))
    _, of_those_that_left = in_effect(flights, groups, cutoff, Facts(left.where(left > scheduled), end, flights["dep_delay"]))
    waiting, begun = in_effect(flights, groups, cutoff, Facts(scheduled, end.where(~(left < end), left), since))
    now = ((cutoff - scheduled.min()) / _MINUTE).to_numpy()
    return mean(count, of_those_that_left + waiting * now - begun)


def last_of_aircraft(flights: pd.DataFrame, cutoff: pd.Series, moment: pd.Series, value: pd.Series) -> pd.DataFrame:
    """The last `value` of the same aircraft on another flight that was known by the cutoff, and `hours` since its `moment`."""
    table = pd.DataFrame({"tailnum": flights["tailnum"], "moment": moment, "value": value, "row": flights.index})
    known = table.dropna(subset=["tailnum", "moment", "value"]).sort_values(["moment", "row"])
    # one that left early may be known itself by then
    asked = cutoff.where(~(moment <= cutoff), moment - _MINUTE)
    found = pd.merge_asof(
        table[["tailnum", "row"]].assign(asked=asked).dropna().sort_values("asked", kind="stable"),
        known.drop(columns="row"),
        left_on="asked",
        right_on="moment",
        by="tailnum",
    ).set_index("row")
    found = found.reindex(flights.index)
    age = cutoff - found["moment"]
    last = pd.DataFrame({"value": found["value"], "hours": age.dt.total_seconds() / 3600})
    return last.where(age <= _AIRCRAFT_AGE)


def describe(
    flights: pd.DataFrame,
    weather: pd.DataFrame,
    planes: pd.DataFrame,
    *,
    horizon_hours: float,
    window_hours: float,
    late_minutes: int,
) -> pd.DataFrame:
    """What is known of each scheduled flight before its departure: key and FEATURES, a row a flight, ordered by key.

    Takes the tables of a source, of one month. No feature depends on anything that happened later than
    `horizon_hours` before the flight's scheduled departure. The plane is taken as assigned by then.
    """
    flights = flights.sort_values(KEY, kind="stable", ignore_index=True)
    cutoff = flights["scheduled"] - hours(horizon_hours)
    table = flights[[*KEY, "dest"]].assign(
        **_schedule(flights),
        **_weather(flights, weather, cutoff),
        **_aircraft(flights, planes, cutoff),
        **_departures(flights, cutoff, hours(window_hours)),
        **_arrivals(flights, cutoff, late_minutes),
    )
    return table[[*KEY, *[name for name in FEATURES if name not in KEY]]]


def _left(flights: pd.DataFrame) -> pd.Series:
    return flights["scheduled"] + flights["dep_delay"] * _MINUTE  # empty if it never left


def _landed(flights: pd.DataFrame) -> pd.Series:
    return flights["planned_arrival"] + flights["arr_delay"] * _MINUTE  # empty if it never arrived as planned


def _schedule(flights: pd.DataFrame) -> dict[str, pd.Series]:
    hour = flights["scheduled"].dt.floor("h")
    return {
        "minute_of_day": minutes(flights["sched_dep_time"]),
        "weekday": flights["date"].dt.weekday.astype("float64"),
        "distance": flights["distance"],
        "planned_minutes": (flights["planned_arrival"] - flights["scheduled"]).dt.total_seconds() / 60,
        "hour_departures": flights.groupby(["origin", hour])["flight"].transform("size").astype("float64"),
    }


def _weather(flights: pd.DataFrame, weather: pd.DataFrame, cutoff: pd.Series) -> dict[str, pd.Series]:
    observed = pd.merge_asof(
        pd.DataFrame({"cutoff": cutoff, "origin": flights["origin"], "row": flights.index}).sort_values(
            "cutoff", kind="stable"
        ),
        weather.sort_values("observed"),
        left_on="cutoff",
        right_on="observed",
        by="origin",
        tolerance=_WEATHER_AGE,
    ).set_index("row")
    return {name: observed[name] for name in CONDITIONS}


def _aircraft(flights: pd.DataFrame, planes: pd.DataFrame, cutoff: pd.Series) -> dict[str, pd.Series]:
    plane = flights[["tailnum"]].merge(planes.rename(columns={"year": "built"}), on="tailnum", how="left")
    built = plane["built"].where(plane["built"] > 1900)  # the registry has years such as 0
    departure = last_of_aircraft(flights, cutoff, _left(flights), flights["dep_delay"])
    arrival = last_of_aircraft(flights, cutoff, _landed(flights), flights["arr_delay"])
    return {
        "plane_age": flights["date"].dt.year - built,
        "seats": plane["seats"],
        "plane_departure_delay": departure["value"],
        "plane_departure_hours": departure["hours"],
        "plane_arrival_delay": arrival["value"],
        "plane_arrival_hours": arrival["hours"],
    }


def _departures(flights: pd.DataFrame, cutoff: pd.Series, window: np.timedelta64) -> dict[str, np.ndarray]:
    found = {}
    left = Facts(_left(flights), _left(flights) + window, flights["dep_delay"])
    for prefix, groups in {"origin": ["origin"], "carrier": ["origin", "carrier"]}.items():
        count, total = in_effect(flights, groups, cutoff, left)
        found[f"{prefix}_departures"], found[f"{prefix}_delay"] = count.astype("float64"), mean(count, total)
    # Where nobody left any airport the table says nothing of these hours: it may be the plan of days to come.
    told, _ = in_effect(flights, [], cutoff, Facts(left.begin, left.begin + hours(_LONGEST), left.value))
    for name, groups, last in (
        ("origin_behind", ["origin"], 1),
        ("carrier_behind", ["origin", "carrier"], _LONGEST),
        ("all_behind", [], 1),
    ):
        found[name] = np.where(told > 0, behind_schedule(flights, groups, cutoff, hours(last)), np.nan)
    return found


def _arrivals(flights: pd.DataFrame, cutoff: pd.Series, late_minutes: int) -> dict[str, np.ndarray]:
    landed, delay = _landed(flights), flights["arr_delay"]
    late = (delay >= late_minutes).astype("float64")
    number = ["origin", "carrier", "flight"]
    count, total = in_effect(flights, number, cutoff, Facts(landed, landed + hours(_WHOLE_MONTH), late))
    found = {"number_flights": count.astype("float64"), "number_late": mean(count, total)}
    for name, groups, last, value in (
        ("route_late", ["origin", "dest", "carrier"], _WHOLE_MONTH, late),
        ("dest_delay", ["dest"], 3, delay),
        ("dest_late", ["dest"], 3, late),
        ("origin_late", ["origin"], 6, late),
    ):
        found[name] = mean(*in_effect(flights, groups, cutoff, Facts(landed, landed + hours(last), value)))
    return found
