"""Where flights come from: the one module of yours that reads files."""

from pathlib import Path

import pandas as pd

from . import schema


def read_batch(path: Path) -> pd.DataFrame:
    """Read one monthly batch as it is; the schema gives the types, `validate` judges them."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    # as text, and only an empty field is missing: NA is an airline's code, 007 a number
    return pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])


def split(flights: pd.DataFrame, holdout_share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut flights in time: the model learns from the past and is judged on what came later.

    Args:
        flights: (n, 23) table, in any order.
        holdout_share: Part of the flights, the latest ones, that is held out.

    Returns:
        Training and hold-out tables in order of time; flights of one hour stay together.
    """
    flights = flights.sort_values([schema.TIME, *schema.KEY], kind="stable")
    first_hour = flights[schema.TIME].iloc[int(len(flights) * (1 - holdout_share))]
    earlier = flights[schema.TIME] < first_hour
    return flights[earlier], flights[~earlier]
