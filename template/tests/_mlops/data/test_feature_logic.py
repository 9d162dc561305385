# The template's. Claims about your own features go into tests/test_features.py.
"""Features follow from the row alone, from what is known in time, and leave their input alone."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from ..broken import LATE
from ..package import features, schema, tables

Build = Callable[[pd.DataFrame], pd.DataFrame]


def same(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Say whether two tables hold the same, types and index included."""
    try:
        assert_frame_equal(left, right)
    except AssertionError:
        return False
    return True


def faults(build: Build, rows: pd.DataFrame) -> list[str]:
    """Name what is wrong with a function that makes features of rows known in time."""
    before = rows.copy(deep=True)
    made = build(rows)
    found = []
    if not same(rows, before):
        return ["it changes the rows that it was given"]
    if not made.index.equals(rows.index):
        return ["it changes which rows there are"]
    if made.shape[1] == 0 or made.columns.has_duplicates:
        found.append("it makes no feature, or two of one name")
    if not same(build(rows), made):
        found.append("it makes something else the second time")
    half = rows.iloc[: len(rows) // 2]
    if not same(build(half), made.loc[half.index]):
        found.append("a row's features depend on the other rows")
    turned = rows.iloc[::-1]
    if not same(build(turned), made.loc[turned.index]):
        found.append("a row's features depend on the order of rows")
    if [name for name in (*LATE, schema.TARGET) if name in made]:
        found.append("it makes a column of what is known too late")
    numbers = made.select_dtypes("number").to_numpy(dtype="float64")
    if np.isinf(numbers).any():
        found.append("it divides by zero")
    return found


def test_features_follow_from_the_row_alone(known: pd.DataFrame) -> None:
    assert faults(features.build_features, known) == []


def test_features_do_not_need_what_is_known_too_late(sample: pd.DataFrame) -> None:
    made = features.build_features(tables.known_rows(sample, schema))
    other = sample.assign(**{name: sample[name].iloc[::-1].to_numpy() for name in LATE})

    assert same(features.build_features(tables.known_rows(other, schema)), made)


def in_place(rows: pd.DataFrame) -> pd.DataFrame:
    rows["added"] = 1.0
    return rows


def of_all_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"share": rows[schema.KEY[0]].rank(pct=True)})


def of_the_position(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"position": range(len(rows))}, rows.index)


def by_chance(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"noise": np.random.default_rng().normal(size=len(rows))}, rows.index)


def of_the_target(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({schema.TARGET: 1.0}, rows.index)


def by_zero(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"ratio": np.inf}, rows.index)


@pytest.mark.parametrize(
    ("build", "fault"),
    [
        (in_place, "it changes the rows that it was given"),
        (lambda rows: rows.iloc[1:], "it changes which rows there are"),
        (lambda rows: rows[[]], "it makes no feature, or two of one name"),
        (by_chance, "it makes something else the second time"),
        (of_all_rows, "a row's features depend on the other rows"),
        (of_the_position, "a row's features depend on the order of rows"),
        (of_the_target, "it makes a column of what is known too late"),
        (by_zero, "it divides by zero"),
    ],
)
def test_a_broken_function_is_named(build: Build, fault: str, known: pd.DataFrame) -> None:
    assert fault in faults(build, known.copy())
