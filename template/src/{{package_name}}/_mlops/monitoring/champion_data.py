# The template's. Nothing of yours belongs here.
"""What live traffic is compared with: the champion and the data it was trained on."""

from typing import Any

import click
import pandas as pd

from ... import features, schema
from .. import paths
from ..data import comparison, dataset, tables
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
    """Return the rows beside which the champion learned: of its own batches, not of later ones."""
    own = [path for path in tables.batches(paths.RAW) if path.name in manifest["data"]["batches"]]
    if not own:
        raise WrongInput(
            f"{paths.RAW} lacks the champion's batches", f"{DVC} pull brings them back"
        )
    return comparison.beside_training(dataset.read(own), holdout_share)
