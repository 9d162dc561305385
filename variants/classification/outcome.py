# The template's. Yours are the labels in schema.py.
"""What a classifier answers: a label, and a probability for each label."""

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:  # a service reads its own code before it loads a model
    from sklearn.base import BaseEstimator

CHANGED = "another label"  # when two models disagree about a row
DISTANCE = "probability moved"


def predict(
    model: "BaseEstimator", features: pd.DataFrame, labels: tuple[str, ...]
) -> pd.DataFrame:
    """Return probabilities, one column per label in the schema's order; same index as features."""
    found = model.predict_proba(features)
    table = pd.DataFrame(found, columns=list(model.classes_), index=features.index)
    return table.reindex(columns=list(labels), fill_value=0.0)


def as_columns(y_pred: pd.DataFrame) -> pd.DataFrame:
    """Return what `predict` writes: the label, its probabilities, and the positive label's own."""
    labels = list(y_pred)
    columns = {f"probability_{label}": y_pred[label] for label in labels}
    if len(labels) == 2:
        columns["probability"] = y_pred[labels[-1]]
    return pd.DataFrame({"prediction": y_pred.idxmax(axis="columns"), **columns})


def from_columns(rows: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Return the probabilities from a table that `predict` wrote."""
    found = rows[[f"probability_{label}" for label in labels]]
    return found.set_axis(list(labels), axis="columns")


def difference(reference: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Compare two models' probabilities for the same rows.

    Returns:
        `changed`: whether the label differs. `distance`: the probability that moved from some
        labels to others, from 0 to 1; with two labels the change of either.
    """
    moved = (other - reference).abs().sum(axis="columns") / 2
    changed = other.idxmax(axis="columns") != reference.idxmax(axis="columns")
    return pd.DataFrame({"changed": changed, "distance": moved})


def as_answer(y_pred: pd.DataFrame) -> dict[str, Any]:
    """Return what the service answers, rows in order."""
    return {
        "predictions": y_pred.idxmax(axis="columns").tolist(),
        "probabilities": y_pred.to_dict(orient="records"),
    }


def check_labels(labels: tuple[str, ...]) -> str:
    """Return what is wrong with the labels, or nothing."""
    if len(labels) == 2:
        return ""
    found = f"LABELS names {len(labels)}"
    # the metrics, the calibration and the card are about the last label against the other one
    return f"{found}; expected two: join some in read_target, such as one label against the rest"


def check_target(y: pd.Series, labels: tuple[str, ...]) -> str:
    """Return what makes this target impossible to learn, or nothing."""
    if strange := sorted(set(y.unique()) - set(labels)):
        return f"holds {strange[:3]}, which schema.LABELS {list(labels)} does not name"
    if y.nunique() < 2:
        return f"is {y.iloc[0]!r} in all {len(y)} rows; a model needs at least two labels"
    return ""
