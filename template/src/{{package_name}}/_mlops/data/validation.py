# The template's. Yours are schema.py, what a column may hold, and contract.yaml, what is personal.
"""What is wrong with a table, by the schema?"""

import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd

from ... import schema
from ..errors import WrongInput, counted, did_you_mean
from ..interface import Column, PersonalData
from . import tables
from .dialect import MISSING_WORDS

EMAIL = r"[\w.+-]+@[\w-]+\.[\w.]+"
FINITE = sys.float_info.max


def check(rows: pd.DataFrame, personal: PersonalData | None = None) -> list[dict[str, Any]]:
    """Return what is wrong with a batch: message, column, and how many and which rows.

    Args:
        rows: A table as `tables.read` gives it.
        personal: The contract's words that the name of a column may not hold; nothing for none.
    """
    if rows.empty:
        return [_problem("*", "no rows", "at least one", rows.index)]
    names = {column.name for column in schema.COLUMNS}
    found = (
        check_columns(rows, schema.COLUMNS)
        + [_unknown_column(name, names) for name in rows if name not in names]
        + _duplicates(rows)
        + _personal(rows, personal or PersonalData(deny=[]))
    )
    return found or _labels(rows)  # your read_target is given only rows that fit


def read_target(rows: pd.DataFrame) -> pd.Series:
    """Return the target of each row through your `schema.read_target`.

    Raises:
        WrongInput: If it fails, or answers with something else than one value for each row.
    """
    try:
        target = schema.read_target(rows)
    except Exception as error:  # whatever a function of yours may raise
        raise WrongInput(f"schema.py: read_target failed: {error!r}") from error
    if not isinstance(target, pd.Series) or not target.index.equals(rows.index):
        raise WrongInput("schema.py: read_target gave no series with the index of its rows")
    return target


def check_columns(rows: pd.DataFrame, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return which of these columns are missing or hold values that they may not hold."""
    absent = [_missing_column(column) for column in columns if column.name not in rows]
    return absent + [found for column in columns for found in _values(column, rows)]


def _missing_column(column: Column) -> dict[str, Any]:
    return _problem(column.name, "the column is missing", column.kind, pd.Index([]))


def _unknown_column(name: Any, names: set[str]) -> dict[str, Any]:
    found = "the schema does not know this column"
    asked = f"one of schema.py; {did_you_mean(name, names)}"
    return _problem(name, found, asked, pd.Index([]))


def _values(column: Column, rows: pd.DataFrame) -> list[dict[str, Any]]:
    if column.name not in rows:
        return []
    values = rows[column.name]
    wrong = values.index[tables.misfits(values, column)]
    if len(wrong):
        return [_problem(column.name, _count(values, wrong, column), asked_of(column), wrong)]
    numeric = column.kind in ("integer", "number")
    low, high = column.low, column.high
    limits = (-FINITE if low is None else low, FINITE if high is None else high)
    fits = values.between(*limits) if numeric else values.notna()
    if (fits | values.isna() if column.missing else fits).all():
        return []
    import pandera.pandas as pa  # it takes long to see that nothing is wrong

    allowed = pa.Column(
        nullable=column.missing, checks=[pa.Check.in_range(*limits)] if numeric else []
    )
    try:
        pa.DataFrameSchema({column.name: allowed}).validate(rows[[column.name]], lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        missing = pd.Index(cases.loc[cases["check"] == "not_nullable", "index"])
        outside = pd.Index(cases.loc[cases["check"] != "not_nullable", "index"])
        expected = "a finite number" if (low, high) == (None, None) else f"{low} to {high}"
        return [
            _problem(column.name, _count(values, found, column), wanted, found)
            for found, wanted in ((missing, "a value"), (outside, expected))
            if len(found)
        ]
    return []


def asked_of(column: Column) -> str:
    """Say what values a column takes."""
    if column.kind == "integer":
        return "integer (beside missing values up to 2^53)"
    if column.kind != "timestamp":
        return column.kind
    if column.zone:
        return f"timestamp in ISO 8601 with an offset, or one that {column.zone} has exactly once"
    return "timestamp in ISO 8601 without an offset, for the column declares no zone"


def _count(values: pd.Series, wrong: pd.Index, column: Column) -> str:
    plural = "s" if len(wrong) > 1 else ""
    value = ", personal" if column.personal else f" = {values[wrong[0]]}"  # git keeps the report
    return f"{len(wrong)} wrong value{plural} (first: row {wrong[0]}{value})"


def spelled_missing(rows: pd.DataFrame) -> list[str]:
    """Say which text columns hold words for a missing value: they are read as text."""
    found = []
    for column in schema.COLUMNS:
        if column.kind == "text" and column.name in rows:
            words = rows[column.name][rows[column.name].isin(MISSING_WORDS)]
            found += [
                f"column {column.name!r} holds {word!r} {counted(times, 'time')}, as text; "
                "a missing value is an empty field, or None"
                for word, times in words.value_counts().items()
            ]
    return found


def _duplicates(rows: pd.DataFrame) -> list[dict[str, Any]]:
    key = list(schema.KEY)
    if not set(key) <= set(rows):
        return []
    again = rows.index[rows.duplicated(key)]
    if again.empty:
        return []
    found = f"{counted(len(again), 'row repeats', 'rows repeat')} a key (first: row {again[0]})"
    return [_problem("+".join(key), found, "one row for each key", again)]


def _labels(rows: pd.DataFrame) -> list[dict[str, Any]]:
    if not schema.LABELS:
        return []
    y = read_target(rows)
    wrong = rows.index[(y.notna() & ~y.isin(schema.LABELS)).to_numpy("bool")]
    if wrong.empty:
        return []
    has = counted(len(wrong), "row has", "rows have")
    found = f"{has} a label that LABELS does not name (first: row {wrong[0]} = {y[wrong[0]]})"
    return [_problem(schema.TARGET, found, f"one of {', '.join(schema.LABELS)}", wrong)]


def _personal(rows: pd.DataFrame, personal: PersonalData) -> list[dict[str, Any]]:
    declared = {column.name for column in schema.COLUMNS if column.personal}
    problems = []
    for name in set(rows) - declared:
        if denied := personal.denied(str(name)):
            found = f"the name says personal data ({', '.join(denied)})"
            problems.append(
                _problem(
                    name,
                    found,
                    "the column dropped, personal=True, or its name in personal_data.allow",
                    rows.index[:0],
                )
            )
        if rows[name].dtype == "str":
            mails = rows.index[rows[name].str.contains(EMAIL, na=False)]
            if len(mails):
                found = f"{len(mails)} e-mail addresses (first: row {mails[0]})"
                problems.append(_problem(name, found, "no personal data", mails))
    return problems


def _problem(column: Any, found: str, expected: str, rows: pd.Index) -> dict[str, Any]:
    return {
        "column": column,
        "message": f"column {column!r}: {found}; expected {expected}",
        "rows": len(rows),
        "row_numbers": [int(row) for row in rows[:20]],
    }
