# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Which rows of a table belong together, or came one after the other? Hints for a person."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from ...errors import first_of
from .leaks import LOOKED_AT, MANY

if TYPE_CHECKING:
    from .profile import ColumnProfile

MOST_OF_THING = 20  # rows in the mean, up to which a thing has a few
FEWEST_THINGS = 10
PART_OF_TIME = re.compile(r"year|yr|quarter|month|mon|mo|week|day")
YEARS, FEWEST_YEARS = ("year", "yr"), 5
Columns = tuple["ColumnProfile", ...]


def hints(rows: pd.DataFrame, columns: Columns, time: str, group: str) -> Iterator[str]:
    """Give options of `start-from` that a split of these rows may need."""
    if time:
        return
    yield from of_times(columns)
    if not group:
        yield from of_groups(rows, columns)


def of_times(columns: Columns) -> Iterator[str]:
    """Say which columns are times, or parts of one."""
    learned = [one for one in columns if one.role == "feature"]
    times = [one.name for one in learned if one.kind == "timestamp"]
    parts = [one.name for one in learned if PART_OF_TIME.fullmatch(one.name)]
    years = [
        one.name
        for one in learned
        if one.name in YEARS and one.distinct >= FEWEST_YEARS and (one.low or 0) >= 1000
    ]
    if len(times) > 1:
        yield f"{', '.join(times)} are times: --time names the one by which rows are split"
    elif len(parts) > 1:
        said = f"{', '.join(parts)} look like a time in parts"
        yield f"{said}: joined in one column, it would split rows in time"
    elif years and not times:
        said = f"does {years[0]} say when a row came about?"
        yield f"{said} --time {years[0]} then splits rows in time"


def of_groups(rows: pd.DataFrame, columns: Columns) -> Iterator[str]:
    """Say which column names things of several rows."""
    for one in columns:
        text = one.kind == "text" and one.role in ("feature", "text")
        of_time = PART_OF_TIME.fullmatch(one.name)  # rows of one week go into one batch or another
        if one.distinct <= MANY or of_time or not (text or one.role == "identifier"):
            continue
        counts = rows[one.name].value_counts()
        mean = counts.mean()
        if 1.5 <= mean <= MOST_OF_THING and counts.median() > 1:
            yield f"each {one.name} has several rows: --group {one.name} keeps them on one side"
            return
        if one.role == "identifier" and 1.05 <= mean <= MOST_OF_THING:
            yield f"some {one.name} have several rows: --group {one.name} keeps them on one side"
            return
    told = tell_others(rows, columns)
    if told:
        name = max(told, key=lambda one: len(told[one]))
        said = f"{first_of(told[name], ', ')} are the same in each {name}"
        yield f"{said}: --group {name} keeps its rows on one side"


def tell_others(rows: pd.DataFrame, columns: Columns) -> dict[str, list[str]]:
    """Return columns in whose groups of rows two others or more never vary, and which these are."""
    rows = rows if len(rows) <= LOOKED_AT else rows.sample(LOOKED_AT, random_state=0)
    learned = [one for one in columns if one.role == "feature" and one.kind != "timestamp"]
    found = {}
    for one in (one for one in learned if one.kind in ("text", "integer")):
        values = rows[one.name]
        if not FEWEST_THINGS <= values.nunique() <= len(rows) / 1.5:
            continue
        others = [other.name for other in learned if other is not one and other.distinct > 1]
        groups = values.groupby(values).ngroup()
        same = [name for name in others if never_varies(rows[name], groups)]
        if one.kind == "integer":
            same = [name for name in same if not follows(rows[name], values)]
        if len(same) > 1:
            found[one.name] = same
    return found


def never_varies(values: pd.Series, groups: pd.Series) -> bool:
    """Say whether a column has one value in each group."""
    codes = pd.Series(pd.factorize(values, use_na_sentinel=False)[0], values.index)
    pairs = len(pd.DataFrame({"group": groups, "code": codes}).drop_duplicates())
    return bool(pairs == groups.nunique() and codes.nunique() > 1)


def follows(values: pd.Series, number: pd.Series) -> bool:
    """Say whether a column is made of a number, as bins of an age are: that names no thing."""
    ordered = values[number.drop_duplicates().sort_values().index]
    if pd.api.types.is_numeric_dtype(ordered) and (
        ordered.is_monotonic_increasing or ordered.is_monotonic_decreasing
    ):
        return True
    codes = pd.Series(pd.factorize(ordered, use_na_sentinel=False)[0])
    return bool(codes.is_monotonic_increasing and codes.nunique() < len(codes))
