# The template's. Methods, thresholds and columns to ignore are yours, in params.yaml.
"""Compare new inputs and predictions with training."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import click

from .. import PROJECT, paths
from ..config import load_params
from ..data import dataset, plausibility, tables
from ..data.comparison import (
    Found,
    compare,
    page,
    read_checked,
    require_names,
    training_part,
)
from ..errors import Refused, WrongInput, counted
from ..files import FILE, sha256_of, whole_file, write_json
from .champion_data import champion


@click.command()
@click.argument("files", nargs=-1, type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(files: Sequence[Path], as_json: bool) -> None:
    """Compare FILES, by default data/incoming, with the training part of data/raw.

    All files together are one batch. Writes reports/drift.json and reports/drift.html. Exit code
    1 when the batch drifted or breaks the schema, 2 when it cannot be read or compared.
    """
    params = load_params()
    require_names(params.drift)
    batches = list(files) or tables.batches(paths.INCOMING)
    current = read_checked(batches)
    reference = training_part(params.featurize.holdout_share)
    report, compared = compare(reference, current, params.drift, champion())
    known = dataset.read(tables.batches(paths.RAW))
    judged = plausibility.judge(known, current, params.drift.share, now=datetime.now(UTC))
    report["judgement"] = judged.record()
    for finding in judged.findings:
        click.echo(f"looks broken: {finding}", err=True)
    report["batches"] = [str(path) for path in batches]
    report["reference"] = {
        "data_sha256": sha256_of(tables.batches(paths.RAW)),
        **dataset.describe(reference),
    }
    with whole_file(paths.DRIFT_PAGE) as part:
        part.write_text(headed(page(compared, params.drift), report), encoding="utf-8")
    write_json(paths.DRIFT, report)
    if as_json:
        click.echo(paths.DRIFT.read_text(encoding="utf-8"), nl=False)
    judge(report, params.drift.min_rows)


def judge(report: dict[str, Any], min_rows: int) -> None:
    """Say what was found; `Refused` when it is drift, `WrongInput` when nothing was compared."""
    if report["drifted"]:
        raise Refused(f"drift: {said(report)}", f"{paths.DRIFT_PAGE} shows each column")
    if not report["compared"]:
        found = f"{report['reference']['rows']:,} rows of training, {report['rows']:,} new ones"
        message = f"drift: nothing was compared: {found}; expected {min_rows:,} values in each"
        raise WrongInput(message, f"take more rows, or lower drift.min_rows in {paths.PARAMS}")
    click.echo(f"drift: {said(report)}", err=True)


def said(report: dict[str, Any]) -> str:
    """Say in a line how much drifted, and which columns."""
    predictions = f"drifted{drifted(report['predictions'])}"
    if not report["prediction_drifted"]:
        predictions = "did not" if report["predictions"] else "were not compared"
    return (
        f"{counted(report['rows'], 'row')}, "
        f"{report['drifted_columns']} of {len(report['columns'])} columns drifted"
        f"{drifted(report['columns'])}, predictions {predictions}; "
        f"{report['judgement']['says']}"
    )


def drifted(results: Found) -> str:
    """Return the names of what drifted in parentheses, or nothing."""
    names = ", ".join(found["column"] for found in results if found["drifted"])
    return f" ({names})" if names else ""


def headed(drawn: str, report: dict[str, Any]) -> str:
    """Put a title and this verdict on top of Evidently's page, whose verdict has other rules."""
    drift = "no drift" if report["compared"] else "nothing compared"
    drift = "drift" if report["drifted"] else drift
    title = escape(f"{PROJECT}: {drift} in {', '.join(report['batches'])}")
    missing = escape(", ".join(f"{name} ({why})" for name, why in report["skipped"].items()))
    body = (
        f'<header style="font-family: sans-serif; margin: 2em"><h1>{title}</h1>'
        f"<p>Beside the training part of data/raw: {escape(said(report))}.</p>"
        f"<p>Not compared: {missing or 'nothing'}.</p>"
        "<p>Evidently's table counts predictions as columns, and knows no missing values.</p>"
        "</header>"
    )
    drawn = drawn.replace("<head>", f"<head><title>{title}</title>", 1)
    return drawn.replace("<body>", f"<body>{body}", 1)
