# The template's. Yours are schema.py, the columns it takes, and features.py.
"""Predict a whole file."""

from pathlib import Path

import click

from ..errors import counted
from ..files import FILE
from .batch import predict_file


@click.command()
@click.option("--input", "source", required=True, type=FILE, help="Rows to predict.")
@click.option("--output", "destination", required=True, type=FILE, help="Where they go.")
@click.option("--engine", default="here", metavar="NAME", help="Where: here, or ray of the extra.")
def command(source: Path, destination: Path, engine: str) -> None:
    """Write the rows of a Parquet or CSV file, in order, with predictions beside them.

    Adds `prediction` and, for labels, `probability_<label>`. The file is read in pieces, so its
    size does not matter; the output appears when it is complete.
    """
    version, rows = predict_file(source, destination, engine)
    done = counted(rows, "row")
    click.echo(f"predict: {done} to {destination} by version {version}", err=True)
