"""Months of a run: those of each profile, and on which side of the split one is."""

from collections.abc import Iterable

PROFILES = {
    # enough months to show what there is to show, in minutes
    "quick": {"train_months": ["2013-01", "2013-02"], "test_months": ["2013-03"]},
    "full": {
        "train_months": [f"2013-{month:02}" for month in range(1, 10)],
        "test_months": [f"2013-{month}" for month in range(10, 13)],
    },
}


def split(train_months: Iterable[str], test_months: Iterable[str]) -> dict[str, str]:
    """The parameter `months` of the pipeline: month -> train or test."""
    return dict.fromkeys(train_months, "train") | dict.fromkeys(test_months, "test")
