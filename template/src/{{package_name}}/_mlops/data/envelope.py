# The template's. Which column is the time is yours, in schema.py.
"""How did rows that are known move from window to window? A new batch may move as far, and some."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..interface import OptionalSchema, Schema

FEWEST = 100  # rows, below which a window or a batch says nothing
DRAWN = 100  # windows of groups that are drawn: groups are few, so chance does a lot
MOST = 36  # windows: enough for three years of months
YEAR = pd.Timedelta(days=300)  # windows over so long have seen the seasons
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Reference:
    """Known rows, cut into windows about as long as the batch that is compared with them.

    Args:
        rows: All of them, in order of time when there is one.
        target: The outcome of each row; none when rows have no outcome.
        windows: Positions of the rows of each window, two windows or more.
        slack: How much of what was seen between windows a new batch may add: all of it before a
            year of windows was seen, for a season is missing, and half of it afterwards.
    """

    rows: pd.DataFrame
    target: pd.Series | None
    windows: list[np.ndarray]
    slack: float

    def each(self, values: pd.Series) -> list[pd.Series]:
        """Return the part of some values that belongs to each window."""
        return [values.iloc[window] for window in self.windows]

    def each_rows(self) -> list[pd.DataFrame]:
        """Return the rows of each window."""
        return [self.rows.iloc[window] for window in self.windows]

    def ceiling(self, seen: Sequence[float], least: float) -> float:
        """Return what a batch may reach: the highest seen, the slack, and at least so much more."""
        return float(max(seen) + self.slack * (max(seen) - min(seen)) + least)

    def floor(self, seen: Sequence[float], least: float) -> float:
        """Return what a batch may fall to."""
        return float(min(seen) - self.slack * (max(seen) - min(seen)) - least)


def cut(
    rows: pd.DataFrame, target: pd.Series | None, batch: pd.DataFrame, schema: Schema
) -> Reference | None:
    """Cut known rows into windows like the batch; None when they are too few to tell."""
    timed = has_time(rows, schema) and has_time(batch, schema)
    if timed:
        order = rows[schema.TIME].argsort(kind="stable")
        rows = rows.iloc[order]
        target = None if target is None else target.iloc[order]
    windows = _spans(rows[schema.TIME], length(batch[schema.TIME])) if timed else []
    group = getattr(schema, "GROUP", OptionalSchema.GROUP)
    if not timed and group in rows:
        windows = _of_groups(rows[group], len(batch))
    if len(windows) < 3:  # no time, or a batch as long as all that is known
        pieces = min(6, len(rows) // FEWEST)
        windows = np.array_split(np.arange(len(rows)), pieces) if pieces else []
    if len(windows) < 2:
        return None
    span = rows[schema.TIME].iloc[-1] - rows[schema.TIME].iloc[0] if timed else YEAR
    return Reference(rows, target, windows, 0.5 if timed and span >= YEAR else 1.0)


def has_time(rows: pd.DataFrame, schema: Schema) -> bool:
    """Say whether rows tell when they came about; a log of requests may not."""
    return bool(schema.TIME) and schema.TIME in rows and bool(rows[schema.TIME].notna().any())


def length(times: pd.Series) -> pd.Timedelta:
    """Return how long a batch lasts, without the hundredth at each end that may be strays."""
    return max(pd.Timedelta(times.quantile(0.99) - times.quantile(0.01)), DAY)


def _spans(times: pd.Series, span: pd.Timedelta) -> list[np.ndarray]:
    """Cut back from the latest time, so that the newest window is whole."""
    number = ((times.iloc[-1] - times) // span).to_numpy()
    found = [np.flatnonzero(number == one) for one in np.unique(number)]
    if len(found) > 1 and times.iloc[found[-1][-1]] - times.iloc[found[-1][0]] < span / 2:
        found.pop()  # the oldest one is cut short
    return [rows for rows in found if len(rows) >= FEWEST][:MOST]


def _of_groups(names: pd.Series, size: int) -> list[np.ndarray]:
    """Draw windows of whole groups, as many rows as the batch has: groups differ, more than rows.

    Windows may share groups, but for none that holds half of the rows.
    """
    codes = pd.factorize(names, use_na_sentinel=False)[0]
    members = [np.flatnonzero(codes == one) for one in range(codes.max(initial=-1) + 1)]
    luck, size, found = np.random.default_rng(0), max(size, FEWEST), []
    for _ in range(DRAWN):
        order = luck.permutation(len(members))
        rows = np.cumsum([len(members[one]) for one in order])
        window = np.concatenate([members[one] for one in order[: np.searchsorted(rows, size) + 1]])
        if len(window) <= len(names) / 2:
            found.append(np.sort(window))
    return found


def chance(share: float, rows: int) -> float:
    """Return three standard errors of a share: less is luck."""
    return float(3 * np.sqrt(max(share * (1 - share), 1 / max(rows, 1)) / max(rows, 1)))
