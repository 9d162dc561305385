# The template's. What a column may hold at all is yours, in schema.py.
"""Do the values of a batch look broken: stuck, empty, in another unit, spelt anew, groups gone?"""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..errors import counted
from ..interface import Column
from . import broken_columns, units
from .envelope import FEWEST, Reference, chance
from .finding import Finding

NUMERIC = ("integer", "number")
GROUPS = 200  # different texts, above which they name rows, not groups
GRADUAL = 12  # different numbers, from which no single one should take over
Columns = list[Column]


def look(known: Reference, batch: pd.DataFrame, columns: Columns) -> Iterator[Finding]:
    """Name what looks broken in these columns of a batch."""
    spelt = list(spelling(known, batch, columns))
    yield from spelt
    if len(batch) < FEWEST:
        return
    numbers = [one.name for one in columns if one.kind in NUMERIC]
    mixed = list(broken_columns.swapped(known, batch, numbers))
    columns = [one for one in columns if one.name not in named_in(mixed)]
    found = list(missing(known, batch, columns)) + list(stuck(known, batch, columns))
    others = [one for one in columns if one.name not in named_in(found)]
    numbers = [one.name for one in others if one.kind in NUMERIC]
    converted = list(units.look(known, batch, numbers))
    grouped = list(groups(known, batch, others))
    yield from mixed + found + converted + grouped
    if not spelt + grouped:  # what a text no longer says is no disorder
        numbers = [name for name in numbers if name not in named_in(converted)]
        yield from broken_columns.disordered(known, batch, numbers)


def named_in(findings: list[Finding]) -> set[str]:
    """Return the columns of some findings."""
    return {one.column for one in findings}


def stuck(known: Reference, batch: pd.DataFrame, columns: Columns) -> Iterator[Finding]:
    """Name columns in which one value took over."""
    for column in columns:
        values = batch[column.name].dropna()
        if column.kind == "timestamp" or len(values) < FEWEST:
            continue
        value = values.value_counts().index[0]
        parts = [part.dropna() for part in known.each(known.rows[column.name])]
        seen = [float((part == value).mean()) if len(part) else 0.0 for part in parts]
        others = [_mode(part) for part in parts]  # as with the price of a day, never seen before
        found = float((values == value).mean())
        gradual = column.kind in NUMERIC and known.rows[column.name].nunique() >= GRADUAL
        constant = values.nunique() == 1 and max(others) < 0.9
        luck = chance(max(others), len(values))
        taken_over = found > max(known.ceiling(seen, 0.1 + luck), max(others) + 0.05 + luck)
        if constant or (gradual and taken_over):
            yield Finding(
                "stuck",
                column.name,
                f"{value!s} in {100 * found:.0f} % of the rows"
                + (rounded(known.rows[column.name], value, found) if gradual else ""),
                f"this value in at most {100 * max(seen):.0f} %",
                "ask whether its source stopped, or fills gaps with a fixed value",
            )


def rounded(before: pd.Series, value: float, found: float) -> str:
    """Say by which number known ones were divided, if rounding them then gives a value so often."""
    for parts in (10, 100, 1000):
        often = float(((before.dropna() / parts).round() == value).mean())
        if abs(often - found) < 0.05 + chance(found, before.count()) and often < 1:
            return f", as if divided by {parts} and rounded"
    return ""


def _mode(values: pd.Series) -> float:
    counts = values.value_counts(normalize=True)
    return float(counts.iloc[0]) if len(counts) else 0.0


def missing(known: Reference, batch: pd.DataFrame, columns: Columns) -> Iterator[Finding]:
    """Name columns that are empty where they were not."""
    for column in columns:
        seen = [float(part.isna().mean()) for part in known.each(known.rows[column.name])]
        found = float(batch[column.name].isna().mean())
        if found > known.ceiling(seen, 0.1 + chance(max(seen), len(batch))):
            yield Finding(
                "missing values",
                column.name,
                f"{100 * found:.0f} % missing",
                f"at most {100 * max(seen):.0f} %",
                "ask whether its source still delivers",
            )


def spelling(known: Reference, batch: pd.DataFrame, columns: Columns) -> Iterator[Finding]:
    """Name texts that are new, but for case, blanks and signs are known."""
    for column in (one for one in columns if one.kind == "text"):
        values, before = batch[column.name].dropna(), known.rows[column.name].dropna()
        if values.empty or before.empty:
            continue
        texts = before.unique()
        spelt = {plain(text): text for text in texts}
        new = values[~values.isin(texts)]
        again = new[new.map(plain).isin(spelt.keys())]
        within = 1 - len(spelt) / len(texts)  # always spelt as it comes
        if len(again) >= 3 and len(again) / len(values) > max(0.005, 2 * within):
            yield Finding(
                "spelling",
                column.name,
                f"{again.iloc[0]!r} and other new spellings in {counted(len(again), 'row')}",
                f"{spelt[plain(again.iloc[0])]!r}",
                "write the values as before",
            )


def plain(text: str) -> str:
    """Return a text without case, blanks and signs; what has nothing else stays as it is."""
    return re.sub(r"[\W_]+", "", text.casefold()) or text


def groups(known: Reference, batch: pd.DataFrame, columns: Columns) -> Iterator[Finding]:
    """Name groups that every window had and the batch lacks, and new ones with many rows."""
    for column in (one for one in columns if one.kind in ("text", "boolean")):
        values, before = batch[column.name].dropna(), known.rows[column.name].dropna()
        if not 2 <= before.nunique() <= GROUPS or len(values) < FEWEST:
            continue
        spelt_anew = set(values.map(str).map(plain)) if column.kind == "text" else set()
        yield from _lost(known, values, column.name, spelt_anew)
        yield from _new(known, values, column.name)


def lost(known: Reference, batch: pd.DataFrame, columns: Columns) -> Iterator[Finding]:
    """Name groups of which every window had many rows and the batch lacks them, however small."""
    for column in (one for one in columns if one.kind in ("text", "boolean")):
        if 2 <= known.rows[column.name].nunique() <= GROUPS:
            values = batch[column.name].dropna()
            yield from _lost(known, values, column.name, set(values.map(str).map(plain)))


def _lost(known: Reference, values: pd.Series, name: str, there: set[str]) -> Iterator[Finding]:
    parts = [part.value_counts(normalize=True) for part in known.each(known.rows[name])]
    shares = pd.concat(parts, axis="columns").fillna(0.0).min(axis="columns")
    expected = shares * len(values)
    found = values.value_counts().reindex(expected.index, fill_value=0)
    gone = (expected >= 10) & (found < 0.35 * expected)
    gone &= found < expected - 3 * np.sqrt(expected)
    gone &= ~((found == 0) & gone.index.map(lambda value: plain(str(value)) in there))
    if gone.any():
        first = expected[gone].idxmax()
        rest = f", and {counted(gone.sum() - 1, 'other group')}" if gone.sum() > 1 else ""
        yield Finding(
            "groups",
            name,
            f"{counted(found[first], 'row')} of {first!r}{rest}",
            f"at least {expected[first]:.0f}",
            "ask whether rows of it were lost, or it has another name now",
        )


def _new(known: Reference, values: pd.Series, name: str) -> Iterator[Finding]:
    column = known.rows[name]
    seen = []
    for part in known.each(column):
        others = set(column.drop(part.index).dropna().unique())
        seen.append(float((~part.dropna().isin(others)).mean()) if len(part.dropna()) else 0.0)
    spelt = {plain(str(text)) for text in column.dropna().unique()}
    new = values[~values.isin(column.unique())]
    new = new[~new.map(lambda value: plain(str(value)) in spelt)]
    share = len(new) / len(values)
    if share > known.ceiling(seen, 0.02 + chance(max(seen), len(values))):
        yield Finding(
            "groups",
            name,
            f"new groups such as {new.mode().iloc[0]!r} in {100 * share:.0f} % of the rows",
            f"at most {100 * max(seen):.0f} %",
            "ask what they are; a new group is trained on only when it belongs here",
        )
