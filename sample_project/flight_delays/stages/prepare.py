"""Turn one month of raw data into what a model may know before departure."""

import logging
import os
from pathlib import Path

import numpy as np
import pandas as pd

from flight_delays import artifacts, reports
from flight_delays.clock import minutes
from flight_delays.columns import FEATURES, KEY, TARGET
from flight_delays.errors import DataError
from flight_delays.journal import recorded

logger = logging.getLogger(__name__)
_MINUTE = np.timedelta64(1, "m")
_WEATHER_AGE = pd.Timedelta(hours=3)  # an older reading is no longer the weather


def _minutes(hours: float) -> np.timedelta64:
    return np.timedelta64(round(hours * 60), "m")  # a pandas Timedelta would turn the times into nanoseconds


def recent_delays(flights: pd.DataFrame, groups: list[str], cutoff: pd.Series, window: np.timedelta64) -> pd.DataFrame:
    """What each flight's airport (or carrier there) suffered just before `cutoff`.

    Counts the other flights of the same group that actually left within `window` up to and including
    `cutoff`, and averages their departure delays in minutes (empty if none left).
    """
    result = pd.DataFrame({"departures": 0.0, "delay": np.nan}, index=flights.index)
    moments = flights["scheduled"] + flights["dep_delay"] * _MINUTE  # empty if it never left
    itself = (moments <= cutoff) & (moments > cutoff - window)  # left so early that its own delay is in the window
    left = flights.assign(moment=moments)[moments.notna()].sort_values(["moment", *KEY])
    departed = dict(iter(left.groupby(groups)))
    for name, members in flights.groupby(groups):
        if name not in departed:
            continue
        moment = departed[name]["moment"].to_numpy()
        total = np.concatenate([[0.0], departed[name]["dep_delay"].cumsum().to_numpy()])
        until = cutoff[members.index].to_numpy()
        last = np.searchsorted(moment, until, side="right")
        first = np.searchsorted(moment, until - window, side="right")
        own = itself[members.index].to_numpy()
        count = last - first - own
        minutes = total[last] - total[first] - np.where(own, members["dep_delay"], 0.0)
        result.loc[members.index, "departures"] = count
        result.loc[members.index, "delay"] = np.divide(minutes, count, out=np.full(len(count), np.nan), where=count > 0)
    return result


def describe(
    flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame, *, horizon_hours: float, window_hours: float
) -> pd.DataFrame:
    """What is known of each scheduled flight before its departure: key and FEATURES, a row a flight, ordered by key.

    Takes the tables of a source. No feature depends on anything that happened later than
    `horizon_hours` before the flight's scheduled departure. The plane is taken as assigned by then.
    """
    flights = flights.sort_values(KEY, kind="stable", ignore_index=True)
    cutoff = flights["scheduled"] - _minutes(horizon_hours)
    table = flights[[*KEY, "dest", "distance"]].assign(
        minute_of_day=minutes(flights["sched_dep_time"]), weekday=flights["date"].dt.weekday.astype("float64")
    )

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
    for name in ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]:
        table[name] = observed[name]

    plane = flights[["tailnum"]].merge(planes.rename(columns={"year": "built"}), on="tailnum", how="left")
    built = plane["built"].where(plane["built"] > 1900)  # the registry has years such as 0
    table["plane_age"] = flights["date"].dt.year - built
    table["seats"] = plane["seats"]

    window = _minutes(window_hours)
    for prefix, groups in {"origin": ["origin"], "carrier": ["origin", "carrier"]}.items():
        recent = recent_delays(flights, groups, cutoff, window)
        table[[f"{prefix}_departures", f"{prefix}_delay"]] = recent[["departures", "delay"]]

    return table[[*KEY, *[name for name in FEATURES if name not in KEY]]]


def build(
    flights: pd.DataFrame,
    weather: pd.DataFrame,
    planes: pd.DataFrame,
    *,
    horizon_hours: float,
    window_hours: float,
    late_minutes: int,
) -> pd.DataFrame:
    """The table a model learns from: as `describe` gives it, and the TARGET (0 or 1), of flights that arrived as planned."""
    flights = flights.sort_values(KEY, kind="stable", ignore_index=True)
    table = describe(flights, weather, planes, horizon_hours=horizon_hours, window_hours=window_hours)
    table[TARGET] = (flights["arr_delay"] >= late_minutes).astype("int8")
    return table[flights["arr_delay"].notna()].reset_index(drop=True)


@recorded
def prepare(
    raw_dir: str | os.PathLike[str],
    report_path: str | os.PathLike[str],
    rejected_path: str | os.PathLike[str],
    features_path: str | os.PathLike[str],
    *,
    month: str,
    horizon_hours: float,
    window_hours: float,
    late_minutes: int,
) -> None:
    """Write the features of one month to `features_path` (Parquet, as `build` gives them).

    The rows of the source's file that are listed in `rejected_path` are left out. DataError if raw data or list are not
    those that the validation report at `report_path` speaks of.
    """
    raw = Path(raw_dir)
    report = reports.read(report_path, reports.Validated)
    if report["raw_sha256"] != artifacts.sha256(raw) or report["month"] != month:
        raise DataError(f"{raw}: changed since {report_path} was written; run validate again")
    if report["rejected_sha256"] != artifacts.sha256(rejected_path):
        raise DataError(f"{rejected_path}: changed since {report_path} was written; run validate again")
    tables = {name: artifacts.read_parquet(raw / f"{name}.parquet") for name in ("flights", "weather", "planes")}
    rejected = pd.read_csv(rejected_path, usecols=["line"])["line"]
    tables["flights"] = tables["flights"][~tables["flights"]["line"].isin(rejected)]
    features = build(**tables, horizon_hours=horizon_hours, window_hours=window_hours, late_minutes=late_minutes)
    artifacts.write_parquet(features_path, features)
    logger.info("%s: %d flights that arrived, %d of them late", month, len(features), features[TARGET].sum())
