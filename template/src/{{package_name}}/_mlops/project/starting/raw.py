# The template's. Nothing of yours belongs here: `start-from` runs it.
"""A table before its columns have types: which of its lines are rows."""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ...data.dialect import Dialect

MOST_NOTES = 10  # lines below a table
TOTAL = re.compile(r"(grand |sub)?total|sum|summe|gesamt|insgesamt", re.IGNORECASE)


@dataclass
class Raw:
    """A table before its columns have types; texts may hold anything."""

    rows: pd.DataFrame
    dialect: Dialect | None = None
    notes: list[str] = field(default_factory=list)
    indexed: bool = False


def header_line(cells: list[list[str]]) -> int:
    """Return the place of the first line as wide as most; lines above it are a title."""
    widths = [sum(1 for one in row if one.strip()) for row in cells]
    usual = Counter(width for width in widths if width).most_common(1)[0][0]
    enough = max(2, int(usual * 0.8)) if usual > 1 else 1
    return next(place for place, width in enumerate(widths) if width >= enough)


def without_notes(raw: Raw) -> Raw:
    """Leave out what is no row: the header once more, comments, and notes below the table."""
    names = list(raw.rows)
    first = raw.rows.iloc[:, 0].fillna("")
    odd = first.str.startswith("#") | (first.str.strip() == str(names[0]).strip())
    gone = []
    for place in np.flatnonzero(odd.to_numpy("bool")):
        cells = raw.rows.iloc[place].fillna("").tolist()
        again = [one.strip() for one in cells] == [str(name).strip() for name in names]
        if again or (cells[0].startswith("#") and len(cells) > 2 and not any(cells[1:])):
            gone.append(int(place))
    last = len(raw.rows) - 1
    while len(names) > 2 and 0 < last > len(raw.rows) - 1 - MOST_NOTES:
        if last not in gone:
            cells = raw.rows.iloc[last].fillna("").tolist()
            if not cells[0].strip() or any(one.strip() for one in cells[1:]):
                break
            gone.append(last)
        last -= 1
    if gone:
        raw.rows = raw.rows.drop(index=gone).reset_index(drop=True)
        plural = "lines left out: they are" if len(gone) > 1 else "line left out: it is"
        raw.notes.append(f"{len(gone)} {plural} a note, or the header once more")
    return raw


def without_total(raw: Raw) -> Raw:
    """Leave out a last row that sums up the others: no other one says that it does."""
    if len(raw.rows) > 2:
        cells = [(place, one) for place, one in enumerate(raw.rows.iloc[-1]) if type(one) is str]
        sums = [place for place, one in cells if TOTAL.fullmatch(one.strip().rstrip(":"))]
        if any((raw.rows.iloc[:-1, place] != raw.rows.iloc[-1, place]).all() for place in sums):
            raw.rows = raw.rows.iloc[:-1].reset_index(drop=True)
            raw.notes.append("last row left out: it is a total")
    return raw
