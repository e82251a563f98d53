"""Ask the champion about a month: beside the graph, whenever somebody wants to know."""

import logging
import os

from flight_delays import artifacts, columns, model
from flight_delays.errors import DataError
from flight_delays.features import describe
from flight_delays.registry import Registry
from flight_delays.stages.ingest import SOURCES
from flight_delays.stages.validate import WEATHER, check_table, set_aside, summary

logger = logging.getLogger(__name__)


def predict(
    registry_dir: str | os.PathLike[str],
    predictions_path: str | os.PathLike[str],
    *,
    month: str,
    source: str,
    path: str | None,
    rows: int | None,
    horizon_hours: float,
    window_hours: float,
    late_minutes: int,
    prepared_with: str,
    model_name: str,
) -> None:
    """Write the probability of a late arrival of every flight scheduled in `month` to `predictions_path` (Parquet).

    A row has the flight's key, its destination, the probability and the version of the model. Outcomes may be empty:
    what did not happen yet is not known. Rows that cannot be get none, and a warning says which. DataError if there is no
    champion, or it learned from other features.
    """
    champion = Registry(registry_dir, model_name).champion()
    if champion is None:
        raise DataError(f"{registry_dir}: no champion of {model_name}; run the pipeline first")
    learned_with = champion.tags.get("prepared_with", prepared_with)
    if learned_with != prepared_with:
        raise DataError(f"version {champion.number} learned from features with {learned_with}, not {prepared_with}")
    fitted = champion.load()

    tables = SOURCES[source](month, path=path)
    check_table(tables.weather, WEATHER, ["origin", "observed"], tables.about.get("weather", {}), f"{month}: weather")
    about = tables.about["flights"]
    scheduled, rejected = set_aside(tables.flights, tables.unread, month=month, file=about["file"], names=about["columns"])
    if scheduled.empty:
        raise DataError(f"{month}: no flight that can be; {summary(rejected)}")
    if len(rejected):
        logger.warning("%s: no forecast for %d rows: %s", month, rejected["line"].nunique(), summary(rejected))
    if rows is not None:
        logger.warning("ingest.rows is %d: to a model of thinned months, the skies of %s are unusually full", rows, month)
    flights = describe(
        scheduled,
        tables.weather,
        tables.planes,
        horizon_hours=horizon_hours,
        window_hours=window_hours,
        late_minutes=late_minutes,
    )
    answers = flights[[*columns.KEY, "dest"]].assign(probability=model.predict(fitted, flights), model_version=champion.number)
    artifacts.write_parquet(predictions_path, answers)
    logger.info("%s: %d flights, by version %d", month, len(answers), champion.number)
