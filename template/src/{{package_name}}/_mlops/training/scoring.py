# The template's. Yours are metrics.py and model.py.
"""Score predictions: beside simple models, with intervals, on slices, without a feature."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ... import metrics, schema
from .. import paths
from ..data import outcome
from ..errors import Refused, WrongInput, did_you_mean
from ..interface import Contract, EvaluateParams, Slices
from ..progress import progress, waiting

SHUFFLED_CELLS = 5_000_000  # that a model is asked for at once: 40 MB of numbers


def fit_and_predict(
    estimator: BaseEstimator, train: pd.DataFrame, inputs: pd.DataFrame
) -> pd.DataFrame:
    """Fit a simple model on the training part and predict the hold-out."""
    fitted = estimator.fit(train.drop(columns=schema.TARGET), train[schema.TARGET])
    return outcome.predict(fitted, inputs, schema.LABELS)


def intervals(
    y_true: pd.Series, y_pred: pd.DataFrame, resamples: int
) -> dict[str, tuple[float, float]]:
    """Return the 95 % bootstrap interval of each metric."""
    limits = drawn_anew(y_true, y_pred, resamples).quantile([0.025, 0.975])
    return {str(name): (float(low), float(high)) for name, (low, high) in limits.items()}


def drawn_anew(y_true: pd.Series, y_pred: pd.DataFrame, resamples: int) -> pd.DataFrame:
    """Return the metrics of rows drawn anew, with replacement, once for each resample."""
    random, rows, scores = np.random.default_rng(0), len(y_true), []
    for _ in progress(range(resamples), "resample"):
        drawn = random.integers(rows, size=rows)
        again = (part.iloc[drawn].reset_index(drop=True) for part in (y_true, y_pred))
        scores.append(metrics.score(*again))
    return pd.DataFrame(scores)


def require_numbers(rows: pd.DataFrame, y_pred: pd.DataFrame, slices: Slices) -> None:
    """Raise `Refused` when some rows of the hold-out get no number, or no probabilities.

    Args:
        rows: (n, columns) of the schema.
        y_pred: (n, k) predictions for them.
        slices: Of the contract; one that holds all such rows is named.
    """
    silent, what = without_number(y_pred), "no number"
    if not silent.any():
        silent, what = improbable(y_pred), "probabilities that are none or do not add up to 1"
    if not silent.any():
        return
    values = {name: set(rows.loc[silent, name]) for name in slices.columns if name in rows}
    where = [f"{name}={found.pop()}" for name, found in values.items() if len(found) == 1]
    said = f"{silent.sum():,} of {len(rows):,} rows of the hold-out get {what}"
    said += f", all with {' and '.join(where)}" if where else ""
    raise Refused(said, "look at what the model answers them")


def without_number(y_pred: pd.DataFrame) -> pd.Series:
    """Say of each row whether a number in its answer is missing or infinite."""
    return pd.Series(~np.isfinite(y_pred.to_numpy("float64")).all(axis=1), y_pred.index)


def improbable(y_pred: pd.DataFrame) -> pd.Series:
    """Say of each row whether a probability is below 0, or all of them do not add up to 1."""
    if outcome.is_number(y_pred):
        return pd.Series(False, y_pred.index)
    return (y_pred.min(axis=1) < 0) | ((y_pred.sum(axis=1) - 1).abs() > outcome.CLOSE)


def by_slice(
    rows: pd.DataFrame, y_true: pd.Series, y_pred: pd.DataFrame, slices: Slices
) -> list[dict[str, Any]]:
    """Score each group of rows that the contract names, when it is large enough to judge."""
    found: list[dict[str, Any]] = []
    for column in slices.columns:
        if column not in rows:
            message = f"{paths.CONTRACT}: slices.columns names {column!r}, not a column of the data"
            raise WrongInput(message, did_you_mean(column, list(rows)))
        for value, group in rows.groupby(column).groups.items():
            if len(group) >= slices.min_rows:
                scores = metrics.score(y_true.loc[group], y_pred.loc[group])
                found.append({"column": column, "value": str(value), "rows": len(group), **scores})
    return found


def importance(
    fitted: BaseEstimator, holdout: pd.DataFrame, contract: Contract, params: EvaluateParams
) -> dict[str, float]:
    """Return how much worse the metric gets when one feature is shuffled, for each feature.

    The model is asked for many shuffled tables at once: each call has a cost of its own, which for
    hundreds of features and few rows is nearly all of it.
    """
    drawn = holdout.sample(min(params.importance_rows, len(holdout)), random_state=0)
    sign = 1 if contract.quality.better == "higher" else -1
    inputs, y_true = drawn.drop(columns=schema.TARGET), drawn[schema.TARGET]

    def score(y_pred: pd.DataFrame) -> float:
        return sign * metrics.score(y_true, y_pred)[contract.quality.metric]

    random, count = np.random.default_rng(0), len(inputs)
    orders = [
        (name, random.permutation(count))
        for name in inputs
        for _ in range(params.importance_repeats)
    ]
    at_once = max(1, SHUFFLED_CELLS // inputs.size)
    whole = score(outcome.predict(fitted, inputs, schema.LABELS))
    lost: dict[str, list[float]] = {name: [] for name in inputs}
    with waiting("importance"):
        for start in range(0, len(orders), at_once):
            part = orders[start : start + at_once]
            y_pred = outcome.predict(fitted, shuffled(inputs, part), schema.LABELS)
            for place, (name, _) in enumerate(part):
                own = y_pred.iloc[place * count : (place + 1) * count].set_axis(y_true.index)
                lost[name].append(whole - score(own))
    losses = ((name, np.mean(found)) for name, found in lost.items())
    return {name: float(loss) for name, loss in sorted(losses, key=lambda pair: -pair[1])}


def shuffled(inputs: pd.DataFrame, orders: list[tuple[str, NDArray[np.int_]]]) -> pd.DataFrame:
    """Return a copy of the inputs for each order, one below the other, with that column in it."""
    count = len(inputs)
    places = np.tile(np.arange(count), len(orders))
    found = inputs.take(places).reset_index(drop=True)
    for name in {name for name, _ in orders}:
        moved = places.copy()
        for place, (other, order) in enumerate(orders):
            if other == name:
                moved[place * count : (place + 1) * count] = order
        found[name] = inputs[name].take(moved).reset_index(drop=True)
    return found
