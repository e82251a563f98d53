"""Compare the candidates on later months, which none of them has seen."""

import logging
import os
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from flight_delays import artifacts, model, reports
from flight_delays.columns import KEY, TARGET
from flight_delays.errors import DataError
from flight_delays.journal import recorded

logger = logging.getLogger(__name__)
HIGHER_IS_BETTER = {"roc_auc": True, "average_precision": True, "brier": False, "log_loss": False}
_DIGITS = 6  # what a person reads and a diff shows; the predictions are stored in full
_POINTS = 200  # of a curve; more cannot be seen
# Okabe and Ito: told apart by colour-blind eyes too; of more curves than that, two have the same
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]


def curves(late: np.ndarray, probability: np.ndarray, *, bins: int) -> dict[str, pd.DataFrame]:
    """The points of the curves `roc`, `precision_recall` and `calibration`: tables of x and y, at most 200 rows each.

    Their columns are false_positive_rate and true_positive_rate, recall and precision, predicted and observed; all values
    are shares between 0 and 1.
    """
    false_positive, true_positive, _ = roc_curve(late, probability)
    precision, recall, _ = precision_recall_curve(late, probability)
    observed, predicted = calibration_curve(late, probability, n_bins=bins, strategy="quantile")
    tables = {
        "roc": pd.DataFrame({"false_positive_rate": false_positive, "true_positive_rate": true_positive}),
        "precision_recall": pd.DataFrame({"recall": recall[::-1], "precision": precision[::-1]}),
        "calibration": pd.DataFrame({"predicted": predicted, "observed": observed}),
    }
    for name, table in tables.items():
        keep = np.unique(np.linspace(0, len(table) - 1, _POINTS).round().astype(int))
        tables[name] = table.iloc[keep].round(_DIGITS)
    return tables


def draw(tables: Mapping[str, pd.DataFrame], title: str, path: Path, diagonal: bool) -> None:
    """Draw one kind of curve of all candidates to a PNG file."""
    with matplotlib.rc_context({"font.size": 11}):
        figure = Figure(figsize=(5, 4.5), layout="constrained")
        axes = figure.subplots()
        for colour, (candidate, table) in zip(cycle(_COLOURS), tables.items(), strict=False):
            x, y = table.columns
            marker = "o" if len(table) < _POINTS / 2 else None
            axes.plot(table[x], table[y], label=candidate, color=colour, marker=marker, linewidth=2)
        if diagonal:
            axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1)
        axes.set(title=title, xlabel=x.replace("_", " "), ylabel=y.replace("_", " "), xlim=(0, 1), ylim=(0, 1))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        figure.savefig(path, dpi=110, metadata={"Software": None})


@recorded
def evaluate(
    model_paths: Mapping[str, str | os.PathLike[str]],
    record_paths: Mapping[str, str | os.PathLike[str]],
    features_paths: Sequence[str | os.PathLike[str]],
    metrics_path: str | os.PathLike[str],
    predictions_path: str | os.PathLike[str],
    plots_dir: str | os.PathLike[str],
    training_path: str | os.PathLike[str],
    *,
    choose_by: str,
    calibration_bins: int,
) -> None:
    """Score every candidate (name -> model file) on the prepared test months and name the best.

    Writes metrics (JSON), predictions (Parquet: the flight's key, TARGET and a probability column for each
    candidate), the curves (PNG to look at, CSV for `dvc plots`) and, as one file, the candidates' training
    records (JSON). DataError if the target is broken, or a record speaks of another model.
    """
    table = model.read_features(list(features_paths))
    late = table[TARGET].to_numpy()
    probabilities = {name: model.predict(model.load(path), table) for name, path in sorted(model_paths.items())}
    scores = {
        name: {metric: round(value, _DIGITS) for metric, value in model.score(late, p, bins=calibration_bins).items()}
        for name, p in probabilities.items()
    }
    records = {name: reports.read(path, reports.Training) for name, path in record_paths.items()}
    for name, record in records.items():
        if record["model_hash"] != artifacts.sha256(model_paths[name]):
            raise DataError(f"{record_paths[name]}: speaks of another model than {model_paths[name]}; run train again")
    sign = -1 if HIGHER_IS_BETTER[choose_by] else 1
    best = min(scores, key=lambda name: (sign * scores[name][choose_by], name))
    points = {name: curves(late, p, bins=calibration_bins) for name, p in probabilities.items()}

    with artifacts.replacing(plots_dir) as folder:
        folder.mkdir()
        for kind, title in {
            "roc": "ROC",
            "precision_recall": "Precision and recall",
            "calibration": "Calibration",
        }.items():
            tables = {name: points[name][kind] for name in points}
            draw(tables, title, folder / f"{kind}.png", diagonal=kind != "precision_recall")
            rows = pd.concat([t.assign(candidate=name) for name, t in tables.items()])
            rows.to_csv(folder / f"{kind}.csv", index=False, lineterminator="\n")
    artifacts.write_parquet(predictions_path, table[[*KEY, TARGET]].assign(**probabilities))
    artifacts.write_json(training_path, records)
    artifacts.write_json(
        metrics_path,
        {"best": best, "flights": len(table), "late_share": round(float(late.mean()), _DIGITS), "candidates": scores},
    )
    logger.info("%d flights; the best of %s by %s is %s", len(table), ", ".join(scores), choose_by, best)
