# The template's. What starts the pipeline is yours, in contract.yaml: retraining and monitoring.
"""What is a reason to train again, what is none, and where `trigger` reads it."""

import json
import shutil
from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import Repo
from ..package import artifact, checks, files, interface, paths, trigger, versions

QUIET = trigger.Facts(champion="3", days_since_training=1.0, verdict="ok", age_days=10.0)
BARS = interface.Quality(metric="m", accept=0.7, retrain=0.6, withdraw=0.5)


def contract(**retraining: Any) -> interface.Contract:
    """Return a contract that has these rules for retraining."""
    return interface.Contract(quality=BARS, retraining=interface.Retraining(**retraining))


def test_a_quiet_champion_can_wait() -> None:
    decision = trigger.decide(QUIET, contract())

    assert decision == trigger.Decision(False, ["1.0 of 30 days passed, no other reason"])


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"champion": None}, "there is no champion yet"),
        ({"days_since_training": 30.0}, "30.0 days since the last training, due every 30"),
        ({"shifted": ["b"]}, "shifted data: b"),
        ({"verdict": "retrain"}, "monitor says retrain"),
        ({"verdict": "withdraw"}, "monitor says withdraw"),
        ({"age_days": 121.0}, "predicted rows 121 days newer than the training data, at most 120"),
    ],
)
def test_each_fact_alone_is_a_reason(facts: dict[str, Any], reason: str) -> None:
    assert trigger.decide(replace(QUIET, **facts), contract()).reasons == [reason]
    assert trigger.decide(replace(QUIET, **facts), contract()).train


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"new_batches": ["b", "c"], "data_changed": True}, "new data: b, c"),
        ({"data_changed": True}, "data/raw is unlike what the champion was trained on"),
    ],
)
def test_data_that_did_not_shift_is_a_reason_when_the_contract_says_so(
    facts: dict[str, Any], reason: str
) -> None:
    decision = trigger.decide(replace(QUIET, **facts), contract(on_new_data=True))

    assert decision == trigger.Decision(True, [reason])
    assert not trigger.decide(replace(QUIET, **facts), contract()).train


@pytest.mark.parametrize(
    ("facts", "rules"),
    [
        ({"days_since_training": 30.0}, {"every_days": 31}),
        ({"verdict": "withdraw", "age_days": 121.0}, {"on_monitor": False}),
    ],
)
def test_the_contract_may_say_that_it_is_none(facts: dict[str, Any], rules: dict[str, Any]) -> None:
    assert trigger.decide(replace(QUIET, **facts), contract()).train
    assert not trigger.decide(replace(QUIET, **facts), contract(**rules)).train


def test_all_reasons_are_named() -> None:
    facts = replace(QUIET, days_since_training=40.0, verdict="retrain", shifted=["b"])

    assert len(trigger.decide(facts, contract()).reasons) == 3


def test_a_fresh_champion_waits_and_before_it_there_is_no_waiting(own_repo: Repo) -> None:
    waiting = own_repo.run("trigger")
    (own_repo.folder / paths.CHAMPION / artifact.POINTER).unlink()
    elsewhere = own_repo.run("trigger")
    with chdir(own_repo.folder):
        versions.set_alias(versions.CHAMPION, None)
    first = own_repo.run("trigger", "--json")

    assert (waiting.code, waiting.out[:5]) == (1, "wait:")
    assert elsewhere.code == 1  # the registry knows the champion
    assert first.code == 0
    assert json.loads(first.out) == {"train": True, "reasons": ["there is no champion yet"]}


@pytest.mark.parametrize("command", ["trigger", "monitor"])
def test_a_manifest_with_another_byte_than_the_pointer_knows_decides_nothing(
    own_repo: Repo, command: str
) -> None:
    pointer = own_repo.read(paths.CHAMPION / artifact.POINTER)
    manifest = own_repo.folder / paths.CHAMPION / pointer["model_sha256"] / artifact.MANIFEST
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"created": "20', '"created": "10'), encoding="utf-8")
    done = own_repo.run(command)

    assert (done.code, "pointer.json says" in done.err) == (2, True)


def test_days_are_counted_by_the_rows_where_months_pass_in_seconds(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger, "gather", lambda now: replace(QUIET, age_days=31.0))
    by_clock, by_data = repo.run("trigger"), repo.run("trigger", "--by-data")
    monkeypatch.setattr(trigger, "gather", lambda now: replace(QUIET, age_days=None))

    assert (by_clock.code, by_data.code) == (1, 0)
    assert "31.0 days since the last training, due every 30" in by_data.out
    assert repo.run("trigger", "--by-data").code == 1


def take_whatever_comes(repo: Repo) -> None:
    """Let the contract say that each new batch is a reason."""
    with (repo.folder / paths.CONTRACT).open("a", encoding="utf-8") as contract:
        contract.write("retraining: {on_new_data: true}\n")


def test_inputs_that_look_broken_are_mended_not_learned() -> None:
    facts = replace(QUIET, verdict="retrain", broken=["temp (unit)"])
    said = ["monitor says retrain, but inputs look broken: temp (unit)"]

    assert trigger.decide(facts, contract()) == trigger.Decision(False, said)
    assert trigger.decide(replace(facts, days_since_training=40.0), contract()).train


def test_a_batch_that_the_champion_does_not_know_is_new_and_may_be_shifted(own_repo: Repo) -> None:
    take_whatever_comes(own_repo)
    shutil.copy(own_repo.folder / paths.SAMPLE, own_repo.folder / paths.RAW / "zz.parquet")
    new = own_repo.run("trigger")
    report = {"files": ["zz.parquet"], "shifted": True}
    files.write_json(own_repo.folder / paths.INGEST, report, seal=True)
    shifted = own_repo.run("trigger")
    report["files"] = ["sample.parquet"]
    files.write_json(own_repo.folder / paths.INGEST, report, seal=True)
    learned = own_repo.run("trigger")

    assert (new.code, new.out) == (0, "train: new data: zz.parquet\n")
    assert shifted.out == "train: new data: zz.parquet; shifted data: zz.parquet\n"
    assert learned.out == new.out


def test_other_bytes_under_the_same_names_are_a_reason(own_repo: Repo) -> None:
    take_whatever_comes(own_repo)
    (path,) = (own_repo.folder / paths.RAW).glob("*.parquet")
    path.write_bytes(path.read_bytes() + b" ")

    assert own_repo.run("trigger").out.startswith("train: data/raw is unlike")


@pytest.mark.parametrize(("version", "code"), [("1", 0), ("2", 0), ("0", 1)])
def test_the_monitor_counts_unless_its_champion_has_given_way(
    own_repo: Repo, version: str, code: int
) -> None:
    age = {"name": checks.AGE, "found": 1.0}
    report = {"version": version, "verdict": "withdraw", "checks": [age]}
    files.write_json(own_repo.folder / paths.MONITOR, report, seal=True)
    done = own_repo.run("trigger")

    assert (done.code, "monitor says withdraw" in done.out) == (code, code == 0)


@pytest.mark.parametrize("path", [paths.MONITOR, paths.INGEST])
def test_a_report_that_lost_its_seal_is_not_believed(own_repo: Repo, path: Path) -> None:
    report = {"version": "1", "verdict": "retrain", "files": ["zz.parquet"], "shifted": True}
    files.write_json(own_repo.folder / path, report)
    done = own_repo.run("trigger")

    assert (done.code, f"{path} was changed after it was written" in done.err) == (2, True)


def test_a_champion_that_no_monitor_judged_is_not_called_well(own_repo: Repo) -> None:
    (own_repo.folder / paths.MONITOR).unlink(missing_ok=True)

    assert own_repo.run("trigger").out.endswith("; monitor has not judged version 1 yet\n")


def test_a_candidate_trained_since_counts_for_the_schedule(own_repo: Repo) -> None:
    long_ago = (datetime.now(UTC) - timedelta(days=99)).isoformat()
    pointer = own_repo.read(paths.CHAMPION / artifact.POINTER)
    champion = paths.CHAMPION / pointer["model_sha256"] / artifact.MANIFEST
    for path, code in ((champion, 1), (paths.CANDIDATE / artifact.MANIFEST, 0)):
        manifest = {**own_repo.read(path), "created": long_ago}
        files.write_json(own_repo.folder / path, manifest)
        artifact.write_pointer(own_repo.folder / paths.CHAMPION, pointer)
        assert own_repo.run("trigger").code == code
