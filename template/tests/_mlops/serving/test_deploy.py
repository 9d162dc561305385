# The template's. Claims about what your service answers go into tests/test_service.py.
"""The challenger takes over, the champion before it comes back, and no request fails."""

import sqlite3
import threading
import time
from typing import Any

import httpx
import pandas as pd
import pytest

from ..conftest import serving
from ..fixtures import Repo, killing, nearly
from ..package import (
    access,
    artifact,
    batch_files,
    journal,
    paths,
    runs,
    sharing,
    switch,
    tables,
    versions,
)

POINTER = paths.CHAMPION / artifact.POINTER


@pytest.fixture
def request_body(known: pd.DataFrame) -> dict[str, Any]:
    """Return a request of a few rows of the sample."""
    return {"rows": tables.as_records(known.head(3))}


def accept(repo: Repo, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say what the gate says of a version that passed."""
    monkeypatch.chdir(repo.folder)
    runs.client().set_model_version_tag(versions.PROJECT, number, "gate", "accepted")
    versions.set_alias(versions.CHALLENGER, number)


def aliases(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """Return which version each alias names."""
    monkeypatch.chdir(repo.folder)
    names = (versions.CHALLENGER, versions.CHAMPION, versions.PREVIOUS)
    found = {name: versions.by_alias(name) for name in names}
    return {name: version and version.number for name, version in found.items()}


def test_the_challenger_becomes_champion_and_the_champion_the_way_back(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(own_two, "2", monkeypatch)
    said = own_two.must("deploy").err
    pointer = own_two.read(POINTER)

    assert "version 2 is champion, instead of version 1" in said
    assert (pointer["version"], pointer["previous"]) == ("2", "1")
    assert aliases(own_two, monkeypatch) == {"challenger": None, "champion": "2", "previous": "1"}
    assert (own_two.folder / paths.CHAMPION / pointer["previous_sha256"]).is_dir()
    assert '"event": "deployed", "version": "2"' in (own_two.folder / paths.JOURNAL).read_text(
        encoding="utf-8"
    )


def test_deploying_again_changes_nothing(own_two: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(own_two, "2", monkeypatch)
    own_two.must("deploy")
    before = own_two.read(POINTER)

    assert "already" in own_two.must("deploy").err
    assert own_two.read(POINTER) == before


def test_what_the_gate_did_not_accept_needs_a_reason(own_two: Repo) -> None:
    before = own_two.read(POINTER)
    done = own_two.run("deploy", "2")

    assert (done.code, "was not accepted by the gate" in done.err) == (1, True)
    assert own_two.read(POINTER) == before
    own_two.must("deploy", "2", "--force", "the gate's machine is down")
    assert own_two.read(POINTER)["forced"] == "the gate's machine is down"


def test_a_host_without_the_bytes_gets_them_from_the_store(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(own_two, "2", monkeypatch)
    folder = own_two.folder / versions.find("2").folder
    expected = artifact.read_manifest(folder)["model_sha256"]
    folder.rename(own_two.folder / "gone")
    own_two.must("deploy")

    assert own_two.read(POINTER)["model_sha256"] == expected
    assert (own_two.folder / paths.CHAMPION / expected / artifact.MODEL).read_bytes() == (
        own_two.folder / "gone" / artifact.MODEL
    ).read_bytes()


def test_bytes_that_the_store_changed_are_refused(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(own_two, "2", monkeypatch)
    with (own_two.folder / versions.find("2").folder / artifact.MODEL).open("ab") as file:
        file.write(b"x")
    done = own_two.run("deploy")

    assert (done.code, "SHA-256" in done.err) == (1, True)
    assert own_two.read(POINTER)["version"] == "1"


def test_a_version_of_other_feature_code_is_not_deployed(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_files, "makes_features_of", lambda *_: False)
    done = own_two.run("deploy", "2", "--force", "it is a test")

    assert (done.code, "other code in schema.py or features.py" in done.err) == (1, True)
    assert own_two.read(POINTER)["version"] == "1"


def test_a_champion_that_came_without_its_registry_gives_way_and_comes_back(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_two.folder)
    runs.client().delete_model_version(versions.PROJECT, "1")
    judged = own_two.run("gate", "2")
    accept(own_two, "2", monkeypatch)
    own_two.must("deploy")
    back = own_two.must("rollback", "--reason", "it is a test")

    assert (judged.code, "version 1 is not in the registry" in judged.err) == (3, True)
    assert "warning: version 1 is not in the registry" in back.err
    assert own_two.read(POINTER)["version"] == "1"


def test_a_refusal_stands_in_the_journal_whatever_the_registry_says(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_two.folder)
    journal.record("refused", version="2", reasons=["it is no better"])
    accept(own_two, "2", monkeypatch)
    deployed, promoted = own_two.run("deploy"), own_two.run("promote", "2")

    assert (deployed.code, "was not accepted by the gate" in deployed.err) == (1, True)
    assert (promoted.code, "refused by the gate: it is no better" in promoted.err) == (1, True)
    assert own_two.read(POINTER)["version"] == "1"


def test_a_store_that_is_down_changes_nothing(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = own_two.read(POINTER)
    monkeypatch.setenv(access.TRACKING, "http://127.0.0.1:9")
    done = own_two.run("deploy")

    assert (done.code, "does not answer" in done.err) == (3, True)
    assert own_two.read(POINTER) == before


def test_a_store_that_another_process_holds_changes_nothing(own_two: Repo) -> None:
    before = own_two.read(POINTER)
    with sqlite3.connect(own_two.folder / "mlflow.db", isolation_level=None) as store:
        store.execute("BEGIN EXCLUSIVE")
        done = own_two.run("deploy", "2", "--force", "it is a test")
        store.execute("ROLLBACK")

    assert (done.code, "database is locked" in done.err) == (3, True)
    assert own_two.read(POINTER) == before


def test_the_champion_before_comes_back_without_the_store(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own_two.read(POINTER)["model_sha256"]
    own_two.must("deploy", "2", "--force", "it is a test")
    monkeypatch.setenv(access.TRACKING, "http://127.0.0.1:9")
    said = own_two.must("rollback", "--reason", "too many are late").err
    pointer = own_two.read(POINTER)
    again = own_two.run("rollback")

    assert "version 1 is champion again" in said
    assert "the next deploy moves the aliases" in said
    assert (pointer["version"], pointer["model_sha256"]) == ("1", first)
    assert pointer["reason"] == "too many are late"
    assert (again.code, "no champion to go back to" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("module", "name"),
    [(journal, "record"), (sharing, "share"), (versions, "set_alias"), (journal, "anchor")],
    ids=lambda found: getattr(found, "__name__", found),
)
def test_a_rollback_that_was_killed_is_finished_by_the_next(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    own_two.must("deploy", "2", "--force", "it is a test")
    with killing(module, name):
        own_two.run("rollback", "--reason", "too many are late")
    done = own_two.run("rollback")
    finished = name == "anchor"  # then there was nothing left to do

    assert (done.code, own_two.read(POINTER)["version"]) == (2 if finished else 0, "1")
    assert aliases(own_two, monkeypatch) == {"challenger": None, "champion": "1", "previous": None}
    told = [one["event"] for one in journal.lines()[0] if one["event"] == "rolled back"]
    assert told == ["rolled back"]
    assert own_two.run("rollback").code == 2


@pytest.mark.parametrize("name", ["complete_journal", "finish"])
def test_a_deployment_that_was_killed_is_finished_by_the_next(own_two: Repo, name: str) -> None:
    force = ("--force", "it is a test")
    with killing(versions, name):
        own_two.run("deploy", "2", *force)
    own_two.must("deploy", "2", *force)

    told = (own_two.folder / paths.JOURNAL).read_text(encoding="utf-8")
    assert told.count('"event": "deployed", "version": "2"') == 1


@pytest.mark.parametrize("command", [("deploy", "1"), ("promote", "1", "--force", "a test")])
@pytest.mark.parametrize("name", versions.FILES)
def test_a_champion_that_was_damaged_is_brought_back(
    own_two: Repo, command: tuple[str, ...], name: str
) -> None:
    place = own_two.folder / paths.CHAMPION / own_two.read(POINTER)["model_sha256"] / name
    whole = place.read_bytes()
    place.write_bytes(b"7")
    done = own_two.must(*command)

    assert place.read_bytes() == whole
    assert f"{place.parent.relative_to(own_two.folder)} was damaged" in done.err


def test_a_champion_before_that_was_damaged_is_not_gone_back_to(own_two: Repo) -> None:
    own_two.must("deploy", "2", "--force", "a test")
    pointer = own_two.read(POINTER)
    before = own_two.folder / "models/champion" / pointer["previous_sha256"] / artifact.MANIFEST
    whole = before.read_bytes()
    before.write_bytes(whole + b" ")
    back = own_two.run("rollback")
    kept = own_two.read(POINTER)
    own_two.must("deploy", "1")

    assert (back.code, "pointer.json says" in back.err) == (1, True)
    assert kept == pointer
    assert before.read_bytes() == whole


def test_a_rollback_across_other_feature_code_is_refused(
    own_two: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_two.must("deploy", "2", "--force", "it is a test")
    monkeypatch.setattr(batch_files, "makes_features_of", lambda *_: False)
    done = own_two.run("rollback")

    assert (done.code, "other code in schema.py or features.py" in done.err) == (1, True)
    assert own_two.read(POINTER)["version"] == "2"


class Load:
    """Asks a service without a pause in several threads, and remembers every answer."""

    def __init__(self, address: httpx.URL, body: dict[str, Any], threads: int = 4) -> None:
        self.address, self.body, self.stopped = address, body, threading.Event()
        self.answers: list[tuple[int, str, Any]] = []
        self.threads = [threading.Thread(target=self.ask) for _ in range(threads)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def ask(self) -> None:
        """Ask until stopped."""
        with httpx.Client(base_url=self.address, timeout=30) as client:
            while not self.stopped.is_set():
                try:
                    answer = client.post("/predict", json=self.body)
                    content = answer.json()
                    found = content.get("model_version", ""), content.get("predictions")
                    self.answers.append((answer.status_code, *found))
                except httpx.HTTPError as error:
                    self.answers.append((0, "", str(error)))


@pytest.mark.slow
def test_no_request_fails_in_ten_swaps_and_each_version_answers_as_itself(
    own_two: Repo,
    request_body: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(own_two.folder)
    monkeypatch.setattr(sharing, "share", lambda folder: None)
    folders = {version.number: version.folder for version in versions.listed()}
    with serving(own_two, tmp_path_factory.mktemp("log")) as client:
        alone = {}
        with Load(client.base_url, request_body) as load:
            for swap in range(10):
                number = "12"[(swap + 1) % 2]
                versions.make_champion(number, folders[number], "deployed")
                switch.require_served(str(client.base_url), own_two.read(POINTER))
                alone[number] = client.post("/predict", json=request_body).json()["predictions"]
    answers = load.answers

    assert {status for status, _, _ in answers} == {200}
    assert {version for _, version, _ in answers} == {"1", "2"}
    assert all(said == nearly(alone[version]) for _, version, said in answers)


def test_a_champion_that_cannot_be_loaded_leaves_the_old_one_serving(
    own_two: Repo, request_body: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    pointer = own_two.folder / POINTER
    with serving(own_two, tmp_path_factory.mktemp("log")) as client:
        good = pointer.read_text(encoding="utf-8")
        pointer.write_text(
            good.replace('"version": "1"', '"version": "9"').replace(
                own_two.read(POINTER)["model_sha256"], "0" * 64
            ),
            encoding="utf-8",
        )
        time.sleep(1)
        during = client.post("/predict", json=request_body)
        pointer.write_text(good, encoding="utf-8")

    assert (during.status_code, during.json()["model_version"]) == (200, "1")


def test_a_withdrawn_champion_answers_503_with_the_reason_until_one_is_deployed(
    own_two: Repo, request_body: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving(own_two, tmp_path_factory.mktemp("log")) as client:
        pointer = own_two.read(POINTER) | {"withdrawn": "it says late to everybody"}
        artifact.write_pointer(own_two.folder / paths.CHAMPION, pointer)
        withdrawn = wait_for(client, request_body, 503)
        own_two.must("deploy", "2", "--force", "it is a test")
        answered = wait_for(client, request_body, 200)

    assert "it says late to everybody" in withdrawn["detail"]
    assert answered["model_version"] == "2"


def wait_for(client: httpx.Client, body: dict[str, Any], status: int) -> dict[str, Any]:
    """Ask until the service answers with a status, and return what it says."""
    for _ in range(300):
        answer = client.post("/predict", json=body)
        if answer.status_code == status:
            return dict(answer.json())
        time.sleep(0.1)
    raise AssertionError(f"the service answers {answer.status_code}, not {status}: {answer.text}")
