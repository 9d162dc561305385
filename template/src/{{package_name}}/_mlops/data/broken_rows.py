# The template's. The time and the target are yours, in schema.py.
"""Do the rows of a batch look broken: lost, at wrong times, or with outcomes gone or wrong?"""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from ..errors import counted
from ..interface import Column, Schema
from .envelope import DAY, FEWEST, Reference, chance, length
from .finding import Finding
from .units import LOOKED_AT, Told, goes_with

KNOTS = 20  # groups of numbers, when they are too many to stand for themselves
SINGLE = 50  # different numbers up to which each is a group
OUTCOME = "the outcome"  # a column that no schema declares
TELLING = 0.3  # how well a column tells the outcome, from which its failing to is news
LABELS = 20  # of which shares are judged, the most frequent ones
Powers = tuple[list[float], float, float]


def times(batch: pd.DataFrame, schema: Schema, now: datetime) -> Iterator[Finding]:
    """Name rows that are still to come, and rows far outside the time of all others."""
    column = batch[schema.TIME].dropna()
    latest = pd.Timestamp(now).tz_localize(None) + DAY  # whatever the zone
    future = column[column > latest]
    if len(future):
        yield Finding(
            "times",
            schema.TIME,
            f"{counted(len(future), 'row')} after now, up to {future.max()}",
            f"none after {latest - DAY:%Y-%m-%d}",
            "look at how dates are read: day and month, the century, the zone",
        )
    span = length(column)
    first, last = column.quantile(0.01) - span, column.quantile(0.99) + span
    strays = column[(column < first) | ((column > last) & (column <= latest))]
    if len(strays):
        yield Finding(
            "times",
            schema.TIME,
            f"{counted(len(strays), 'row')} far from the others, such as {strays.iloc[0]}",
            f"{first:%Y-%m-%d} to {last:%Y-%m-%d}, as the others",
            "leave out what belongs to another batch; an odd date may stand for a missing one",
        )


def per_day(known: Reference, batch: pd.DataFrame, time: str) -> Iterator[Finding]:
    """Say whether rows are missing: on every day, or on many."""
    column = batch[time].dropna()
    if length(column) < 2 * DAY:
        return
    counts = [_daily(part.dropna()) for part in known.each(known.rows[time])]
    middles = [float(part.median()) for part in counts]
    found = _daily(column)
    usual = float(np.median(middles))
    empty = [float((part < usual / 4).mean()) for part in counts]
    middle, without = float(found.median()), float((found < usual / 4).mean())
    low, high = min(middles) / 2, max(middles) * 2
    if usual < 4:
        return  # so few a day that an empty one is chance
    if not low <= middle <= high:
        said = f"{middle:.0f} rows a day"
    elif without > known.ceiling(empty, 0.15):
        said = f"{100 * without:.0f} % of the days with less than a quarter of the rows"
    else:
        return
    do = "ask whether the batch is complete, and whole rows are not repeated"
    yield Finding("rows per day", time, said, f"{min(middles):.0f} to {max(middles):.0f} a day", do)


def _daily(column: pd.Series) -> pd.Series:
    days = column.dt.floor("D")
    return days.value_counts().reindex(pd.date_range(days.min(), days.max()), fill_value=0)


def outcomes(
    known: Reference, batch: pd.DataFrame, target: pd.Series, columns: list[str], means: str
) -> Iterator[Finding]:
    """Say whether outcomes are missing that should be there, of which rows, and what it means."""
    assert known.target is not None
    gone = known.target.isna()
    seen = [float(part.mean()) for part in known.each(gone)]
    share = float(target.isna().mean())
    do = "wait for the outcomes, or ask why just these are missing: what is left is no fair sample"
    depends = ""
    for name in columns if share > 0.01 else []:
        here = batch[name].notna()
        if here.sum() < FEWEST or target[here].isna().mean() < 0.01:
            continue
        found = power(batch.loc[here, name], target[here].isna())
        luck = 0.2 + 3 / np.sqrt(here.sum())
        if found <= luck:
            continue
        parts = [part[part[name].notna()] for part in known.each_rows()]
        before = [power(part[name], gone[part.index]) for part in parts if len(part) >= FEWEST]
        if before and found > known.ceiling(before, luck):
            depends = f", depending on {name!r}"
            break
    if depends or share > known.ceiling(seen, 0.03 + chance(max(seen), len(target))):
        most = f"at most {100 * max(seen):.1f} %"
        said = f"{100 * share:.1f} % of the outcomes missing ({means}){depends}"
        yield Finding("outcomes", "*", said, most, do)


def labels(
    known: Reference, target: pd.Series, powers: dict[str, Powers], numeric: bool
) -> Iterator[Finding]:
    """Say whether outcomes are others than chance and season allow."""
    assert known.target is not None
    before, now = known.target.dropna(), target.dropna()
    parts = [part.dropna() for part in known.each(known.target)]
    parts = [part for part in parts if len(part) >= FEWEST]
    if len(now) < FEWEST or len(parts) < 2:
        return
    do = "see how the outcome is made: a sign, a unit, a join, or labels the other way round"
    for said, found, seen, least in _levels(before, now, parts, numeric):
        low, high = known.floor(seen, least), known.ceiling(seen, least)
        if not low <= found <= high:
            limits = f"{min(seen):.3g} to {max(seen):.3g}"
            yield Finding("labels", "*", f"{said} {found:.3g}", limits, do)
            return
    for name, (seen, found, luck) in powers.items():
        if min(seen) >= TELLING and found < known.floor(seen, 0.1 + luck):
            said = f"the outcome goes with {name!r} by {found:.2f}"
            yield Finding("labels", "*", said, f"{min(seen):.2f} to {max(seen):.2f}", do)
            return


def relation(
    known: Reference, batch: pd.DataFrame, target: pd.Series, columns: list[Column], numeric: bool
) -> Iterator[Finding]:
    """Say whether all columns that are known in time tell the outcome far worse than they did."""
    assert known.target is not None
    first = known.target.value_counts().index[:1]  # of two that are as frequent, always the same
    before, now = (as_number(one, first, numeric) for one in (known.target, target))
    names = [one.name for one in columns if one.kind in ("integer", "number")]
    rows = known.rows[[one.name for one in columns]].assign(**{OUTCOME: before})
    if now.count() < FEWEST or before.count() < FEWEST:
        return
    seen = []
    for window in known.windows[:LOOKED_AT]:
        part = rows.iloc[window]
        told = Told(rows.drop(part.index), OUTCOME, names, "mean").of(part)
        seen.append(goes_with(told, part[OUTCOME]))
    found = goes_with(Told(rows, OUTCOME, names, "mean").of(batch), now)
    if min(seen) >= TELLING / 2 and found < min(seen) / 2 - 1 / np.sqrt(now.count()):
        do = "see how the outcome is made: a sign, a unit, a join, or labels the other way round"
        said = f"all columns together tell the outcome by {found:.2f}"
        yield Finding("labels", "*", said, f"{min(seen):.2f} to {max(seen):.2f}", do)


def as_number(target: pd.Series, label: pd.Index, numeric: bool) -> pd.Series:
    """Return outcomes as numbers: of labels, whether it is this one."""
    if numeric:
        return target.astype("float64")
    return target.isin(label).astype("float64").where(target.notna())


def _levels(
    before: pd.Series, now: pd.Series, parts: list[pd.Series], numeric: bool
) -> Iterator[tuple[str, float, list[float], float]]:
    """Give each level of the outcome: in words, in the batch, in each window, and what is luck."""
    if numeric:
        spread = float(before.std()) or 1.0
        means = [float(part.mean()) for part in parts]
        yield "a mean of", float(now.mean()), means, spread * (0.1 + 3 / np.sqrt(len(now)))
        return
    for label in before.value_counts().index[:LABELS]:
        shares = [float((part == label).mean()) for part in parts]
        least = 0.02 + chance(max(shares), len(now))
        yield f"a share of {label!r} of", float((now == label).mean()), shares, least


def leaks(known: Reference, powers: dict[str, Powers], columns: list[Column]) -> Iterator[Finding]:
    """Name columns that tell the outcome far better than they ever did."""
    for column in columns:
        seen, found, luck = powers.get(column.name, ([0.0], 0.0, 0.0))
        if found > max(seen) + 0.1 + luck:
            yield Finding(
                "leak",
                column.name,
                f"tells the outcome by {found:.2f} on its own",
                f"at most {max(seen):.2f}",
                "see when the value came about: after the outcome, it is no input",
            )


def all_powers(
    known: Reference, batch: pd.DataFrame, target: pd.Series, columns: list[str]
) -> dict[str, Powers]:
    """Return how well each column tells the outcome: in each window, in the batch, and luck."""
    assert known.target is not None
    now = target.dropna()
    parts = [part.dropna() for part in known.each(known.target)]
    parts = [part for part in parts if len(part) >= FEWEST]
    if len(now) < FEWEST or len(parts) < 2:
        return {}
    luck, powers = float(3 / np.sqrt(len(now))), {}
    for name in columns:
        found = power(batch[name].loc[now.index], now)
        seen = [power(known.rows[name].loc[parts[0].index], parts[0])]
        if found > 0.1 or seen[0] >= TELLING:  # else it is no leak, and its loss no news
            seen += [power(known.rows[name].loc[part.index], part) for part in parts[1:]]
        powers[name] = (seen, found, luck)
    return powers


def power(values: pd.Series, target: pd.Series) -> float:
    """Return how well a column alone tells the outcome, from 0 to 1.

    Each half of the rows is told by the mean outcome of the other half's rows with like values;
    the answer is the correlation of what is told with what happened, of the best told label.
    """
    group = _like(values)
    if pd.api.types.is_numeric_dtype(target) and target.dtype != "bool":
        return _told(group, target.rank(pct=True).to_numpy("float64"))
    counts = target.value_counts()
    frequent = [label for label in counts.index[:LABELS] if counts[label] >= 10]
    if len(counts) == 2:
        frequent = frequent[:1]
    return max((_told(group, (target == one).to_numpy("float64")) for one in frequent), default=0.0)


def _like(values: pd.Series) -> np.ndarray:
    """Number the groups of like values; missing ones are a group too."""
    if values.dtype.kind in "iufM" and values.nunique() > SINGLE:
        values = pd.qcut(values.rank(method="average"), KNOTS, labels=False, duplicates="drop")
    return np.asarray(pd.factorize(values)[0]) + 1


def _told(group: np.ndarray, happened: np.ndarray) -> float:
    half = np.arange(len(group)) % 2 == 0
    told = np.empty(len(group))
    size = int(group.max(initial=0)) + 1
    for learn, tell in ((half, ~half), (~half, half)):
        count = np.bincount(group[learn], minlength=size)
        total = np.bincount(group[learn], weights=happened[learn], minlength=size)
        mean = happened[learn].mean()
        told[tell] = ((total + 10 * mean) / (count + 10))[group[tell]] - mean
    if told.std() < 1e-9 or happened.std() < 1e-9:
        return 0.0
    return max(0.0, float(np.corrcoef(told, happened)[0, 1]))
