# The template's. What your consumer was promised is in contract.yaml: service.
"""Measure how fast the service and `predict` are here."""

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import pandas as pd

from ... import data, features, schema
from .. import access, paths
from ..config import load_contract
from ..data import tables
from ..errors import NO_ANSWER, Refused, counted
from ..interface import Contract
from ..local_service import running_service
from ..progress import progress
from . import Champion
from .batch import predict_file

CONNECTIONS = (1, 4, 32)
MANY = 100  # rows of a larger request
BATCH = 100_000  # rows of a file
WARM_UP = 0.2  # share of the time, before anything counts
PATIENCE = 60  # seconds for one answer


@dataclass(frozen=True)
class Load:
    """What a service did under one load.

    Args:
        rows: In each request.
        connections: That ask at once, each again when it was answered.
        per_second: Answered requests in a second.
        p50_ms: Time that half of the answers needed at most.
        p99_ms: Time that 99 of 100 answers needed at most.
        failed: Requests without an answer 200.
    """

    rows: int
    connections: int
    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


@click.command()
@click.option(
    "--seconds",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.5, 600),
    help="How long each load lasts.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(seconds: float, as_json: bool) -> None:
    """Start the service on a free port, ask it for some SECONDS under each load, and stop it.

    Who asks runs on the same machine and takes its share of the cores: compare figures of one
    machine only. It judges nothing: the exit code is 0 whatever the figures are.
    """
    champion = Champion(schema, features)
    champion.load_or_raise()
    rows = sample_rows()
    loads = [(1, number) for number in CONNECTIONS] + [(MANY, 4)]
    with running_service() as address:
        found = [measure(address, rows, *load, seconds) for load in progress(loads, "load")]
    batch = rows_per_second(rows)
    if as_json:
        record = {"version": champion.version, "loads": [asdict(one) for one in found]}
        click.echo(json.dumps({**record, "batch_rows_per_second": batch}))
    else:
        click.echo(table(found, batch, load_contract()))


def sample_rows() -> pd.DataFrame:
    """Return rows of the sample, with the columns known at the prediction moment."""
    return tables.known_rows(tables.read(paths.SAMPLE, schema, data), schema)


def measure(address: str, rows: pd.DataFrame, size: int, connections: int, seconds: float) -> Load:
    """Ask a service again and again over connections that stay open.

    Args:
        address: Of the service.
        rows: That it is asked about, from the first on.
        size: Rows in a request.
        connections: At once.
        seconds: How long, of which the first part does not count.

    Raises:
        Refused: If it answers nothing at all.
    """
    records = tables.as_records(rows)
    bodies = [
        json.dumps({"rows": [records[(at + one) % len(records)] for one in range(size)]}).encode()
        for at in range(0, max(size, min(len(records), 1000)), size)
    ]
    begin = time.perf_counter() + WARM_UP * seconds
    end = begin + seconds
    took: list[float] = []
    failed: list[int] = []
    threads = [
        threading.Thread(target=ask, args=(address, bodies, number, begin, end, took, failed))
        for number in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = max(seconds, time.perf_counter() - begin)
    if not took:
        raise Refused(
            f"{address} answered none of {counted(len(failed), 'request')} in {lasted:.1f} s"
        )
    at = pd.Series(took).quantile([0.5, 0.99]) * 1000
    return Load(
        rows=size,
        connections=connections,
        per_second=round(len(took) / lasted, 1),
        p50_ms=round(float(at[0.5]), 2),
        p99_ms=round(float(at[0.99]), 2),
        failed=len(failed),
    )


def ask(
    address: str,
    bodies: Sequence[bytes],
    number: int,
    begin: float,
    end: float,
    took: list[float],
    failed: list[int],
) -> None:
    """Ask over one connection until the end; note what was answered after the begin.

    An answer that is slow counts too, also one to the last question.
    """
    parts, turn = urlsplit(address), number
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", **access.headers()}
    while (start := time.perf_counter()) < end:
        try:
            line.request("POST", "/predict", bodies[turn % len(bodies)], headers)
            answer = line.getresponse()
            answer.read()
            status = answer.status
        except NO_ANSWER:
            line.close()
            status = 0
        now = time.perf_counter()
        if now >= begin and status == http.client.OK:
            took.append(now - start)
        elif now >= begin:
            failed.append(status)
            time.sleep(0.01)  # what refuses at once is not asked without end
        turn += 1
    line.close()


def rows_per_second(rows: pd.DataFrame) -> float:
    """Return how many rows of a file `predict` does in a second, starting it not included."""
    many = pd.concat([rows] * (BATCH // len(rows) + 1), ignore_index=True).head(BATCH)
    with tempfile.TemporaryDirectory() as name:
        source, destination = Path(name, "rows.parquet"), Path(name, "predicted.parquet")
        many.to_parquet(source)
        start = time.perf_counter()
        predict_file(source, destination)
        return round(len(many) / (time.perf_counter() - start), 1)


def table(found: Sequence[Load], batch: float, contract: Contract) -> str:
    """Return the figures for people, beside the promise."""
    head = f"{'rows':>5} {'connections':>12} {'requests/s':>11} {'p50 ms':>8} {'p99 ms':>8} failed"
    lines = [
        f"{one.rows:>5} {one.connections:>12} {one.per_second:>11,.1f} {one.p50_ms:>8.1f} "
        f"{one.p99_ms:>8.1f} {one.failed:>6}"
        for one in found
    ]
    promised = f"promised: p95 of {contract.service.latency_p95_ms:g} ms for one row"
    return "\n".join([head, *lines, f"predict: {batch:,.0f} rows/s from a file", promised])
