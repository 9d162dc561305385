# The template's. Yours are the columns in schema.py; bars for groups of yours are in contract.yaml.
"""In which groups of rows does a version expect what does not happen?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ... import schema
from ..data import outcome, tables
from ..interface import Contract
from ..training import diagnosis, scoring
from ..training.diagnosis import DRAWN, Counts, Numbers
from .gate_checks import FEW

ROWS = 30  # in a smaller group the mean of what was off says nothing
BY_CHANCE = 4.0  # standard errors: by chance, one group in some ten thousand is so far off


def uneven(
    rows: pd.DataFrame, y_true: pd.Series, y_preds: list[pd.DataFrame], bar: float, worse: float
) -> list[str]:
    """Name the groups for which a version is off, as their mean, by more than chance and bar.

    A group is the rows with one text, or one answer to yes or no, in a column that is known when a
    prediction is asked for. What is off is a share of a label, or standard deviations of a number.

    Args:
        rows: (n, columns) of the schema.
        y_true: (n,) outcomes.
        y_preds: Of the version, and of the champion if there is one, for the same rows.
        bar: How far off a group may be where there is no champion.
        worse: How much more than the champion.
    """
    gaps = [dict(zip(y_pred, diagnosis.gaps(y_true, y_pred), strict=True)) for y_pred in y_preds]
    found, positive = [], outcome.positive(schema)
    for name, places in groups(rows):
        for label in [positive] if positive else gaps[0]:
            mine, *than = (float(np.abs(one[label][1][places].mean())) for one in gaps)
            chance = BY_CHANCE * spread(gaps[0][label][1], y_preds[0][label], places)
            if mine - chance > (than[0] + worse if than else bar):
                beside = f", the champion by {than[0]:.2g}" if than else ""
                what = f" of {label!r}" if schema.LABELS else ""
                found.append(f"{name}{what}: off by {mine:.2g} on {len(places):,} rows{beside}")
    return found


def at_best(
    rows: pd.DataFrame, y_true: pd.Series, y_pred: pd.DataFrame, contract: Contract
) -> dict[tuple[str, str], float]:
    """Return the better end of the metric's 95 % bootstrap interval, for slices of few rows.

    Args:
        rows: (n, columns) of the schema.
        y_true: (n,) outcomes.
        y_pred: (n, k) predictions of a version.
        contract: Which names slices, and the metric.

    Returns:
        By column and value; nothing for a slice of which rows drawn anew have no such number.
    """
    quality, found = contract.quality, {}
    for column in contract.slices.columns:
        for value, group in rows.groupby(column).groups.items():
            if contract.slices.min_rows <= len(group) < FEW:
                drawn = scoring.drawn_anew(y_true.loc[group], y_pred.loc[group], DRAWN)
                best = drawn[quality.metric].quantile(
                    0.975 if quality.better == "higher" else 0.025
                )
                if np.isfinite(best):
                    found[column, str(value)] = float(best)
    return found


def spread(off: Numbers, answers: pd.Series, places: Counts) -> float:
    """Return the standard error of what was off in a group, as a mean.

    A few rows of it may be alike by chance: what the probabilities themselves let expect, or all
    rows of the hold-out where the target is a number, says how far they may be apart.
    """
    own = answers.iloc[places]
    least = float((own * (1 - own)).mean()) if schema.LABELS else float(off.var())
    return float(np.sqrt(max(float(off[places].var()), least) / len(places)))


def groups(rows: pd.DataFrame) -> Iterator[tuple[str, Counts]]:
    """Yield the name and the places of each group that is large enough."""
    for column in tables.known_columns(schema):
        if column.kind not in ("text", "boolean") or column.names or column.personal:
            continue
        for value, places in rows.groupby(column.name, observed=True).indices.items():
            if len(places) >= ROWS:
                yield f"{column.name}={value}", places
