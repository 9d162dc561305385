# The template's. Yours are the labels in schema.py; there are none when the target is a number.
"""What a model answers: a label with a probability for each label, or a number."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import SPINS
from ..errors import WrongInput, first_of
from ..interface import OptionalSchema, Schema

if TYPE_CHECKING:  # a service reads its own code before it loads a model
    from sklearn.base import BaseEstimator

NUMBER = "prediction"  # the one column of predicted numbers
CLOSE = 1e-3  # to 1, of the probabilities of a row
CUT = "cut"  # goes along with two columns of probabilities


@contextmanager
def calm() -> Iterator[None]:
    """Let a model have one thread where those of its library would spin while they wait."""
    if not SPINS:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="openmp"):
        yield


@calm()
def predict(
    model: "BaseEstimator", features: pd.DataFrame, labels: tuple[str, ...]
) -> pd.DataFrame:
    """Return one column of probabilities for each label in the schema's order, or of numbers.

    The index is that of the features; a label that training did not hold has probability 0. What
    the model decides by, as `cut` says, goes along for `said`.

    Raises:
        WrongInput: If the model knows no probabilities.
    """
    if not labels:
        numbers = np.asarray(model.predict(features), dtype=float).reshape(len(features))
        return pd.DataFrame({NUMBER: numbers}, index=features.index)
    if not hasattr(model, "predict_proba"):
        message = f"model.py: {estimator(model)} gives no probabilities; expected predict_proba"
        raise WrongInput(message, f"CalibratedClassifierCV({estimator(model)}(...)) has it")
    found = np.asarray(model.predict_proba(features), dtype=float)
    if found.shape != (shape := (len(features), len(model.classes_))):
        expected = f"{shape}, one probability for each row and label"
        raise ValueError(f"predict_proba answers an array of {found.shape}; expected {expected}")
    places = {label: place for place, label in enumerate(model.classes_)}
    ordered = [found[:, places[one]] if one in places else np.zeros(len(found)) for one in labels]
    table = pd.DataFrame(np.column_stack(ordered), columns=list(labels), index=features.index)
    table.attrs = {CUT: decided} if (decided := cut(model)) else {}
    return table


def estimator(model: "BaseEstimator") -> str:
    """Return the name of the estimator, the last step of a pipeline; of what a threshold is for."""
    last = last_step(model)
    return estimator(last.estimator) if decides(last) else type(last).__name__


def last_step(model: "BaseEstimator") -> Any:
    """Return the estimator at the end of a pipeline."""
    return model.steps[-1][1] if hasattr(model, "steps") else model


def decides(last: Any) -> bool:
    """Say whether an estimator chooses one of two labels by a threshold of its own."""
    return type(last).__name__ in ("FixedThresholdClassifier", "TunedThresholdClassifierCV")


def cut(model: "BaseEstimator") -> tuple[str, float] | None:
    """Return a label, and the probability from which on it is the answer; else the likeliest is.

    Raises:
        WrongInput: If the model decides by something else than a probability.
    """
    last = last_step(model)
    if not decides(last):
        return None
    if last.response_method == "decision_function":
        message = f"model.py: {type(last).__name__} decides by decision_function"
        raise WrongInput(f"{message}; expected a probability", "response_method='predict_proba'")
    found = last.best_threshold_ if hasattr(last, "best_threshold_") else last.threshold
    label = getattr(last, "pos_label", None)
    label = str(last.classes_[1] if label is None else label)
    return label, 0.5 if found == "auto" else float(found)


def said(y_pred: pd.DataFrame) -> pd.Series:
    """Return the label that each row is answered with: the likeliest, or what the cut says."""
    if CUT not in y_pred.attrs:
        values = y_pred.to_numpy()
        if np.isnan(values).any():
            return y_pred.idxmax(axis="columns")
        return pd.Series(y_pred.columns[values.argmax(axis=1)], y_pred.index)
    label, threshold = y_pred.attrs[CUT]
    (other,) = (name for name in y_pred if name != label)
    return pd.Series(np.where(y_pred[label] >= threshold, label, other), y_pred.index)


def is_number(y_pred: pd.DataFrame) -> bool:
    """Say whether predictions are numbers; labels are two or more."""
    return list(y_pred) == [NUMBER]


def positive(schema: Schema) -> str:
    """Return the label that one probability is about; none for three labels or a number."""
    if len(schema.LABELS) != 2:
        return ""
    return getattr(schema, "POSITIVE", OptionalSchema.POSITIVE) or schema.LABELS[-1]


def as_columns(y_pred: pd.DataFrame) -> pd.DataFrame:
    """Return what `predict` writes: the number, or the label and the probability of each label."""
    if is_number(y_pred):
        return y_pred
    columns = {f"probability_{label}": y_pred[label] for label in y_pred}
    return pd.DataFrame({NUMBER: said(y_pred), **columns})


def from_columns(rows: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Return the predictions from a table that `predict` wrote."""
    if not labels:
        return rows[[NUMBER]]
    found = rows[[f"probability_{label}" for label in labels]]
    found = found.set_axis(list(labels), axis="columns")
    if len(labels) == 2:  # any cut that gives the same labels back
        chosen = found.loc[rows[NUMBER] == labels[1], labels[1]]
        found.attrs = {CUT: (labels[1], float(chosen.min()) if len(chosen) else np.inf)}
    return found


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
        changed = said(other) != said(reference)
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
    labels, shares = list(y_pred), y_pred.to_numpy().tolist()
    return {
        "predictions": said(y_pred).tolist(),
        "probabilities": [dict(zip(labels, row, strict=True)) for row in shares],
    }


def as_written(answer: dict[str, Any]) -> dict[str, list[Any]]:
    """Return an answer of one row or more as the columns that `predict` writes."""
    shares = answer.get("probabilities", [{}])
    columns = {f"probability_{label}": [one[label] for one in shares] for label in shares[0]}
    return {NUMBER: answer["predictions"], **columns}


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
    if strange := sorted(repr(str(label)) for label in set(y.unique()) - set(labels)):
        return f"holds {first_of(strange, ', ')}, which schema.LABELS {list(labels)} does not name"
    if y.nunique() < 2:
        return f"is {y.iloc[0]!r} in all {len(y)} rows; a model needs at least two labels"
    return ""
