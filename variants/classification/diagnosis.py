# The template's. Plots of yours belong in notebooks/ or in a stage of yours.
"""Can the probabilities be taken at their word? Calibration of the positive label."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

NAME = "calibration"
BIN_ROWS = 200  # in smaller bins chance alone looks like bad calibration


def diagnose(y_true: pd.Series, y_pred: pd.DataFrame, bins: int) -> list[dict[str, float]]:
    """Compare expected with observed shares in bins of equal size.

    Args:
        y_true: (n,) labels.
        y_pred: (n, labels) probabilities; the last column is the positive label's.
        bins: Number of bins; fewer come back when many predictions are equal.

    Returns:
        One record per bin: `rows`, mean `predicted` probability, `observed` share.
    """
    positive = y_pred.columns[-1]
    table = pd.DataFrame({"predicted": y_pred[positive], "observed": y_true == positive})
    group = pd.qcut(table["predicted"], bins, duplicates="drop")
    means = table.groupby(group, observed=True).agg(
        rows=("observed", "size"), predicted=("predicted", "mean"), observed=("observed", "mean")
    )
    return [{str(name): float(value) for name, value in row.items()} for _, row in means.iterrows()]


def calibration(y_true: pd.Series, y_pred: pd.DataFrame) -> float:
    """Return the expected calibration error of the label that is worst: 0 is perfect, 1 is worst.

    It is the mean distance between predicted and observed share, in ten bins of equal size, or
    fewer when they would hold less than 200 rows.

    Args:
        y_true: (n,) labels.
        y_pred: (n, labels) probabilities.
    """
    bins = min(10, max(1, len(y_true) // BIN_ROWS))
    return max(label_error(y_true == label, y_pred[label], bins) for label in y_pred)


def label_error(happened: pd.Series, probability: pd.Series, bins: int) -> float:
    """Return the expected calibration error of one label; equal predictions share a bin."""
    group = np.ceil(probability.rank(pct=True) * bins)
    means = (happened - probability).groupby(group).agg(["mean", "size"])
    return float((means["mean"].abs() * means["size"]).sum() / len(happened))


def draw(axes: Any, diagnosis: list[dict[str, float]], target: str) -> None:
    """Draw expected against observed shares; on the diagonal they are equal."""
    table = pd.DataFrame(diagnosis)
    top = float(table[["predicted", "observed"]].max().max()) * 1.1
    axes.plot([0, top], [0, top], color="grey", linewidth=1, linestyle="--", label="perfect")
    axes.plot(table["predicted"], table["observed"], marker="o", label="model")
    axes.set(
        xlabel="predicted probability", ylabel="observed share", title=f"Calibration: {target}"
    )
    axes.legend()


def save(path: Path, diagnosis: list[dict[str, float]], target: str) -> None:
    """Write the plot as PNG."""
    from .plots import figure

    with figure(path) as axes:
        draw(axes, diagnosis, target)
