# The template's. Nothing of yours belongs here.
"""What live traffic is compared with: the champion and the data it was trained on."""

from typing import Any

import click
import pandas as pd

from ... import data, features, schema
from .. import paths
from ..data import dataset, tables, validation
from ..errors import DVC, Problem, WrongInput
from ..serving import Champion


def champion() -> Champion | None:
    """Return the champion; nothing, with a warning, when it cannot answer."""
    found = Champion(schema, features)
    try:
        found.load_or_raise()
    except Problem as problem:
        click.echo(f"warning: predictions are not compared: {problem}", err=True)
        return None
    return found


def training_rows(manifest: dict[str, Any], holdout_share: float) -> pd.DataFrame:
    """Return the training part of the champion's own batches, not of those that came later."""
    own = [path for path in tables.batches(paths.RAW) if path.name in manifest["data"]["batches"]]
    if not own:
        raise WrongInput(
            f"{paths.RAW} lacks the champion's batches", f"{DVC} pull brings them back"
        )
    rows = dataset.read(own)
    return data.split(rows[validation.read_target(rows).notna()], holdout_share)[0]
