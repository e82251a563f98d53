"""Train one candidate on the months of the train part."""

import os
from collections.abc import Sequence
from typing import Any

from flight_delays import model
from flight_delays.journal import recorded


@recorded
def train(
    features_paths: Sequence[str | os.PathLike[str]],
    model_path: str | os.PathLike[str],
    *,
    candidate: str,
    seed: int,
    hyperparameters: dict[str, Any],
) -> None:
    """Fit `candidate` on the prepared months and store it at `model_path` (skops).

    DataError if a month is missing or its target is broken.
    """
    table = model.read_features(list(features_paths))
    model.save(model_path, model.fit(table, candidate=candidate, seed=seed, hyperparameters=hyperparameters))
