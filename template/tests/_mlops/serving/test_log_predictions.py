# The template's. Whether the log is kept, and how long, is yours, in contract.yaml.
"""What the service writes down about each call, and what it never does."""

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ..conftest import serving as running
from ..fixtures import Repo
from ..package import features, log_predictions, schema, serving, tables

KNOWN = [column.name for column in tables.known_columns(schema)]


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
    rows = tables.as_records(known.head(2))

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
    secret = [dataclasses.replace(c, personal=c.name == first) for c in schema.COLUMNS]
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


def test_a_log_that_cannot_be_written_does_not_stop_the_service(
    champion: serving.Champion, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "log").write_text("a file where the folder should be", encoding="utf-8")
    log_predictions.PredictionLog(champion).open()

    assert "no prediction is logged" in caplog.text
