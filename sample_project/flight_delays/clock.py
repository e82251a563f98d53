"""Times of day as the tables have them: HHMM, from 0 to 2400."""

import pandas as pd

NO_TIME = "not a time of day: HHMM, from 0000 to 2400"


def is_time(hhmm: pd.Series) -> pd.Series:
    """Which numbers are a time of day; an empty one is not."""
    return hhmm.between(0, 2400) & (hhmm % 100 < 60) & (hhmm % 1 == 0)


def minutes(hhmm: pd.Series) -> pd.Series:
    """Minutes since midnight."""
    return hhmm // 100 * 60 + hhmm % 100
