# The template's. Yours are schema.py, the columns it takes, and features.py.
"""Predict a file in pieces."""

from pathlib import Path
from typing import Any

import click
import pandas as pd

from ... import features, schema
from ..data import declarations, outcome, tables
from ..data.validation import check_columns
from ..errors import Refused, WrongInput
from ..files import whole_file
from . import Champion

ROWS_AT_ONCE = 50_000


def predict_file(source: Path, destination: Path) -> str:
    """Predict one file into another and return the version of the model that did it."""
    declarations.require(schema)
    if not source.is_file():
        raise WrongInput(f"{source} does not exist")
    if destination.suffix not in tables.SUFFIXES:
        message = f"--output {destination} has the ending {destination.suffix!r}"
        raise WrongInput(f"{message}; expected one of {', '.join(tables.SUFFIXES)}")
    champion = Champion(schema, features)
    champion.load_or_raise()
    columns, unread = tables.known_columns(schema), champion.unread()
    names, done = [column.name for column in columns], 0
    with whole_file(destination) as part, Writer(part, destination.suffix) as output:
        for rows in tables.chunks(source, ROWS_AT_ONCE, schema):
            if rows.empty:  # a CSV file that holds its header and nothing else
                continue
            rows.index = pd.RangeIndex(done, done + len(rows))
            typed = tables.conform(rows, columns)
            needed = [one for one in columns if one.name in typed or one.name not in unread]
            if problems := check_columns(typed, needed):
                raise Refused(f"{source}: {problems[0]['message']}")
            answers = outcome.as_columns(champion.predict(typed.reindex(columns=names)))
            output.write(rows.drop(columns=list(answers), errors="ignore").join(answers))
            done += len(rows)
            click.echo(f"\rpredict: {done:,} rows", err=True, nl=False)
        if not done:
            raise WrongInput(f"{source} has no rows")
    return champion.version


class Writer:
    """Writes tables one after another to one Parquet or CSV file."""

    def __init__(self, path: Path, suffix: str) -> None:
        self.path = path
        self.suffix = suffix
        self.parquet: Any = None
        self.started = False

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.parquet:
            self.parquet.close()

    def write(self, rows: pd.DataFrame) -> None:
        """Append rows; the first ones decide the columns."""
        if self.suffix == ".csv":
            rows.to_csv(self.path, mode="a", header=not self.started, index=False)
        else:
            self._write_parquet(rows)
        self.started = True

    def _write_parquet(self, rows: pd.DataFrame) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        shape = self.parquet.schema if self.parquet else None
        table = pa.Table.from_pandas(rows, schema=shape, preserve_index=False)
        if not self.parquet:
            self.parquet = pq.ParquetWriter(self.path, table.schema)
        self.parquet.write_table(table)
