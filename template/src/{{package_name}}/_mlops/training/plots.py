# The template's. Plots of yours belong in notebooks/ or in a stage of yours.
"""Plots for people: plain, labelled, readable when printed."""

import base64
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from ..files import whole_file


@contextmanager
def figure(path: Path, height: float = 4.5, rows: int = 1) -> Iterator[Any]:
    """Give axes to draw on, one below the other, and write them to a PNG file.

    Names and labels come from the data: $ begins no formula, and a letter that no font here has is
    a box.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(7, height), layout="constrained")
    FigureCanvasAgg(drawing)
    axes = drawing.subplots(rows, sharex=True)
    for part in drawing.axes:
        part.spines[["top", "right"]].set_visible(False)
    with rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield axes
        with whole_file(path) as file:
            drawing.savefig(file, format="png", dpi=120)


def image(draw: Callable[[Any], None], height: float) -> str:
    """Return a plot as an image that stands in a page itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "plot.png")
        with figure(path, height) as axes:
            draw(axes)
        content = base64.b64encode(path.read_bytes()).decode()
    return f'<p><img alt="plot" src="data:image/png;base64,{content}"></p>'


def save_importance(path: Path, importance: dict[str, float], metric: str) -> None:
    """Write how much worse the metric gets without a feature, the most important on top."""
    shown = pd.Series(importance).sort_values().tail(20)
    with figure(path, height=1 + 0.28 * len(shown)) as axes:
        axes.barh(shown.index, shown.to_numpy())
        axes.axvline(0, color="grey", linewidth=1)
        axes.set(
            xlabel=f"how much worse {metric} gets when the feature is shuffled",
            title="Importance of the features",
        )


def save_slices(path: Path, report: dict[str, Any], accept: float | None) -> None:
    """Write the metric on each slice beside all rows, and beside what the contract asks for."""
    metric, slices = report["metric"], report["slices"]
    table = pd.DataFrame(slices, columns=["column", "value", "rows", metric]).iloc[::-1]
    names = table["column"] + " = " + table["value"] + table["rows"].map(" ({:,} rows)".format)
    with figure(path, height=1.5 + 0.28 * len(table)) as axes:
        axes.plot(table[metric], names, "o", label="slice")
        overall = report["metrics"][metric]
        axes.axvline(overall, color="grey", linewidth=1, linestyle="--", label="all rows")
        if accept is not None:
            axes.axvline(accept, color="black", linewidth=1, linestyle=":", label="bar of a slice")
        axes.set(xlabel=f"{metric} ({report['better']} is better)", title="Quality on slices")
        axes.grid(axis="y", alpha=0.3)
        axes.figure.legend(loc="outside lower center", ncols=3, frameon=False)
