# The template's. Claims about your own records go into a file beside this folder.
"""What `trace` shows of a version, and what it finds out when the record is not true."""

import json
import re
import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import Repo, rewrite
from ..package import artifact, chain, files, journal, paths, runs, versions


def traced(repo: Repo, *arguments: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return the exit code, the record, and the state of each check."""
    done = repo.run("trace", "--json", *arguments)
    record = json.loads(done.out)
    return done.code, record, {check["name"]: check["state"] for check in record["checks"]}


def folder(repo: Repo) -> Path:
    """Return where the bytes of version 1 are."""
    (manifest,) = (repo.folder / paths.REGISTERED).glob("*/" + artifact.MANIFEST)
    return manifest.parent


def append(path: Path) -> None:
    """Add one byte to a file."""
    with path.open("ab") as file:
        file.write(b"\n")


def test_the_champion_is_traced_by_default_and_all_of_it_holds(repo: Repo) -> None:
    code, record, states = traced(repo)

    assert (code, record["ok"], record["version"], record["champion"]) == (0, True, "1", True)
    assert set(states.values()) == {"ok"}


def test_the_record_names_data_code_params_environment_run_and_person(repo: Repo) -> None:
    manifest = repo.read(paths.CANDIDATE / artifact.MANIFEST)
    _, record, _ = traced(repo, "1")

    assert record["data"]["train"] == manifest["data"]["train"]
    assert record["code"]["commit"] == repo.git("rev-parse", "HEAD")
    assert record["params"] == manifest["params"]
    assert record["environment"]["packages"] == manifest["packages"]
    assert record["run_id"] == manifest["run_id"]
    assert record["registered_by"] == "Test"
    assert record["promotion_forced"] == "a model of the sample"


def test_people_read_one_line_for_each_claim(repo: Repo) -> None:
    done = repo.must("trace")

    assert "ok       model " in done.out
    assert "claims hold" in done.err


def test_changed_model_bytes_differ(own_repo: Repo) -> None:
    append(folder(own_repo) / artifact.MODEL)
    code, _, states = traced(own_repo)

    assert (code, states["model"]) == (1, "differs")


def test_changed_served_bytes_differ(own_repo: Repo) -> None:
    pointer = own_repo.read(paths.CHAMPION / artifact.POINTER)
    append(own_repo.folder / paths.CHAMPION / pointer["model_sha256"] / artifact.MODEL)
    code, _, states = traced(own_repo)

    assert (code, states["champion"], states["model"]) == (1, "differs", "ok")


@pytest.mark.parametrize("name", ["commit", "data_sha256", "lock_sha256", "features_sha256"])
def test_a_manifest_that_was_rewritten_differs_from_the_registry(own_repo: Repo, name: str) -> None:
    rewrite(folder(own_repo) / artifact.MANIFEST, **{name: "0" * 40})
    code, record, states = traced(own_repo)
    details = {check["name"]: check["detail"] for check in record["checks"]}

    assert (code, states["manifest"]) == (1, "differs")
    assert name in details["manifest"]


def test_parameters_that_were_rewritten_differ_from_the_run(own_repo: Repo) -> None:
    rewrite(folder(own_repo) / artifact.MANIFEST, params={"no_such_parameter": 1})
    code, _, states = traced(own_repo)

    assert (code, states["run"]) == (1, "differs")


def test_an_evaluation_of_another_model_differs(own_repo: Repo) -> None:
    rewrite(folder(own_repo) / versions.EVALUATION, model_sha256="0" * 64)
    code, _, states = traced(own_repo)

    assert (code, states["evaluation"]) == (1, "differs")


def test_changed_data_differs(own_repo: Repo) -> None:
    (first, *_) = (own_repo.folder / paths.RAW).glob("*.parquet")
    append(first)
    done = own_repo.run("trace")

    assert done.code == 1
    assert "differs  data " in done.out
    assert "hint: data/raw changed since" in done.err


def test_an_edited_record_of_what_was_kept_long_enough_differs(own_repo: Repo) -> None:
    record = own_repo.folder / paths.RETENTION
    record.parent.mkdir(exist_ok=True)
    for day in (1, 2):
        chain.append(record, {"time": f"2026-01-0{day}", "removed": ["reports/old.html"]})
    code, _, states = traced(own_repo)
    assert (code, states["retention"]) == (0, "ok")

    record.write_bytes(record.read_bytes().replace(b"old.html", b"new.html", 1))
    code, _, states = traced(own_repo)
    assert (code, states["retention"]) == (1, "differs")


def test_what_two_people_did_to_versions_of_one_number_is_merged(own_repo: Repo) -> None:
    """Each counts in a store of their own, and git has the journal of both."""
    with chdir(own_repo.folder):
        other = {"version": "1", "model_sha256": "0" * 64}
        journal.record("registered", **other, commit="", tags_sha256="0" * 64)
        journal.record("refused", **other, reasons=["it is theirs"])
        own = versions.find("1")

        assert versions.altered() == {}
        assert versions.verdict(own) != "refused"

        client, name = runs.client(), "model_sha256"
        client.set_model_version_tag(versions.PROJECT, "1", name, "1" * 64)

        assert versions.altered() == {"1": "the journal tells of another model by that number"}


@pytest.mark.parametrize(("left", "state"), [(1, "differs"), (0, "missing")])
def test_a_record_of_what_was_kept_long_enough_that_lost_its_end_is_missed(
    own_repo: Repo, left: int, state: str
) -> None:
    record = own_repo.folder / paths.RETENTION
    record.parent.mkdir(exist_ok=True)
    with chdir(own_repo.folder):
        for day in (1, 2):
            chain.append(record, {"time": f"2026-01-0{day}", "removed": ["reports/old.html"]})
            journal.anchor(paths.RETENTION)
    assert traced(own_repo)[2]["retention"] == "ok"

    lines = record.read_bytes().splitlines(keepends=True)[:left]
    record.write_bytes(b"".join(lines)) if lines else record.unlink()
    code, _, states = traced(own_repo)
    assert (code, states["retention"]) == (1, state)


@pytest.mark.parametrize(
    ("folder", "brings_back"), [(paths.REGISTERED, "pull"), (paths.CHAMPION, "checkout")]
)
def test_for_a_damaged_model_the_hint_brings_back_the_one_before(
    own_repo: Repo, folder: Path, brings_back: str
) -> None:
    (model,) = (own_repo.folder / folder).glob("*/model.skops")
    model.chmod(0o600)
    model.write_bytes(model.read_bytes()[:-1])
    done = own_repo.run("trace")

    assert done.code == 1
    assert f"dvc {brings_back} --force {folder} brings back" in done.err


def test_a_cache_of_dvc_that_was_emptied_is_no_fault_and_hides_none(own_repo: Repo) -> None:
    shutil.rmtree(own_repo.folder / ".dvc" / "cache")
    code, _, states = traced(own_repo)
    own_repo.must("train")
    assert (code, set(states.values())) == (0, {"ok"})
    assert not own_repo.read(paths.CANDIDATE / artifact.MANIFEST)["dirty_reasons"]

    append(own_repo.folder / paths.CHAMPION / artifact.POINTER)
    code, _, states = traced(own_repo)
    assert (code, states["champion.dvc"]) == (1, "differs")


@pytest.mark.parametrize("folder", [paths.REGISTERED, paths.CHAMPION])
def test_a_pointer_of_dvc_that_names_other_models_differs(own_repo: Repo, folder: Path) -> None:
    pointer = own_repo.folder / folder.with_suffix(".dvc")
    text = pointer.read_text(encoding="utf-8")
    digest = text.split("md5: ")[1][0]

    pointer.write_text(text.replace(f"md5: {digest}", f"md5: {'0' if digest > '0' else '1'}"))
    code, _, states = traced(own_repo)
    assert (code, states[pointer.name]) == (1, "differs")

    for damaged in ("outs: [", text[: text.index("  path: ")]):
        pointer.write_text(damaged)
        code, _, states = traced(own_repo)
        assert (code, states[pointer.name]) == (1, "differs")
    assert "hint: git diff HEAD -- .dvc/config models shows" in own_repo.run("trace").err

    pointer.unlink()
    code, _, states = traced(own_repo)
    assert (code, states[pointer.name]) == (1, "missing")


def test_files_that_git_has_otherwise_are_named_and_called_no_fault(own_repo: Repo) -> None:
    before = own_repo.must("trace")
    edited = ["uv.lock", "dvc.yaml", "params.yaml", str(paths.CONTRACT)]
    for name in edited:
        append(own_repo.folder / name)
    after = own_repo.must("trace")
    commit = own_repo.git("rev-parse", "--short", "HEAD")

    words = " ".join(before.out.split())
    assert f"files as commit {commit} has them" in words
    unlike = f"unlike commit {commit}: {', '.join(sorted(edited))}"
    assert f"edited files {unlike}" in " ".join(after.out.split())
    assert f"claims hold; {unlike}" in after.err


def test_a_batch_that_came_later_is_named_and_no_fault(own_repo: Repo) -> None:
    raw = own_repo.folder / paths.RAW
    (first, *_) = raw.glob("*.parquet")
    shutil.copy(first, raw / "later.parquet")
    later = own_repo.run("trace")
    append(first)

    assert (later.code, "; came later: later.parquet" in later.out) == (0, True)
    assert "differs  data " in own_repo.run("trace").out


def test_data_that_was_not_pulled_is_missing(own_repo: Repo) -> None:
    shutil.rmtree(own_repo.folder / paths.RAW)
    code, _, states = traced(own_repo)

    assert (code, states["data"]) == (1, "missing")


def test_a_commit_that_git_does_not_know_is_missing(own_repo: Repo) -> None:
    shutil.rmtree(own_repo.folder / ".git")
    code, _, states = traced(own_repo)

    assert code == 1
    assert {states[name] for name in ("commit", "features", "lock")} == {"missing"}


def test_code_that_changed_later_does_not_matter(own_repo: Repo) -> None:
    for name in ("uv.lock", "params.yaml"):
        append(own_repo.folder / name)
    code, _, _ = traced(own_repo)

    assert code == 0


def test_an_unknown_version_is_wrong_input(repo: Repo) -> None:
    done = repo.run("trace", "99")

    assert (done.code, "registered are: 1" in done.err) == (2, True)


def test_without_a_champion_a_version_has_to_be_named(own_repo: Repo) -> None:
    (own_repo.folder / paths.CHAMPION / artifact.POINTER).unlink()

    assert own_repo.run("trace").code == 2
    assert own_repo.run("trace", "1").code == 0


def test_while_a_command_switches_the_champion_nothing_is_called_wrong(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    runs.client().delete_registered_model_alias(versions.PROJECT, versions.CHAMPION)
    with files.one_writer(paths.MODELS / ".lock"):
        meanwhile = own_repo.run("trace")
    afterwards = own_repo.run("trace")

    assert (meanwhile.code, "is held by another command" in meanwhile.err) == (3, True)
    assert (afterwards.code, "alias differs" in afterwards.err) == (1, True)


def test_what_changed_while_it_was_compared_is_compared_once_more(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    runs.client().delete_registered_model_alias(versions.PROJECT, versions.CHAMPION)
    damage = runs.damage

    def and_end() -> list[str]:
        versions.set_alias(versions.CHAMPION, "1")  # the other command ends
        journal.record("promoted", version="1")
        monkeypatch.setattr(runs, "damage", damage)
        return damage()

    monkeypatch.setattr(runs, "damage", and_end)

    assert own_repo.run("trace").code == 0


def test_what_the_registry_says_of_another_version_is_compared_too(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chdir(own_repo.folder):
        known = versions.listed()
        tags = {"data_sha256": "a"}
        journal.record("registered", version="2", tags_sha256=journal.hash_of(tags))
    found = []
    for said in (tags, {"data_sha256": "b"}):
        every = [*known, versions.Version("2", "", said, "")]
        monkeypatch.setattr(versions, "listed", lambda every=every: every)
        found.append(own_repo.run("trace"))

    assert [done.code for done in found] == [0, 1]
    assert re.search(r"^differs +versions +version 2: recorded", found[1].out, re.MULTILINE)


def test_the_journal_is_read_once_however_many_versions_there_are(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.folder)
    one = versions.listed()[0]
    read: list[bool] = []
    lines = journal.lines

    def counted() -> Any:
        read.append(True)
        return lines()

    monkeypatch.setattr(journal, "lines", counted)
    monkeypatch.setattr(versions, "listed", lambda: [one] * 50)

    assert versions.altered() == {}
    assert len(read) == 1
