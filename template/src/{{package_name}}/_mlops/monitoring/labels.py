# The template's. Yours are data.read_batch, the key and the target in schema.py, and metrics.py.
"""How good were the logged predictions, where the outcome is known by now?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pandas as pd

from .. import paths
from ..data import tables
from ..data.prediction_log import PREDICTION
from ..errors import WrongInput
from ..interface import Data, Schema

Score = Callable[[pd.Series, pd.DataFrame], dict[str, float]]


@dataclass(frozen=True)
class Labelled:
    """Logged predictions and outcomes.

    Args:
        versions: For each version: rows predicted, rows with an outcome, scores on these.
        waiting: Rows whose outcome is not known yet.
        unmatched: Outcomes of rows that were not predicted in this window.
    """

    versions: dict[str, dict[str, Any]]
    waiting: int
    unmatched: int


def arrived(schema: Schema, data: Data) -> pd.DataFrame:
    """Return the outcomes in data/incoming and data/raw; a file without any is passed over."""
    found = []
    for folder in (paths.RAW, paths.INCOMING):
        for path in sorted(folder.glob("*")):
            if path.suffix in tables.READ:
                try:
                    found.append(outcomes(path, schema, data))
                except WrongInput as problem:
                    click.echo(f"warning: no outcome is taken from it: {problem}", err=True)
    return together(found, schema)


def given(files: Sequence[Path], schema: Schema, data: Data) -> pd.DataFrame:
    """Return the outcomes in these files; `WrongInput` when one has none."""
    return together([outcomes(path, schema, data) for path in files], schema)


def together(parts: list[pd.DataFrame], schema: Schema) -> pd.DataFrame:
    """Return outcomes, one for each key: what came later counts."""
    names = [*schema.KEY, schema.TARGET]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    return table.drop_duplicates(list(schema.KEY), keep="last")


def outcomes(path: Path, schema: Schema, data: Data) -> pd.DataFrame:
    """Return key and target of the rows of a batch whose outcome is known."""
    rows = tables.read(path, schema, data)
    try:
        table = rows[list(schema.KEY)].assign(**{schema.TARGET: schema.read_target(rows)})
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path} holds no outcome: {error} is missing or of another kind"
        raise WrongInput(message, "labels are batches as data.read_batch gives them") from error
    return table[table[schema.TARGET].notna()]


def hold_against(rows: pd.DataFrame, known: pd.DataFrame, schema: Schema, score: Score) -> Labelled:
    """Join logged rows with outcomes by the schema's key, and score each version.

    A row that was asked again counts once for each version, with its latest answer.
    """
    key = list(schema.KEY)
    if missing := [name for name in key if name not in rows]:
        click.echo(f"warning: {', '.join(missing)} of the key is not logged", err=True)
        return Labelled({}, len(rows), len(known))
    rows = rows.drop_duplicates([*key, "call.version"], keep="last")
    both = rows.merge(as_logged(known, rows, key), on=key, how="left")
    found = both[both[schema.TARGET].notna()]
    versions = {
        str(version): {
            "rows": len(part),
            "labelled": int(part[schema.TARGET].notna().sum()),
            "scores": scores(part[part[schema.TARGET].notna()], schema, score),
        }
        for version, part in both.groupby("call.version")
    }
    matched = len(found.drop_duplicates(key))
    return Labelled(versions, len(both) - len(found), len(known) - matched)


def as_logged(known: pd.DataFrame, rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Give the key the types that it has in the log; an empty table has none of its own."""
    if known.empty:
        return known.astype({name: rows[name].dtype for name in key})
    return known


def scores(rows: pd.DataFrame, schema: Schema, score: Score) -> dict[str, float]:
    """Return the scores of predictions with an outcome; none for no row."""
    if rows.empty:
        return {}
    return score(rows[schema.TARGET], predicted(rows, schema))


def predicted(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return logged predictions as `metrics.score` takes them."""
    if not schema.LABELS:
        return rows[[PREDICTION]]
    names = {f"probability_{label}": label for label in schema.LABELS}
    return rows[list(names)].rename(columns=names)
