"""Does `drift` in a generated repo see autumn, and is it quiet about a shuffled July?"""

import json
import subprocess
from pathlib import Path

import pytest
from first_run import FirstRuns
from rendering import clean_environment, render

pytestmark = pytest.mark.e2e

PROGRAM = """\
import json, sys
import pandas as pd
from pathlib import Path
from late_flights import data, schema
from late_flights._mlops import config
from late_flights._mlops.data import comparison, tables

july = tables.read(Path("data/raw/2013-07.parquet"), schema, data)
params = config.load_params().drift
found = []
for seed in range(int(sys.argv[1])):
    half = july.sample(frac=0.5, random_state=seed)
    report, _ = comparison.compare(half, july.drop(half.index), params)
    found.append([report["drifted"], report["drifted_columns"]])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def repo(template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh repo: the data is there, no model is."""
    folder = tmp_path_factory.mktemp("drift") / "late-flights"
    return first_runs.equip(render(template, folder))


def run(repo: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the repo's environment."""
    return subprocess.run(
        ["uv", "run", *command],
        cwd=repo,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )


def test_september_is_drift(repo: Path) -> None:
    done = run(repo, "late-flights", "drift", "data/incoming/2013-09.parquet")
    report = json.loads((repo / "reports/drift.json").read_text(encoding="utf-8"))
    drifted = {found["column"] for found in report["columns"] if found["drifted"]}

    assert done.returncode == 1, done.stderr
    assert {"temp", "dewp"} <= drifted
    assert not {"carrier", "origin", "dest", "distance"} & drifted
    assert set(report["skipped"]) == {"time_hour", "flight", "tailnum"}


@pytest.mark.parametrize("seeds", [5, pytest.param(50, marks=pytest.mark.all)])
def test_halves_of_a_shuffled_july_are_quiet(repo: Path, seeds: int) -> None:
    done = run(repo, "python", "-c", PROGRAM, str(seeds))

    assert done.returncode == 0, done.stderr
    assert [alarm for alarm, _ in json.loads(done.stdout)] == [False] * seeds
