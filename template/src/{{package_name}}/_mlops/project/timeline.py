# The template's. Plots of yours belong in notebooks/ or in a stage of yours.
"""What happened, batch by batch: as a line, a page of text and a plot."""

from pathlib import Path
from typing import Any

import pandas as pd

from ... import metrics, schema
from .. import paths
from ..data import outcome
from ..files import whole_file
from ..interface import Quality
from ..training.plots import figure
from .in_clone import TIMELINE

RECORD, TEXT, PLOT = (paths.REPORTS / name for name in TIMELINE)


def quality(rows: pd.DataFrame, answers: list[dict[str, Any]], metric: str) -> dict[str, Any]:
    """Compare what the service answered with what happened.

    Args:
        rows: (n, columns) table with its outcome.
        answers: What the service said, in the same order.
        metric: The contract's.

    Returns:
        `labels`: how many outcomes are known; `metric`: on these; `happened` and `expected`: as
        `outcome.summary` gives them.
    """
    y_true = schema.read_target(rows)
    known = y_true.notna()
    y_true, y_pred = y_true[known], predictions(answers).set_index(rows.index)[known]
    return {
        "labels": int(known.sum()),
        "metric": metrics.score(y_true, y_pred)[metric],
        **outcome.summary(y_true, y_pred, schema),
    }


def predictions(answers: list[dict[str, Any]]) -> pd.DataFrame:
    """Return answers of the service as a table: a column for each label, or one of numbers."""
    if schema.LABELS:
        shares = [share for answer in answers for share in answer["probabilities"]]
        return pd.DataFrame(shares, columns=list(schema.LABELS))
    return pd.DataFrame({"prediction": [n for answer in answers for n in answer["predictions"]]})


def line(part: dict[str, Any], metric: str) -> str:
    """Return what happened in one batch: what was seen in one line, what was done below it."""
    seen = (
        f"{part['batch']:<10} version {'+'.join(part['versions'])}, {metric} {part['metric']:.3f}, "
        f"{outcome.summary_of(schema)} {part['happened']:.3f}, expected {part['expected']:.3f}; "
        f"monitor: {part['verdict']}"
    )
    return "\n".join([seen, *(f"{'':<10} {done}" for done in decisions(part))])


def decisions(part: dict[str, Any]) -> list[str]:
    """Return what was done about it, and why."""
    notes = [part["trigger"]]
    if part["ingest"]:
        notes.append(f"not taken in: {part['ingest']}")
    if part["gate"]:
        notes.append(f"gate: version {part['candidate']} {part['gate']}")
    return [*notes, *(f"      {reason}" for reason in part["reasons"]), *part["notes"]]


def write(record: dict[str, Any], bars: Quality) -> None:
    """Write the record as text and as a plot."""
    start = record["start"]
    lines = [
        f"{'start':<10} version {start['candidate']}; gate: {start['gate']}",
        *(line(part, bars.metric) for part in record["parts"]),
    ]
    with whole_file(TEXT) as page:
        page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw(PLOT, record["parts"], bars)


def draw(path: Path, parts: list[dict[str, Any]], bars: Quality) -> None:
    """Draw quality against the contract's bars, and what happened beside what was expected."""
    table = pd.DataFrame(parts)
    with figure(path, height=6, rows=2) as (above, below):
        above.plot(table["batch"], table["metric"], marker="o", label=bars.metric)
        for name, colour in (
            ("accept", "tab:green"),
            ("retrain", "tab:orange"),
            ("withdraw", "tab:red"),
        ):
            above.axhline(
                getattr(bars, name), color=colour, linewidth=1, linestyle="--", label=name
            )
        for place, part in enumerate(parts):
            said = f"v{'+'.join(part['versions'])}\n{part['verdict']}"
            above.annotate(
                said,
                (place, part["metric"]),
                (0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
            if part["deployed"]:
                for axes in (above, below):
                    axes.axvline(place + 0.5, color="grey", linewidth=1, linestyle=":")
        above.set(title="Quality of what was served; dotted: a new champion", ylabel=bars.metric)
        above.margins(y=0.25)
        above.legend(ncols=4, fontsize=8, loc="lower center")
        below.plot(table["batch"], table["happened"], marker="o", label="happened")
        below.plot(table["batch"], table["expected"], marker="s", linestyle="--", label="expected")
        below.set(ylabel=outcome.summary_of(schema))
        below.legend(fontsize=8)
