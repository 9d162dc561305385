# The template's. What a batch may hold is yours, in schema.py; what shifted means, in params.yaml.
"""Check new batches and add them to data/raw."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
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
from . import comparison, dataset, plausibility, tables, validation


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--force", metavar="REASON", help="Take in what looks broken; it is recorded.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(files: Sequence[Path], force: str | None, as_json: bool) -> None:
    """Check FILES and move them to data/raw; commits the new pointer data/raw.dvc.

    Exit code 1 when a file breaks the schema, looks broken beside what data/raw holds, repeats
    its rows, or has the name of another batch there; then none is taken. A second run finishes
    what a first one began.
    """
    with one_writer(paths.MODELS / ".lock"):
        new = [path for path in files if not is_there(path)]
        judged = require_clean(new)
        require_plausible(judged, force)
        broken = any(one.findings for one in judged.values())
        report = {
            "files": [path.name for path in files],
            **shifted(new, judged),
            "judgement": {path.name: one.record() for path, one in judged.items()},
            "forced": force if force and broken else "",
        }
        for path in new:
            with whole_file(paths.RAW / path.name) as part:
                part.write_bytes(path.read_bytes())
        programs.share(paths.RAW)
        keep([path.name for path in files], said_of(judged, report["forced"]))
        for path in files:
            if path.parent.resolve() == paths.INCOMING.resolve():
                path.unlink(missing_ok=True)
        write_json(paths.INGEST, report, seal=True)
    if as_json:
        click.echo(json.dumps(report))
    says = plausibility.worst(judged.values()) if judged else "nothing new"
    names = f" ({', '.join(report['columns'])})" if report["columns"] else ""
    click.echo(f"ingest: {len(new)} new batches, {report['rows']:,} rows, {says}{names}", err=True)


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


def require_clean(new: Sequence[Path]) -> dict[Path, plausibility.Judgement]:
    """Say what each file looks like beside data/raw.

    Raises:
        Refused: If a file breaks the schema, or repeats keys that are known already.
    """
    if not new:
        return {}
    deny, share = load_contract().personal_data.deny, load_params().drift.share
    reference = dataset.read(tables.batches(paths.RAW))
    known, now, found = reference[list(schema.KEY)], datetime.now(UTC), {}
    for path in new:
        if path.suffix not in tables.SUFFIXES:
            message = f"{path} has the ending {path.suffix!r}"
            raise WrongInput(f"{message}; expected one of {', '.join(tables.SUFFIXES)}")
        rows = tables.read(path, schema, data)
        if problems := validation.check(rows, deny):
            hint = f"uv run {PROJECT} validate --show-rows {quote(str(path))} lists the rows"
            raise Refused(f"{path}: {problems[0]['message']}", hint)
        known = pd.concat([known, rows[list(schema.KEY)]], ignore_index=True)
        if again := int(known.duplicated().sum()):
            message = f"{path}: {again} rows have a key that data/raw holds already"
            raise Refused(message, f"one row for each {', '.join(schema.KEY)}")
        found[path] = plausibility.judge(reference, rows, share, outcomes=True, now=now)
    return found


def require_plausible(judged: dict[Path, plausibility.Judgement], force: str | None) -> None:
    """Raise `Refused` with all that looks broken; say it as a warning when it is forced."""
    found = [(path, finding) for path, one in judged.items() for finding in one.findings]
    if not found:
        return
    lines = [f"{path} looks broken: {finding}" for path, finding in found]
    if force:
        for line in lines:
            click.echo(f"warning: {line}; taken in: {force}", err=True)
        return
    again = f'it is right as it is? uv run {PROJECT} ingest --force "REASON" takes it in'
    hints = dict.fromkeys(f"{finding.kind}: {finding.do}" for _, finding in found)
    raise Refused("\nerror: ".join(lines), "\nhint: ".join([*hints, again]))


def shifted(new: Sequence[Path], judged: dict[Path, plausibility.Judgement]) -> dict[str, Any]:
    """Compare new batches with what the model was trained on; no files are no shift.

    What moved no further than seasons did is no shift; where nobody can tell, all that moved is.
    """
    if not new:
        return {"rows": 0, "shifted": False, "compared": 0, "columns": []}
    params = load_params()
    comparison.require_names(params.drift)
    reference = comparison.training_part(params.featurize.holdout_share)
    current = comparison.read_checked(list(new))
    found, _ = comparison.compare(reference, current, params.drift)
    columns = [column["column"] for column in found["columns"] if column["drifted"]]
    seasonal = plausibility.worst(judged.values()) == plausibility.SEASON
    return {
        "rows": len(current),
        "shifted": found["drifted"] and not seasonal,
        "compared": found["compared"],
        "columns": columns,
    }


def said_of(judged: dict[Path, plausibility.Judgement], forced: str) -> str:
    """Return what a commit says of batches that looked broken."""
    found = [f"{path.name}: {finding}" for path, one in judged.items() for finding in one.findings]
    return (
        "\n".join([f"Taken in although it looked broken: {forced}", "", *found]) if forced else ""
    )


def keep(names: list[str], body: str = "") -> None:
    """Commit the pointer of data/raw, when it changed."""
    if git("status", "--porcelain", "--", str(paths.DATA_POINTER)):
        commit(f"Learn from {', '.join(names)}\n\n{body}".strip(), [str(paths.DATA_POINTER)])
