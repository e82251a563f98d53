"""What it costs to choose the best candidate on the same flights that give the verdict on it.

    PYTHONPATH=sample_project .venv/bin/python bench/choice.py sample_project

in the folder of a project whose pipeline has run: it reads reports/predictions.parquet. `evaluate` names the best
candidate by the test months, and `gate` holds the same figure against its thresholds. Here the test flights are parted
at random in two halves, again and again: the best of one half is scored on that half, as the pipeline does it, and on
the other, which had no say in the choice. What the first figure is higher by, on average, is what the choice has
added to it. Flights that are few make the choice worse; so smaller test sets, drawn from the same flights, are tried too.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

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


class Size(NamedTuple):
    """By so many flights: what the winner's ROC AUC is too high by, and in which share of the splits the halves disagree."""

    flights: int
    too_high: float
    differ: float


def measure(project: str | os.PathLike[str]) -> tuple[int, Iterator[Size]]:
    """How many test flights a project has whose pipeline has run, and what comes of choosing by fewer, size by size."""
    table = artifacts.read_parquet(Project.load(project).predictions)
    late, probabilities = table[TARGET].to_numpy(), table.drop(columns=[*KEY, TARGET])
    print(f"candidates: {', '.join(probabilities)}; {len(table)} test flights; {SPLITS} splits", file=sys.stderr)
    return len(table), _sizes(late, probabilities.to_numpy())


def _sizes(late: np.ndarray, probabilities: np.ndarray) -> Iterator[Size]:
    for size in SIZES:
        size = size or len(late) // 2
        if 2 * size <= len(late):
            random = np.random.default_rng(0)
            found = [optimism(late, probabilities, size, random) for _ in range(SPLITS)]
            high, differ = (float(np.mean(column)) for column in zip(*found, strict=True))
            yield Size(size, high, differ)


def main() -> None:
    """Print a line for each size of the test set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", help="the folder of a project whose pipeline has run")
    _, sizes = measure(parser.parse_args().project)
    print(f"{'flights':>8} {'ROC AUC too high by':>20} {'halves disagree':>16}")
    for size in sizes:
        print(f"{size.flights:>8} {size.too_high:>20.5f} {size.differ:>16.1%}", flush=True)


if __name__ == "__main__":
    main()
