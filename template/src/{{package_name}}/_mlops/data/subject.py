# The template's. Which columns name a row, and what they hold, is yours, in schema.py.
"""Whose rows are meant, and which rows of a table are theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ... import schema
from ..errors import WrongInput, did_you_mean
from . import declarations, tables

UNMISTAKABLE = 6  # letters from which a text found in a file is no chance


@dataclass(frozen=True)
class Subject:
    """One person, or whatever else a row is about.

    Args:
        values: By column, as the schema types it.
        texts: By column, as they were typed.
    """

    values: dict[str, Any]
    texts: dict[str, str]

    @property
    def columns(self) -> list[str]:
        """The columns that name it."""
        return list(self.values)

    def owns(self, rows: pd.DataFrame) -> pd.Series:
        """Say for each row of a table whether it is theirs; the table may be stored in any way."""
        columns = [column for column in schema.COLUMNS if column.name in self.values]
        own = pd.Series(True, index=rows.index)
        for name, values in tables.conform(rows[self.columns], columns).items():
            own &= (values == self.values[str(name)]).fillna(False).astype("bool")
        return own

    def is_named_in(self, text: str) -> bool:
        """Say whether a text holds one of the values, as far as chance cannot put it there."""
        return any(one in text for one in self.texts.values() if is_long(one))


def is_long(text: str) -> bool:
    """Say whether a text is too long to be found by chance."""
    return len(text) >= UNMISTAKABLE


def parse(words: Sequence[str], group: bool) -> Subject:
    """Read COLUMN=VALUE; no message repeats a value.

    Args:
        words: All columns of `schema.KEY`, or with `group` others that stand for a person.
        group: Whether more than one row may be theirs.

    Raises:
        WrongInput: For a column that is not there, a value of another kind, or half a key.
    """
    declarations.require(schema)
    known = {column.name: column for column in schema.COLUMNS}
    texts: dict[str, str] = {}
    for word in words:
        name, given, text = word.partition("=")
        if not given or not text:
            raise WrongInput("an argument is not COLUMN=VALUE", f"such as {schema.KEY[0]}=VALUE")
        if name not in known:
            raise WrongInput(f"schema.py has no column {name!r}", did_you_mean(name, known))
        texts[name] = text
    if not group and set(texts) != set(schema.KEY):
        found = f"{', '.join(texts)} is not the key of a row; expected {', '.join(schema.KEY)}"
        raise WrongInput(found, "--group if these columns stand for one person with many rows")
    columns = [known[name] for name in texts]
    row = pd.DataFrame({name: [text] for name, text in texts.items()}, dtype="object")
    for column in columns:
        if tables.misfits(row[column.name], column).any():
            raise WrongInput(f"the value of {column.name!r} is no {column.kind}")
    typed = tables.conform(row, columns)
    return Subject({name: typed[name].iloc[0] for name in texts}, texts)
