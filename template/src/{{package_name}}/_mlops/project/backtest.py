# The template's. The batches and what follows from them are yours; nothing here knows an outcome.
"""Replay later batches in time: serve, monitor, train, decide."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pandas as pd

from ... import data, schema
from .. import PROJECT, cli, local_service, paths
from ..config import load_contract
from ..data import dataset, sharing, tables
from ..errors import Problem, Refused
from ..files import read_json, write_json
from ..programs import commit
from ..progress import progress
from ..registry import journal
from . import timeline

PARTS = 5  # into which the last part of data/raw is cut when nothing arrived later
START = 0.6  # of data/raw, to begin with in that case
ROWS_AT_ONCE = 50  # a request of 20 is nearly as much work, one of 100 is much later
LABELS = Path("build/labels")


@dataclass(frozen=True)
class Host:
    """Where the versions of a replay are served.

    Args:
        address: Of what answers the callers.
        take_over: Lets the challenger take over, and returns what to tell: `deployed`, whether
            it is champion now, and `notes`, lines for the timeline.
    """

    address: str
    take_over: Callable[[], dict[str, Any]]


def later_batches() -> list[Path]:
    """Return what is to arrive, in order; it lies outside data/raw until it is taken in."""
    if any(paths.INCOMING.glob("*")):
        return tables.batches(paths.INCOMING)
    rows = dataset.read(tables.batches(paths.RAW))
    if schema.TIME:
        rows = rows.sort_values(schema.TIME, kind="stable")
    start = int(len(rows) * START)
    size = -(-(len(rows) - start) // PARTS)
    paths.INCOMING.mkdir(parents=True, exist_ok=True)
    for old in tables.batches(paths.RAW):
        old.unlink()
    rows.head(start).to_parquet(paths.RAW / "start.parquet")
    for part in range(PARTS):
        first = start + part * size
        rows.iloc[first : first + size].to_parquet(paths.INCOMING / f"part-{part + 1}.parquet")
    sharing.share(paths.RAW)
    commit("Begin with the first part in time", [str(paths.DATA_POINTER)])
    return tables.batches(paths.INCOMING)


def begin(batches: list[Path]) -> tuple[dict[Path, Path], dict[str, Any]]:
    """Hide what is to arrive, and train on the rest.

    Returns:
        Where each batch belongs and where it waits, and the record so far.
    """
    waiting = {path: hide(path) for path in batches}
    must("set-up")
    record: dict[str, Any] = {"began": journal.now(), "start": train_and_gate(), "parts": []}
    if record["start"]["gate"] == "accepted":
        must("deploy")
    else:  # there is nothing better to begin with
        must("deploy", "--force", "the first model of a replay")
    return waiting, record


def go_on(waiting: dict[Path, Path], host: Host, record: dict[str, Any]) -> None:
    """Let batch after batch arrive, and add to the record what happened."""
    metric = load_contract().quality.metric
    arrived: list[Path] = []
    for path, hidden in waiting.items():
        part = serve(host.address, hidden, metric)
        arrived.append(hidden.replace(path))  # the labels are known now
        part |= monitor_batch(part.pop("since"), path)
        part |= react(arrived, host)
        record["parts"].append(part)
        click.echo(timeline.line(part, metric), err=True)


def write_report(record: dict[str, Any]) -> None:
    """Write the record, and the timeline made of it."""
    write_json(timeline.RECORD, record)
    timeline.write(record, load_contract().quality)


@contextmanager
def one_service() -> Iterator[Host]:
    """Run the service; a challenger takes over by `deploy`, without a restart."""
    with local_service.running_service() as address:

        def take_over() -> dict[str, Any]:
            must("deploy", "--service", address)
            return {"deployed": True, "notes": []}

        yield Host(address, take_over)


def hide(path: Path) -> Path:
    """Take a batch out of sight: it has not arrived yet."""
    LABELS.mkdir(parents=True, exist_ok=True)
    return path.replace(LABELS / path.name)


def serve(service: str, batch: Path, metric: str) -> dict[str, Any]:
    """Ask the service for each row of a batch; return what it said, compared with the labels."""
    since = pd.Timestamp.now("UTC").isoformat()
    rows = tables.read(batch, schema, data)
    records = tables.as_records(tables.known_rows(rows, schema))
    answers = [
        local_service.ask(service, {"rows": records[first : first + ROWS_AT_ONCE]})
        for first in progress(range(0, len(records), ROWS_AT_ONCE), batch.stem)
    ]
    time.sleep(1)  # the log is written after the answer
    answered_by = sorted({answer["model_version"] for answer in answers})
    return {
        "batch": batch.stem,
        "since": since,
        "rows": len(rows),
        "versions": answered_by,
        **timeline.quality(rows, answers, metric),
    }


def monitor_batch(since: str, labels: Path) -> dict[str, Any]:
    """Let `monitor` look at the traffic of this batch; return its verdict."""
    until = pd.Timestamp.now("UTC").isoformat()
    code, _ = step("monitor", "--since", since, "--until", until, "--labels", str(labels))
    report = read_json(paths.REPORTS / "monitor.json")
    return {"exit_code": code, "verdict": report["verdict"], "monitor": report["checks"]}


def react(arrived: list[Path], host: Host) -> dict[str, Any]:
    """Ask `trigger`; on a yes take in what arrived and train. The gate has the last word."""
    code, said = step("trigger", "--by-data")
    found: dict[str, Any] = {"trigger": said, "ingest": "", "gate": "", "reasons": []}
    found |= {"deployed": False, "notes": []}
    if code:
        return found
    code, said = step("ingest", *map(str, arrived))
    if code:
        return found | {"ingest": said}
    arrived.clear()
    found |= train_and_gate()
    return found | (host.take_over() if found["gate"] == "accepted" else {})


def train_and_gate() -> dict[str, Any]:
    """Run the pipeline to the gate; return what came out."""
    must("repro", "--here")
    must("register")
    code, _ = step("gate")
    verdict = read_json(paths.REPORTS / "gate.json")
    failed = [check for check in verdict["checks"] if not check["ok"]]
    return {
        "candidate": verdict["version"],
        "gate": "refused" if code else "accepted",
        "reasons": [f"{one['name']}: {one['reason']}" for one in failed],
    }


def step(*arguments: str) -> tuple[int, str]:
    """Run a command in this process: starting one, and importing MLflow, takes seconds.

    Returns:
        Its exit code (0, 1, or a verdict of `monitor`) and what it said to people.

    Raises:
        Problem: If it could not do its work.
    """
    out = io.StringIO()
    try:
        with redirect_stdout(out):
            cli.program.main(list(arguments), prog_name=PROJECT, standalone_mode=False)
    except Problem as problem:
        if problem.exit_code > 1:
            raise
        return problem.exit_code, str(problem)
    except SystemExit as end:  # a verdict
        return int(end.code or 0), out.getvalue().strip()
    return 0, out.getvalue().strip()


def must(*arguments: str) -> None:
    """Run a command that has to say yes."""
    code, said = step(*arguments)
    if code:
        raise Refused(f"{arguments[0]}: {said}")
