# The template's. Yours are the rows that are asked, in data/, and the service in service.py.
"""How does a version do here and now: what it predicts, how fast, in how much memory?"""

import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import psutil

from ... import features, schema
from .. import PACKAGE, access, paths
from ..data import batch_files, outcome, tables
from ..errors import NO_ANSWER, OutsideFailed, Refused, cause_of
from ..local_service import started
from ..tracking import artifact
from . import versions
from .gate_checks import Running

WARM_UP, REQUESTS = 20, 150  # of one row each
MOST_ROUNDS = 4  # while one is too slow: it may be the machine, and a slow answer stays slow
PATIENCE = 30  # seconds for one answer
HEADERS = {"Content-Type": "application/json"}
OWN_CODE = ("src", str(paths.CONTRACT), str(paths.PARAMS))


@dataclass(frozen=True)
class Contender:
    """A version laid out in a folder of its own, ready to predict or to be served.

    Args:
        version: As registered.
        folder: Holds `champion`, laid out as in models/.
        root: Where its code is: this repo, or its commit when features are made otherwise today.
    """

    version: versions.Version
    folder: Path
    root: Path

    @property
    def home(self) -> Path:
        """Where its bytes are."""
        return self.folder / "champion" / self.version.model_sha256

    @property
    def own_code(self) -> bool:
        """Say whether it needs other code than today's."""
        return self.root != Path.cwd()

    @cached_property
    def model(self) -> Any:
        """The fitted model, loaded once: a gate asks it some fifty times."""
        return artifact.load(self.home).model

    def environment(self) -> dict[str, str]:
        """Return what makes a process use this model, and leave no trace in the repo."""
        own = {
            "CHAMPION_DIR": str(self.folder / "champion"),
            "PREDICTION_LOG": str(self.folder / "log"),
            "BENTOML_HOME": str(self.folder / "bentoml"),
        }
        return own | ({"PYTHONPATH": str(self.root / "src")} if self.own_code else {})


@contextmanager
def contender(version: versions.Version) -> Iterator[Contender]:
    """Lay a version out, with the code that it fits.

    Raises:
        Refused: If its bytes are not those that were registered.
        OutsideFailed: If the bytes, or the commit, are nowhere to be had.
    """
    source = versions.fetch(version)
    manifest = artifact.read_manifest(source)
    if manifest["model_sha256"] != version.model_sha256:
        message = f"version {version.number} was registered with model {version.model_sha256[:12]}…"
        raise Refused(f"{message}, {source} holds {manifest['model_sha256'][:12]}…")
    with tempfile.TemporaryDirectory() as name:
        folder, root = Path(name), Path.cwd()
        shutil.copytree(source, folder / "champion" / version.model_sha256)
        pointer = {"version": version.number, "model_sha256": version.model_sha256}
        artifact.write_pointer(folder / "champion", pointer)
        package = Path(schema.__file__).parent
        if not batch_files.makes_features_of(manifest["features_sha256"], package):
            root = folder / "code"
            check_out(manifest["commit"], root)
        yield Contender(version, folder, root)


def check_out(commit: str, folder: Path) -> None:
    """Write the code of a commit into a folder."""
    done = subprocess.run(["git", "archive", commit, *OWN_CODE], capture_output=True)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        message = f"the code of commit {commit[:12]} cannot be had: {words}"
        raise OutsideFailed(message, "git fetch --all --unshallow, if it was made elsewhere")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def predict(by: Contender, rows: pd.DataFrame) -> pd.DataFrame:
    """Predict rows of the schema's columns as `outcome.predict` does; same index."""
    known = tables.known_rows(rows, schema)
    if by.own_code:
        return predict_by_own_code(by, known)
    inputs = features.build_features(known)
    return outcome.predict(by.model, inputs, tuple(schema.LABELS))


def predict_by_own_code(by: Contender, rows: pd.DataFrame) -> pd.DataFrame:
    """Predict by the code of the version's commit, from file to file.

    Raises:
        Refused: If that code cannot predict these rows.
    """
    source, destination = by.folder / "in.parquet", by.folder / "out.parquet"
    rows.to_parquet(source, index=False)
    command = ["predict", "--input", str(source), "--output", str(destination)]
    done = subprocess.run(
        [sys.executable, "-m", PACKAGE, *command],
        cwd=by.root,
        env={**os.environ, **by.environment()},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        words = cause_of(done.stderr)
        message = f"the rows of today are too much for the code of version {by.version.number}"
        hint = 'without a comparison: uv run just promote --force "REASON"'
        raise Refused(f"{message}: {words}", hint)
    found = outcome.from_columns(pd.read_parquet(destination), tuple(schema.LABELS))
    return found.set_axis(rows.index)


def serve(
    contenders: Sequence[Contender], rows: pd.DataFrame, limit_ms: float = np.inf
) -> list[Running]:
    """Run a service for each, and ask all of them in turn, so that noise hits all alike.

    Of each request the quickest answer counts: whatever else a machine does only adds to it, and
    a version that is slow on some rows is so each time.

    Args:
        contenders: Versions to serve side by side.
        rows: Of the schema's columns; some of them are sent, one at a time.
        limit_ms: Latency of the first over which more rounds tell whether it is the machine's.
    """
    bodies = list(zip(*[requests(rows, by) for by in contenders], strict=True))
    with ExitStack() as stack:
        servers = [
            stack.enter_context(started(root=by.root, **by.environment())) for by in contenders
        ]
        for server in servers:  # they start at the same time
            server.wait()
        connections = [stack.enter_context(connected(server.address)) for server in servers]

        said: list[list[bytes]] = [[] for _ in contenders]

        def times(some: Sequence[tuple[bytes, ...]]) -> list[list[float]]:
            return [
                [
                    ask(line, body, by, heard)
                    for line, body, by, heard in zip(
                        connections, each, contenders, said, strict=True
                    )
                ]
                for each in some
            ]

        times(bodies[:WARM_UP])
        warm = [memory_mb(server.pid) for server in servers]
        p95 = quietest(lambda: times(bodies[WARM_UP:]), limit_ms)
        return [
            Running(
                round(float(ms), 3),
                now := memory_mb(server.pid),
                round((now - before) / (len(heard) - WARM_UP), 3),
                [json.loads(answer) for answer in heard[: len(bodies)]],
            )
            for ms, server, before, heard in zip(p95, servers, warm, said, strict=True)
        ]


def quietest(times: Callable[[], list[list[float]]], limit_ms: float) -> Any:
    """Return the p95 of each contender's quickest answers, (k,) of (n, k) milliseconds.

    All requests are sent again while the first contender is over the limit.
    """
    best = np.array(times())
    for _ in range(MOST_ROUNDS - 1):
        if np.percentile(best[:, 0], 95) <= limit_ms:
            break
        best = np.minimum(best, times())
    return np.percentile(best, 95, axis=0)


def requests(rows: pd.DataFrame, by: Contender) -> list[bytes]:
    """Return requests of one row each, from all over the table, warm-up first.

    A service of other code refuses columns that came later, so it is not sent them.
    """
    known = tables.known_rows(rows, schema).iloc[asked(len(rows))]
    if by.own_code and (then := artifact.read_record(by.home)["data"].get("example")):
        public = [column.name for column in tables.known_columns(schema) if not column.personal]
        known = known.drop(columns=[name for name in public if name not in then])
    return [json.dumps({"rows": [record]}).encode() for record in tables.as_records(known)]


def asked(count: int) -> Any:
    """Return the places, in a table of so many rows, of those that a service is asked."""
    chosen = np.linspace(0, count - 1, WARM_UP + REQUESTS).round().astype(int)
    return np.random.default_rng(0).permutation(chosen)


@contextmanager
def connected(address: str) -> Iterator[http.client.HTTPConnection]:
    """Give one connection, kept open from request to request."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        yield connection
    finally:
        connection.close()


def ask(line: http.client.HTTPConnection, body: bytes, by: Contender, heard: list[bytes]) -> float:
    """Send one request and return the milliseconds until its answer was read; `heard` gets it.

    Raises:
        Refused: If the service does not answer with a prediction.
    """
    who, headers = f"the service with version {by.version.number}", {**HEADERS, **access.headers()}
    start = time.perf_counter()
    try:
        line.request("POST", "/predict", body, headers)
        answer = line.getresponse()
        said = answer.read()
    except NO_ANSWER as error:
        raise Refused(f"{who} gave no answer: {str(error) or type(error).__name__}") from error
    if answer.status != http.HTTPStatus.OK:
        raise Refused(f"{who} answered {answer.status} to a row of the hold-out: {said.decode()}")
    taken = (time.perf_counter() - start) * 1000
    heard.append(said)
    return taken


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process and all that it started, in MB."""
    main = psutil.Process(pid)
    every = (main, *main.children(recursive=True))
    resident: int = sum(process.memory_info().rss for process in every)
    return round(resident / 1024**2, 1)
