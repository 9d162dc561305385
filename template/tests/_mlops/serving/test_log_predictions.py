# The template's. Whether the log is kept, and how long, is yours, in contract.yaml.
"""What the service writes down about each call, and what it never does."""

import dataclasses
import json
import os
import time
from contextvars import copy_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from ..conftest import serving as running
from ..fixtures import Repo
from ..package import features, files, log_predictions, prediction_log, schema, serving, tables

DAY = 1714564800  # noon of 2024-05-01, UTC
KNOWN = [column.name for column in tables.known_columns(schema) if not column.personal]


def lines(folder: Path, expected: int) -> list[dict[str, Any]]:
    """Return the lines of the log, once there are as many as expected: they follow the answer."""
    for _ in range(100):
        text = "".join(path.read_text("utf-8") for path in folder.rglob("data.*.log"))
        if text.count("\n") >= expected:
            break
        time.sleep(0.1)
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="session")
def logged(
    repo: Repo, known: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what the service answered to two rows, and the log of that and of a bad request."""
    folder = tmp_path_factory.mktemp("log")
    request = {"rows": tables.as_records(known.head(2))}
    with running(repo, folder) as client:
        answer = client.post("/predict", json=request, headers={"X-Request-ID": "order-7"}).json()
        assert client.post("/predict", json={"rows": []}).status_code == 400
        return answer, lines(folder, 3)


def test_each_row_is_a_line_with_its_prediction(
    logged: tuple[dict[str, Any], list[dict[str, Any]]], known: pd.DataFrame
) -> None:
    answer, log = logged
    rows = tables.as_records(known[KNOWN].head(2))

    assert [line["prediction"] for line in log[:2]] == answer["predictions"]
    assert [line["call.row"] for line in log[:2]] == [0, 1]
    assert {line["call.id"] for line in log[:2]} == {"order-7"}
    assert {line["call.version"] for line in log[:2]} == {"1"}
    assert [{name: line[name] for name in KNOWN} for line in log[:2]] == rows
    for line in log[:2]:
        assert (line["call.status"], line["call.ms"] > 0) == (200, True)
        assert pd.Timestamp(line["call.time"]).tzinfo is not None


def test_a_refused_request_is_a_line_without_a_row(
    logged: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    line = logged[1][2]

    assert (line["call.status"], line["call.row"], line["prediction"]) == (400, None, None)
    assert {line[name] for name in KNOWN} == {None}


def test_each_line_covers_itself_and_the_one_before_it(
    logged: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    log = logged[1]
    hashes = [line[prediction_log.HASH] for line in log]

    assert [prediction_log.hash_of(line) for line in log] == hashes
    assert [line[prediction_log.BEFORE] for line in log] == [prediction_log.FIRST, *hashes[:-1]]


@pytest.fixture
def kept(
    logged: tuple[dict[str, Any], list[dict[str, Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Return a worker's file with the lines of `logged`, in the folder that is read."""
    monkeypatch.setenv("PREDICTION_LOG", str(tmp_path))
    path = tmp_path / "server/predictions/data/data.1.log"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in logged[1]), encoding="utf-8")
    assert prediction_log.problems() == []
    return path


def test_a_line_that_was_edited_is_named_and_does_not_count(kept: Path) -> None:
    text = kept.read_text(encoding="utf-8")
    kept.write_text(text.replace('"call.row": 1', '"call.row": 5'), encoding="utf-8")
    damaged: list[str] = []
    rows = [line["call.row"] for line in prediction_log.lines([kept], damaged)]

    assert (rows, damaged) == ([0, None], ["data.1.log:2"])
    assert prediction_log.problems() == [f"{kept} line 2 was edited or damaged"]


@pytest.mark.parametrize("keys", [["call.sha256"], ["call.sha256", "call.before"]])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_that_lost_its_hash_is_named_and_does_not_count(
    kept: Path, place: int, keys: list[str]
) -> None:
    lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
    for key in keys:
        lines[place] = lines[place].replace(f'"{key}"', f'"other {key}"')
    kept.write_text("".join(lines), encoding="utf-8")
    damaged: list[str] = []
    read = [line["call.row"] for line in prediction_log.lines([kept], damaged)]
    unseen = place == 0 and len(keys) == 2  # as if from before lines had hashes

    assert (len(read), damaged) == ((3, []) if unseen else (2, [f"data.1.log:{place + 1}"]))
    assert unseen or f"{kept} line {place + 1} was edited or damaged" in prediction_log.problems()


@pytest.mark.parametrize("left", [[0, 2], [1, 0, 2], [0, 1, 1, 2]])
def test_a_line_that_was_dropped_moved_or_repeated_is_missed(kept: Path, left: list[int]) -> None:
    lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
    kept.write_text("".join(lines[number] for number in left), encoding="utf-8")

    assert any("were taken out or moved" in problem for problem in prediction_log.problems())


def test_a_day_that_is_kept_no_longer_is_not_missed(kept: Path) -> None:
    lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
    kept.with_name("data.1.log.2024-05-01").write_text(lines[0] + lines[1], encoding="utf-8")
    kept.write_text(lines[2], encoding="utf-8")
    assert prediction_log.problems() == []

    kept.with_name("data.1.log.2024-05-01").unlink()

    assert prediction_log.problems() == []


def test_a_service_that_starts_again_goes_on_where_the_file_ends(
    kept: Path, champion: serving.Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = log_predictions.PredictionLog(champion)
    monkeypatch.setattr(written, "folder", lambda: kept.parents[2])
    monkeypatch.setattr(log_predictions, "server_context", SimpleNamespace(worker_index=1))
    (_, _, _, before), _ = written.chained([("call.id", "", "", ["a", "b"])])

    last = json.loads(kept.read_text(encoding="utf-8").splitlines()[-1])
    assert before[0] == last[prediction_log.HASH] != before[1]


def test_a_service_that_was_killed_as_its_file_was_rotated_goes_on_where_that_ends(
    kept: Path, champion: serving.Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = json.loads(kept.read_text(encoding="utf-8").splitlines()[-1])
    kept.rename(kept.with_name("data.1.log.2024-05-01"))
    kept.touch()
    written = log_predictions.PredictionLog(champion)
    monkeypatch.setattr(written, "folder", lambda: kept.parents[2])
    monkeypatch.setattr(log_predictions, "server_context", SimpleNamespace(worker_index=1))
    (_, _, _, before), _ = written.chained([("call.id", "", "", ["a"])])

    assert before == [last[prediction_log.HASH]]


def test_a_line_that_a_kill_cut_off_does_not_take_the_next_one_along(kept: Path) -> None:
    kept.write_bytes(kept.read_bytes() + b'{"call.id": "cut')
    files.end_line(kept)
    with kept.open("a", encoding="utf-8") as file:
        file.write("{}\n")

    assert kept.read_text(encoding="utf-8").splitlines()[-2:] == ['{"call.id": "cut', "{}"]


def test_a_column_that_bentoml_writes_itself_keeps_its_value(
    champion: serving.Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = dataclasses.replace(schema.COLUMNS[0], name="timestamp", personal=False)
    monkeypatch.setattr(schema, "COLUMNS", (*schema.COLUMNS, column))
    written = log_predictions.PredictionLog(champion)
    written.open()
    names = [name for name, *_ in written.lines({"id": "", "status": 400, "ms": 1}, None, "")]

    assert "timestamp" not in names
    assert prediction_log.logged_as("timestamp") in names


@pytest.fixture
def champion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, repo: Repo) -> serving.Champion:
    """Return a champion of a repo with a contract and a log of its own."""
    monkeypatch.setenv("PREDICTION_LOG", str(tmp_path / "log"))
    monkeypatch.setattr(serving.Champion, "root", lambda self: tmp_path)
    contract = (repo.folder / "contract.yaml").read_text(encoding="utf-8")
    (tmp_path / "contract.yaml").write_text(contract, encoding="utf-8")
    return serving.Champion(schema, features)


def test_personal_columns_are_never_written(
    champion: serving.Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = KNOWN[0]
    secret = [
        dataclasses.replace(c, personal=c.personal or c.name == first) for c in schema.COLUMNS
    ]
    monkeypatch.setattr(schema, "COLUMNS", tuple(secret))
    written = log_predictions.PredictionLog(champion)
    written.open()

    assert first not in written.columns
    assert list(written.columns) == KNOWN[1:]


def test_the_contract_switches_it_off(champion: serving.Champion, tmp_path: Path) -> None:
    with (tmp_path / "contract.yaml").open("a", encoding="utf-8") as contract:
        contract.write("\nprediction_log: {enabled: false}\n")
    written = log_predictions.PredictionLog(champion)
    written.open()

    assert not written.columns
    assert not (tmp_path / "log").exists()


def test_days_are_kept_as_long_as_the_contract_says(
    champion: serving.Champion, tmp_path: Path
) -> None:
    with (tmp_path / "contract.yaml").open("a", encoding="utf-8") as contract:
        contract.write("\nprediction_log: {retention_days: 7}\n")
    written = log_predictions.PredictionLog(champion)
    written.open()

    assert "backupCount: 7\n" in written.config().read_text(encoding="utf-8")


def call(written: log_predictions.PredictionLog, name: str) -> None:
    """Write down a call that was refused, as a server does it that has just started."""
    copy_context().run(written.write, {"status": 400, "id": name, "ms": 1.0}, None)


@pytest.fixture
def written(
    champion: serving.Champion, monkeypatch: pytest.MonkeyPatch
) -> log_predictions.PredictionLog:
    """Return an open log that is alone in its process."""
    monkeypatch.setattr("bentoml._internal.monitoring.api._MONITOR_INSTANCES", {})
    opened = log_predictions.PredictionLog(champion)
    opened.open()
    return opened


def test_a_log_that_cannot_be_written_does_not_stop_the_service(
    champion: serving.Champion, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "log").write_text("a file where the folder should be", encoding="utf-8")
    log_predictions.PredictionLog(champion).open()

    assert "no prediction is logged" in caplog.text


def test_a_full_disk_is_said_once_and_counted_and_no_line_is_half(
    written: log_predictions.PredictionLog,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a line that does not fit the disk takes a part; later ones follow the last whole one."""
    before = log_predictions.lost_counter()._value.get()
    call(written, "one")
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, line: write(file, line[: len(line) // 2]))
        call(written, "two")
        call(written, "three")
    call(written, "four")
    (path,) = (tmp_path / "log").rglob("data.*.log")
    said = [
        record.getMessage() for record in caplog.records if record.name == "bentoml.predictions"
    ]

    assert [json.loads(line)["call.id"] for line in path.read_text().splitlines()] == [
        "one",
        "four",
    ]
    assert prediction_log.problems() == []
    assert log_predictions.lost_counter()._value.get() == before + 2
    assert len(said) == 2
    assert "not logged" in said[0]
    assert "2 are not in the log" in said[1]
    assert "Traceback" not in caplog.text


def test_a_folder_that_comes_back_is_written_to(
    champion: serving.Champion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bentoml._internal.monitoring.api._MONITOR_INSTANCES", {})
    (tmp_path / "log").write_text("a file where the folder should be", encoding="utf-8")
    written = log_predictions.PredictionLog(champion)
    written.open()
    call(written, "one")
    (tmp_path / "log").unlink()
    call(written, "two")

    assert [line["call.id"] for line in lines(tmp_path / "log", 1)] == ["two"]


@pytest.mark.parametrize("taken", [False, True])
def test_a_day_that_ended_keeps_its_lines(
    written: log_predictions.PredictionLog, tmp_path: Path, taken: bool
) -> None:
    """Also when a file has the day's name already, as after a clock that went back."""
    call(written, "one")
    (path,) = (tmp_path / "log").rglob("data.*.log")
    day = path.with_name(f"{path.name}.2024-05-01")
    if taken:
        day.write_text("", encoding="utf-8")
    os.utime(path, (DAY, DAY))
    again = log_predictions.PredictionLog(written.champion)
    again.open()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bentoml._internal.monitoring.api._MONITOR_INSTANCES", {})
        call(again, "two")

    ids = [
        [json.loads(line)["call.id"] for line in one.read_text("utf-8").splitlines()]
        for one in (day, path)
    ]
    assert ids == ([[], ["one", "two"]] if taken else [["one"], ["two"]])
    assert prediction_log.problems() == []
