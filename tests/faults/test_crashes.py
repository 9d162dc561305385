"""Commands are killed at each kind of change they make, and run at once.

A second run ends as one that was not killed. Of those that run at once each ends right, or says in
a line which process has the lock.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from first_run import ANSWERED, FirstRuns, run, try_to_run, with_candidate
from rendering import clean_environment, commit_all, git, update

KILLING = Path(__file__).with_name("killing.py")
NO_STACK = Path(__file__).with_name("no_stack.py")
SEED = 20130901
HELD = re.compile(r"error: \S+ is held by another command, process \d+\n\nhint: wait .*\n")
MANY = 8
POINTS = int(os.environ.get("FAULT_POINTS", "8"))


@dataclass(frozen=True)
class Kill:
    """Which command is killed, and from what state.

    Args:
        command: Of the repo; `$` and words for another program.
        prepare: Commands that lead to the state, in order.
        checks: Commands that say yes after the second run.
        codes: Exit codes with which the command ends well.
        nothing_left: Exit codes of a second run when the first had done all before the kill.
        again: What a person types after the kill, in order; by default the command.
        stub: A program that takes the place of processes first.
        grows: Which figures and files may be more when a command has run twice.
        at: What the changes look like at which it is killed; by default all of them.
    """

    command: tuple[str, ...]
    prepare: tuple[tuple[str, ...], ...] = ()
    checks: tuple[tuple[str, ...], ...] = (("trace",),)
    codes: tuple[int, ...] = (0,)
    at: str = ""
    nothing_left: tuple[int, ...] = ()
    again: tuple[tuple[str, ...], ...] = ()
    stub: str = ""
    grows: str = ""


def killed(repo: Path, kill: Kill, points: int) -> dict[str, Any]:
    """Kill a command at some changes, and see that each second run ended as it should."""
    asked = {**asdict(kill), "points": points, "seed": SEED}
    done = run(repo, "uv", "run", "python", str(KILLING), json.dumps(asked))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert "wrong_before" not in found, found["wrong_before"]
    assert found["tries"]
    wrong = [one for one in found["tries"] if one["wrong"]]
    assert wrong == [], json.dumps(wrong, indent=2)
    return found


@pytest.fixture(scope="module")
def repo(first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo of level 0 with a candidate; each test leaves it as it was."""
    return with_candidate(tmp_path_factory.mktemp("crashes"), first_runs)


TWO = ("trace",), ("trace", "2")
START = ("start-from", "sklearn:iris", "--target", "target", "--yes")
# the parameters of the second model are a person's, which start-from asks about
BACK = "git checkout -q HEAD~2 -- params.yaml && git commit -qm 'As many trees as before'"
AS_BEFORE = ("$", "bash", "-c", BACK)
RAISE = ("update", "--level", "1")
TWICE = r"runs$|runs by status|\./mlruns/1/#"  # each training is a run; none may stay open
# a trial that was killed has its number, so that others are tried than without the kill
ANOTHER_TRIAL = rf"{TWICE}|status|\./mlflow\.db-journal"


@pytest.mark.e2e
@pytest.mark.parametrize(
    "kill",
    [
        # between the registry and the journal
        Kill(("register",), checks=TWO, at="os.fsync"),
        # between the pointer and the journal
        Kill(("promote", "2"), (("register",),), at="open models/journal"),
    ],
    ids=lambda kill: kill.command[0],
)
def test_a_command_that_was_killed_between_two_records_is_finished_by_the_next(
    repo: Path, kill: Kill
) -> None:
    killed(repo, kill, 1)


@pytest.mark.e2e
@pytest.mark.all
@pytest.mark.parametrize(
    "kill",
    [
        Kill(("train",), checks=(("evaluate",),), grows=TWICE),
        Kill(("evaluate",)),
        Kill(("register",), checks=TWO),
        Kill(("register",), checks=TWO, at="sqlite commit|fsync|journal"),
        Kill(("promote", "2"), (("register",),)),
        Kill(("set-up",)),
        Kill(START, (AS_BEFORE,), checks=(("validate",),)),
        Kill(RAISE, again=(("update", "--undo"), RAISE), grows=r"\./\.git/ORIG_HEAD"),
        Kill(("tune", "--trials", "2", "--yes"), grows=ANOTHER_TRIAL),
    ],
    ids=lambda kill: "-".join([*kill.command, kill.at[:6]]),
)
def test_a_command_that_was_killed_anywhere_is_finished_by_the_next(repo: Path, kill: Kill) -> None:
    killed(repo, kill, POINTS)


@pytest.fixture(scope="module")
def served(first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo of level 2 with two versions, of which the first is champion."""
    repo = with_candidate(tmp_path_factory.mktemp("killed"), first_runs)
    run(repo, "uv", "run", "late-flights", "register")
    commit_all(repo, "Second version")
    update(repo, "HEAD", maturity_level=2)
    run(repo, "uv", "lock")
    run(repo, "uv", "sync", "--quiet")
    run(repo, "uv", "run", "python", str(ANSWERED), "300", "")
    commit_all(repo, "Raise the level")
    return repo


BATCH = "data/incoming/2013-08.parquet"
# the log was last written to two days ago, and as many days are there as may stay
DAYS = 'for n in $(seq 100); do : > data.0.log.$(date -d "2012-01-01 $n days" +%F); done'
OLD_LOG = f"cd monitoring/predictions/*/predictions/data; touch -d '2 days ago' data.0.log; {DAYS}"
ROTATION = ("$", ".venv/bin/python", str(ANSWERED), "4", "next-")
ROLLOUT = ("rollout", "start", "2", "--force", "a test")
ROW = ("time_hour=2013-01-01 10:00", "carrier=AA", "flight=1141", "origin=JFK")
PACKAGE = ("$", "uv", "run", "just", "package", "1")
DEPLOY = ("deploy", "2", "--force", "a test")


@pytest.mark.e2e
@pytest.mark.all
@pytest.mark.parametrize(
    "kill",
    [
        Kill(("ingest", BATCH), checks=(("validate",),)),
        Kill(DEPLOY),
        Kill(("rollback",), (DEPLOY,), nothing_left=(2,)),
        Kill(ROTATION, (("$", "sh", "-c", OLD_LOG),)),
        Kill(("trigger",), codes=(0, 1)),
        Kill(("monitor",), codes=(0, 10, 11)),
        Kill(ROLLOUT, again=(ROLLOUT, ("rollout", "run")), stub=str(NO_STACK)),
        Kill(("forget", *ROW, "--reason", "a test"), nothing_left=(1,)),
        Kill(("release", "test"), (PACKAGE,)),
    ],
    ids=lambda kill: kill.command[0].replace("$", "rotation"),
)
def test_a_command_that_was_killed_on_a_host_is_finished_by_the_next(
    served: Path, kill: Kill
) -> None:
    killed(served, kill, POINTS)


# a disk of the repo's own, of so many MB, in a namespace of mounts that is gone with the command
SMALL = """set -e; mount --bind . "$1"; mount -t tmpfs -o size="$2" none "$PWD"; cd "$PWD"
tar cC "$1" --exclude ./.venv . | tar x; ln -s "$1/.venv" .venv; shift 2; exec "$@" """
TREES = "sed -i 's/max_iter: 20$/max_iter: 30/' params.yaml && git commit -qam 'More trees'"
MORE_TREES = ("$", "bash", "-c", TREES)  # for another candidate than version 2
FREE = (0, 8, 64, 400, 1200)  # KB: the first step fails, or a later one


def on_small_disk(folder: Path) -> tuple[str, ...]:
    """Return words that run a command on a disk that can be filled; skip where none can be."""
    words = ("unshare", "--mount", "sh", "-c", SMALL, "sh", str(folder), "600m")
    folder.mkdir()
    if not shutil.which("unshare") or subprocess.run(["unshare", "--mount", "true"]).returncode:
        pytest.skip("a namespace of mounts cannot be made here")
    return words


@pytest.mark.e2e
@pytest.mark.all
@pytest.mark.parametrize(
    "kill",
    [
        Kill(("train",), checks=(("evaluate",),), grows=TWICE),
        Kill(("evaluate",)),
        Kill(("register",), (MORE_TREES, ("train",), ("evaluate",))),
        Kill(("promote", "2", "--force", "a test")),
        Kill(DEPLOY),
        Kill(ROLLOUT, again=(ROLLOUT, ("rollout", "run")), stub=str(NO_STACK)),
        Kill(("predict", "--input", BATCH, "--output", "predicted.csv")),
        Kill(("ingest", BATCH), checks=(("validate",),)),
        Kill(("monitor",), codes=(0, 10, 11)),
    ],
    ids=lambda kill: kill.command[0],
)
def test_a_full_disk_is_said_in_a_line_and_leaves_nothing_half(
    served: Path, tmp_path: Path, kill: Kill
) -> None:
    asked = {**asdict(kill), "free": FREE}
    words = on_small_disk(tmp_path / "disk")
    done = run(served, *words, "uv", "run", "python", str(KILLING), json.dumps(asked))
    found = json.loads(done.stdout.splitlines()[-1])
    assert "wrong_before" not in found, found["wrong_before"]
    wrong = [one for one in found["tries"] if one["wrong"]]
    assert wrong == [], json.dumps(wrong, indent=2)
    assert any(one["code"] == 3 for one in found["tries"])


# these change the repo, so they come last


def at_once(repo: Path, *commands: list[str]) -> list[tuple[int, str, str]]:
    """Start commands together; return exit code and both outputs of each."""
    program, given = str(repo / ".venv/bin/late-flights"), clean_environment()
    started = [
        subprocess.Popen([program, *command], cwd=repo, env=given, text=True, stdout=-1, stderr=-1)
        for command in commands
    ]
    said = [one.communicate() for one in started]
    return [(one.returncode, *both) for one, both in zip(started, said, strict=True)]


def require_right(found: list[tuple[int, str, str]]) -> None:
    """See that each ended well, or named who holds the lock; one at least did the work."""
    assert any(code == 0 for code, _, _ in found), found
    for code, _, err in found:
        assert code == 0 or (code == 3 and HELD.fullmatch(err)), (code, err)


def ask(repo: Path, query: str) -> list[tuple[object, ...]]:
    """Ask the tracking store."""
    with closing(sqlite3.connect(repo / "mlflow.db")) as store:
        return [tuple(row) for row in store.execute(query)]


@pytest.mark.e2e
def test_two_registrations_and_two_promotions_at_once_are_one(repo: Path) -> None:
    require_right(at_once(repo, ["register"], ["register"]))
    run(repo, "uv", "run", "late-flights", "register")
    require_right(at_once(repo, ["promote", "2"], ["promote", "2"]))

    journal = (repo / "models/journal.jsonl").read_text(encoding="utf-8")
    assert ask(repo, "SELECT version FROM model_versions ORDER BY version") == [(1,), (2,)]
    assert journal.count('"event": "registered", "version": "2"') == 1
    assert journal.count('"event": "promoted", "version": "2"') == 1
    assert try_to_run(repo, "uv", "run", "late-flights", "trace").returncode == 0


@pytest.mark.e2e
@pytest.mark.all
def test_eight_train_and_register_into_a_fresh_store(repo: Path) -> None:
    for path in repo.glob("mlflow.db*"):
        path.unlink()
    trained = at_once(repo, *[["train"]] * MANY)
    assert [(code, err) for code, _, err in trained if code] == []
    assert ask(repo, "SELECT status, count(*) FROM runs GROUP BY status") == [("FINISHED", MANY)]

    run(repo, "uv", "run", "late-flights", "evaluate")
    require_right(at_once(repo, *[["register"]] * MANY))
    # the journal knows a first version: its number is passed over in the registry made anew
    standing = "SELECT version FROM model_versions WHERE current_stage != 'Deleted_Internal'"
    assert ask(repo, standing) == [(2,)]
    assert not list((repo / "models").glob(".*.part"))


@pytest.mark.e2e
@pytest.mark.all
def test_pipelines_and_batches_at_once_wait_for_each_other(served: Path) -> None:
    require_right(at_once(served, ["repro"], ["repro"]))
    batches = sorted((served / "data/incoming").glob("*.parquet"))
    first, second = (str(path.relative_to(served)) for path in batches[:2])
    require_right(at_once(served, ["ingest", first], ["ingest", first]))
    require_right(at_once(served, ["ingest", first], ["ingest", second], ["repro"]))
    for one in (["ingest", first], ["ingest", second], ["repro"], ["validate"]):
        if Path(served, one[-1]).is_file() or len(one) == 1:
            run(served, "uv", "run", "late-flights", *one)

    subjects = git(served, "log", "--format=%s").splitlines()
    assert [subjects.count(f"Learn from {path.name}") for path in batches[:2]] == [1, 1]
    assert not list((served / "data").rglob(".*.part"))


@pytest.mark.e2e
@pytest.mark.all
def test_the_champion_is_one_while_commands_switch_watch_and_trace_it(served: Path) -> None:
    """A trace or a monitor meanwhile is right, or says who is at work; none calls it wrong."""
    for switch in (
        ["deploy", "2", "--force", "a test"],
        ["rollback"],
        ["promote", "2", "--force", "a"],
    ):
        found = at_once(served, switch, ["monitor"], ["trace"], ["monitor"], switch)
        for code, _, err in found:
            assert code in (0, 1, 2, 3, 10, 11), err
            assert "Traceback" not in err
            assert "alias differs" not in err
            assert "journal differs" not in err
    pointer = json.loads((served / "models/champion/pointer.json").read_text())
    aliases = ask(served, "SELECT version FROM registered_model_aliases WHERE alias = 'champion'")
    assert aliases == [(int(pointer["version"]),)]
    wrong = try_to_run(served, "uv", "run", "late-flights", "trace", "--json")
    states = {one["name"]: one["state"] for one in json.loads(wrong.stdout)["checks"]}
    assert {states[name] for name in ("champion", "journal", "registry", "store", "log")} == {"ok"}
