"""Train one candidate on the months of the train part."""

import logging
import os
from collections.abc import Mapping
from typing import Any

from flight_delays import artifacts, model
from flight_delays.journal import recorded

logger = logging.getLogger(__name__)


@recorded
def train(
    features_paths: Mapping[str, str | os.PathLike[str]],
    model_path: str | os.PathLike[str],
    record_path: str | os.PathLike[str],
    *,
    candidate: str,
    seed: int,
    hyperparameters: dict[str, Any],
) -> None:
    """Fit `candidate` on the prepared months (month -> file) and store it at `model_path` (skops).

    What is worth logging about it goes to `record_path` (JSON): `gate` tells MLflow, so that a training can be
    repeated, or brought back by a cache, without a trace anywhere else. DataError if a month is missing or its
    target is broken.
    """
    table = model.read_features(list(features_paths.values()))
    fitted = model.fit(table, candidate=candidate, seed=seed, hyperparameters=hyperparameters)
    model.save(model_path, fitted)
    months = sorted(features_paths)
    record = {
        "params": {"seed": seed, **hyperparameters},
        "months": months,
        "flights": len(table),
        "data_hash": artifacts.sha256_of_all(features_paths.values()),
        "model_hash": artifacts.sha256(model_path),
        "learning_curve": model.learning_curve(fitted, table),
    }
    artifacts.write_json(record_path, record)
    logger.info("%s has learned from %d flights of %s", candidate, len(table), ", ".join(months))
