# The template's. Columns are yours, in schema.py.
"""Do the columns of a batch look mixed up: one in the place of another, or its rows in disorder?"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from .envelope import FEWEST, Reference
from .finding import Finding
from .units import LOOKED_AT, Told, goes_with, width

TELLING = 0.3  # how well the others tell a column, from which their failing to is news
DECILES = np.linspace(0.1, 0.9, 9)
LEAST = 0.1  # of the spread: nearer is the same


def swapped(known: Reference, batch: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    """Name pairs of numbers of which each looks as the other one did, and not as itself."""
    names = [one for one in names if batch[one].count() >= FEWEST and width(known.rows[one])]
    before = {name: deciles(known.rows[name]) for name in names}
    now = {name: deciles(batch[name]) for name in names}
    usual = {name: _usual(known, name, before[name]) for name in names}
    odd = [one for one in names if apart(now[one], before[one]) > usual[one]]
    for one, other in combinations(odd, 2):
        crossed = ((one, other), (other, one))
        if all(apart(now[new], before[old]) <= usual[old] for new, old in crossed):
            for new, old in crossed:
                yield Finding(
                    "columns",
                    new,
                    f"{batch[new].median():.4g} in the middle, and spread as {old!r} was",
                    f"{known.rows[new].median():.4g} in the middle",
                    f"see whether {new!r} and {old!r} changed places",
                )


def disordered(known: Reference, batch: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    """Name numbers that no longer go with the other columns of their rows."""
    rest = [one for one in names if batch[one].count() >= FEWEST and width(known.rows[one])]
    while found := min(_broken(known, batch, rest), default=None):
        _, name, now, seen = found
        rest.remove(name)
        yield Finding(
            "columns",
            name,
            f"goes with the other columns of its row by {now:.2f}",
            f"{min(seen):.2f} to {max(seen):.2f}",
            "see whether this column was sorted, shifted or joined by itself",
        )


def _broken(
    known: Reference, batch: pd.DataFrame, names: list[str]
) -> Iterator[tuple[float, str, float, list[float]]]:
    both = known.rows[[one for one in known.rows if one in batch]]  # requests have no outcome
    few = both.sample(min(len(both), 4000), random_state=1)
    for name in names:
        others = [other for other in names if other != name]
        told = Told(both, name, others)
        after = told.of(batch)
        usual, now = goes_with(told.of(few), few[name]), goes_with(after, batch[name])
        if usual < TELLING or now > 0.6 * usual:
            continue
        parts = [both.iloc[window] for window in known.windows[:LOOKED_AT]]
        parts = [part for part in parts if part[name].count() >= FEWEST]
        varied = min((part[name].std() for part in parts), default=np.inf)
        others_varied = min((told.of(part).std() for part in parts), default=np.inf)
        if batch[name].std() < 0.9 * varied or after.std() < 0.6 * others_varied:
            continue  # what hardly varies goes with nothing
        seen: list[float] = []
        for part in parts:
            told = Told(both.drop(part.index), name, others)
            seen.append(goes_with(told.of(part), part[name]))
            if seen[-1] < TELLING:
                break  # of hundreds of columns, most say nothing of each other
        luck = 1 / np.sqrt(batch[name].count())
        if seen and min(seen) >= TELLING and now < min(seen) / 2 - luck:
            yield now / min(seen), name, now, seen


def deciles(values: pd.Series) -> np.ndarray:
    """Return the nine values between tenths of the rows, (9,)."""
    return np.asarray(np.quantile(values.dropna().to_numpy("float64"), DECILES))


def apart(found: np.ndarray, usual: np.ndarray) -> float:
    """Return how far deciles are from usual ones, in what the middle four fifths reach."""
    return float(np.abs(found - usual).mean() / (usual[-1] - usual[0]))


def _usual(known: Reference, name: str, middle: np.ndarray) -> float:
    parts = [part for part in known.each(known.rows[name]) if part.count() >= FEWEST]
    return known.ceiling([apart(deciles(part), middle) for part in parts] or [np.inf], LEAST)
