"""How fast is the service beside one that a person would write? Writes the head of a page.

Both serve the champion of a generated repo on this machine, in turn, several times; each ratio is
the median of those of its pairs. The other one is FastAPI, as its own tutorial starts it, with the
same model, features and types, and it gives the same answers.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from first_run import run  # noqa: E402 - stands behind the path to tests/
from rendering import clean_environment, render, snapshot  # noqa: E402

RESULT = ROOT / "docs" / "reference" / "speed.md"
HEAD = [
    "# How fast the service is",
    "",
    "Beside a service as a person writes it: FastAPI, started as its tutorial says, with the same "
    "model, features and types, on the same machine in turn.",
    "`make bench` writes this page; of your own service, `uv run just bench` says the same.",
    "",
]
LOADS = ((1, 1), (1, 4), (1, 32), (100, 4))  # rows in a request, connections
PATIENCE = 120  # seconds to start
OTHER = """\
import json
from pathlib import Path

import pandas as pd
import skops.io
from fastapi import FastAPI
from late_flights import features, schema
from pydantic import BaseModel

pointer = json.loads(Path("models/champion/pointer.json").read_text())
file = Path("models/champion") / pointer["model_sha256"] / "model.skops"
model = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
times = [one.name for one in schema.COLUMNS if one.kind == "timestamp"]
numbers = [one.name for one in schema.COLUMNS if one.kind in ("integer", "number")]
app = FastAPI()


class Request(BaseModel):
    rows: list[dict]


@app.post("/predict")
def predict(request: Request):
    rows = pd.DataFrame(request.rows)
    for name in rows:
        if name in times:
            rows[name] = pd.to_datetime(rows[name])
        elif name in numbers:
            rows[name] = pd.to_numeric(rows[name])
    found = model.predict_proba(features.build_features(rows))
    return {
        "predictions": model.classes_[found.argmax(axis=1)].tolist(),
        "probabilities": pd.DataFrame(found, columns=model.classes_).to_dict(orient="records"),
    }
"""
# asks an address in the repo's own way; prints what `bench` measures
ASK = """\
import json, sys
from dataclasses import asdict
from late_flights._mlops.serving import bench
address, size, connections, seconds = sys.argv[1:]
found = bench.measure(address, bench.sample_rows(), int(size), int(connections), float(seconds))
print(json.dumps(asdict(found)))
"""
ROWS = """\
import json
from late_flights._mlops.data import tables
from late_flights._mlops.serving import bench
print(json.dumps({"rows": tables.as_records(bench.sample_rows().head(200))}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one pair of two seconds each")
    given = parser.parse_args()
    pairs, seconds = (1, 2.0) if given.quick else (3, 5.0)
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        repo = render(snapshot(Path(place, "clone")), Path(place, "late-flights"))
        run(repo, "uv", "run", "just", "demo")
        (repo / "other.py").write_text(OTHER, encoding="utf-8")
        text = table(repo, pairs, seconds)
    write(text)
    print(text, end="")
    return 0


def write(text: str) -> None:
    """Write the head of the page; the parts below it are others'."""
    _, more, others = RESULT.read_text(encoding="utf-8").partition("\n## ")
    RESULT.write_text(text + more + others, encoding="utf-8")


def table(repo: Path, pairs: int, seconds: float) -> str:
    """Measure both in turn; return what came out, each line a ratio with both figures."""
    found: dict[tuple[int, int], list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    ready = []
    difference = 0.0
    for _ in range(pairs):
        with serving(repo, *ours()) as (address, mine):
            answers = [ask_rows(repo, address)]
            mine_found = {load: measured(repo, address, load, seconds) for load in LOADS}
        with serving(repo, *other()) as (address, theirs):
            answers.append(ask_rows(repo, address))
            for load in LOADS:
                pair = (mine_found[load], measured(repo, address, load, seconds))
                found.setdefault(load, []).append(pair)
        ready.append((mine, theirs))
        difference = max(difference, largest(*answers))
    lines = [
        *HEAD,
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; {pairs} pairs of "
        f"{seconds:g} s; largest difference between two probabilities {difference:.1e}.",
        "",
        "| rows, connections | requests/s, beside FastAPI's | ratio | p99 ms | ratio |",
        "|---|---|---|---|---|",
    ]
    for (rows, connections), both in found.items():
        cells = [f"{rows}, {connections}"]
        for name in ("per_second", "p99_ms"):
            mine, theirs = (statistics.median(one[side][name] for one in both) for side in (0, 1))
            ratio = statistics.median(one[0][name] / one[1][name] for one in both)
            cells += [f"{mine:.0f} : {theirs:.0f}", f"{ratio:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    mine, theirs = (statistics.median(one[side] for one in ready) for side in (0, 1))
    ratio = statistics.median(one[0] / one[1] for one in ready)
    lines += ["", f"From start to ready: {mine:.1f} : {theirs:.1f} s, {ratio:.2f}."]
    return "\n".join(lines) + "\n"


def ours() -> tuple[list[str], str]:
    """Return how a user starts the service, and the page that says that it is ready."""
    return ["uv", "run", "--frozen", "late-flights", "serve", "--port"], "/readyz"


def other() -> tuple[list[str], str]:
    """Return how FastAPI's tutorial starts the other one."""
    tool = ["uv", "run", "--frozen", "--with", "fastapi", "--with", "uvicorn"]
    return [*tool, "python", "-m", "uvicorn", "other:app", "--log-level", "warning", "--port"], (
        "/openapi.json"
    )


@contextmanager
def serving(repo: Path, command: list[str], page: str) -> Iterator[tuple[str, float]]:
    """Run a server; give its address and the seconds until it was ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    server = subprocess.Popen(
        [*command, str(port)],
        cwd=repo,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not answers(f"http://127.0.0.1:{port}{page}"):
            if server.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise SystemExit(f"error: {' '.join(command)} did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", time.perf_counter() - began
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def answers(url: str) -> bool:
    """Say whether an address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def measured(repo: Path, address: str, load: tuple[int, int], seconds: float) -> dict[str, Any]:
    """Return what a server did under a load; all is answered, or there is nothing to compare."""
    words = [address, *map(str, load), str(seconds)]
    done = run(repo, "uv", "run", "--frozen", "python", "-c", ASK, *words)
    found: dict[str, Any] = json.loads(done.stdout)
    if found["failed"]:
        raise SystemExit(f"error: {address} left {found['failed']} requests of {load} unanswered")
    return found


def ask_rows(repo: Path, address: str) -> list[dict[str, float]]:
    """Return the probabilities of some rows."""
    rows = run(repo, "uv", "run", "--frozen", "python", "-c", ROWS).stdout
    request = urllib.request.Request(
        f"{address}/predict", rows.encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        found: list[dict[str, float]] = json.load(answer)["probabilities"]
    return found


def largest(mine: list[dict[str, float]], theirs: list[dict[str, float]]) -> float:
    """Return the largest difference between two answers to the same rows."""
    pairs = zip(mine, theirs, strict=True)
    return max(abs(one[label] - two[label]) for one, two in pairs for label in one)


if __name__ == "__main__":
    sys.exit(main())
