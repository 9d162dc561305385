"""Ray gives what this process gives, to the last bit, also when a node is lost on the way."""

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from first_run import FirstRuns, copied, run, try_to_run
from rendering import TASKS, git, update

pytestmark = [pytest.mark.e2e, pytest.mark.all]

NODES = Path(__file__).parent / "two_nodes.py"
LARGE = """\
import pandas as pd
from pathlib import Path
rows = pd.concat(map(pd.read_parquet, sorted(Path("data/raw").glob("*.parquet"))))
pd.concat([rows] * 15, ignore_index=True).to_parquet("large.parquet")
"""
PREDICT = ("predict", "--input", "large.parquet", "--output")
TUNE = ("tune", "--trials", "4", "--at-once", "4")


@pytest.fixture(scope="module")
def repo(first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo after its demo that was given the extra, with a large file."""
    made = copied(first_runs(TASKS[0]).repo, tmp_path_factory.mktemp("ray") / "late-flights")
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--no-verify", "--message", "First model")
    update(made, "HEAD", extras=["ray"])
    run(made, "uv", "sync", "--quiet")
    run(made, "uv", "run", "python", "-c", LARGE)
    return made


@pytest.fixture(scope="module")
def with_ray(repo: Path) -> list[str]:
    """Return how Python runs with Ray, as the recipe does it."""
    text = (repo / "just/ray.just").read_text(encoding="utf-8")
    package = re.search(r"--with '(ray[^']+)'", text)
    assert package
    return ["uv", "run", "--frozen", "--with", package[1], "python"]


def beside_nodes(
    repo: Path, python: list[str], word: str, *verb: str
) -> subprocess.CompletedProcess[str]:
    """Run a verb on two nodes; one is lost when it has said a word."""
    command = ["python", "-m", "late_flights", *verb, "--engine", "ray"]
    return try_to_run(repo, *python, str(NODES), word, *command)


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_predictions_are_the_same_after_a_node_was_lost(
    repo: Path, with_ray: list[str], suffix: str
) -> None:
    run(repo, "uv", "run", "late-flights", *PREDICT, f"here{suffix}")

    done = beside_nodes(repo, with_ray, "predict: ", *PREDICT, f"there{suffix}")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "a node was lost while it ran" in done.stdout
    assert "predict: 420,000 rows to" in done.stderr
    assert sha256(repo / f"there{suffix}") == sha256(repo / f"here{suffix}")


def trials(repo: Path) -> dict[str, list[object]]:
    """Return what was tried, and what came of it; the record is gone then."""
    folder = repo / "build/tune"
    with sqlite3.connect(folder / "studies.db") as base:
        found = {
            table: base.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
            for table, columns in {
                "trial_values": "trial_id, value",
                "trial_params": "trial_id, param_name, param_value",
            }.items()
        }
    shutil.rmtree(folder)
    return found


def test_a_search_tries_the_same_and_finds_the_same(repo: Path, with_ray: list[str]) -> None:
    run(repo, "uv", "run", "late-flights", *TUNE)
    here, record = trials(repo), json.loads((repo / "reports/tune.json").read_text())

    done = beside_nodes(repo, with_ray, "tune: roc_auc", *TUNE)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "a node was lost while it ran" in done.stdout
    assert trials(repo) == here
    assert len(here["trial_values"]) == 4
    assert json.loads((repo / "reports/tune.json").read_text()) == record


def test_a_wrong_row_is_refused_as_here_and_leaves_no_file(repo: Path) -> None:
    lines = "import pandas as pd; rows = pd.read_parquet('large.parquet'); "
    lines += "rows.loc[60_000, 'distance'] = -5; rows.to_parquet('wrong.parquet')"
    run(repo, "uv", "run", "python", "-c", lines)
    words = ("predict", "--input", "wrong.parquet", "--output", "refused.parquet")
    here = try_to_run(repo, "uv", "run", "late-flights", *words)

    there = try_to_run(repo, "uv", "run", "just", "ray", *words, "--engine", "ray")

    assert here.returncode == there.returncode == 1
    said = here.stderr.partition("error: ")[2].splitlines()[0]
    assert "row 60000 = -5" in said
    assert said in there.stderr
    assert not (repo / "refused.parquet").exists()


def test_no_cluster_and_no_ray_are_one_line(repo: Path) -> None:
    words = (*PREDICT, "nothing.parquet", "--engine", "ray")

    without = try_to_run(repo, "uv", "run", "late-flights", *words)
    nowhere = try_to_run(repo, "uv", "run", "just", "ray", *words, RAY_ADDRESS="127.0.0.1:9")

    assert without.returncode == 2
    assert without.stderr.startswith("error: Ray is not installed here")
    assert nowhere.returncode == 3
    assert "error: no Ray cluster at 127.0.0.1:9: " in nowhere.stderr
    assert not (repo / "nothing.parquet").exists()
