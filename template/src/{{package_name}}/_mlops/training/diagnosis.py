# The template's. Plots of yours belong in notebooks/ or in a stage of yours.
"""Can predictions be taken at their word? Calibration of labels, residuals of numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from ..data import outcome
from ..interface import Schema
from .plots import figure

Numbers = NDArray[np.float64]
Counts = NDArray[np.int_]

DRAWN = 200
BIN_ROWS = 200  # in smaller bins chance alone looks like bad calibration
DRAWN_ROWS = 10  # of each bin in a plot, at least: a share of two rows is none
SHOWN = 6  # labels in one plot, the most frequent ones


def name(schema: Schema) -> str:
    """Return what the report calls it: `calibration` of labels, `residuals` of numbers."""
    return "calibration" if schema.LABELS else "residuals"


def diagnose(
    y_true: pd.Series, y_pred: pd.DataFrame, bins: int, schema: Schema
) -> list[dict[str, Any]]:
    """Compare what was expected with what happened, in bins of equal size.

    Args:
        y_true: (n,) outcomes.
        y_pred: (n, k) predictions.
        bins: Number of bins; fewer when many predictions are equal, or rows are few.
        schema: Your module schema.

    Returns:
        Of labels, one record per label and bin: `label`, `rows`, mean `predicted` probability,
        `observed` share; of two labels only the positive one's. Of numbers, one record per bin:
        `rows`, mean `predicted`, and `low`, `median`, `high`: the 10th, 50th and 90th percentile
        of the residual, which is what happened less what was predicted.
    """
    if not schema.LABELS:
        return residuals(y_true, y_pred[outcome.NUMBER], bins)
    label = outcome.positive(schema)
    return [
        {"label": one, **record}
        for one in ([label] if label else schema.LABELS)
        for record in shares(y_true == one, y_pred[one], bins)
    ]


def shares(happened: pd.Series, probability: pd.Series, bins: int) -> list[dict[str, float]]:
    """Compare the probability of one label with its share."""
    table = pd.DataFrame({"predicted": probability, "observed": happened})
    group = binned(probability, bins)
    means = table.groupby(group, observed=True).agg(
        rows=("observed", "size"), predicted=("predicted", "mean"), observed=("observed", "mean")
    )
    return records(means)


def binned(predicted: pd.Series, bins: int) -> pd.Series:
    """Return the bin of each prediction; those of a constant model are in one."""
    if predicted.nunique() == 1:
        return pd.Series(0, predicted.index)
    return pd.qcut(predicted, max(1, min(bins, len(predicted) // DRAWN_ROWS)), duplicates="drop")


def residuals(y_true: pd.Series, predicted: pd.Series, bins: int) -> list[dict[str, float]]:
    """Return the spread of the residuals along the predictions."""
    table = pd.DataFrame({"predicted": predicted, "residual": y_true - predicted})
    group = table.groupby(binned(predicted, bins), observed=True)
    residual = group["residual"]
    return records(
        pd.DataFrame(
            {
                "rows": group.size(),
                "predicted": group["predicted"].mean(),
                "low": residual.quantile(0.1),
                "median": residual.median(),
                "high": residual.quantile(0.9),
            }
        )
    )


def records(table: pd.DataFrame) -> list[dict[str, float]]:
    """Return the rows of a table of numbers as JSON holds them."""
    return [{str(key): float(value) for key, value in row.items()} for _, row in table.iterrows()]


def by_label(y_true: pd.Series, y_pred: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how good the model is for each label by itself; nothing for numbers.

    Args:
        y_true: (n,) labels.
        y_pred: (n, labels) probabilities.

    Returns:
        One record per label: `label`, `rows` that have it, `predicted` rows, `precision`,
        `recall` and `f1` of the label that is answered, `roc_auc` of this label against the
        rest; not a number where a label does not occur; and how many of its rows were `answered`
        by each label, a row of the confusion matrix.
    """
    if outcome.is_number(y_pred):
        return []
    labels, said = list(y_pred), outcome.said(y_pred)
    precision, recall, f1, rows = precision_recall_fscore_support(
        y_true, said, labels=labels, zero_division=np.nan
    )
    return [
        {
            "label": label,
            "rows": int(rows[place]),
            "predicted": int((said == label).sum()),
            "precision": float(precision[place]),
            "recall": float(recall[place]),
            "f1": float(f1[place]),
            "roc_auc": float(roc_auc_score(y_true == label, y_pred[label]))
            if 0 < rows[place] < len(y_true)
            else np.nan,
            "answered": {
                str(one): int(((said == one) & (y_true == label)).sum()) for one in labels
            },
        }
        for place, label in enumerate(labels)
    ]


def calibration(y_true: pd.Series, y_pred: pd.DataFrame) -> float:
    """Return how far predictions are off as a whole; 0 is perfect.

    Of labels, the expected calibration error of the label that is worst, from 0 to 1: the mean
    distance between predicted and observed share, in ten bins of equal size, or fewer when they
    would hold less than 200 rows. Of numbers, the mean error in standard deviations of the
    target: errors in both directions cancel out.

    Args:
        y_true: (n,) outcomes.
        y_pred: (n, k) predictions.
    """
    return error(gaps(y_true, y_pred), np.ones(len(y_true)))


def calibration_drawn(y_true: pd.Series, *y_preds: pd.DataFrame) -> Numbers:
    """Return the calibration of predictions of the same rows, drawn anew: (DRAWN, models)."""
    random, known = np.random.default_rng(0), [gaps(y_true, y_pred) for y_pred in y_preds]
    drawn = (random.poisson(1, len(y_true)).astype(float) for _ in range(DRAWN))
    return np.array([[error(one, often) for one in known] for often in drawn])


def gaps(y_true: pd.Series, y_pred: pd.DataFrame) -> list[tuple[Counts, Numbers]]:
    """Return, for each label or for the number, the bin of each row and how far it is off."""
    if outcome.is_number(y_pred):
        off = (y_true - y_pred[outcome.NUMBER]) / y_true.std()
        return [(np.zeros(len(off), dtype=int), off.to_numpy(dtype=float))]
    bins = min(10, max(1, len(y_true) // BIN_ROWS))
    return [
        (
            np.ceil(y_pred[label].rank(pct=True) * bins).to_numpy(dtype=int),  # equal ones share it
            ((y_true == label) - y_pred[label]).to_numpy(dtype=float),
        )
        for label in y_pred
    ]


def error(known: list[tuple[Counts, Numbers]], times: Numbers) -> float:
    """Return the error of the worst label, when each row counts so many times."""
    rows = max(1.0, float(times.sum()))
    return max(float(np.abs(np.bincount(bins, off * times)).sum()) / rows for bins, off in known)


def save(path: Path, diagnosis: list[dict[str, Any]], schema: Schema) -> None:
    """Write the plot as PNG."""
    table = pd.DataFrame(diagnosis)
    with figure(path) as axes:
        if schema.LABELS:
            draw_shares(axes, table, schema.TARGET)
        else:
            draw_residuals(axes, table, schema.TARGET)
        axes.legend()


def draw_shares(axes: Any, table: pd.DataFrame, target: str) -> None:
    """Draw expected against observed shares, a line per label; on the diagonal they are equal."""
    top = min(1.0, float(table[["predicted", "observed"]].max().max()) * 1.1)
    axes.plot([0, top], [0, top], color="grey", linewidth=1, linestyle="--", label="perfect")
    found = list(table["label"].unique())
    shown = sorted(found, key=lambda one: -table.loc[table["label"] == one, "observed"].mean())
    for label in shown[:SHOWN]:
        part = table[table["label"] == label]
        axes.plot(part["predicted"], part["observed"], marker="o", label=label)
    axes.set(xlabel="predicted probability", ylabel="observed share")
    axes.set_title(f"Calibration: {target}")


def draw_residuals(axes: Any, table: pd.DataFrame, target: str) -> None:
    """Draw the spread of the residuals along the predictions; at zero there is no error."""
    axes.axhline(0, color="grey", linewidth=1, linestyle="--", label="no error")
    spread = (table["low"], table["high"])
    axes.fill_between(table["predicted"], *spread, alpha=0.25, label="80 % of rows")
    axes.plot(table["predicted"], table["median"], marker="o", label="median")
    axes.set(xlabel=f"predicted {target}", ylabel="happened less predicted")
    axes.set_title(f"Residuals: {target}")
