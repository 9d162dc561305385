# The template's. For a demo of yours, define the recipe `demo` in project.just.
"""Boot the service, ask it, compare the answer with `predict`, and say where to look."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pandas as pd

from ... import data, schema
from .. import PROJECT, paths, tables
from ..errors import OutsideFailed, Refused
from ..files import read_json
from .predict import predict_file

PATIENCE = 90  # seconds until the service must be ready; BentoML starts in about five


@click.command()
def command() -> None:
    """Serve the champion on a free port, post one row and check the answer."""
    path = newest_batch()
    row = tables.read(path, schema, data).head(1)
    expected = batch_prediction(row)
    with running_service() as address:
        answer = post(address, {"rows": tables.as_records(tables.known_rows(row, schema))})
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
        version = predict_file(source, destination)
        return {
            "prediction": pd.read_parquet(destination)["prediction"].iloc[0],
            "version": version,
        }


@contextmanager
def running_service(until: str = "/readyz") -> Iterator[str]:
    """Start the service on a free port of this machine and give its address; stop it at the end.

    Args:
        until: Page that answers 200 when the service can be used.
    """
    with running_server(until) as (address, _):
        yield address


@contextmanager
def running_server(
    until: str = "/readyz", root: Path | None = None, **environment: str
) -> Iterator[tuple[str, int]]:
    """Do the same and give the process id too.

    Args:
        until: Page that answers 200 when the service can be used.
        root: Folder to run in, by default the current one.
        environment: Variables that this server alone sees.
    """
    with running((str(schema.__package__), "serve"), until, root, **environment) as found:
        yield found


@contextmanager
def running(
    module: Sequence[str], until: str = "/readyz", root: Path | None = None, **environment: str
) -> Iterator[tuple[str, int]]:
    """Do the same with `python -m MODULE --port PORT`, whatever serves there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    main = [sys.executable, "-m", *module, "--port", str(port)]
    variables = {**os.environ, **environment}
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(
            main, stdout=log, stderr=log, start_new_session=True, cwd=root, env=variables
        )
        try:
            address = f"http://127.0.0.1:{port}"
            if not wait_for(address + until, server):
                log.seek(0)
                tail = log.read().strip().splitlines()[-1:]
                raise OutsideFailed(f"the service did not become ready: {' '.join(tail)}")
            yield address, server.pid
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def wait_for(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Ask until the address answers 200; no when the server ends or patience does."""
    end = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except OSError:
            time.sleep(0.2)
    return False


def post(address: str, request: dict[str, Any]) -> dict[str, Any]:
    """Post rows to the service and return its answer."""
    asked = urllib.request.Request(
        f"{address}/predict",
        json.dumps(request).encode(),
        {"Content-Type": "application/json", "X-Request-ID": "demo"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        raise Refused(f"the service answered {error.code}: {error.read().decode()}") from error
    return answer


def show(path: Path, row: pd.DataFrame, answer: dict[str, Any]) -> None:
    """Print what was asked, what came back, and how good the model is."""
    report = read_json(paths.METRICS)
    metric = report["metric"]
    key = ", ".join(f"{name} {row[name].iloc[0]}" for name in schema.KEY)
    others = ", ".join(f"{name} {found[metric]:.3f}" for name, found in report["baselines"].items())
    click.echo(f"""
asked    {key} ({path})
served   {json.dumps(answer)}
checked  {PROJECT} predict gives the same
model    version {answer["model_version"]}: {metric} {report["metrics"][metric]:.3f} ({others})

next     reports/               how good it is, on which slices, and why
         git add . && git commit -m "First model" && uv run just push
         uv run just serve      the service; its page is http://127.0.0.1:3000
         uv run just ui         every run, in MLflow
         docs/handbook/         what is yours, the commands, your own data""")
