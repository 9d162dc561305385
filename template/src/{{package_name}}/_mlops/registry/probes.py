# The template's. Yours are the columns in schema.py, and which of them may be missing.
"""Does a version answer all that it may be asked, with numbers, and alike each time?"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ... import schema
from ..data import outcome, records, tables
from ..errors import Problem, Refused, first_cause
from ..interface import Column, Slices
from ..training.scoring import require_numbers, without_number
from . import benchmark

ROWS = 20  # of which one column at a time holds what the schema lets in and nobody saw
NEW = "never seen"
SAME = 1e-6  # of the largest answer: what the order of a sum may change
SERVED = 1e-4  # of the largest answer: what rounding in 32 bits and in JSON may change


def answers(by: benchmark.Contender, rows: pd.DataFrame, slices: Slices) -> pd.DataFrame:
    """Return what a version predicts for the rows of the hold-out.

    Args:
        by: The version.
        rows: (n, columns) of the schema.
        slices: Of the contract; one that holds all rows without a number is named.

    Raises:
        Refused: If it fails, or says of some rows what is no number.
    """
    try:
        y_pred = benchmark.predict(by, rows)
    except Problem:
        raise
    except Exception as error:  # whatever a model raises
        raise Refused(f"it cannot answer the hold-out: {first_cause(error)}") from error
    require_numbers(rows, y_pred, slices)
    return y_pred


def unsteady(by: benchmark.Contender, rows: pd.DataFrame, y_pred: pd.DataFrame) -> float:
    """Return the share of rows that get another answer when asked again, in another order."""
    again = benchmark.predict(by, rows.iloc[::-1]).iloc[::-1].to_numpy()
    first = y_pred.to_numpy()
    return float((np.abs(again - first) > SAME * np.abs(first).max()).any(axis=1).mean())


def unlike(by: benchmark.Contender, rows: pd.DataFrame, answers: Sequence[dict[str, Any]]) -> float:
    """Return the share of a service's answers, to one row each, that are not what is predicted.

    Args:
        by: The version.
        rows: (n, columns) of the schema, of which the service was asked some.
        answers: Of the service, in that order.
    """
    if not answers:
        return 0.0
    asked = tables.known_rows(rows, schema).iloc[benchmark.asked(len(rows))]
    read = records.read(tables.as_records(asked), tables.known_columns(schema))
    expected = numbers(outcome.as_answer(benchmark.predict(by, read)))
    found = np.vstack([numbers(answer) for answer in answers])
    return float((np.abs(found - expected) > SERVED * np.abs(expected).max()).any(axis=1).mean())


def numbers(answer: dict[str, Any]) -> Any:
    """Return the probabilities, or the numbers, of an answer: (n, k)."""
    shares = answer.get("probabilities")
    told = [list(one.values()) for one in shares] if shares else answer["predictions"]
    return np.array(told, dtype=float).reshape(len(told), -1)


def impossible(y_true: pd.Series, y_pred: pd.DataFrame) -> float:
    """Return the share of numbers outside the range of the target, where the schema has one.

    As far outside as a number in ten is off is no fault: of many zeros some come out below.
    """
    column = next((one for one in schema.COLUMNS if one.name == schema.TARGET), None)
    if column is None or not outcome.is_number(y_pred):
        return 0.0
    low, high = (np.nan if edge is None else edge for edge in (column.low, column.high))
    numbers = y_pred[outcome.NUMBER]
    off = np.quantile(np.abs(numbers.to_numpy() - y_true.to_numpy()), 0.9)
    return float(((numbers < low - off) | (numbers > high + off)).mean())


def silent(by: benchmark.Contender, rows: pd.DataFrame) -> list[str]:
    """Name the values that the schema lets in, and that the version gives no number for."""
    known, found = tables.known_rows(rows, schema).head(ROWS), []
    for what, asked in edges(known):
        try:
            failed = int(without_number(benchmark.predict(by, asked)).sum())
            said = f"{failed} of {len(asked)} rows get no number" if failed else ""
        except Exception as error:  # whatever a model raises
            said = f"it fails, {first_cause(error)}"
        found += [f"{what}: {said}"] if said else []
    return found


def edges(known: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield rows with one column missing that may be, at its edge, or with a text never seen."""
    for column in tables.known_columns(schema):
        for what, value in values(column).items():
            asked = pd.Series(value, known.index, dtype=object)
            changed = tables.conform(known.assign(**{column.name: asked}), [column])
            yield f"{column.name} {what}", changed


def values(column: Column) -> dict[str, Any]:
    """Return what a column may hold and the hold-out may lack."""
    found = {"missing": None, NEW: "??", "at its lowest": column.low, "at its highest": column.high}
    possible = {
        "missing": column.missing,
        NEW: column.kind == "text",
        "at its lowest": column.low is not None,
        "at its highest": column.high is not None,
    }
    return {what: value for what, value in found.items() if possible[what]}
