"""Files that a person edits, or a disk damages: each command says in words what it found."""

import json
from pathlib import Path
from typing import Any

import pytest
from first_run import FirstRuns, copied, run
from rendering import TASKS, commit_all

ODD = Path(__file__).with_name("odd_files.py")
SEED = 20130901
BATCH = "data/incoming/2013-08.parquet"
PREDICT = ["predict", "--input", BATCH, "--output", "build/predicted.csv"]
FILES: dict[str, list[list[str]]] = {
    "params.yaml": [["drift", BATCH]],
    "contract.yaml": [["validate", BATCH], ["card"]],
    BATCH: [["validate", BATCH], PREDICT],
    "models/champion/pointer.json": [PREDICT, ["trace"]],
    "models/candidate/manifest.json": [["register"]],
    "models/registered/*/manifest.json": [["trace"], ["promote", "1"], ["card"]],
    "models/registered/*/evaluation.json": [["trace"], ["promote", "1"], ["card"]],
    "reports/metrics.json": [["register"]],
    "models/journal.jsonl": [["trace"]],
    ".evidence/runs.jsonl": [["readiness"]],
    "data/features/summary.json": [["train"]],
}


@pytest.fixture(scope="module")
def repo(first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo after its demo, committed."""
    made = copied(first_runs(TASKS[0]).repo, tmp_path_factory.mktemp("odd") / "late-flights")
    run(made, "uv", "run", "just", "set-up")
    commit_all(made, "First model")
    return made


def odd(repo: Path, files: dict[str, list[list[str]]], examples: int) -> None:
    """Write odd content into files, and see that each command answers in words."""
    asked: dict[str, Any] = {"seed": SEED, "examples": examples, "files": files}
    done = run(repo, "uv", "run", "python", str(ODD), json.dumps(asked))
    found = json.loads(done.stdout.splitlines()[-1])

    assert found["wrong"] == [], json.dumps(found["wrong"], indent=2)
    assert found["tried"] == examples * sum(map(len, files.values()))


@pytest.mark.e2e
def test_some_odd_files_are_answered_in_words(repo: Path) -> None:
    odd(repo, {"contract.yaml": [["validate", BATCH]], "models/journal.jsonl": [["trace"]]}, 4)


@pytest.mark.e2e
@pytest.mark.all
@pytest.mark.parametrize("file", FILES)
def test_many_odd_files_are_answered_in_words(repo: Path, file: str) -> None:
    odd(repo, {file: FILES[file]}, 40)
