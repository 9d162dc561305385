# The template's. Plots of yours belong in notebooks/ or in a stage of yours.
"""Where is the model wrong? Residuals along the predictions."""

from pathlib import Path
from typing import Any

import pandas as pd

NAME = "residuals"


def diagnose(y_true: pd.Series, y_pred: pd.DataFrame, bins: int) -> list[dict[str, float]]:
    """Compare what happened with what was expected, in bins of equal size.

    Args:
        y_true: (n,) numbers.
        y_pred: (n, 1) predicted numbers.
        bins: Number of bins; fewer come back when many predictions are equal.

    Returns:
        One record per bin: `rows`, mean `predicted`, and `low`, `median`, `high`: the 10th, 50th
        and 90th percentile of the residual, which is what happened less what was predicted.
    """
    predicted = y_pred.iloc[:, 0]
    table = pd.DataFrame({"predicted": predicted, "residual": y_true - predicted})
    group = table.groupby(pd.qcut(predicted, bins, duplicates="drop"), observed=True)
    residual = group["residual"]
    means = pd.DataFrame(
        {
            "rows": group.size(),
            "predicted": group["predicted"].mean(),
            "low": residual.quantile(0.1),
            "median": residual.median(),
            "high": residual.quantile(0.9),
        }
    )
    return [{str(name): float(value) for name, value in row.items()} for _, row in means.iterrows()]


def calibration(y_true: pd.Series, y_pred: pd.DataFrame) -> float:
    """Return how far the predictions are off on average, in standard deviations of the target.

    Errors in both directions cancel out: 0 means neither too high nor too low as a whole.

    Args:
        y_true: (n,) numbers.
        y_pred: (n, 1) predicted numbers.
    """
    return float(abs((y_true - y_pred.iloc[:, 0]).mean()) / y_true.std())


def draw(axes: Any, diagnosis: list[dict[str, float]], target: str) -> None:
    """Draw the spread of the residuals along the predictions; at zero there is no error."""
    table = pd.DataFrame(diagnosis)
    axes.axhline(0, color="grey", linewidth=1, linestyle="--", label="no error")
    spread = (table["low"], table["high"])
    axes.fill_between(table["predicted"], *spread, alpha=0.25, label="80 % of rows")
    axes.plot(table["predicted"], table["median"], marker="o", label="median")
    axes.set(xlabel=f"predicted {target}", ylabel="happened less predicted")
    axes.set_title(f"Residuals: {target}")
    axes.legend()


def save(path: Path, diagnosis: list[dict[str, float]], target: str) -> None:
    """Write the plot as PNG."""
    from .plots import figure

    with figure(path) as axes:
        draw(axes, diagnosis, target)
