"""Let a model pass, or stop it before it reaches anybody."""

import os
from collections.abc import Mapping, Sequence

from flight_delays import artifacts
from flight_delays.columns import TARGET
from flight_delays.errors import GateClosed
from flight_delays.journal import recorded
from flight_delays.registry import Registry


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


@recorded
def gate(
    metrics_path: str | os.PathLike[str],
    features_paths: Sequence[str | os.PathLike[str]],
    registry_dir: str | os.PathLike[str],
    decision_path: str | os.PathLike[str],
    *,
    model_name: str,
    min_roc_auc: float,
    min_average_precision: float,
    max_brier: float,
    max_roc_auc_drop: float,
) -> None:
    """Hold the best candidate against thresholds and against the champion, scored on the same test months.

    Writes the decision with its reasons to `decision_path` (JSON). GateClosed, after writing, if it is no.
    """
    metrics = artifacts.read_json(metrics_path, "best", "candidates")
    champion = Registry(registry_dir, model_name).champion()
    champion_scores = None
    if champion:
        from flight_delays import model  # the usual first run has no champion: spares the import of scikit-learn

        table = model.read_features(list(features_paths))
        champion_scores = model.score(table[TARGET].to_numpy(), model.predict(model.load(champion.model_file), table))
    against = reasons_against(
        metrics["candidates"][metrics["best"]],
        champion_scores,
        min_roc_auc=min_roc_auc,
        min_average_precision=min_average_precision,
        max_brier=max_brier,
        max_roc_auc_drop=max_roc_auc_drop,
    )
    artifacts.write_json(decision_path, {"candidate": metrics["best"], "passed": not against, "reasons": against})
    if against:
        raise GateClosed(f"{metrics['best']} is not registered: " + "; ".join(against))
