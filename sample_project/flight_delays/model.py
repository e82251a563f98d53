"""The candidates: how they are built, stored and scored. The same for every engine, to the last bit."""

import functools
import os
import re
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from zipfile import ZipFile, ZipInfo

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from flight_delays import artifacts
from flight_delays.columns import CATEGORIES, FEATURES, KEY, NUMBERS, TARGET
from flight_delays.errors import DataError

with warnings.catch_warnings():
    # It looks for NumPy's functions in every module that is loaded, and in an Airflow task a thousand old names answer.
    warnings.simplefilter("ignore")
    import skops.io

P = ParamSpec("P")  # what a function takes
R = TypeVar("R")  # what it gives back

# What skops may load beyond its own list of safe types. Anything else in a model file is refused.
TRUSTED_TYPES = [
    "functools.partial",  # of check_array: how gradient boosting keeps its preprocessing
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
]
_SCHEMA = "schema.json"  # in a stored model, what it consists of
_PART = re.compile(r'("__id__": |"file": ")([\w-]+)')  # the name of a part there
_MOST_CATEGORIES = 200  # gradient boosting takes at most 255; the rarest share one code
_CURVE_ROWS = 2000  # of the training flights, for the learning curve
_CURVE_POINTS = 20


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Limit the calling process to one thread of arithmetic, for good.

    Two threads share the sums of a gradient in another order than one, and differ in the last bits. The limit is not
    lifted again: an engine may run two stages in two threads, and the first to end would lift it for the other.
    """

    @functools.wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        threadpool_limits(limits=1)
        return function(*args, **kwargs)

    return limited


def logistic(*, numbers: list[str], seed: int, **hyperparameters: Any) -> Pipeline:
    """Logistic regression on one-hot categories and standardised numbers, missing values filled.

    What fills a gap hardly matters, since a column of its own tells that there is one; the mean is found quickest.
    Newton's method takes a handful of iterations where lbfgs takes a hundred, to the same coefficients.
    """
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore", min_frequency=20), CATEGORIES),
            (
                make_pipeline(SimpleImputer(strategy="mean", add_indicator=True), StandardScaler()),
                numbers,
            ),
        ),
        LogisticRegression(solver="newton-cholesky", random_state=seed, **hyperparameters),
    )


def boosting(*, numbers: list[str], seed: int, **hyperparameters: Any) -> Pipeline:
    """Histogram gradient boosting, which takes categories and missing values as they are."""
    return make_pipeline(
        make_column_transformer(
            (
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=_MOST_CATEGORIES),
                CATEGORIES,
            ),
            ("passthrough", numbers),
        ),
        HistGradientBoostingClassifier(
            random_state=seed, early_stopping=False, categorical_features=list(range(len(CATEGORIES))), **hyperparameters
        ),
    )


CANDIDATES = {"logistic": logistic, "boosting": boosting}


def read_features(paths: list[str | os.PathLike[str]]) -> pd.DataFrame:
    """Put the prepared months together, ordered by the flights' key, whatever the order of the paths.

    DataError names the file if a column is missing or a feature is not a finite number, the first rows too if the
    target is anything but 0 or 1, and all files if all flights together are of one class.
    """
    frames = []
    for path in paths:
        frame = artifacts.read_parquet(path)
        missing = [name for name in [*KEY, *FEATURES, TARGET] if name not in frame]
        if missing:
            raise DataError(f"{path}: missing column {', '.join(dict.fromkeys(missing))}")
        for name in NUMBERS:
            if frame[name].dtype.kind not in "if":
                raise DataError(f"{path}: column {name} is of type {frame[name].dtype}, not a number")
            if np.isinf(frame[name]).any():
                raise DataError(f"{path}: column {name}: {int(np.isinf(frame[name]).sum())} values are infinite")
        wrong = ~frame[TARGET].isin([0, 1])
        if wrong.any():
            rows = "; ".join(f"row {row}: {value!r}" for row, value in frame.loc[wrong, TARGET].head(3).items())
            raise DataError(f"{path}: column {TARGET}: {int(wrong.sum())} values are neither 0 nor 1 ({rows})")
        frames.append(frame)
    if not frames:
        raise DataError("no prepared month to read")
    table = pd.concat(frames, ignore_index=True)
    classes = sorted(table[TARGET].unique())
    if len(classes) < 2:
        raise DataError(
            f"{', '.join(map(str, paths))}: column {TARGET}: all {len(table)} flights are of one class, {classes[0]}"
        )
    return table.sort_values(KEY, kind="stable", ignore_index=True)


@one_thread
def fit(table: pd.DataFrame, *, candidate: str, seed: int, hyperparameters: dict[str, Any]) -> Pipeline:
    """The fitted candidate, trained on the FEATURES and the TARGET of a table; a column without any value is left out."""
    numbers = [name for name in NUMBERS if table[name].notna().any()]  # boosting fails on the others
    return CANDIDATES[candidate](numbers=numbers, seed=seed, **hyperparameters).fit(table[FEATURES], table[TARGET])


@one_thread
def learning_curve(model: Pipeline, table: pd.DataFrame) -> list[tuple[int, float]]:
    """The log loss on flights that the model learned from, as (step, loss): of boosting on its way, else at its end.

    A step is a tree of boosting, or an iteration of the solver. At most 2,000 flights are asked, evenly spread.
    """
    few = table.iloc[np.unique(np.linspace(0, len(table) - 1, _CURVE_ROWS).round().astype(int))]
    estimator = model[-1]
    if hasattr(estimator, "staged_predict_proba"):
        steps = list(enumerate(estimator.staged_predict_proba(model[:-1].transform(few[FEATURES])), start=1))
        kept = np.unique(np.linspace(0, len(steps) - 1, _CURVE_POINTS).round().astype(int))
        steps = [steps[number] for number in kept]
    else:
        steps = [(int(estimator.n_iter_.max()), model.predict_proba(few[FEATURES]))]
    return [(step, round(float(log_loss(few[TARGET], probability, labels=[0, 1])), 6)) for step, probability in steps]


@one_thread
def predict(model: Pipeline, table: pd.DataFrame) -> np.ndarray:
    """The probability of a late arrival for each row, of shape (rows,)."""
    return model.predict_proba(table[FEATURES])[:, 1]


def save(path: str | os.PathLike[str], model: Pipeline) -> None:
    """Store a model without pickle, so that loading it runs no code of the file's author; equal models as equal bytes."""
    with artifacts.replacing(path) as partial:
        _write_again(skops.io.dumps(model), partial)


def _write_again(dumped: bytes, file: Path) -> None:
    # skops calls the parts of a model by their addresses in memory, and a zip notes the time: both others at each run.
    # Here the parts are numbered, and the time is that of a ZipInfo, 1980.
    with ZipFile(BytesIO(dumped)) as before, ZipFile(file, "w") as after:
        schema = before.read(_SCHEMA).decode()
        names = dict.fromkeys(name for _, name in _PART.findall(schema))
        numbers = {name: str(number) for number, name in enumerate(names)}
        for member in before.namelist():
            if member != _SCHEMA:
                name, _, kind = member.partition(".")
                after.writestr(ZipInfo(f"{numbers[name]}.{kind}"), before.read(member))
        after.writestr(ZipInfo(_SCHEMA), _PART.sub(lambda part: part[1] + numbers[part[2]], schema))


def load(path: str | os.PathLike[str]) -> Pipeline:
    """Load a model; DataError if it is missing, broken, no model, of other features, or holds a type that is not trusted."""
    try:
        model = skops.io.load(path, trusted=TRUSTED_TYPES)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; has train been run?") from None
    except Exception as error:  # skops raises whatever the broken part of the file leads to
        raise DataError(f"{path}: cannot be loaded as a model: {error}") from None
    if not isinstance(model, Pipeline):
        raise DataError(f"{path}: holds a {type(model).__name__}, not a model")
    learned = list(getattr(model, "feature_names_in_", []))
    if learned != FEATURES:
        gone, new = ([name for name in a if name not in b] for a, b in ((learned, FEATURES), (FEATURES, learned)))
        raise DataError(
            f"{path}: the model learned from other features than columns.py has;"
            f" there no longer: {', '.join(gone) or 'none'}; new to it: {', '.join(new) or 'none'}"
        )
    return model


def score(late: np.ndarray, probability: np.ndarray, *, bins: int = 10) -> dict[str, float]:
    """ROC AUC, average precision, Brier score, log loss (scikit-learn's) and calibration error.

    The calibration error is the expected calibration error over `bins` groups of equal size: the mean
    distance between predicted probability and observed share (Naeini et al., 2015, doi:10.1609/aaai.v29i1.9602,
    with equal-frequency bins).
    """
    groups = np.array_split(np.argsort(probability, kind="stable"), bins)
    gaps = [len(g) * abs(probability[g].mean() - late[g].mean()) for g in groups if len(g)]
    return {
        "roc_auc": float(roc_auc_score(late, probability)),
        "average_precision": float(average_precision_score(late, probability)),
        "brier": float(brier_score_loss(late, probability)),
        "log_loss": float(log_loss(late, probability)),
        "calibration_error": float(sum(gaps) / len(late)),
    }
