# The template's. Yours are schema.py, the columns it takes, and features.py.
"""Predict a file in pieces."""

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ... import data, features, schema
from .. import engines, paths
from ..data import declarations, outcome, tables
from ..data.validation import check_columns
from ..errors import OutsideFailed, Refused, WrongInput
from ..files import require_file, whole_file
from ..progress import rows_of
from . import Champion

ROWS_AT_ONCE = 50_000


class Predictor:
    """Predicts pieces of a file; in another process it loads the champion that is there.

    Args:
        source: Of the pieces.
        digest: Of the model that has to be there; nothing for any.
    """

    def __init__(self, source: Path, digest: str = "") -> None:
        self.source = source
        self.digest = digest
        self.champion = Champion(schema, features)
        self.champion.load_or_raise()
        found = self.model_sha256
        if digest and found != digest:
            message = f"{platform.node()} has the model {found[:12]}; expected {digest[:12]}"
            raise OutsideFailed(message, "give each node the same commit and the same champion")
        self.columns = tables.known_columns(schema)
        self.unread = self.champion.unread()

    def __reduce__(self) -> tuple[type["Predictor"], tuple[Path, str]]:
        """Send the name of the model, not its bytes: who loads them verifies them."""
        return type(self), (self.source, self.model_sha256)

    @property
    def model_sha256(self) -> str:
        """Return the hash of the model that is loaded."""
        return str(self.champion.served.pointer["model_sha256"]) if self.champion.served else ""

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with predictions beside them; `Refused` for wrong values."""
        typed = tables.conform(rows, self.columns)
        needed = [one for one in self.columns if one.name in typed or one.name not in self.unread]
        if problems := check_columns(typed, needed):
            raise Refused(f"{self.source}: {problems[0]['message']}")
        names = [column.name for column in self.columns]
        answers = outcome.as_columns(self.champion.predict(typed.reindex(columns=names)))
        return rows.drop(columns=list(answers), errors="ignore").join(answers)


def predict_file(source: Path, destination: Path, engine: str = engines.HERE) -> tuple[str, int]:
    """Predict one file into another; return the model's version and the number of rows."""
    engines.require(engine)
    declarations.require(schema)
    require_file(source)
    if destination.suffix not in tables.SUFFIXES:
        message = f"--output {destination} has the ending {destination.suffix!r}"
        raise WrongInput(f"{message}; expected one of {', '.join(tables.SUFFIXES)}")
    if destination.exists() and destination.samefile(source):
        raise WrongInput(f"--output {destination} is the file of --input", "name another --output")
    if paths.RAW.resolve() in destination.resolve().parents:
        message = f"--output {destination} is in {paths.RAW}, from which models learn"
        raise WrongInput(message, "such as --output build/predictions.csv")
    work, done = Predictor(source), 0
    with whole_file(destination) as part, Writer(part, destination.suffix) as output:
        for rows in rows_of(engines.spread(engine, work, pieces(source)), "predict"):
            output.write(rows)
            done += len(rows)
        if not done:
            raise WrongInput(f"{source} has no rows")
    return work.champion.version, done


def pieces(source: Path) -> Iterator[pd.DataFrame]:
    """Yield a file in pieces, whose rows are numbered through."""
    done = 0
    for rows in tables.chunks(source, ROWS_AT_ONCE, schema, data):
        if rows.empty:  # a CSV file that holds its header and nothing else
            continue
        rows.index = pd.RangeIndex(done, done + len(rows))
        done += len(rows)
        yield rows


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
