# The template's. Yours are the labels in schema.py; there are none when the target is a number.
"""What a model answers: a label with a probability for each label, or a number."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..interface import Schema

if TYPE_CHECKING:  # a service reads its own code before it loads a model
    from sklearn.base import BaseEstimator

NUMBER = "prediction"  # the one column of predicted numbers


def predict(
    model: "BaseEstimator", features: pd.DataFrame, labels: tuple[str, ...]
) -> pd.DataFrame:
    """Return one column of probabilities for each label in the schema's order, or of numbers.

    The index is that of the features; a label that training did not hold has probability 0.
    """
    if not labels:
        return pd.DataFrame({NUMBER: model.predict(features)}, index=features.index)
    found = model.predict_proba(features)
    table = pd.DataFrame(found, columns=list(model.classes_), index=features.index)
    return table.reindex(columns=list(labels), fill_value=0.0)


def is_number(y_pred: pd.DataFrame) -> bool:
    """Say whether predictions are numbers; labels are two or more."""
    return list(y_pred) == [NUMBER]


def positive(schema: Schema) -> str:
    """Return the label that one probability is about; none for three labels or a number."""
    if len(schema.LABELS) != 2:
        return ""
    return getattr(schema, "POSITIVE", "") or schema.LABELS[-1]


def as_columns(y_pred: pd.DataFrame) -> pd.DataFrame:
    """Return what `predict` writes: the number, or the label and the probability of each label."""
    if is_number(y_pred):
        return y_pred
    columns = {f"probability_{label}": y_pred[label] for label in y_pred}
    return pd.DataFrame({NUMBER: y_pred.idxmax(axis="columns"), **columns})


def from_columns(rows: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Return the predictions from a table that `predict` wrote."""
    if not labels:
        return rows[[NUMBER]]
    found = rows[[f"probability_{label}" for label in labels]]
    return found.set_axis(list(labels), axis="columns")


def difference(reference: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Compare two models' predictions for the same rows.

    Returns:
        `changed`: whether the label differs; of numbers, whether they are further apart than half
        a standard deviation of what the reference predicts, a medium effect by Cohen (1988): of
        two that have nothing in common, three in four rows are. `distance`: the probability that
        moved from some labels to others, from 0 to 1; of numbers, how far they are apart.
    """
    if is_number(reference):
        distance = (other[NUMBER] - reference[NUMBER]).abs()
        changed = distance > reference[NUMBER].std() / 2
    else:
        distance = (other - reference).abs().sum(axis="columns") / 2
        changed = other.idxmax(axis="columns") != reference.idxmax(axis="columns")
    return pd.DataFrame({"changed": changed, "distance": distance})


def difference_means(labels: tuple[str, ...]) -> dict[str, str]:
    """Say in words what `changed` and `distance` are."""
    if labels:
        return {"changed": "another label", "distance": "probability moved"}
    return {"changed": "over 0.5 sd apart", "distance": "apart"}


def as_answer(y_pred: pd.DataFrame) -> dict[str, Any]:
    """Return what the service answers, rows in order."""
    if is_number(y_pred):
        return {"predictions": y_pred[NUMBER].tolist()}
    return {
        "predictions": y_pred.idxmax(axis="columns").tolist(),
        "probabilities": y_pred.to_dict(orient="records"),
    }


def summary(y_true: pd.Series, y_pred: pd.DataFrame, schema: Schema) -> dict[str, float]:
    """Return one number of what happened beside one of what was predicted, as `summary_of` says.

    Args:
        y_true: (n,) outcomes, none missing.
        y_pred: (n, k) predictions of the same rows.
        schema: Your module schema.

    Returns:
        `happened` and `expected`: mean numbers; or shares of the positive label; or, of three
        labels or more, the share predicted right and the mean probability of what was predicted.
    """
    if not schema.LABELS:
        happened, expected = y_true, y_pred[NUMBER]
    elif label := positive(schema):
        happened, expected = y_true == label, y_pred[label]
    else:
        happened, expected = y_true == y_pred.idxmax(axis="columns"), y_pred.max(axis="columns")
    return {"happened": float(happened.mean()), "expected": float(expected.mean())}


def summary_of(schema: Schema) -> str:
    """Say in words what `summary` returns."""
    if not schema.LABELS:
        return f"mean {schema.TARGET}"
    label = positive(schema)
    return f"share of {label}" if label else "share predicted right"


def check_labels(labels: tuple[str, ...]) -> str:
    """Return what is wrong with the labels, or nothing."""
    if len(labels) == 1:
        return f"LABELS names one, {labels[0]!r}; expected two or more, or none for a number"
    return ""


def check_target(y: pd.Series, labels: tuple[str, ...]) -> str:
    """Return what makes this target impossible to learn, or nothing."""
    if not labels:
        if not pd.api.types.is_numeric_dtype(y) or not np.isfinite(y).all():
            return "holds values that are not finite numbers"
        return "" if y.nunique() > 1 else f"is {y.iloc[0]} in all {len(y)} rows; nothing to learn"
    if strange := sorted(map(str, set(y.unique()) - set(labels))):
        return f"holds {strange[:3]}, which schema.LABELS {list(labels)} does not name"
    if y.nunique() < 2:
        return f"is {y.iloc[0]!r} in all {len(y)} rows; a model needs at least two labels"
    return ""
