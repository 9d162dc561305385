# The template's. Yours are schema.py, what a column may hold, and contract.yaml, what is personal.
"""Check batches against schema.py."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ... import data, schema
from .. import paths
from ..config import load_contract
from ..errors import Refused, counted
from ..files import FILE, sha256, write_json
from ..progress import progress
from . import tables
from .validation import check, spelled_missing


@click.command()
@click.argument("files", nargs=-1, type=FILE)
@click.option("--show-rows", is_flag=True, help="Print the rows that break the schema.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(files: Sequence[Path], show_rows: bool, as_json: bool) -> None:
    """Check batches against schema.py; by default all of data/raw.

    Without FILES the report goes to reports/validation.json. Exit code 1 when a batch breaks the
    schema or holds personal data, 2 when one cannot be read.
    """
    personal = load_contract().personal_data
    report: list[dict[str, Any]] = []
    for path in progress(files or tables.batches(paths.RAW), "validate"):
        rows = tables.read(path, schema, data)
        problems = check(rows, personal)
        for warning in spelled_missing(rows):
            click.echo(f"warning: {path}: {warning}", err=True)
        report.append(
            {"file": str(path), "sha256": sha256(path), "rows": len(rows), "problems": problems}
        )
        if show_rows:
            for problem in problems:
                click.echo(rows.loc[problem["row_numbers"]].to_csv(index_label="row"), nl=False)
    broken = [(batch["file"], problem) for batch in report for problem in batch["problems"]]
    verdict = {"ok": not broken, "batches": report}
    if not files:
        write_json(paths.VALIDATION, verdict)
    if as_json:
        click.echo(json.dumps(verdict))
    lines = [f"{file}: {problem['message']}" for file, problem in broken]
    if lines:
        hint = "schema.py says what is expected; validate --show-rows lists the rows"
        raise Refused("\nerror: ".join(lines), hint)
    total = sum(batch["rows"] for batch in report)
    fit = f"{counted(len(report), 'batch', 'batches')}, {counted(total, 'row fits', 'rows fit')}"
    click.echo(f"validate: {fit} the schema", err=True)
