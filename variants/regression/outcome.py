# The template's. Yours are the target and its unit in schema.py.
"""What a regressor answers: a number."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:  # a service reads its own code before it loads a model
    from sklearn.base import BaseEstimator

CHANGED = "over 0.5 sd apart"  # when two models disagree about a row
DISTANCE = "apart"


def predict(
    model: "BaseEstimator", features: pd.DataFrame, labels: tuple[str, ...]
) -> pd.DataFrame:
    """Return predicted numbers in one column; same index as features, and no labels."""
    return pd.DataFrame({"prediction": model.predict(features)}, index=features.index)


def as_columns(y_pred: pd.DataFrame) -> pd.DataFrame:
    """Return what `predict` writes."""
    return y_pred


def from_columns(rows: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Return the predicted numbers from a table that `predict` wrote."""
    return rows[["prediction"]]


def difference(reference: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Compare two models' numbers for the same rows.

    Returns:
        `changed`: whether they are further apart than half a standard deviation of what the
        reference predicts, a medium effect by Cohen (1988); of two that have nothing in common,
        three in four rows are. `distance`: how far they are apart, in the target's unit.
    """
    distance = (other["prediction"] - reference["prediction"]).abs()
    return pd.DataFrame(
        {"changed": distance > reference["prediction"].std() / 2, "distance": distance}
    )


def as_answer(y_pred: pd.DataFrame) -> dict[str, Any]:
    """Return what the service answers, rows in order."""
    return {"predictions": y_pred["prediction"].tolist()}


def check_labels(labels: tuple[str, ...]) -> str:
    """Return what is wrong with the labels, or nothing."""
    return f"LABELS is {list(labels)}; expected none, for the target is a number" if labels else ""


def check_target(y: pd.Series, labels: tuple[str, ...]) -> str:
    """Return what makes this target impossible to learn, or nothing."""
    if not pd.api.types.is_numeric_dtype(y) or not np.isfinite(y).all():
        return "holds values that are not finite numbers"
    if y.nunique() < 2:
        return f"is {y.iloc[0]} in all {len(y)} rows; there is nothing to learn"
    return ""
