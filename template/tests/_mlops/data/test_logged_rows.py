# The template's. Which columns are logged is yours, in schema.py.
"""A subject who is to be forgotten leaves the prediction log, and its chain still holds."""

import json
from pathlib import Path

import pandas as pd
import pytest

from ..fixtures import Repo
from ..package import logged_rows, prediction_log, removals, schema, subject, tables

ROWS = 4
GONE = 1  # of them
REASON = ("--reason", "ticket 17")


def write(path: Path, rows: pd.DataFrame) -> None:
    """Write a log as a worker of the service does: each line covers the one before it."""
    before = prediction_log.FIRST
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8") as file:
        for number, record in enumerate(tables.as_records(rows)):
            line = {
                "call.id": f"request-{number}",
                "call.time": f"2026-01-01T00:00:0{number}+00:00",
                "call.row": 0,
                **{prediction_log.logged_as(name): value for name, value in record.items()},
                "prediction": 1,
                prediction_log.BEFORE: before,
            }
            before = prediction_log.hash_of(line)
            file.write(json.dumps({**line, prediction_log.HASH: before}) + "\n")


@pytest.fixture
def logged(
    own_repo: Repo, known: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> tuple[Repo, Path, list[str]]:
    """Return a repo, its prediction log, and what names the subject of one line."""
    folder = own_repo.folder / "monitoring" / "predictions"
    monkeypatch.setenv(prediction_log.FOLDER, str(folder))
    path = folder / "server" / "predictions" / "data" / "data.1.log"
    rows = known.drop_duplicates(list(schema.KEY)).head(ROWS)
    write(path, rows)
    record = tables.as_records(rows[list(schema.KEY)])[GONE]
    return own_repo, path, [f"{name}={value}" for name, value in record.items()]


def test_a_line_is_emptied_in_its_place_and_the_chain_holds(
    logged: tuple[Repo, Path, list[str]],
) -> None:
    repo, path, key = logged
    before = path.read_bytes().splitlines()
    with path.open("a", encoding="utf-8") as service:  # it has the file open meanwhile
        repo.must("forget", *key, *REASON)
        service.write(before[0].decode() + "\n")
    after = path.read_bytes().splitlines()

    assert [old == new for old, new in zip(before, after, strict=False)] == [
        number != GONE for number in range(ROWS)
    ]
    assert len(after[GONE]) == len(before[GONE])
    assert json.loads(after[GONE]).keys() == {"call.removed", "call.before", "call.sha256"}
    assert len(after) == ROWS + 1


def test_the_chain_holds_and_the_line_is_none(
    logged: tuple[Repo, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, path, key = logged
    lines = path.read_bytes().splitlines(keepends=True)
    path.with_name("data.1.log.2026-01-01").write_bytes(b"".join(lines[:2]))
    path.write_bytes(b"".join(lines[2:]))
    repo.must("forget", *key, *REASON)
    monkeypatch.chdir(repo.folder)
    damaged: list[str] = []
    kept = [
        line["call.id"] for line in prediction_log.lines(sorted(path.parent.iterdir()), damaged)
    ]

    assert (prediction_log.problems(), damaged) == ([], [])
    assert sorted(kept) == [f"request-{number}" for number in range(ROWS) if number != GONE]
    assert repo.must("trace").out.count("ok       log") == 1


def test_a_line_that_was_emptied_without_a_record_is_named(
    logged: tuple[Repo, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, path, key = logged
    monkeypatch.chdir(repo.folder)
    for found in logged_rows.find(subject.parse(key, group=False)):
        logged_rows.take_out(found)
    damaged: list[str] = []
    list(prediction_log.lines([path], damaged))

    assert damaged == [f"{path.name}:{GONE + 1}"]
    assert f"line {GONE + 1} was edited" in prediction_log.problems()[0]
    assert not removals.log_lines()
