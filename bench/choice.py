"""What it costs to choose the best candidate on the same flights that give the verdict on it.

    PYTHONPATH=sample_project .venv/bin/python bench/choice.py sample_project

in the folder of a project whose pipeline has run: it reads reports/predictions.parquet. `evaluate` names the best
candidate by the test months, and `gate` holds the same figure against its thresholds. Here the test flights are parted
at random in two halves, again and again: the best of one half is scored on that half, as the pipeline does it, and on
the other, which had no say in the choice. What the first figure is higher by, on average, is what the choice has
added to it. Flights that are few make the choice worse; so smaller test sets, drawn from the same flights, are tried too.
"""

import argparse

import numpy as np
from sklearn.metrics import roc_auc_score

from flight_delays import artifacts
from flight_delays.columns import KEY, TARGET
from flight_delays.pipeline import Project

SIZES = (500, 1000, 2000, 4000, None)  # flights to choose by; None: half of all
SPLITS = 200


def optimism(late: np.ndarray, probabilities: np.ndarray, size: int, random: np.random.Generator) -> tuple[float, bool]:
    """What the chosen candidate's ROC AUC is too high by in one split, and whether the halves chose differently.

    `probabilities` has a column for each candidate. Both halves choose once, which takes most of the noise out.
    """
    order = random.permutation(len(late))[: 2 * size]
    one, other = ([roc_auc_score(late[half], p[half]) for p in probabilities.T] for half in (order[:size], order[size:]))
    best, best_of_other = np.argmax(one), np.argmax(other)
    return (one[best] - other[best] + other[best_of_other] - one[best_of_other]) / 2, bool(best != best_of_other)


def main() -> None:
    """Print a line for each size of the test set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", help="the folder of a project whose pipeline has run")
    table = artifacts.read_parquet(Project.load(parser.parse_args().project).predictions)
    late, probabilities = table[TARGET].to_numpy(), table.drop(columns=[*KEY, TARGET])
    print(f"candidates: {', '.join(probabilities)}; {len(table)} test flights; {SPLITS} splits")
    print(f"{'flights':>8} {'ROC AUC too high by':>20} {'halves disagree':>16}")
    for size in SIZES:
        size = size or len(table) // 2
        if 2 * size <= len(table):
            random = np.random.default_rng(0)
            found = [optimism(late, probabilities.to_numpy(), size, random) for _ in range(SPLITS)]
            high, differ = (np.mean(column) for column in zip(*found, strict=True))
            print(f"{size:>8} {high:>20.5f} {differ:>16.1%}")


if __name__ == "__main__":
    main()
