# The template's. For a demo of yours, define the recipe `demo` in project.just.
"""Serve the champion, post one row and check the answer."""

import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import click
import pandas as pd

from ... import data, schema
from .. import PROJECT, paths
from ..data import tables
from ..errors import Refused, counted
from ..files import read_json
from ..local_service import ask, running_service
from ..serving.batch import predict_file


@click.command()
def command() -> None:
    """Serve the champion on a free port, post one row and check the answer."""
    path = newest_batch()
    row = tables.read(path, schema, data).head(1)
    expected = batch_prediction(row)
    with running_service() as address:
        answer = answer_to(address, {"rows": tables.as_records(tables.known_rows(row, schema))})
    served = {"prediction": answer["predictions"][0], "version": answer["model_version"]}
    if served != expected:
        raise Refused(f"the service answered {served}, `predict` says {expected}")
    show(path, row, answer)


def newest_batch() -> Path:
    """Return the first batch that the model has not seen, or else the last that it has."""
    if any(paths.INCOMING.glob("*")):
        return tables.batches(paths.INCOMING)[0]
    return tables.batches(paths.RAW)[-1]


def batch_prediction(row: pd.DataFrame) -> dict[str, str]:
    """Predict the row as `predict` does, from file to file."""
    with tempfile.TemporaryDirectory() as folder:
        source, destination = Path(folder, "in.parquet"), Path(folder, "out.parquet")
        row.to_parquet(source)
        version, rows = predict_file(source, destination)
        click.echo(f"predict: {counted(rows, 'row')}", err=True)
        return {
            "prediction": pd.read_parquet(destination)["prediction"].iloc[0],
            "version": version,
        }


def answer_to(address: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return what the service answers; `Refused` when it is no prediction."""
    try:
        return ask(address, request, "demo")
    except HTTPError as error:
        raise Refused(f"the service answered {error.code}: {error.read().decode()}") from error


def show(path: Path, row: pd.DataFrame, answer: dict[str, Any]) -> None:
    """Print the requests, the answers, and how good the model is."""
    report = read_json(paths.METRICS)
    metric = report["metric"]
    key = ", ".join(f"{name} {row[name].iloc[0]}" for name in schema.KEY)
    others = ", ".join(f"{name} {found[metric]:.3f}" for name, found in report["baselines"].items())
    click.echo(f"""asked    {key} ({path})
served   {json.dumps(answer)}
checked  {PROJECT} predict gives the same
model    version {answer["model_version"]}: {metric} {report["metrics"][metric]:.3f} ({others})

next     reports/index.html     how good it is, on which slices, and why
         git add . && git commit -m "First model" && uv run just push
         uv run just serve      the service; its page is http://127.0.0.1:3000
         uv run just ui         every run, in MLflow
         uv run just readiness  what this repo has proven, and the next step
         docs/handbook/         what is yours, the commands, your own data""")
