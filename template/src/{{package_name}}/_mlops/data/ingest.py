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
from .. import PROJECT, paths
from ..config import load_contract, load_params
from ..errors import Refused, WrongInput, counted
from ..files import (
    FILE,
    one_writer,
    read_json,
    require_file,
    sha256,
    sha256_of,
    whole_file,
    write_json,
)
from ..programs import commit, git
from . import comparison, dataset, plausibility, sharing, tables, validation
from .finding import Finding


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
    with one_writer(paths.MODELS / ".lock"), one_writer(paths.DATA_LOCK):
        new = [path for path in files if not is_there(path)]
        report = begun(files) or judge(files, new, force)
        write_json(paths.INGEST, report, seal=True)  # first: a second run may find all files there
        for path in new:
            with whole_file(paths.RAW / path.name) as part:
                part.write_bytes(path.read_bytes())
        sharing.share(paths.RAW)
        keep(report)
        for path in files:
            if path.parent.resolve() == paths.INCOMING.resolve():
                path.unlink(missing_ok=True)
    if as_json:
        click.echo(json.dumps(report))
    found = report["judgement"]
    says = plausibility.worst(one["says"] for one in found.values()) if found else "nothing new"
    names = f" ({', '.join(report['columns'])})" if report["columns"] else ""
    size = f"{counted(len(new), 'new batch', 'new batches')}, {counted(report['rows'], 'row')}"
    click.echo(f"ingest: {size}, {says}{names}", err=True)


def begun(files: Sequence[Path]) -> dict[str, Any]:
    """Return the report of a run that would make the same data/raw; empty when there is none."""
    try:
        report: dict[str, Any] = read_json(paths.INGEST, sealed=True)
        same = report["data_sha256"] == afterwards(files) and report["judgement"]
    except (WrongInput, KeyError, TypeError):
        return {}
    return report if same else {}


def afterwards(files: Sequence[Path]) -> str:
    """Return the hash of data/raw as it will be, however many of the files it holds already."""
    there = {path.name: path for path in tables.batches(paths.RAW)}
    return sha256_of(list({**there, **{one.name: one for one in files if one.is_file()}}.values()))


def judge(files: Sequence[Path], new: Sequence[Path], force: str | None) -> dict[str, Any]:
    """Judge what is new; `Refused` when it may not come in."""
    judged = require_clean(new)
    require_plausible(judged, force)
    broken = any(one.findings for one in judged.values())
    return {
        "files": [path.name for path in files],
        "data_sha256": afterwards(files),
        **shifted(new, judged),
        "judgement": {path.name: one.record() for path, one in judged.items()},
        "forced": force if force and broken else "",
    }


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
    personal, share = load_contract().personal_data, load_params().drift.share
    reference = dataset.read(tables.batches(paths.RAW))
    known, now, found = reference[list(schema.KEY)], datetime.now(UTC), {}
    for path in new:
        require_file(path)
        tables.require_batch(path)
        rows = tables.read(path, schema, data)
        if problems := validation.check(rows, personal):
            hint = f"uv run {PROJECT} validate --show-rows {quote(str(path))} lists the rows"
            raise Refused(f"{path}: {problems[0]['message']}", hint)
        known = pd.concat([known, rows[list(schema.KEY)]], ignore_index=True)
        if again := int(known.duplicated().sum()):
            have = counted(again, "row has", "rows have")
            raise Refused(
                f"{path}: {have} a key that data/raw holds already",
                f"one row for each {', '.join(schema.KEY)}",
            )
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
    seasonal = plausibility.worst(one.says for one in judged.values()) == plausibility.SEASON
    return {
        "rows": len(current),
        "shifted": found["drifted"] and not seasonal,
        "compared": found["compared"],
        "columns": columns,
    }


def keep(report: dict[str, Any]) -> None:
    """Commit the pointer of data/raw, when it changed; say what was taken in all the same."""
    if not git("status", "--porcelain", "--", str(paths.DATA_POINTER)):
        return
    body = []
    if report["forced"]:
        body = [f"Taken in although it looked broken: {report['forced']}", ""]
        for name, one in report["judgement"].items():
            body += [f"{name}: {Finding(**finding)}" for finding in one["findings"]]
    subject = f"Learn from {', '.join(report['files'])}"
    commit("\n".join([subject, "", *body]).strip(), [str(paths.DATA_POINTER)])
