# The template's. Columns and their kinds are yours, in schema.py.
"""The rows of a checked request as a table, in a small part of the time of `tables.conform`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from ..interface import Column
from . import tables

# of a value, as a checked request holds it; others are for `conform` to read
HELD: dict[str, set[type]] = {
    "boolean": {bool},
    "integer": {int, type(None)},
    "number": {float, type(None)},
    "text": {str, type(None)},
    "timestamp": {datetime, type(None)},
}


def read(records: Sequence[dict[str, Any]], columns: Sequence[Column]) -> pd.DataFrame:
    """Return the records as `tables.conform` types them; a column that was left out is missing."""
    found = {column.name: [one.get(column.name) for one in records] for column in columns}
    try:
        if gaps(records, columns) is not None:
            return _typed(found, columns)
    except (ValueError, OverflowError):  # such as a time that no clock shows
        pass
    return tables.conform(pd.DataFrame(found, columns=[*found]), columns)


def gaps(records: Sequence[dict[str, Any]], columns: Sequence[Column]) -> frozenset[str] | None:
    """Return the integer columns with a missing value: they decide the types of the table.

    Records with the same gaps have the same types, alone or in one table. None stands for records
    whose types depend on more, for which `conform` has to look at each value.
    """
    found = set()
    for column in columns:
        values = [one.get(column.name) for one in records]
        if not set(map(type, values)) <= HELD[column.kind]:
            return None
        if column.kind == "integer" and None in values:
            if any(value is not None and abs(value) >= tables.EXACT for value in values):
                return None
            found.add(column.name)
    return frozenset(found)


def _typed(found: dict[str, list[Any]], columns: Sequence[Column]) -> pd.DataFrame:
    numbers = [column.name for column in columns if column.kind == "number"]
    exact = np.array([found[name] for name in numbers], "float64")  # None becomes NaN
    table: dict[str, Any] = dict(zip(numbers, tables.shortest(exact), strict=True))
    for column in columns:
        values = found[column.name]
        if column.kind == "timestamp":
            table[column.name] = _times(values, column.zone)
        elif column.kind == "integer":
            table[column.name] = np.array(values, "float64" if None in values else "int64")
        elif column.kind != "number":
            table[column.name] = pd.array(values, tables.TYPES[column.kind])
    return pd.DataFrame({column.name: table[column.name] for column in columns}, copy=False)


def _times(values: list[Any], zone: str) -> pd.DatetimeIndex:
    """Return local times; `ValueError` for one with an offset, or that names no one moment."""
    if any(value is not None and value.tzinfo for value in values):
        raise ValueError("a time with an offset")
    times = pd.DatetimeIndex(np.array(values, tables.TYPES["timestamp"]))
    if zone not in tables.STEADY:
        if any(value and not tables.CALENDAR[0] <= value <= tables.CALENDAR[1] for value in values):
            raise ValueError("a time at the end of the calendar")
        times.tz_localize(zone)
    return times
