# The template's. Yours are features.py and the split in data.py.
"""The tables between raw batches and the model, and what is recorded about them."""

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import pandas as pd

from ... import data, features, schema
from .. import PROJECT, paths
from ..errors import Refused, WrongInput
from ..files import read_json, read_text, sha256, sha256_if_there, write_json
from ..interface import Column
from ..progress import progress
from . import tables
from .batch_files import features_sha256
from .validation import check_columns, read_target

TRAIN, HOLDOUT, HOLDOUT_ROWS = "train.parquet", "holdout.parquet", "holdout_rows.parquet"
SUMMARY = "summary.json"
MADE = "made"  # key of the summary: the hashes of the code, and of each table
TRIED = 20  # rows


def keep_summary(folder: Path, summary: dict[str, Any]) -> None:
    """Write the summary beside the tables of a folder, with the hash of each and of their code."""
    tables = {name: sha256(folder / name) for name in (TRAIN, HOLDOUT, HOLDOUT_ROWS)}
    code = features_sha256(Path(str(schema.__file__)).parent)
    write_json(folder / SUMMARY, {**summary, MADE: {"code": code, "tables": tables}})


def read_summary(kinds: Any = None) -> Any:
    """Return what `featurize` recorded, while its tables are as it left them.

    Args:
        kinds: As of `files.read_json`.

    Raises:
        WrongInput: If the summary is missing or damaged, or a table is not the one it is about.
    """
    made_kinds = {MADE: {"code": str, "tables": {"*": str}}}
    summary = read_json(paths.FEATURES / SUMMARY, kinds={**(kinds or {}), **made_kinds})
    made = summary.get(MADE, {"tables": {}})  # a summary may be older than the key
    for name, known in made["tables"].items():
        if (found := sha256_if_there(paths.FEATURES / name)) != known:
            is_now = f"has SHA-256 {found[:12]}…" if found else "is not there"
            message = f"{paths.FEATURES / name} {is_now}, featurize wrote {known[:12]}…"
            raise WrongInput(message, f"uv run {PROJECT} featurize makes it anew")
    return summary


def read(batches: Sequence[Path]) -> pd.DataFrame:
    """Read batches one below the other; `Refused` when one does not fit the schema."""
    parts = []
    for path in progress(batches, "read"):
        rows = tables.read(path, schema, data)
        if problems := check_columns(rows, schema.COLUMNS):
            hint = f"uv run {PROJECT} validate --show-rows {quote(str(path))} lists the rows"
            raise Refused(f"{path}: {problems[0]['message']}", hint)
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def inputs_and_target(rows: pd.DataFrame) -> pd.DataFrame:
    """Return model inputs and the target; only what is known at the prediction moment gets in.

    Raises:
        WrongInput: If features.py asks for a column that is known later or not at all, or
            changes the rows.
    """
    known = tables.known_rows(rows, schema)
    table = built(known)
    if not isinstance(table, pd.DataFrame):
        raise WrongInput(f"features.py gave a {type(table).__name__}; expected a table")
    if not table.index.equals(known.index):
        raise WrongInput("features.py changed the rows; expected the same index as its input")
    if schema.TARGET in table:
        raise WrongInput(f"features.py made a column {schema.TARGET!r}, the name of the target")
    return pd.concat([table, read_target(rows).rename(schema.TARGET)], axis="columns")


def built(known: pd.DataFrame) -> Any:
    """Return what `build_features` gives; `WrongInput` where it asks for a column not there."""
    try:
        return features.build_features(known)
    except KeyError as error:
        asked = re.findall(r"(?<!dtype=)'([^']+)'", str(error)) or [str(error)]
        lacking = [name for name in asked if name not in known] or asked
        if any(column.name in lacking for column in schema.COLUMNS):
            message = f"features.py asks for {lacking}, not known at {schema.PREDICTION_MOMENT!r}"
            raise WrongInput(message, "a feature made from it would leak the answer") from error
        message = f"features.py asks for {lacking}, which schema.py does not name"
        raise WrongInput(message, f"named in {', '.join(naming(lacking))}") from error


def naming(columns: list[str]) -> list[str]:
    """Return the files of yours that name one of the columns."""
    package = Path(str(schema.__file__)).parent
    tests = Path("tests").glob("test_*.py")
    found = [*sorted(package.glob("*.py")), *sorted(tests), paths.CONTRACT, Path("params.yaml")]
    words = re.compile(rf"\b({'|'.join(map(re.escape, columns))})\b")
    there = [path for path in found if path.is_file() and words.search(read_text(path))]
    return [os.path.relpath(path) for path in there]


def require_parts(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    """Raise `Refused` for a split on which no model can be trained, or none evaluated."""
    cut = f"data.py: split cut off {len(holdout):,} of {len(train) + len(holdout):,} rows"
    if train.empty or holdout.empty:
        raise Refused(f"{cut}; expected rows in both parts", "are there enough different times?")
    if twice := int(np.isin(keys(holdout), keys(train)).sum()):
        message = f"{cut}, {twice:,} of which it also left for training; expected each in one part"
        raise Refused(message, "a score on rows that a model learned from says nothing about it")
    if not schema.LABELS:
        return
    learned, asked = (set(read_target(part).unique()) for part in (train, holdout))
    hint = "draw parts that both hold every label, such as by train_test_split(stratify=...)"
    if schema.TIME:
        hint = f"is {schema.TIME!r} the time at which a row came about? a sorted file has none"
    if unseen := sorted(map(str, asked - learned)):
        raise Refused(f"{cut} with labels that the training part lacks: {unseen}", hint)
    if len(asked) < 2:
        raise Refused(f"{cut}, all with the label {asked.pop()!r}; expected two labels", hint)


def keys(rows: pd.DataFrame) -> Any:
    """Return a number for the key of each row, (n,); none where `split` dropped the key."""
    there = rows[[name for name in schema.KEY if name in rows]]
    whole = len(there.columns) == len(schema.KEY)
    return pd.util.hash_pandas_object(there if whole else there.iloc[:0], index=False).to_numpy()


def unread(rows: pd.DataFrame) -> list[str]:
    """Return the columns without which `build_features` makes the same: a request may omit them.

    Args:
        rows: (n, columns) table; a few of its rows are tried.
    """
    known = tables.known_rows(rows, schema).head(TRIED)
    made = built(known)

    def same_without(name: str) -> bool:
        try:
            return bool(features.build_features(known.drop(columns=name)).equals(made))
        except Exception:  # whatever a function of yours raises for want of a column
            return False

    return [name for name in known if same_without(name)]


def example(rows: pd.DataFrame) -> dict[str, Any]:
    """Return a row as a request holds it, for the API's page: nobody's, and nothing personal.

    Each value is the middle or the most frequent one of its column; one that names a row is
    invented.
    """
    columns = [column for column in tables.known_columns(schema) if not column.personal]
    made = {column.name: [typical(rows[column.name].dropna(), column)] for column in columns}
    return tables.as_records(tables.conform(pd.DataFrame(made), columns))[0]


def typical(values: pd.Series, column: Column) -> Any:
    """Return a value that a column may hold, and that says nothing about one row."""
    names_rows = column.name in schema.KEY and values.nunique() > len(values) / 2
    if values.empty:
        return None
    middle = values.sort_values().iloc[len(values) // 2]
    if column.kind in ("integer", "number") and names_rows:
        low = -math.inf if column.low is None else column.low
        high = math.inf if column.high is None else column.high
        free = (one for one in (values.max() + 1, values.min() - 1) if low <= one <= high)
        return next(free, middle)
    if column.kind == "timestamp" and names_rows:
        return values.max().normalize() + pd.Timedelta(hours=36)  # at noon no clock is changed
    if column.kind in ("text", "boolean"):
        counts = values.value_counts()
        often = sorted(counts.index[counts == counts.iloc[0]])[0]
        return "example" if column.kind == "text" and counts.iloc[0] == 1 else often
    return middle


def describe(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the size of a part, and its time span when rows have a time."""
    if not schema.TIME:
        return {"rows": len(rows)}
    time = rows[schema.TIME]
    return {"rows": len(rows), "first": str(time.min()), "last": str(time.max())}


def seen(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what the columns held that the model could learn from; nothing personal."""
    columns = [c for c in tables.known_columns(schema) if not c.personal and c.kind != "timestamp"]
    found: list[dict[str, Any]] = []
    for column in columns:
        values = rows[column.name]
        entry: dict[str, Any] = {"column": column.name, "missing": float(values.isna().mean())}
        if column.kind in ("integer", "number"):
            entry |= {"low": float(values.min()), "high": float(values.max())}
        else:
            entry |= {"values": int(values.nunique())}
        found.append(entry)
    return found
