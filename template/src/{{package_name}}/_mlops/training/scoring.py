# The template's. Yours are metrics.py and model.py.
"""Score predictions: beside simple models, with intervals, on slices, without a feature."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance

from ... import metrics, schema
from .. import paths
from ..data import outcome
from ..errors import Refused, WrongInput, did_you_mean
from ..interface import Contract, EvaluateParams, Slices
from ..progress import progress, waiting


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
    """Return how much worse the metric gets when one feature is shuffled, for each feature."""
    drawn = holdout.sample(min(params.importance_rows, len(holdout)), random_state=0)
    sign = 1 if contract.quality.better == "higher" else -1

    def scorer(estimator: BaseEstimator, inputs: pd.DataFrame, y_true: pd.Series) -> float:
        y_pred = outcome.predict(estimator, inputs, schema.LABELS)
        return sign * metrics.score(y_true, y_pred)[contract.quality.metric]

    inputs, repeats = drawn.drop(columns=schema.TARGET), params.importance_repeats
    with waiting("importance"):
        result = permutation_importance(
            fitted, inputs, drawn[schema.TARGET], scoring=scorer, n_repeats=repeats, random_state=0
        )
    losses = zip(inputs.columns, result["importances_mean"], strict=True)
    return {name: float(loss) for name, loss in sorted(losses, key=lambda pair: -pair[1])}
