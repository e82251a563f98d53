"""Put the model that passed the gate into the registry and make it the champion."""

import logging
import os
from collections.abc import Mapping

from flight_delays import artifacts, reports
from flight_delays.columns import FEATURES
from flight_delays.errors import DataError
from flight_delays.journal import recorded
from flight_delays.registry import CHAMPION, Registry

logger = logging.getLogger(__name__)
_EXAMPLE_ROWS = 5


@recorded
def register(
    model_paths: Mapping[str, str | os.PathLike[str]],
    features_paths: Mapping[str, str | os.PathLike[str]],
    metrics_path: str | os.PathLike[str],
    decision_path: str | os.PathLike[str],
    registry_dir: str | os.PathLike[str],
    receipt_path: str | os.PathLike[str],
    *,
    model_name: str,
    backfill: bool,
) -> None:
    """Register the model that passed, from the run that `gate` logged; `features_paths` are the months it learned from.

    The alias champion moves to it, but not in a `backfill`, which is about the past; the version it replaces stays. A
    run that has its version already gets no other, so a retry does no harm. Writes what was registered to `receipt_path`
    (JSON). DataError if the gate's decision is a no, or was made on another model, other months or other metrics.
    """
    decision = reports.read(decision_path, reports.Decision)
    best, tags = decision["candidate"], decision["tags"]
    if best not in model_paths:
        raise DataError(f"{decision_path}: {best} is none of the candidates, {', '.join(model_paths)}; run gate again")
    now = {
        "model_hash": artifacts.sha256(model_paths[best]),
        "data_hash": artifacts.sha256_of_all(features_paths.values()),
        "metrics_hash": artifacts.sha256(metrics_path),
    }
    if not decision["passed"] or not now.items() <= tags.items():
        raise DataError(f"{decision_path}: says no to {best}, or speaks of another model; run gate again")
    example = artifacts.read_parquet(features_paths[min(features_paths)])[FEATURES].head(_EXAMPLE_ROWS)
    registry = Registry(registry_dir, model_name)
    make = registry.add if backfill else registry.promote
    version = make(model_paths[best], tags=tags, example=example)
    alias = None if backfill else CHAMPION
    artifacts.write_json(receipt_path, {"model_name": model_name, "version": version, "alias": alias, **tags})
    logger.info("%s is version %d of %s, %s", best, version, model_name, "not the champion" if backfill else "and the champion")
