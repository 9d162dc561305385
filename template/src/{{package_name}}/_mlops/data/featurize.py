# The template's. Yours are features.py, the split in data.py, its share in params.yaml.
"""Make the tables for training and hold-out."""

from collections.abc import Sequence
from typing import Any

import click
import pandas as pd

from ... import data, schema
from .. import paths
from ..config import load_params
from ..errors import Refused
from ..files import sha256_of, whole_folder
from . import outcome, tables
from .dataset import (
    HOLDOUT,
    HOLDOUT_ROWS,
    TRAIN,
    describe,
    example,
    inputs_and_target,
    keep_summary,
    read,
    require_parts,
    seen,
    unread,
)
from .validation import read_target

UNSEEN = 0.3  # share of rows in unseen groups from which the hold-out is another population
MOSTLY_NEW = 0.5  # share of different values, from which a text is no group


@click.command()
def command() -> None:
    """Write data/features: inputs and target for training and for the hold-out."""
    share = load_params().featurize.holdout_share
    batches = tables.batches(paths.RAW)
    everything = read(batches)
    target = read_target(everything)
    rows = everything[target.notna()]
    if problem := outcome.check_target(target.dropna(), schema.LABELS):
        raise Refused(f"the target {schema.TARGET!r} {problem}")
    train, holdout = data.split(rows, share)
    require_parts(train, holdout)
    warn_of_unseen(train, holdout)
    with whole_folder(paths.FEATURES) as folder:
        for name, part in ((TRAIN, train), (HOLDOUT, holdout)):
            inputs_and_target(part).to_parquet(folder / name)
        holdout.to_parquet(folder / HOLDOUT_ROWS)
        can_do_without = unread(holdout)
        require_nothing_personal(can_do_without)
        summary: dict[str, Any] = {
            "batches": [path.name for path in batches],
            "data_sha256": sha256_of(batches),
            "target": schema.TARGET,
            "labels": list(schema.LABELS),
            "dropped": {"rows": len(everything) - len(rows), "because": schema.MISSING_TARGET},
            "train": describe(train),
            "holdout": describe(holdout),
            "seen": seen(train),
            "unread": can_do_without,
            "example": example(holdout),
        }
        keep_summary(folder, summary)
    click.echo(
        f"featurize: {len(train):,} rows to train on, {len(holdout):,} held out, "
        f"{summary['dropped']['rows']:,} dropped ({schema.MISSING_TARGET})",
        err=True,
    )


def require_nothing_personal(can_do_without: Sequence[str]) -> None:
    """Raise `Refused` when features are made from a personal column: the model would learn it."""
    for column in tables.known_columns(schema):
        if column.personal and column.name not in can_do_without:
            message = f"features.py reads {column.name!r}, which schema.py declares personal"
            raise Refused(message, "make no feature of it, or drop personal=True and say why")


def warn_of_unseen(train: pd.DataFrame, holdout: pd.DataFrame) -> None:
    """Warn when many rows held out belong to groups that the training part does not have."""
    for column in tables.known_columns(schema):
        if column.kind != "text" or column.personal or column.name in schema.KEY or column.names:
            continue
        if train[column.name].nunique() > MOSTLY_NEW * train[column.name].count():
            continue  # free text
        values = holdout[column.name]
        share = float((values.notna() & ~values.isin(train[column.name].unique())).mean())
        if share >= UNSEEN:
            message = (
                f"{100 * share:.0f} % of the rows held out have a {column.name!r} not in training"
            )
            click.echo(f"warning: {message}; scores are about groups never seen", err=True)
