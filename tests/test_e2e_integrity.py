"""One byte is flipped in each file that a decision rests on: it is refused, or it is named."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from first_run import FirstRuns, copied, run, try_to_run
from rendering import TASKS, commit_all

pytestmark = pytest.mark.e2e

SEED = 20130901
FLIPS = 4  # in each file, at seeded places

# many flips in one process: to start one and import MLflow takes seconds
PROGRAM = """\
import io, json, random, sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from late_flights._mlops import cli

def said(*command):
    out, code = io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(out):
        try:
            cli.main(list(command))
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue()

commands, names, flips, seed = json.loads(sys.argv[1])
found = []
for name in names:
    path, spots = Path(name), random.Random(f"{seed}{name}")
    whole = path.read_bytes()
    places = [0, len(whole) - 1, *(spots.randrange(len(whole)) for _ in range(flips - 2))]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << spots.randrange(7)
        path.write_bytes(bytes(changed))
        answers = [said(*command) for command in commands]
        path.write_bytes(whole)
        found.append([name, place, answers])
print(json.dumps(found))
"""

# one value of the store at a time: what it says of the version that is champion
EDITS = """\
import io, json, sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout

from late_flights._mlops import cli, paths
from late_flights._mlops.files import read_json
from late_flights._mlops.registry import versions
from late_flights._mlops.tracking import runs

def traced():
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            cli.main(["trace"])
        except SystemExit as end:
            return int(end.code or 0)
    return 0

def change(table, where, value):
    with closing(sqlite3.connect("mlflow.db")) as store, store:
        store.execute(f"UPDATE {table} SET value = ? WHERE {where}", [value])

version = versions.find("1")
run, scores = f"run_uuid = '{version.run_id}'", read_json(paths.METRICS)["metrics"]
with closing(sqlite3.connect("mlflow.db")) as store:
    rows = [
        ("model_version_tags", f"version = 1 AND key = '{key}'")
        for key in version.tags
    ]
    rows += [("tags", f"{run} AND key = '{key}'") for key in runs.TAGS]
    params = store.execute(f"SELECT key FROM params WHERE {run}").fetchall()
    rows += [("params", f"{run} AND key = '{key}'") for (key,) in params]
    rows += [("latest_metrics", f"{run} AND key = '{key}'") for key in scores]
assert traced() == 0
found = []
for table, where in rows:
    with closing(sqlite3.connect("mlflow.db")) as store:
        ((value,),) = store.execute(f"SELECT value FROM {table} WHERE {where}").fetchall()
    other = value * 1.5 + 1 if isinstance(value, float) else f"{value}0"
    change(table, where, other)
    found.append([table, where, traced()])
    change(table, where, value)
runs.client().delete_registered_model_alias(versions.PROJECT, versions.CHAMPION)
found.append(["aliases", versions.CHAMPION, traced()])
versions.set_alias(versions.CHAMPION, "1")
assert traced() == 0
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Flipped:
    """What each command said while one byte of a file was another."""

    file: str
    place: int
    answers: list[tuple[int, str]]


@pytest.fixture(scope="module")
def repo(first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo after its demo, committed."""
    folder = tmp_path_factory.mktemp("integrity") / "late-flights"
    made = copied(first_runs(TASKS[0]).repo, folder)
    run(made, "uv", "run", "just", "set-up")
    commit_all(made, "First model")
    return made


@pytest.fixture(scope="module", autouse=True)
def as_it_was(repo: Path) -> Iterator[None]:
    """See that all is well before the first flip, and after the last."""
    assert try_to_run(repo, "uv", "run", "late-flights", "trace").returncode == 0
    yield
    done = try_to_run(repo, "uv", "run", "late-flights", "trace")
    assert done.returncode == 0, done.stdout + done.stderr


def flip(repo: Path, commands: list[list[str]], files: list[str], flips: int) -> list[Flipped]:
    """Flip bytes of files, one at a time, and run commands after each."""
    assert all((repo / name).is_file() for name in files), files
    given = json.dumps([commands, files, flips, SEED])
    done = run(repo, "uv", "run", "python", "-c", PROGRAM, given)
    found = json.loads(done.stdout)
    return [Flipped(name, place, [tuple(one) for one in said]) for name, place, said in found]


def files_of(repo: Path, *patterns: str) -> list[str]:
    """Return the files that fit the patterns; each fits some."""
    found = {pattern: sorted(repo.glob(pattern)) for pattern in patterns}
    assert all(found.values()), found
    return [str(path.relative_to(repo)) for paths in found.values() for path in paths]


def unnoticed(found: list[Flipped]) -> list[tuple[str, int]]:
    """Return where all commands said that all is well."""
    return [
        (one.file, one.place)
        for one in found
        if not any(code in (1, 2, 3) for code, _ in one.answers)
    ]


def test_what_a_version_rests_on_is_traced(repo: Path) -> None:
    files = files_of(
        repo,
        "models/registered/*/*",
        "models/champion/*/*",
        "models/champion/pointer.json",
        "models/journal.jsonl",
        "data/raw/*.parquet",
    )
    found = flip(repo, [["trace"]], files, FLIPS)

    assert unnoticed(found) == []
    assert [said for one in found for code, said in one.answers if code == 4] == []


def test_the_record_of_the_pipeline_is_traced(repo: Path) -> None:
    found = flip(repo, [["trace"]], ["dvc.lock"], 5 * FLIPS)

    assert unnoticed(found) == []


def test_what_is_served_is_not_served_after_a_flip(repo: Path) -> None:
    files = files_of(repo, "models/champion/*/*", "models/champion/pointer.json")
    months = files_of(repo, "data/incoming/*.parquet")
    asked = ["predict", "--input", months[0], "--output", "predicted.csv"]
    found = flip(repo, [asked], files, FLIPS)

    assert unnoticed(found) == []
    assert not (repo / "predicted.csv").exists()


def test_what_a_registration_rests_on_is_refused(repo: Path) -> None:
    files = files_of(repo, "models/candidate/*", "reports/metrics.json")
    found = flip(repo, [["register"]], files, FLIPS)

    assert unnoticed(found) == []
    assert versions(repo) == ["1"]


def test_what_a_promotion_rests_on_is_refused(repo: Path) -> None:
    files = files_of(repo, "models/registered/*/*", "models/champion/pointer.json")
    found = flip(repo, [["promote", "1"]], files, FLIPS)

    assert unnoticed(found) == []


def test_what_the_store_says_of_a_version_is_traced(repo: Path) -> None:
    """Each tag of the version and of its run, each parameter and figure, and the alias."""
    said = json.loads(run(repo, "uv", "run", "python", "-c", EDITS).stdout)
    tables = {table for table, _, _ in said}

    assert tables == {"model_version_tags", "tags", "params", "latest_metrics", "aliases"}
    assert len(said) > 25
    assert [one for one in said if one[2] != 1] == []


def test_a_random_flip_in_the_store_changes_nothing_unnoticed(repo: Path) -> None:
    store, spots = repo / "mlflow.db", random.Random(SEED)
    settled(store)
    before = json.loads(run(repo, "uv", "run", "late-flights", "trace", "--json").stdout)
    size = store.stat().st_size
    for _ in range(FLIPS):
        with changed(store, spots.randrange(size)):
            done = try_to_run(repo, "uv", "run", "late-flights", "trace", "--json")
        assert done.returncode in (1, 2, 3) or json.loads(done.stdout) == before


@pytest.mark.parametrize("wrong", ["edited", "dropped", "moved", "cut"])
def test_lines_of_the_journal_are_missed(repo: Path, wrong: str) -> None:
    path = repo / "models/journal.jsonl"
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    assert len(lines) > 1
    other = {
        "edited": [lines[0].replace(b'"version": "1"', b'"version": "2"'), *lines[1:]],
        "dropped": lines[1:],
        "moved": [lines[1], lines[0], *lines[2:]],
        "cut": lines[:-1],
    }
    try:
        path.write_bytes(b"".join(other[wrong]))
        done = try_to_run(repo, "uv", "run", "late-flights", "trace")
    finally:
        path.write_bytes(whole)

    assert done.returncode == 1
    assert "journal differs" in done.stderr


def test_a_journal_written_anew_does_not_fit_what_git_and_the_registry_know(repo: Path) -> None:
    """Somebody who knows how lines are chained cannot reach the hash that is kept elsewhere."""
    path = repo / "models/journal.jsonl"
    whole = path.read_bytes()
    forge = (
        "import json; from pathlib import Path; from late_flights._mlops import chain, paths\n"
        "lines = [json.loads(line) for line in paths.JOURNAL.read_text().splitlines()]\n"
        "paths.JOURNAL.unlink()\n"
        "for line in lines: chain.append(paths.JOURNAL, {**line, 'by': 'somebody else'})\n"
    )
    try:
        run(repo, "uv", "run", "python", "-c", forge)
        done = try_to_run(repo, "uv", "run", "late-flights", "trace")
    finally:
        path.write_bytes(whole)

    assert done.returncode == 1
    assert "is not what git has" in done.stdout


def versions(repo: Path) -> list[str]:
    """Return the numbers of all registered versions."""
    with closing(sqlite3.connect(repo / "mlflow.db")) as store:
        return [str(row[0]) for row in store.execute("SELECT version FROM model_versions")]


def settled(store: Path) -> None:
    """Let SQLite bring everything into the one file."""
    with closing(sqlite3.connect(store)) as found:
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def read(repo: Path, path: Path) -> dict[str, Any]:
    """Read a JSON file."""
    content: dict[str, Any] = json.loads((repo / path).read_text(encoding="utf-8"))
    return content


@contextmanager
def changed(path: Path, place: int) -> Iterator[None]:
    """Flip one bit of a file for a while."""
    whole = path.read_bytes()
    other = bytearray(whole)
    other[place] ^= 1
    path.write_bytes(bytes(other))
    try:
        yield
    finally:
        path.write_bytes(whole)
