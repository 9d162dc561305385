# The template's. Plots of yours belong in notebooks/ or in a stage of yours.
"""Plots for people: plain, labelled, readable when printed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from .files import whole_file


@contextmanager
def figure(path: Path, height: float = 4.5) -> Iterator[Any]:
    """Give axes to draw on, and write them to a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(7, height), layout="constrained")
    FigureCanvasAgg(drawing)
    axes = drawing.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    yield axes
    with whole_file(path) as part:
        drawing.savefig(part, format="png", dpi=120)


def save_importance(path: Path, importance: dict[str, float], metric: str) -> None:
    """Write how much the metric suffers when a feature is shuffled, the most important on top."""
    shown = pd.Series(importance).sort_values().tail(20)
    with figure(path, height=1 + 0.28 * len(shown)) as axes:
        axes.barh(shown.index, shown.to_numpy())
        axes.set(xlabel=f"loss of {metric} when shuffled", title="Importance of the features")


def save_slices(path: Path, slices: list[dict[str, Any]], metric: str, overall: float) -> None:
    """Write the metric on each slice beside the metric on all rows."""
    table = pd.DataFrame(slices, columns=["column", "value", "rows", metric]).iloc[::-1]
    names = table["column"] + " = " + table["value"] + table["rows"].map(" ({:,} rows)".format)
    with figure(path, height=1 + 0.28 * len(table)) as axes:
        axes.plot(table[metric], names, "o", label="slice")
        axes.axvline(overall, color="grey", linewidth=1, linestyle="--", label="all rows")
        axes.set(xlabel=metric, title="Quality on slices")
        axes.grid(axis="y", alpha=0.3)
        axes.legend()
