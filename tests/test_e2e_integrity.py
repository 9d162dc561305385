"""One byte is flipped in each file that a decision rests on: it is refused, or it is named."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from first_run import ANSWERED, FirstRuns, copied, run, try_to_run
from rendering import TASKS, commit_all, update

pytestmark = pytest.mark.e2e

SEED = 20130901
FLIPS = 4  # in each file, at seeded places
BENTOML_S = re.compile(rb'"(?:timestamp|request_id|trace_id)": "([^"]*)"')
PAGE = 4096  # bytes; of SQLite
# what `rollout` leaves on a host; its processes take no part
ROLLED_OUT = """
from late_flights._mlops.delivery import slot, state
from late_flights._mlops.registry import versions

slot.fill(versions.find("1"))
state.save(state.Rollout(1, "1", "0", state.stages(state.Rules())))
"""

# many flips in one process: to start one and import MLflow takes seconds; in the tracking store
# each command in a fork, for what one has read is not to answer for the next
PROGRAM = """\
import io, json, os, random, sys, tempfile
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

def said_alone(*command):
    with tempfile.TemporaryFile("w+") as file:
        if not (child := os.fork()):
            try:
                json.dump(said(*command), file)
                file.flush()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        file.seek(0)
        return json.load(file)

def edits(whole, spots):
    # a line that is gone, two that changed places, an end that was cut off, one line too many
    lines = whole.splitlines(keepends=True)
    at = spots.randrange(len(lines))
    yield b"".join(lines[:at] + lines[at + 1 :])
    if len({*lines}) > 1:
        first = next(n for n in range(len(lines) - 1) if lines[n] != lines[n + 1])
        yield b"".join([*lines[:first], lines[first + 1], lines[first], *lines[first + 2 :]])
    yield whole[: -1 - spots.randrange(len(whole))]
    yield whole + lines[at]

commands, names, flips, seed, every, also_lines = json.loads(sys.argv[1])
if every:
    import mlflow.sklearn, pandas, skops.io
    for command in commands:
        cli.load(command[0], cli.find_commands()[command[0]])
found = []
for name in names:
    path, spots = Path(name), random.Random(f"{seed}{name}")
    whole = path.read_bytes()
    places = [0, len(whole) - 1, *(spots.randrange(len(whole)) for _ in range(flips - 2))]
    if every:
        starts = range(0, len(whole), every)
        places = [at + spots.randrange(min(every, len(whole) - at)) for at in starts]
    changes = []
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << spots.randrange(8)
        changes.append((place, bytes(changed)))
    if also_lines:
        changes += [(-1, changed) for changed in edits(whole, spots)]
    for place, changed in changes:
        path.write_bytes(changed)
        answers = [(said_alone if every else said)(*command) for command in commands]
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


def flip(
    repo: Path,
    commands: list[list[str]],
    files: list[str],
    flips: int,
    every: int = 0,
    environment: dict[str, str] | None = None,
    lines: bool = False,
) -> list[Flipped]:
    """Flip bytes of files, one at a time, and run commands after each.

    Args:
        repo: Where.
        commands: What is asked.
        files: Whose bytes are flipped.
        flips: How many in each file; the first and the last byte are among them.
        every: One in each so many bytes instead.
        environment: Of the commands.
        lines: Whether lines are taken out, moved, cut off and added as well, at place -1.
    """
    assert all((repo / name).is_file() for name in files), files
    given = json.dumps([commands, files, flips, SEED, every, lines])
    done = run(repo, "uv", "run", "python", "-c", PROGRAM, given, **(environment or {}))
    found = json.loads(done.stdout)
    return [Flipped(name, place, [tuple(one) for one in said]) for name, place, said in found]


def is_bentoml_s(repo: Path, file: str, place: int) -> bool:
    """Say whether a byte of the log is in what BentoML adds to each line, and nobody reads."""
    spans = BENTOML_S.finditer((repo / file).read_bytes()) if file.endswith(".log") else ()
    return any(span.start(1) <= place < span.end(1) for span in spans)


def files_of(repo: Path, *patterns: str) -> list[str]:
    """Return the files that fit the patterns; each fits some."""
    found = {pattern: sorted(repo.glob(pattern)) for pattern in patterns}
    assert all(found.values()), found
    return [str(path.relative_to(repo)) for paths in found.values() for path in paths]


def unnoticed(found: list[Flipped], as_ever: tuple[int, str] = (0, "")) -> list[tuple[str, int]]:
    """Return where all commands ended as ever, and none named the file that it never names."""
    code_before, said_before = as_ever

    def names(said: str, file: str) -> bool:
        return file in said and file not in said_before

    return [
        (one.file, one.place)
        for one in found
        if not any(
            (code in (1, 2, 3) and code != code_before) or names(said, Path(one.file).name)
            for code, said in one.answers
        )
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
    found = flip(repo, [["trace"]], files, FLIPS, lines=True)

    assert unnoticed(found) == []
    assert [said for one in found for code, said in one.answers if code == 4] == []


def test_what_git_has_otherwise_is_named_and_called_no_fault(repo: Path) -> None:
    files = files_of(
        repo,
        *("uv.lock", "dvc.lock", "dvc.yaml", "params.yaml", "contract.yaml", "pyproject.toml"),
        *(".copier-answers.yml", "tests/data/*", "reports/*.json", "src/late_flights/features.py"),
        *(".dvc/config", "data/raw.dvc", "models/*.dvc"),
    )
    found = flip(repo, [["trace"]], files, 2, lines=True)

    assert unnoticed(found) == []
    assert [said for one in found for code, said in one.answers if code == 4] == []
    honest = ("uv.lock", "dvc.yaml", "params.yaml", "contract.yaml", "tests/data/sample.parquet")
    assert {code for one in found if one.file in honest for code, _ in one.answers} == {0}


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
    files = files_of(repo, "models/candidate/*", "data/features/*", "reports/metrics.json")
    found = flip(repo, [["register"]], files, FLIPS, lines=True)

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


@pytest.mark.parametrize(
    "pages", [40, pytest.param(1, marks=pytest.mark.all)], ids=["some pages", "all pages"]
)
def test_a_flip_in_a_page_of_the_store_changes_nothing_unnoticed(repo: Path, pages: int) -> None:
    settled(repo / "mlflow.db")
    before = json.loads(run(repo, "uv", "run", "late-flights", "trace", "--json").stdout)
    found = flip(repo, [["trace", "--json"]], ["mlflow.db"], 0, every=pages * PAGE)
    unlike = [
        (one.place, code, said[-300:])
        for one in found
        for code, said in one.answers
        if code not in (1, 2, 3) and (code or json.loads(said.splitlines()[0]) != before)
    ]

    assert len(found) > 3
    assert unlike == []


@pytest.fixture(scope="module")
def host(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the repo at level 2, which has served, ingested, looked, rolled out and packaged."""
    made = copied(repo, tmp_path_factory.mktemp("integrity-host") / "late-flights")
    update(made, "HEAD", maturity_level=2)
    run(made, "uv", "lock")
    run(made, "uv", "sync", "--quiet")
    commit_all(made, "Raise the level")
    run(made, "uv", "run", "python", str(ANSWERED), "300", "")
    run(made, "uv", "run", "late-flights", "ingest", files_of(made, "data/incoming/*")[0])
    assert try_to_run(made, "uv", "run", "late-flights", "monitor").returncode in (0, 10, 11)
    run(made, "uv", "run", "python", "-c", ROLLED_OUT)
    run(made, "uv", "run", "just", "package", "1")
    return made


@pytest.mark.all
@pytest.mark.parametrize(
    ("command", "patterns", "environment"),
    [
        (["trace"], ["monitoring/predictions/*/*/data/*"], {}),
        (["monitor"], ["monitoring/windows.jsonl", "contract.yaml"], {}),
        (["trigger"], ["reports/ingest.json", "reports/monitor.json", "contract.yaml"], {}),
        (["rollout", "status"], ["monitoring/rollout/state.json"], {}),
        (
            ["predict", "--input", "tests/data/sample.parquet", "--output", "build/p.csv"],
            ["models/rollout/*/*", "models/rollout/pointer.json"],
            {"CHAMPION_DIR": "models/rollout"},
        ),
        (
            ["accept", "target"],
            [
                *("build/package/package.json", "build/package/SHA256SUMS"),
                "build/package/bento/src/models/champion/*/*",
                "build/package/bento/src/models/champion/pointer.json",
                *("build/package/bento/src/contract.yaml", "build/package/bento/bento.yaml"),
            ],
            {},
        ),
    ],
    ids=["trace", "monitor", "trigger", "rollout", "predict", "accept"],
)
def test_what_a_host_decides_by_is_named(
    host: Path, command: list[str], patterns: list[str], environment: dict[str, str]
) -> None:
    """By another exit code than that of a quiet day, or by the file's name."""
    files = files_of(host, *patterns)
    quiet = flip(host, [command], ["README.md"], 2, environment=environment)[0]
    (as_ever,) = quiet.answers
    assert as_ever[0] in (0, 1, 10, 11), as_ever
    found = flip(host, [command], files, 2 * FLIPS, environment=environment)

    assert [one for one in unnoticed(found, as_ever) if not is_bentoml_s(host, *one)] == []
    assert [said for one in found for code, said in one.answers if code == 4] == []


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
