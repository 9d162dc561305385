# The template's. Yours are schema.py, what a column may hold, and data.py, how files are read.
"""Tables with the schema's types: the same whether they come from Parquet, CSV or a request."""

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ..errors import WrongInput
from ..files import require_file
from ..interface import Column, Data, Schema
from . import declarations, dialect
from .batch_files import READ as READ
from .batch_files import SUFFIXES as SUFFIXES
from .batch_files import TEXTS as TEXTS
from .batch_files import batches as batches

AS_TEXT: dict[str, Any] = {"dtype": "str", "keep_default_na": False, "na_values": [""]}
UNPARSED = (UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError)
HEAD = 1_000  # lines that show how the rest is written
TYPES = {
    "boolean": "bool",
    "integer": "int64",
    "number": "float64",
    "text": "str",
    "timestamp": "datetime64[us]",
}
TRUTH = dict.fromkeys((True, "True", "true", "TRUE", "1"), True) | dict.fromkeys(
    (False, "False", "false", "FALSE", "0"), False
)
STEADY = ("", "UTC")  # zones in which no clock is ever changed
# between its first and its last year: beyond, the time of another zone is in no calendar
CALENDAR = (pd.Timestamp(2, 1, 1), pd.Timestamp(9998, 12, 31))
EXACT = 2**53  # whole numbers up to here are floats too
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
OFFSET = re.compile(r"[T ]\d\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$")


def known_columns(schema: Schema) -> list[Column]:
    """Return the columns whose values exist at the prediction moment."""
    in_time = set(schema.MOMENTS[: schema.MOMENTS.index(schema.PREDICTION_MOMENT) + 1])
    return [column for column in schema.COLUMNS if column.known in in_time]


def names_rows(column: Column, schema: Schema) -> bool:
    """Say whether a column is the number or the whole name of a row, and says nothing else."""
    return (column.name,) == schema.KEY or (column.kind == "integer" and column.name in schema.KEY)


def known_rows(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the rows as they are known at the prediction moment."""
    return rows[[column.name for column in known_columns(schema)]]


def conform(rows: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Give each column its schema type where that loses nothing.

    Those of `TYPES`, whatever stored them; integers become float64 when values are missing. A
    number stored in single precision is the shortest decimal that is stored so: 71.96, as a CSV
    file or a request has it, and not 71.95999908447266. A column that cannot be read as its kind
    stays as it is, for `validate` to name; so do columns that the schema does not know.
    """
    known = [column for column in columns if column.name in rows]
    return rows.assign(**{column.name: _as_kind(rows[column.name], column) for column in known})


def _as_kind(stored: pd.Series, column: Column) -> pd.Series:
    values = plain(stored)
    if misfits(values, column).any():
        return values
    if column.kind == "timestamp":
        return _times(values, column.zone)
    if column.kind == "text":
        return _texts(values)
    if column.kind == "boolean":
        truth = values.map(TRUTH)
        return truth.astype("object" if truth.isna().any() else TYPES["boolean"])
    if column.kind == "number":
        # of texts, pandas' own reader is off by one in the last digit now and then
        texts = values.dtype.kind not in "iuf"
        return _shortest(values.astype("object").astype("float64") if texts else values)
    numbers = pd.to_numeric(values)
    return numbers.astype("float64" if numbers.isna().any() else TYPES["integer"])


def plain(values: pd.Series) -> pd.Series:
    """Return values as NumPy or Python holds them: no Arrow, nullable, category or decimal."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if isinstance(values.dtype, pd.ArrowDtype):
        import pyarrow as pa

        found = pa.array(values).to_pandas(integer_object_nulls=True)
        return plain(found.set_axis(values.index).rename(values.name))
    if values.dtype == "float16":  # its shortest decimal, as a person would write it
        return values.astype("str").astype("float64")
    if pd.api.types.is_extension_array_dtype(values.dtype) and values.dtype.kind in "biuf":
        return values.astype("object").where(values.notna(), None).infer_objects()
    if values.dtype == "object" and values.map(type).eq(Decimal).any():
        return values.map(lambda one: float(one) if isinstance(one, Decimal) else one)
    return values


def misfits(values: pd.Series, column: Column) -> pd.Series:
    """Say for each value whether it is present and cannot be read as the column says."""
    if column.kind == "text":
        if values.dtype == "str":
            return pd.Series(False, index=values.index)
        return values.map(lambda one: isinstance(one, bytes)).astype("bool")
    if column.kind == "boolean":
        return values.notna() & values.map(TRUTH).isna()
    if column.kind == "timestamp":
        numeric = pd.api.types.is_numeric_dtype(values)  # 20130101 is no date in anybody's file
        return values.notna() & (numeric | _times(values, column.zone).isna())
    if pd.api.types.is_bool_dtype(values):
        return pd.Series(True, index=values.index)
    numbers = pd.to_numeric(values, errors="coerce")
    broken = pd.Series(False, index=values.index)
    if column.kind == "integer":
        # a whole number beside a missing one is stored as a float, which holds the small ones only
        large = EXACT if numbers.dtype == "float64" else 2**63
        broken = (numbers % 1 != 0) | (numbers.abs() >= large)
    return values.notna() & (numbers.isna() | broken)


def _times(values: pd.Series, zone: str) -> pd.Series:
    """Return local times of the zone; missing where one cannot be read, or names no one moment."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        times = _in_calendar(values).dt.tz_convert(zone or "UTC").dt.tz_localize(None)
        times = times if zone else times.where(times.isna())
    elif pd.api.types.is_datetime64_dtype(values):
        times = values
    else:
        offset = values.map(_has_offset).astype("bool")
        written = values.where(~offset).map(_bare, na_action="ignore")
        times = pd.to_datetime(written, errors="coerce", format="ISO8601")
        if offset.any() and zone:
            moments = pd.to_datetime(values[offset], errors="coerce", utc=True, format="ISO8601")
            local = _in_calendar(moments).dt.tz_convert(zone).dt.tz_localize(None)
            times = times.astype(TYPES["timestamp"]).where(~offset, local)
    times = times.astype(TYPES["timestamp"])
    if zone in STEADY:
        return times
    times = _in_calendar(times)
    known = times.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").notna()
    return times.where(known)


def _in_calendar(times: pd.Series) -> pd.Series:
    first, last = (end.tz_localize("UTC") if times.dt.tz else end for end in CALENDAR)
    return times.where(times.between(first, last))


def local_time(value: datetime, zone: str) -> datetime:
    """Return one time as a local time of the zone.

    Raises:
        ValueError: If the zone's clocks show it twice, or never.
    """
    try:
        local = value.astimezone(ZoneInfo(zone)) if value.tzinfo else value
    except OverflowError:  # in the first or last hours that Python knows
        local = value
    local = local.replace(tzinfo=None)
    moments = [local.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1)]
    if moments[0].utcoffset() != moments[1].utcoffset():
        raise ValueError(f"{local} is not one moment in {zone}: its clocks are changed then")
    return local


def _bare(value: Any) -> Any:
    """Return a text without blanks around it; none where pandas would take it for the time now."""
    if not isinstance(value, str):
        return value
    return None if value in ("now", "today") else value.strip()


def _has_offset(value: Any) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is not None
    return isinstance(value, str) and OFFSET.search(value.strip()) is not None


def _texts(values: pd.Series) -> pd.Series:
    if values.dtype == "float64" and (values.dropna() % 1 == 0).all():  # 7 beside a missing value
        values = values.astype("Int64")
    return values.astype("object").where(values.notna(), None).astype(TYPES["text"])


def _shortest(values: pd.Series) -> pd.Series:
    return pd.Series(shortest(values.to_numpy("float64")), index=values.index, name=values.name)


def shortest(exact: np.ndarray) -> np.ndarray:
    """Return what was stored in single precision as the shortest decimal that is stored so.

    Ten digits after the point, as pandas writes JSON, are enough to know such a number.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        single = exact.astype("float32")
        near = (np.abs(exact - single) <= 5e-11) & (np.abs(exact) >= 1e-3)
        stored = ((exact == single) | near) & (np.abs(exact) < 2**24)  # above, no fraction is left
    found, place = np.unique(single[stored], return_inverse=True)
    exact = exact.copy()
    exact[stored] = np.array([float(str(one)) for one in found], "float64")[place]
    return exact


def as_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON holds them: times in ISO format, missing values as null."""
    plain = rows.astype("object").where(rows.notna(), None)
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row}
        for row in (record.items() for record in plain.to_dict(orient="records"))
    ]


def as_lists(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the columns of rows that have the schema's types, values as in `as_records`."""
    columns = zip(rows, rows.to_numpy("object").T.tolist(), strict=True)
    return {str(name): [_as_json(value) for value in values] for name, values in columns}


def _as_json(value: Any) -> Any:
    if is_missing(value):
        return None
    return value.isoformat() if isinstance(value, datetime) else value


def is_missing(value: Any) -> bool:
    """Say whether a value of a column stands for none."""
    return value is None or value is pd.NA or bool(value != value)


def read(path: Path, schema: Schema, data: Data) -> pd.DataFrame:
    """Read one batch through your `data.read_batch`; `WrongInput` when it is unreadable.

    One that is written as this repo writes tables is read too, whatever the others are like.
    """
    declarations.require(schema)
    require_file(path)
    names = {column.name for column in schema.COLUMNS}
    try:
        rows = data.read_batch(path)
    except Exception as error:  # whatever a reader of yours may raise, the file is at fault
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        reason = reason.removesuffix(". You might want to try:")  # of pandas, about a time
        require_plain(path, schema, f": {reason}")
        rows = plain_rows(path, names) if isinstance(error, UNPARSED) else pd.DataFrame()
        if rows.empty:
            message = f"{path} cannot be read: {reason}"
            hint = "is it complete, and of the format that its name says?"
            raise WrongInput(message, hint) from error
    # a name that data.read_batch itself may have added is no sign of a known separator
    if len(names & set(rows)) < 2:
        require_plain(path, schema)
        plain = plain_rows(path, names)
        rows = rows if plain.empty else plain
    if path.suffix in TEXTS and (rows.empty or rows.iloc[:, -1].isna().any()):
        require_full_lines(path, schema)
    return conform(rows, schema.COLUMNS)


def require_batch(path: Path) -> None:
    """Raise `WrongInput` for a file whose ending is none of a batch."""
    if path.suffix not in READ:
        message = f"{path} has the ending {path.suffix!r}; expected one of {', '.join(READ)}"
        raise WrongInput(message, "unpack it" if path.suffix in PACKED else "save it as .csv")


def plain_rows(path: Path, names: set[str]) -> pd.DataFrame:
    """Return the rows of a CSV file with these names; none where they stand otherwise."""
    if path.suffix in TEXTS:
        with suppress(ValueError):
            found = pd.read_csv(path, **AS_TEXT)
            if len(names & set(found)) > 1:
                return found
    return pd.DataFrame()


def require_plain(path: Path, schema: Schema, reason: str = "") -> None:
    """Raise `WrongInput` for a CSV file with other separators, decimal signs or letters.

    The reason is what your `data.read_batch` said, which may read such files.
    """
    if path.suffix not in TEXTS:
        return
    written = dialect.detect(path, (column.name for column in schema.COLUMNS))
    if not written.is_plain:
        message = f"{path} is written with {written}"
        expected = "expected comma, '.' and utf-8, or what read_batch of data.py reads"
        raise WrongInput(f"{message}; {expected}{reason}", written.hint)


def require_full_lines(path: Path, schema: Schema) -> None:
    """Raise `WrongInput` for a CSV file with a line that has less fields than its header."""
    written = dialect.detect(path, (column.name for column in schema.COLUMNS))
    try:
        short = dialect.short_line(path, written)
    except (ValueError, csv.Error):
        return  # it is read in another way, by data.py
    if short:
        line, found, expected = short
        message = f"{path} line {line} has {found} fields, expected {expected}"
        raise WrongInput(message, "is the file complete? what is missing stands between two commas")


def chunks(path: Path, rows: int, schema: Schema, data: Data) -> Iterator[pd.DataFrame]:
    """Read a Parquet or CSV file piece by piece; `WrongInput` when it is unreadable.

    A file that is written in a way of its own, which your `data.read_batch` knows, is read by it,
    and whole.
    """
    require_batch(path)
    if is_written_as_batches(path, schema, data):
        found = read(path, schema, data)
        yield from (found[start : start + rows] for start in range(0, len(found), rows))
        return
    require_plain(path, schema)
    try:
        if path.suffix in TEXTS:  # as text: `conform` gives the types, and nothing is lost
            looked_at = False
            for piece in pd.read_csv(path, chunksize=rows, **AS_TEXT):
                if not looked_at and piece.iloc[:, -1].isna().any():
                    require_full_lines(path, schema)
                    looked_at = True
                yield piece
            return
        import pyarrow.parquet as pq

        for batch in pq.ParquetFile(path).iter_batches(batch_size=rows):
            yield batch.to_pandas(integer_object_nulls=True)
    except (OSError, ValueError) as error:
        raise WrongInput(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def is_written_as_batches(path: Path, schema: Schema, data: Data) -> bool:
    """Say whether only `data.read_batch` reads what is known at the request from this file."""
    columns = [one for one in known_columns(schema) if one.name not in schema.KEY]
    try:
        if path.suffix not in TEXTS:
            import pyarrow.parquet as pq

            return not {one.name for one in columns} <= set(pq.read_schema(path).names)
        with tempfile.TemporaryDirectory() as folder:
            head = Path(folder, path.name)
            encoding = dialect.detect(path, (column.name for column in schema.COLUMNS)).encoding
            with (
                path.open("r", encoding=encoding, newline="") as source,
                head.open("w", encoding=encoding, newline="") as target,
            ):
                target.writelines(islice(source, HEAD))
            read = data.read_batch(head)
            found = [one for one in columns if one.name in read]
            try:
                plain = pd.read_csv(head, **AS_TEXT)
            except ValueError:
                return bool(found)
    except Exception:  # it is no file of that origin, and is judged as what it is
        return False
    given = [one for one in found if one.name in plain]
    return len(given) < len(found) or not conform(read[[one.name for one in found]], found).equals(
        conform(plain[[one.name for one in given]], given)
    )
