# The template's. Plots of yours belong in notebooks/ or in a stage of yours.
"""Can the probabilities be taken at their word? Calibration of the positive label."""

from pathlib import Path
from typing import Any

import pandas as pd

NAME = "calibration"


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
