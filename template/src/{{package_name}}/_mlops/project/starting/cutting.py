# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Cut a table into batches to learn from, batches that arrive later, and a sample for tests."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

LATER = 0.2  # of the rows arrive after the first training
BATCHES, LATER_BATCHES = 9, 3  # at most
BATCH_ROWS = 100  # at least, unless there is but one batch
SAMPLE_ROWS = 500
RARE = 10  # rows of each label that the sample holds in any case


@dataclass(frozen=True)
class Cut:
    """A table in pieces.

    Args:
        raw: Batches to learn from, in order.
        incoming: Batches that arrive later, in order.
        sample: Some rows of `raw`, for the tests.
    """

    raw: list[pd.DataFrame]
    incoming: list[pd.DataFrame]
    sample: pd.DataFrame


def cut(rows: pd.DataFrame, key: list[str], time: str, group: str, label: str) -> Cut:
    """Cut rows in time, or without a time by a hash of their group or key.

    Args:
        rows: (n, columns) table.
        key: Columns that name a row.
        time: Column to order by; "" when there is none.
        group: Column whose rows stay together when there is no time; "" when there is none.
        label: Column with few values, of each of which the sample holds rows; "" for numbers.
    """
    if time:
        rows = rows.sort_values([time, *key], kind="stable", ignore_index=True)
        place = rows[time]
    else:
        drawn = pd.util.hash_pandas_object(rows[[group] if group else key], index=False)
        rows = rows.assign(**{"": drawn}).sort_values(["", *key], kind="stable", ignore_index=True)
        place = rows.pop("")
    later = max(1, min(LATER_BATCHES, int(len(rows) * LATER) // BATCH_ROWS))
    first = max(1, min(BATCHES, int(len(rows) * (1 - LATER)) // BATCH_ROWS))
    shares = [
        *np.linspace(0, 1 - LATER, first + 1),
        *np.linspace(1 - LATER, 1, later + 1)[1:],
    ]
    found = [part for part in pieces(rows, place, shares) if len(part)]
    known = len(found) - min(later, len(found) - 1)
    raw = found[:known]
    return Cut(raw, found[known:], sample(pd.concat(raw, ignore_index=True), label))


def pieces(rows: pd.DataFrame, place: pd.Series, shares: list[float]) -> list[pd.DataFrame]:
    """Cut ordered rows at these shares of them; rows of one place stay together."""
    ends = [int(place.searchsorted(place.iloc[int(len(rows) * share)])) for share in shares[1:-1]]
    return [
        rows.iloc[start:end].reset_index(drop=True)
        for start, end in pairwise([0, *ends, len(rows)])
    ]


def sample(rows: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return evenly spaced rows, and some of each rare label, which they would miss."""
    if len(rows) <= SAMPLE_ROWS:
        return rows
    chosen = set(np.linspace(0, len(rows) - 1, SAMPLE_ROWS).astype("int64").tolist())
    if label:
        for places in rows.groupby(label, observed=True).indices.values():
            chosen |= set(places[:RARE].tolist())
    return rows.iloc[sorted(chosen)].reset_index(drop=True)
