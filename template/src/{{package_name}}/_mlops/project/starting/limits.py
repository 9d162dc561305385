# The template's. The limits that it proposes are yours, in schema.py.
"""How far may values go, where a person only knows those that were seen?"""

import math

import pandas as pd

from ...interface import Column
from .profile import ColumnProfile


def bounds(values: pd.Series, column: ColumnProfile) -> tuple[float | None, float | None]:
    """Return limits with room: the range that was seen, as wide again on each side."""
    if column.kind not in ("integer", "number") or column.low is None or column.high is None:
        return None, None
    room = column.high - column.low
    low = 0.0 if column.low >= 0 else -rounded_up(room - column.low)
    high = rounded_up(column.high + room) if column.high > 0 else 0.0
    if not math.isfinite(room) or low > column.low or high < column.high:
        return None, None
    return (int(low), int(high)) if column.kind == "integer" else (low, high)


def letters_of(values: pd.Series) -> int:
    """Return how many letters a request may hold: twice as many as were seen, if these are many."""
    most = int(values.str.len().max()) if values.dtype == "str" and values.notna().any() else 0
    return max(Column.letters, int(rounded_up(2.0 * most)))


def rounded_up(value: float) -> float:
    """Round a positive number up to two digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1) if value > 0 else 1.0
    found = math.ceil(value / unit) * unit
    return float(f"{found:.12g}")
