"""Let a model pass, or stop it before it reaches anybody."""

import logging
import os
from collections.abc import Iterable, Mapping

from flight_delays import artifacts, reports
from flight_delays.columns import TARGET
from flight_delays.errors import DataError, GateClosed
from flight_delays.journal import recorded
from flight_delays.registry import Registry, Version

logger = logging.getLogger(__name__)


def reasons_against(
    scores: Mapping[str, float],
    champion: Mapping[str, float] | None,
    *,
    min_roc_auc: float,
    min_average_precision: float,
    max_brier: float,
    max_roc_auc_drop: float,
) -> list[str]:
    """What speaks against a model with these scores, beside the champion's on the same flights."""
    against = []
    if scores["roc_auc"] < min_roc_auc:
        against.append(f"roc_auc {scores['roc_auc']:.4f} is below gate.min_roc_auc {min_roc_auc}")
    if scores["average_precision"] < min_average_precision:
        against.append(
            f"average_precision {scores['average_precision']:.4f} is below gate.min_average_precision {min_average_precision}"
        )
    if scores["brier"] > max_brier:
        against.append(f"brier {scores['brier']:.4f} is above gate.max_brier {max_brier}")
    if champion and scores["roc_auc"] < champion["roc_auc"] - max_roc_auc_drop:
        against.append(
            f"roc_auc {scores['roc_auc']:.4f} is more than gate.max_roc_auc_drop {max_roc_auc_drop}"
            f" below the champion's {champion['roc_auc']:.4f}"
        )
    return against


def seen_by(champion: Version, months: Iterable[str]) -> list[str]:
    """Those of the months that the champion has learned from: all, if what it learned from is not on record."""
    learned = champion.tags.get("train_months", "").split()
    return sorted(set(months) & set(learned) if learned else months)


def _scores(champion: Version, features_paths: Iterable[str | os.PathLike[str]]) -> dict[str, float]:
    from flight_delays import model  # only who compares pays for the import of scikit-learn

    table = model.read_features(list(features_paths))
    try:
        fitted = champion.load()
    except DataError as error:
        raise DataError(f"the champion, version {champion.number}: {error}; gate.compare: thresholds does without it") from None
    return model.score(table[TARGET].to_numpy(), model.predict(fitted, table))


@recorded
def gate(
    metrics_path: str | os.PathLike[str],
    training_path: str | os.PathLike[str],
    features_paths: Mapping[str, str | os.PathLike[str]],
    registry_dir: str | os.PathLike[str],
    decision_path: str | os.PathLike[str],
    *,
    model_name: str,
    git_commit: str,
    params_hash: str,
    prepared_with: str,
    backfill: bool,
    compare: str,
    **thresholds: float,
) -> None:
    """Hold the best candidate against thresholds and against the champion, scored on the same test months (month -> file).

    First every candidate becomes a run in MLflow, also those that are refused; the same inputs make no second run.
    A champion that has learned from a test month is no measure: a `backfill` then is judged by the thresholds alone,
    and anything else is a no, unless `compare` says "thresholds". Writes the decision with its reasons to
    `decision_path` (JSON). GateClosed, after writing, if it is no.
    """
    metrics = reports.read(metrics_path, reports.Metrics)
    best, training = metrics["best"], reports.read_training(training_path, *metrics["candidates"])
    registry = Registry(registry_dir, model_name)
    shared = {"git_commit": git_commit, "params_hash": params_hash, "prepared_with": prepared_with}
    shared["metrics_hash"] = artifacts.sha256(metrics_path)  # tells apart what code that is not committed yet has made
    tags = {}
    for candidate, scores in metrics["candidates"].items():
        record = training[candidate]
        tags[candidate] = shared | {
            "candidate": candidate,
            "train_months": " ".join(record["months"]),
            "data_hash": record["data_hash"],
            "model_hash": record["model_hash"],
        }
        registry.record(tags[candidate], params=record["params"], scores=scores, curve=record["learning_curve"])

    champion = registry.champion() if compare == "champion" else None
    seen = seen_by(champion, features_paths) if champion else []
    champion_scores = _scores(champion, features_paths.values()) if champion and not seen else None
    against = reasons_against(metrics["candidates"][best], champion_scores, **thresholds)
    if champion and seen and not backfill:
        against.append(
            f"the champion, version {champion.number}, has learned from what is to be tested on: {', '.join(seen)}."
            " Test on other months, or set gate.compare: thresholds"
        )
    decision = {
        "candidate": best,
        "passed": not against,
        "reasons": against,
        "judged_by": ["thresholds", "champion"] if champion_scores else ["thresholds"],
        "seen_by_champion": seen,
        "test_months": sorted(features_paths),
        "thresholds": thresholds,
        "tags": tags[best],
    }
    artifacts.write_json(decision_path, decision)
    logger.info("%s: %s, by %s", best, "yes" if not against else "no", " and ".join(decision["judged_by"]))
    if against:
        raise GateClosed(f"{best} is not registered: " + "; ".join(against))
