# The template's. The bar that a model has to reach is yours, in contract.yaml.
"""Who becomes champion, and who does not."""

import json
from contextlib import chdir
from typing import Any
from unittest.mock import MagicMock

import pytest

from ..fixtures import Repo, another_model, killing
from ..package import (
    artifact,
    batch_files,
    evaluation,
    files,
    interface,
    journal,
    paths,
    promote,
    runs,
    sharing,
    versions,
)

POINTER = paths.CHAMPION / artifact.POINTER


def refused(repo: Repo, *arguments: str) -> tuple[int, str]:
    """Run a promotion that has to fail, and see that the old champion still is."""
    before = repo.read(POINTER), repo.files()
    done = repo.run("promote", *arguments)
    assert (repo.read(POINTER), repo.files()) == before
    return done.code, done.err


def as_baseline(repo: Repo) -> None:
    """Make the evaluation of version 1 say that a baseline is as good."""
    folder = repo.folder / paths.REGISTERED / repo.read(POINTER)["model_sha256"]
    report = json.loads((folder / versions.EVALUATION).read_text(encoding="utf-8"))
    report["baselines"]["simple"] = report["metrics"]
    (folder / versions.EVALUATION).write_text(json.dumps(report), encoding="utf-8")
    with chdir(repo.folder):  # as if it had been registered so
        known = versions.covering(versions.EVALUATION), files.sha256(folder / versions.EVALUATION)
        runs.client().set_model_version_tag(versions.PROJECT, "1", *known)


def test_the_champion_is_the_registered_model_byte_for_byte(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.folder)
    pointer = repo.read(POINTER)
    served = artifact.read_manifest(paths.CHAMPION / pointer["model_sha256"])
    alias = runs.client().get_model_version_by_alias(versions.PROJECT, versions.CHAMPION)

    assert served["model_sha256"] == pointer["model_sha256"] == versions.find("1").model_sha256
    assert (pointer["version"], str(alias.version)) == ("1", "1")


def test_a_version_that_is_not_registered_is_wrong_input(repo: Repo) -> None:
    code, said = refused(repo, "7")

    assert code == 2
    assert "version '7' is not registered" in said
    assert "registered are: 1" in said


def test_a_model_no_better_than_a_baseline_needs_a_reason(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_baseline(own_repo)
    code, said = refused(own_repo)
    (own_repo.folder / POINTER).unlink()
    monkeypatch.setattr(sharing, "share", lambda folder: None)
    own_repo.must("promote", "--force", "the linear model is down")

    assert code == 1
    assert "no better than a baseline" in said
    assert "(simple)" in said
    assert own_repo.read(POINTER)["forced"] == "the linear model is down"


def test_tampered_bytes_are_refused(own_repo: Repo) -> None:
    folder = own_repo.folder / paths.REGISTERED / own_repo.read(POINTER)["model_sha256"]
    with (folder / artifact.MODEL).open("ab") as file:
        file.write(b"x")
    code, said = refused(own_repo, "--force", "no reason is good enough")

    assert (code, "SHA-256" in said) == (1, True)


@pytest.mark.parametrize("name", versions.RECORDS)
def test_records_that_are_not_the_registered_ones_are_refused(own_repo: Repo, name: str) -> None:
    folder = own_repo.folder / paths.REGISTERED / own_repo.read(POINTER)["model_sha256"]
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    code, said = refused(own_repo, "--force", "no reason is good enough")

    assert (code, f"{name} has SHA-256" in said) == (1, True)


def test_a_pointer_that_was_changed_is_not_followed(own_repo: Repo) -> None:
    pointer = own_repo.read(POINTER)
    (own_repo.folder / POINTER).write_text(json.dumps({**pointer, "version": "2"}), "utf-8")
    asked = ("predict", "--input", paths.SAMPLE, "--output", "predicted.csv")
    changed = own_repo.run(*asked)
    del pointer[files.SEAL]
    (own_repo.folder / POINTER).write_text(json.dumps(pointer), "utf-8")
    without = own_repo.run(*asked)

    assert (changed.code, "its seal does not fit" in changed.err) == (2, True)
    assert (without.code, "it has no seal" in without.err) == (2, True)
    assert "checkout --force models/champion" in changed.err


def test_bytes_of_another_model_are_refused_whatever_their_manifest_says(
    own_repo: Repo,
) -> None:
    folder = own_repo.folder / paths.REGISTERED / own_repo.read(POINTER)["model_sha256"]
    with (folder / artifact.MODEL).open("ab") as file:
        file.write(b"x")
    manifest = json.loads((folder / artifact.MANIFEST).read_text(encoding="utf-8"))
    manifest["model_sha256"] = artifact.sha256(folder / artifact.MODEL)
    (folder / artifact.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    code, said = refused(own_repo)

    assert (code, "version 1 was registered with model" in said) == (1, True)


def test_a_model_of_other_feature_code_is_refused(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_files, "makes_features_of", lambda *_: False)
    code, said = refused(repo)

    assert (code, "other code in schema.py or features.py" in said) == (1, True)


def test_a_second_version_replaces_the_first_and_the_first_can_come_back(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = versions.Version("1", own_repo.read(POINTER)["model_sha256"], {})
    second = versions.Version("2", first.model_sha256, {})
    monkeypatch.setattr(versions, "listed", lambda: [first, second])
    monkeypatch.setattr(sharing, "share", lambda folder: None)
    monkeypatch.setattr(runs, "client", MagicMock)
    own_repo.must("promote", "--force", "a model of the sample")
    newest = own_repo.read(POINTER)
    own_repo.must("promote", "1", "--force", "a model of the sample")
    back = own_repo.read(POINTER)

    assert (newest["version"], newest["previous"]) == ("2", "1")
    assert (back["version"], back["previous"]) == ("1", "2")


def test_the_champion_of_another_registry_is_replaced_by_a_version_of_its_number(
    own_repo: Repo,
) -> None:
    """As when two people count each in a store of their own, and one has the other's champion."""
    before = own_repo.read(POINTER)
    for name in ("mlflow.db", str(paths.JOURNAL)):
        (own_repo.folder / name).unlink()
    another_model(own_repo)
    own_repo.must("register", "--force", "it is a test")
    own_repo.must("promote", "1", "--force", "a model of the sample")
    after = own_repo.read(POINTER)

    assert (before["version"], after["version"]) == ("1", "1")
    assert (
        after["model_sha256"] == own_repo.read(paths.CANDIDATE / artifact.MANIFEST)["model_sha256"]
    )
    assert after["previous_sha256"] == before["model_sha256"]


def test_a_version_that_the_gate_refused_needs_a_reason_unless_it_is_champion(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promote, "no_better", lambda scores, quality: [])
    with chdir(own_repo.folder):
        runs.client().set_model_version_tag(versions.PROJECT, "1", journal.GATE, "refused")
        journal.record("refused", version="1", reasons=["target: 0.5; expected at least 0.68"])
    own_repo.must("promote", "1")
    with chdir(own_repo.folder):
        versions.set_alias(versions.CHAMPION, None)
    code, said = refused(own_repo, "1")
    own_repo.must("promote", "1", "--force", "nobody else is there")

    assert code == 1
    assert "version 1 was refused by the gate: target: 0.5; expected at least 0.68" in said


@pytest.mark.parametrize(("better", "found", "than"), [("higher", 2.0, 1.0), ("lower", 1.0, 2.0)])
def test_better_follows_the_contract(better: str, found: float, than: float) -> None:
    quality = interface.Quality(metric="m", better=better, accept=0, retrain=0, withdraw=0)

    assert evaluation.better(found, than, quality)
    assert not evaluation.better(than, found, quality)
    assert not evaluation.better(None, than, quality)
    assert not evaluation.better(found, than, quality, by=2)


def test_a_registry_in_use_is_an_outside_failure(repo: Repo) -> None:
    with files.one_writer(repo.folder / paths.MODELS / ".lock"):
        code, said = refused(repo)

    assert (code, "is held by another" in said) == (3, True)


def events(repo: Repo, version: str) -> list[str]:
    """Return what happened to a version, oldest first."""
    with chdir(repo.folder):
        return [one["event"] for one in journal.lines()[0] if one.get("version") == version]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (artifact, "write_pointer"),
        (journal, "record"),
        (sharing, "share"),
        (journal, "anchor"),
    ],
    ids=lambda found: getattr(found, "__name__", found),
)
def test_a_promotion_that_was_killed_is_finished_by_the_next(
    own_repo: Repo, module: Any, name: str
) -> None:
    (own_repo.folder / POINTER).unlink()
    before, promote = events(own_repo, "1"), ("promote", "1", "--force", "a model of the sample")
    with killing(module, name):
        own_repo.run(*promote)
    own_repo.must(*promote)
    own_repo.must(*promote)

    assert events(own_repo, "1") == [*before, "promoted"]
    assert own_repo.run("trace").code == 0
