# The template's. Broken rows that only your data can have go into tests/test_schema.py.
"""Values that a column may not hold, read off the schema."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .package import data, dataset, interface, paths, schema, tables


def wrong_values(column: interface.Column) -> dict[str, Any]:
    """Return values that this column may not hold, by what is wrong with them."""
    found: dict[str, Any] = {}
    if column.kind != "text":
        found["another type"] = "no such value"
    if not column.missing:
        found["missing"] = None
    if column.kind == "integer":
        found["not whole"] = 1.5
    if column.kind in ("integer", "number"):
        found["infinite"] = math.inf
        found |= {"too small": column.low - 1} if column.low is not None else {}
        found |= {"too large": column.high + 1} if column.high is not None else {}
    return found


def cells(columns: tuple[interface.Column, ...] | list[interface.Column]) -> list[Any]:
    """Return a parameter set for each wrong value of each column."""
    return [
        pytest.param(column, value, id=f"{column.name}: {what}")
        for column in columns
        for what, value in wrong_values(column).items()
    ]


def plant(rows: pd.DataFrame, column: str, value: Any, row: int = 1) -> pd.DataFrame:
    """Return the rows with one value replaced."""
    values = rows[column].astype("object")
    values.iloc[row] = value
    return rows.assign(**{column: values})


ALL = schema.COLUMNS
KNOWN = tables.known_columns(schema)
SAMPLE = tables.read(Path(__file__).parents[2] / paths.SAMPLE, schema, data)
UNREAD = dataset.unread(SAMPLE)
NEEDED = [column for column in KNOWN if not column.missing and column.name not in UNREAD]
LATE = [column.name for column in ALL if column not in KNOWN]
STRICT = next(column for column in KNOWN if wrong_values(column))
