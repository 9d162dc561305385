# The template's. What a batch may hold is yours, in schema.py; what shifted means, in params.yaml.
"""Check new batches and add them to data/raw."""

import json
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import click
import pandas as pd

from ... import data, schema
from .. import PROJECT, paths, programs
from ..config import load_contract, load_params
from ..errors import Refused, WrongInput
from ..files import FILE, one_writer, sha256, whole_file, write_json
from ..programs import commit, git
from . import comparison, dataset, tables, validation


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(files: Sequence[Path], as_json: bool) -> None:
    """Check FILES and move them to data/raw; commits the new pointer data/raw.dvc.

    Exit code 1 when a file breaks the schema, repeats rows that data/raw holds, or has the name
    of another batch there; then none is taken. A second run finishes what a first one began.
    """
    with one_writer(paths.MODELS / ".lock"):
        new = [path for path in files if not is_there(path)]
        require_clean(new)
        report = {"files": [path.name for path in files], **shifted(new)}
        for path in new:
            with whole_file(paths.RAW / path.name) as part:
                part.write_bytes(path.read_bytes())
        programs.share(paths.RAW)
        keep([path.name for path in files])
        for path in files:
            if path.parent.resolve() == paths.INCOMING.resolve():
                path.unlink(missing_ok=True)
        write_json(paths.INGEST, report, seal=True)
    if as_json:
        click.echo(json.dumps(report))
    state = "as expected" if report["compared"] else "too few to compare"
    state = "shifted" if report["shifted"] else state
    names = f" ({', '.join(report['columns'])})" if report["columns"] else ""
    click.echo(f"ingest: {len(new)} new batches, {report['rows']:,} rows, {state}{names}", err=True)


def is_there(path: Path) -> bool:
    """Say whether data/raw holds this file; `Refused` when it holds another of that name."""
    there = paths.RAW / path.name
    if not there.is_file():
        return False
    if not path.is_file():
        return True
    if sha256(there) != sha256(path):
        raise Refused(f"{there} exists and is unlike {path}", "batches never change: rename it")
    return True


def require_clean(new: Sequence[Path]) -> None:
    """Raise `Refused` when a file breaks the schema or repeats keys that are known already."""
    deny = load_contract().personal_data.deny
    key = list(schema.KEY)
    known = dataset.read(tables.batches(paths.RAW))[key] if new else pd.DataFrame()
    for path in new:
        if path.suffix not in tables.SUFFIXES:
            message = f"{path} has the ending {path.suffix!r}"
            raise WrongInput(f"{message}; expected one of {', '.join(tables.SUFFIXES)}")
        rows = tables.read(path, schema, data)
        if problems := validation.check(rows, deny):
            hint = f"uv run {PROJECT} validate --show-rows {quote(str(path))} lists the rows"
            raise Refused(f"{path}: {problems[0]['message']}", hint)
        known = pd.concat([known, rows[key]], ignore_index=True)
        if again := int(known.duplicated().sum()):
            message = f"{path}: {again} rows have a key that data/raw holds already"
            raise Refused(message, f"one row for each {', '.join(key)}")


def shifted(new: Sequence[Path]) -> dict[str, Any]:
    """Compare new batches with what the model was trained on; no files are no shift."""
    if not new:
        return {"rows": 0, "shifted": False, "compared": 0, "columns": []}
    params = load_params()
    comparison.require_names(params.drift)
    reference = comparison.training_part(params.featurize.holdout_share)
    current = comparison.read_checked(list(new))
    found, _ = comparison.compare(reference, current, params.drift)
    columns = [column["column"] for column in found["columns"] if column["drifted"]]
    return {
        "rows": len(current),
        "shifted": found["drifted"],
        "compared": found["compared"],
        "columns": columns,
    }


def keep(names: list[str]) -> None:
    """Commit the pointer of data/raw, when it changed."""
    if git("status", "--porcelain", "--", str(paths.DATA_POINTER)):
        commit(f"Learn from {', '.join(names)}", [str(paths.DATA_POINTER)])
