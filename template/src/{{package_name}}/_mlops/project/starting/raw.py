# The template's. Nothing of yours belongs here: `start-from` runs it.
"""A table before its columns have types: which of its lines are rows."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ...data.dialect import MISSING_WORDS, Dialect
from ...errors import WrongInput, counted

MOST_NOTES = 10  # lines below a table
NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?")
# with signs of money and of minus, or one of the times and dates that digits make
MEASURED = r"[-+(]?[€$£¥]?[-+]?[\d.,:'/ -]*\d[\d.,:'/]*[%)-]?"
SQUARED = re.compile(r"(?<=[A-Za-z])[23](?!\d)")  # as in m2
RULE = re.compile(r"[\s:=+|-]*")  # between a header and its rows
FEWEST_BELOW = 20  # rows from which it is no chance that all but the first are numbers
LOOKED_AT = 1_000
MOST = 0.9  # share of numbers
# what stands in the second and the third line of a table of Orange
KINDS = {"continuous", "c", "discrete", "d", "string", "s", "time", "t"}
USES = {"", "class", "meta", "ignore", "i", "weight"}
TOTAL = re.compile(r"(grand |sub)?total|sum|summe|gesamt|insgesamt", re.IGNORECASE)


@dataclass
class Raw:
    """A table before its columns have types; texts may hold anything."""

    rows: pd.DataFrame
    dialect: Dialect | None = None
    notes: list[str] = field(default_factory=list)
    indexed: bool = False


def header_line(cells: list[list[str]]) -> int:
    """Return the place of the first line as wide as most; lines above it are a title.

    A line of names that come again, or that leaves some out, is one of groups of columns, where
    names stand below it, and one that begins with # is a comment there.
    """
    widths = [sum(1 for one in row if one.strip()) for row in cells]
    noted = next((place for place, row in enumerate(cells) if not row[0].startswith("#")), 0)
    usual = Counter(width for width in widths if width).most_common(1)[0][0]
    enough = max(2, int(usual * 0.8)) if usual > 1 else 1
    wide = (place for place, width in enumerate(widths) if width >= enough)
    first = next((place for place in wide if place >= noted - 1), noted)
    names, below = (cells[first], cells[first + 1 : first + 3]) if usual > 1 else ([""], [])
    gaps = not all(one.strip() for one in names[1:])  # the first may name nothing: numbers of rows
    doubtful = len(set(names)) < len(names) or names[0].startswith("#") or gaps
    if doubtful and len(below) == 2 and len(set(below[0])) == len(below[0]):
        numbers = [bool(NUMBER.fullmatch(one.strip())) for one in below[1]]
        named = all(map(is_name, below[0]))
        return first + 1 if named and any(numbers) else first
    return first


def is_name(cell: str) -> bool:
    """Say whether a cell of a header may name a column: it is no number, and stands for none."""
    text = cell.strip()
    return bool(text) and not re.fullmatch(MEASURED, text) and text not in MISSING_WORDS


def without_units(raw: Raw) -> Raw:
    """Leave out a line below the header that says how each column is measured, or is a rule.

    In some columns all others are numbers or times, and it is none in any of them.
    """
    rule = "".join(row_of(raw, 0)) if len(raw.rows) > 1 else ""
    if rule.strip() and RULE.fullmatch(rule):
        without_first(raw)
    if len(raw.rows) <= FEWEST_BELOW:
        return raw
    first, part = raw.rows.iloc[0].fillna(""), raw.rows.iloc[1 : 1 + LOOKED_AT]
    numeric = [
        place
        for place in range(raw.rows.shape[1])
        if as_texts(part.iloc[:, place]).str.fullmatch(MEASURED).all()
    ]
    units = [str(first.iloc[place]).strip() for place in numeric]
    some = [one for one in units if one and one not in MISSING_WORDS and one.strip("-.")]
    if some and not any(re.search(r"\d", SQUARED.sub("", one)) for one in units):
        without_first(raw)
        raw.notes.append(
            f"the line below the header is left out: it holds units, as {some[0][:20]!r}"
        )
    return raw


def without_kinds(raw: Raw) -> Raw:
    """Leave out the lines below the header in which Orange names kinds and uses of columns.

    In place of a kind it may list the values, between spaces.
    """
    if len(raw.rows) <= FEWEST_BELOW:
        return raw
    kinds = [one for one in row_of(raw, 0) if " " not in one]
    if set(kinds) - {""} <= KINDS and any(kinds) and set(row_of(raw, 1)) <= USES:
        for _ in range(2):
            without_first(raw)
        raw.notes.append("two lines below the header are left out: Orange describes columns there")
    return raw


def without_first(raw: Raw) -> None:
    """Leave out the first row, and keep how it is written: a later file may have it too."""
    if raw.dialect:
        raw.dialect = replace(raw.dialect, below=(*raw.dialect.below, tuple(row_of(raw, 0))))
    raw.rows = raw.rows.iloc[1:].reset_index(drop=True)


def without_notes(raw: Raw) -> Raw:
    """Leave out what is no row: blank lines, the header once more, comments, and notes below it."""
    names = list(raw.rows)
    first = as_texts(raw.rows.iloc[:, 0]).fillna("")
    bare = raw.rows[first == ""]
    if len(blank := bare.index[(bare.isna() | (bare == "")).all(axis="columns")]):
        raw.rows = raw.rows.drop(index=blank).reset_index(drop=True)
        first = first.drop(index=blank).reset_index(drop=True)
        raw.notes.append(f"{counted(len(blank), 'row')} without any value left out")
    numbered = bool(first.head(LOOKED_AT).str.fullmatch(NUMBER.pattern).mean() > MOST)
    odd = first.str.startswith("#") | (first == str(names[0]).strip())
    words = ~first.str.fullmatch(NUMBER.pattern) if numbered else odd  # in place of a number
    odd |= words if words.sum() <= MOST_NOTES else odd
    gone, headers = [], 0
    for place in np.flatnonzero(odd.to_numpy("bool")):
        cells = row_of(raw, int(place))
        again = [one.strip() for one in cells] == [str(name).strip() for name in names]
        alone = cells[0].startswith("# ") or not any(cells[1:])
        noted = cells[0].startswith("#") or (numbered and cells[0].strip())
        if again or (noted and len(cells) > 2 and alone):
            gone.append(int(place))
            headers += again
    last = len(raw.rows) - 1
    while len(names) > 2 and 0 < last > len(raw.rows) - 1 - MOST_NOTES:
        if last not in gone:
            cells = row_of(raw, last)
            if TOTAL.fullmatch(cells[0].strip().rstrip(":")):
                break
            words = numbered and not NUMBER.fullmatch(cells[0].strip())  # in place of a number
            if not cells[0].strip() or any(one.strip() for one in cells[2 if words else 1 :]):
                break
            gone.append(last)
        last -= 1
    if gone:
        raw.rows = raw.rows.drop(index=gone).reset_index(drop=True)
        plural = "lines left out: they are" if len(gone) > 1 else "line left out: it is"
        raw.notes.append(f"{len(gone)} {plural} a note, or the header once more")
        if raw.dialect:
            raw.dialect = replace(raw.dialect, again=headers > 0, noted=headers < len(gone))
    return raw


def as_texts(values: pd.Series) -> pd.Series:
    """Return the cells of a column as texts, without spaces around them."""
    texts = values if values.dtype == "str" else values.map(str, na_action="ignore").astype("str")
    return texts.str.strip()


def row_of(raw: Raw, place: int) -> list[str]:
    """Return the cells of a row as texts."""
    return ["" if pd.isna(one) else str(one) for one in raw.rows.iloc[place]]


def without_total(raw: Raw) -> Raw:
    """Leave out a last row that sums up the others: no other one says that it does."""
    if len(raw.rows) > 2:
        cells = [(place, one) for place, one in enumerate(raw.rows.iloc[-1]) if type(one) is str]
        sums = [place for place, one in cells if TOTAL.fullmatch(one.strip().rstrip(":"))]
        if any((raw.rows.iloc[:-1, place] != raw.rows.iloc[-1, place]).all() for place in sums):
            return without_last(raw)
        if 2 * len([one for _, one in cells if one.strip()]) <= raw.rows.shape[1]:
            known = [place for place, one in cells if NUMBER.fullmatch(one.strip())]
            if known and all(sums_up(raw.rows.iloc[:, place]) for place in known):
                return without_last(raw)
    return raw


def without_last(raw: Raw) -> Raw:
    """Leave out the last row, and keep what tells it: a later file may have one too."""
    last, others = row_of(raw, len(raw.rows) - 1), raw.rows.iloc[:-1]
    if raw.dialect:
        told = [
            (place, one)
            for place, one in enumerate(last)
            if not NUMBER.fullmatch(one.strip())
            and as_texts(others.iloc[:, place]).fillna("").ne(one.strip()).all()
        ]
        told = [(place, one) for place, one in told if one.strip()] or told
        raw.dialect = replace(raw.dialect, foot=tuple(told))
    raw.rows = others.reset_index(drop=True)
    raw.notes.append("last row left out: it is a total")
    return raw


def sums_up(texts: pd.Series) -> bool:
    """Say whether the last number is the sum of all others, and not zero."""
    values = pd.to_numeric(texts, errors="coerce")
    last = float(values.iloc[-1])
    return last != 0 and bool(np.isclose(values.iloc[:-1].sum(), last, rtol=1e-6))


def require_one_table(texts: list[pd.Series], origin: str) -> None:
    """Raise `WrongInput` where names stand in one row of columns that hold numbers above it.

    Each of them comes once in its column, and they differ: a word for a missing value does not.
    """
    found: dict[int, set[str]] = {}
    for values in texts:
        head = values.head(FEWEST_BELOW).dropna().str.strip()
        if len(head) and head.str.fullmatch(NUMBER.pattern).all():
            words = values[~values.str.strip().str.fullmatch(NUMBER.pattern).fillna(True)]
            if len(words) and (values == words.iloc[0]).sum() == 1:
                found.setdefault(int(words.index[0]), set()).add(str(words.iloc[0]))
    for place, names in found.items():
        if len(names) > 1:
            listed = ", ".join(map(repr, sorted(names)))
            message = f"row {place + 1} of {origin} holds {listed} where numbers stand above"
            raise WrongInput(message, "keep one table in a file: does another one begin there?")
