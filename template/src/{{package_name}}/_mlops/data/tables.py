# The template's. Yours are schema.py, what a column may hold, and data.py, how files are read.
"""Tables with the schema's types: the same whether they come from Parquet, CSV or a request."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import WrongInput
from ..interface import Column, Data, Schema
from . import declarations

SUFFIXES = (".parquet", ".csv")
TYPES = {
    "boolean": "bool",
    "integer": "int64",
    "number": "float64",
    "text": "str",
    "timestamp": "datetime64[us]",
}
TRUTH = {True: True, False: False, "True": True, "False": False, "true": True, "false": False}


def known_columns(schema: Schema) -> list[Column]:
    """Return the columns whose values exist at the prediction moment."""
    in_time = set(schema.MOMENTS[: schema.MOMENTS.index(schema.PREDICTION_MOMENT) + 1])
    return [column for column in schema.COLUMNS if column.known in in_time]


def known_rows(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the rows as they are known at the prediction moment."""
    return rows[[column.name for column in known_columns(schema)]]


def conform(rows: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Give each column its schema type where that loses nothing.

    Those of `TYPES`; integers become float64 when values are missing. A column that cannot be
    read as its kind stays as it is, for `validate` to name; columns that the schema does not know
    stay as they are too.
    """
    kinds = {column.name: column.kind for column in columns if column.name in rows}
    return rows.assign(
        **{
            name: _as_kind(rows[name], kind)
            for name, kind in kinds.items()
            if rows[name].dtype != TYPES[kind]
        }
    )


def _as_kind(values: pd.Series, kind: str) -> pd.Series:
    if misfits(values, kind).any():
        return values
    if kind == "timestamp":
        return pd.to_datetime(values).astype(TYPES[kind])
    if kind == "text":
        return values.astype(TYPES[kind])
    if kind == "boolean":
        return values if values.isna().any() else values.map(TRUTH).astype(TYPES[kind])
    numbers = pd.to_numeric(values).astype("float64")
    whole = kind == "integer" and numbers.notna().all()
    return numbers.astype(TYPES[kind]) if whole else numbers


def misfits(values: pd.Series, kind: str) -> pd.Series:
    """Say for each value whether it is present and cannot be read as its kind."""
    if kind == "text":
        return pd.Series(False, index=values.index)
    if kind == "boolean":
        return values.notna() & values.map(TRUTH).isna()
    if kind == "timestamp":
        numeric = pd.api.types.is_numeric_dtype(values)  # 20130101 is no date in anybody's file
        return values.notna() & (numeric | pd.to_datetime(values, errors="coerce").isna())
    if pd.api.types.is_bool_dtype(values):
        return pd.Series(True, index=values.index)
    numbers = pd.to_numeric(values, errors="coerce")
    broken = numbers % 1 != 0 if kind == "integer" else False
    return values.notna() & (numbers.isna() | broken)


def as_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON holds them: times in ISO format, missing values as null."""
    plain = rows.astype("object").where(rows.notna(), None)
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row}
        for row in (record.items() for record in plain.to_dict(orient="records"))
    ]


def from_records(records: list[dict[str, Any]], schema: Schema) -> pd.DataFrame:
    """Return the rows of a request as a table; a column that was left out is missing."""
    columns = known_columns(schema)
    table = pd.DataFrame(records, columns=[column.name for column in columns])
    return conform(table, columns)


def batches(folder: Path) -> list[Path]:
    """List the files of a data folder in order of name; `WrongInput` when there are none."""
    found = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    if not found:
        message = f"{folder} holds no batch; expected .parquet or .csv files"
        raise WrongInput(message, "uv run --frozen python -m dvc pull brings back tracked data")
    return found


def read(path: Path, schema: Schema, data: Data) -> pd.DataFrame:
    """Read one batch through your `data.read_batch`; `WrongInput` when it is unreadable."""
    declarations.require(schema)
    if not path.is_file():
        raise WrongInput(f"{path} does not exist")
    try:
        rows = data.read_batch(path)
    except Exception as error:  # whatever a reader of yours may raise, the file is at fault
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"{path} cannot be read: {reason}"
        raise WrongInput(
            message, "is it complete, and of the format that its name says?"
        ) from error
    return conform(rows, schema.COLUMNS)


def chunks(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    """Read a Parquet or CSV file piece by piece; `WrongInput` when it is unreadable."""
    if path.suffix not in SUFFIXES:
        raise WrongInput(
            f"{path} has the ending {path.suffix!r}; expected one of {', '.join(SUFFIXES)}"
        )
    try:
        if path.suffix == ".csv":  # as text: `conform` gives the types, and nothing is lost
            yield from pd.read_csv(
                path, chunksize=rows, dtype="str", keep_default_na=False, na_values=[""]
            )
            return
        import pyarrow.parquet as pq

        for batch in pq.ParquetFile(path).iter_batches(batch_size=rows):
            yield batch.to_pandas()
    except (OSError, ValueError) as error:
        raise WrongInput(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
