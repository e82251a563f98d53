"""Put the model that passed the gate into the registry and make it the champion."""

import os
from collections.abc import Mapping, Sequence

from flight_delays import artifacts
from flight_delays.errors import DataError
from flight_delays.journal import recorded
from flight_delays.registry import Registry


@recorded
def register(
    model_paths: Mapping[str, str | os.PathLike[str]],
    features_paths: Sequence[str | os.PathLike[str]],
    metrics_path: str | os.PathLike[str],
    decision_path: str | os.PathLike[str],
    registry_dir: str | os.PathLike[str],
    receipt_path: str | os.PathLike[str],
    *,
    model_name: str,
    git_commit: str,
    params_hash: str,
) -> None:
    """Register the best candidate; `features_paths` are the months it was trained on.

    The alias champion moves to it; the version it replaces stays. A run with the same data, parameters, commit
    and metrics finds its version again instead of making another, so a retry does no harm. Writes what was
    registered to `receipt_path` (JSON). DataError if the gate's decision is not a yes for this model.
    """
    metrics = artifacts.read_json(metrics_path, "best", "candidates")
    decision = artifacts.read_json(decision_path, "passed", "candidate")
    best = metrics["best"]
    if not decision["passed"] or decision["candidate"] != best:
        raise DataError(f"{decision_path}: says no to {best}, or speaks of another model; run gate again")
    data_hash = artifacts.sha256_of_all(features_paths)
    tags = {"git_commit": git_commit, "data_hash": data_hash, "params_hash": params_hash, "candidate": best}
    tags["metrics_hash"] = artifacts.sha256(metrics_path)  # tells apart what code that is not committed yet has made
    version = Registry(registry_dir, model_name).promote(model_paths[best], tags=tags, scores=metrics["candidates"][best])
    artifacts.write_json(receipt_path, {"model_name": model_name, "version": version, "alias": "champion", **tags})
