"""Turn one month of raw data into what a model may know before departure."""

import logging
import os
from pathlib import Path

import pandas as pd

from flight_delays import artifacts, reports
from flight_delays.columns import KEY, TARGET
from flight_delays.errors import DataError
from flight_delays.features import describe
from flight_delays.journal import recorded

logger = logging.getLogger(__name__)


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
    table = describe(
        flights, weather, planes, horizon_hours=horizon_hours, window_hours=window_hours, late_minutes=late_minutes
    )
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
