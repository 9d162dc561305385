# The template's. Checks of your own before a model gets a number go into a command of yours.
"""What gets a number, and what does not."""

import json
import os
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import Repo, another_model, killing, rewrite
from ..package import (
    NAME,
    access,
    artifact,
    journal,
    own_modules,
    paths,
    provenance,
    register,
    runs,
    sharing,
    versions,
)

FORCED = ("register", "--force", "it is a test")


def make_dirty(repo: Repo) -> None:
    """Turn the candidate into another model, trained with a module that git does not know."""
    (repo.folder / "src" / "new.py").write_text("", encoding="utf-8")
    model = repo.folder / paths.CANDIDATE / artifact.MODEL
    with model.open("ab") as file:  # skops reads past it
        file.write(b"\0")
    digest = artifact.sha256(model)
    with chdir(repo.folder):
        record = provenance.record()
    assert record["dirty"]
    rewrite(repo.folder / paths.CANDIDATE / artifact.MANIFEST, model_sha256=digest, **record)
    rewrite(repo.folder / paths.METRICS, model_sha256=digest)


def test_the_same_bytes_keep_their_version(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    done = repo.must("register")
    monkeypatch.chdir(repo.folder)

    assert "register: version 1, " in done.err
    assert len(versions.listed()) == 1


def test_a_registry_made_anew_goes_on_where_the_journal_is(own_repo: Repo, tmp_path: Path) -> None:
    """As in a clone, for git has the journal and not the store: version 1 is one model for ever."""
    another_model(own_repo)
    first = own_repo.must(*FORCED)
    clone = own_repo.copy(tmp_path / "clone")
    (clone.folder / "mlflow.db").unlink()
    again = clone.must(*FORCED)
    another_model(clone)
    third = clone.must(*FORCED)

    for done, number in ((first, 2), (again, 2), (third, 3)):
        assert f"register: version {number}, " in done.err


def test_the_champion_is_champion_in_a_registry_made_anew(own_repo: Repo) -> None:
    (own_repo.folder / "mlflow.db").unlink()
    done = own_repo.must(*FORCED)
    with chdir(own_repo.folder):
        champion = versions.by_alias(versions.CHAMPION)

    assert "register: version 1, " in done.err
    assert champion
    assert champion.number == "1"


@pytest.mark.parametrize(("by_hand", "code"), [(True, 0), (False, 1)])
def test_the_record_of_the_pipeline_is_about_what_the_pipeline_trained(
    own_repo: Repo, by_hand: bool, code: int
) -> None:
    pipeline = "schema: '2.0'\nstages: {another: {cmd: another}}\n"
    (own_repo.folder / provenance.PIPELINE).write_text(pipeline, encoding="utf-8")
    rewrite(own_repo.folder / paths.CANDIDATE / artifact.MANIFEST, by_hand=by_hand)
    done = own_repo.run("register")

    assert done.code == code, done.err
    assert ("another is unlike dvc.lock" in done.err) is not by_hand


def test_a_version_says_what_it_was_made_of(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.folder)
    manifest = repo.read(paths.CANDIDATE / artifact.MANIFEST)
    (version,) = versions.listed()

    assert version.model_sha256 == manifest["model_sha256"]
    assert {name: version.tags[name] for name in runs.TAGS} == {
        name: str(manifest[name]) for name in runs.TAGS
    }
    assert version.tags["forced"] == ""


def test_a_version_is_a_real_mlflow_model_with_a_signature(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.folder)
    runs.client()
    from mlflow.models import get_model_info

    info = get_model_info(f"models:/{versions.PROJECT}/1")
    features = repo.read(paths.CANDIDATE / artifact.MANIFEST)["features"]

    assert info.signature.inputs.input_names() == [feature["name"] for feature in features]
    assert "sklearn" in info.flavors


def test_a_copy_of_the_repo_keeps_its_models_to_itself(
    repo: Repo, own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> set[Path]:
        return set((repo.folder / "mlruns").rglob("*"))

    before = kept()
    make_dirty(own_repo)
    own_repo.must("register", "--force", "the demo is in an hour")
    monkeypatch.chdir(own_repo.folder)
    log = runs.client()
    found = log.search_model_versions()
    places = [
        place
        for version in found
        for place in (
            log.get_model_version_download_uri(version.name, version.version),
            log.get_run(version.run_id).info.artifact_uri,
        )
    ]

    assert len(found) == 2
    assert [place for place in places if not place.startswith(f"{own_repo.folder}/mlruns/")] == []
    assert all(Path(place).is_dir() for place in places)
    assert kept() == before


def test_an_address_that_is_empty_leaves_a_copy_its_own_store(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(access.TRACKING, "")
    monkeypatch.chdir(own_repo.folder)
    kept = runs.client().get_experiment_by_name(runs.PROJECT).artifact_location

    assert kept.startswith(f"{own_repo.folder}/mlruns/")
    assert access.TRACKING not in os.environ


def test_a_dirty_run_needs_a_reason_and_the_reason_is_kept(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dirty(own_repo)
    refused = own_repo.run("register")
    done = own_repo.must("register", "--force", "the demo is in an hour")
    monkeypatch.chdir(own_repo.folder)
    found = versions.listed()

    assert refused.code == 1
    assert "the run is dirty: src/new.py is not committed" in refused.err
    assert "hint: commit what it was made with; or: " in refused.err
    assert "register: version 2, " in done.err
    assert [version.tags["forced"] for version in found] == ["", "the demo is in an hour"]


@pytest.mark.parametrize("word", ["--assume-unchanged", "--skip-worktree"])
def test_inputs_that_git_was_told_not_to_look_at_are_no_clean_run(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    own_repo.git("update-index", word, str(paths.PARAMS))
    with (own_repo.folder / paths.PARAMS).open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    monkeypatch.chdir(own_repo.folder)

    assert own_repo.git("status", "--porcelain", str(paths.PARAMS)) == ""
    assert provenance.uncommitted() == [f"{paths.PARAMS} is hidden from git"]


@pytest.mark.parametrize("damaged", ["index", "refs/heads"])
def test_inputs_that_git_cannot_compare_are_no_clean_run(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    found = own_repo.folder / ".git" / damaged
    for path in found.iterdir() if found.is_dir() else [found]:
        content = path.read_bytes()
        path.write_bytes((b"0" if content[:1] != b"0" else b"1") + content[1:])
    monkeypatch.chdir(own_repo.folder)

    assert provenance.uncommitted() == ["git cannot read its own files, `git fsck` says which"]


@pytest.mark.parametrize(
    ("locked", "named"),
    [(None, []), (["Pytest"], ["click", "ruamel"]), (["click", "ruamel-yaml", "pytest"], [])],
)
def test_a_package_that_the_lock_does_not_hold_is_no_clean_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: list[str] | None, named: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    used = dict.fromkeys(["click", "json", "not_there", "pytest", "ruamel", "sklearn"], "model.py")
    monkeypatch.setattr(provenance.own_modules, "outside", lambda package: used)
    if locked is not None:
        lines = [f'[[package]]\nname = "{name.lower()}"\n' for name in locked]
        provenance.LOCK.write_text("".join(lines), encoding="utf-8")

    found = provenance.unlocked()
    assert [line.split(",")[0] for line in found] == [f"model.py imports {one}" for one in named]
    assert all("uv.lock does not hold: uv add " in line for line in found)


def test_what_a_model_stands_on_is_named_with_the_file_that_imports_it(tmp_path: Path) -> None:
    own = NAME.partition(".")[0]
    (tmp_path / "schema.py").write_text("import pandas as pd\n", encoding="utf-8")
    (tmp_path / "model.py").write_text(
        f"from . import steps\nfrom {own}._mlops import paths\nimport a.b\n", encoding="utf-8"
    )
    (tmp_path / "steps.py").write_text("def f():\n    from c.d import e\n", encoding="utf-8")
    (tmp_path / "other.py").write_text("import unused\n", encoding="utf-8")
    found = own_modules.outside(tmp_path)

    assert found == {"pandas": "schema.py", own: "model.py", "a": "model.py", "c": "steps.py"}


def test_a_run_on_other_data_than_there_is_now_stays_dirty(own_repo: Repo) -> None:
    make_dirty(own_repo)
    own_repo.git("add", "src/new.py")
    own_repo.git("commit", "--quiet", "--no-verify", "--message", "Keep it")
    manifest = own_repo.folder / paths.CANDIDATE / artifact.MANIFEST
    rewrite(manifest, data_sha256="0" * 64, dirty_reasons=["data/raw is unlike data/raw.dvc"])
    done = own_repo.run("register")

    assert (done.code, "data/raw is unlike data/raw.dvc" in done.err) == (1, True)


def test_a_dirty_run_is_clean_once_its_inputs_are_committed(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    make_dirty(own_repo)
    candidate = own_repo.folder / paths.CANDIDATE / artifact.MANIFEST
    run_id = runs.log_run(own_repo.read(candidate))
    rewrite(candidate, run_id=run_id)
    own_repo.git("add", "src/new.py")
    own_repo.git("commit", "--quiet", "--no-verify", "--message", "Keep it")
    own_repo.must("register")
    tags = versions.listed()[-1].tags
    logged = runs.client().get_run(run_id).data.tags

    assert (tags["dirty"], tags["forced"]) == ("False", "")
    assert tags["commit"] == own_repo.git("rev-parse", "HEAD")
    assert {name: logged[name] for name in runs.TAGS} == {name: tags[name] for name in runs.TAGS}

    (own_repo.folder / "src" / "new.py").write_text("LATER = True\n", encoding="utf-8")
    again = own_repo.must("register")  # what the version says of these bytes is still so
    rewrite(candidate, run_id=run_id, data_sha256="of other data")
    other = own_repo.run("register")

    assert "register: version 2, " in again.err
    assert (other.code, "the run is dirty" in other.err) == (1, True)


def test_a_commit_of_other_inputs_does_not_clean_a_dirty_run(own_repo: Repo) -> None:
    make_dirty(own_repo)
    (own_repo.folder / "src" / "new.py").write_text("LATER = True\n", encoding="utf-8")
    own_repo.git("add", "src/new.py")
    own_repo.git("commit", "--quiet", "--no-verify", "--message", "Keep another")
    done = own_repo.run("register")

    assert (done.code, "the run is dirty" in done.err) == (1, True)
    assert "hint: inputs changed since: uv run just repro --force" in done.err, "all is committed"


def test_a_tampered_candidate_gets_no_version(own_repo: Repo) -> None:
    with (own_repo.folder / paths.CANDIDATE / artifact.MODEL).open("ab") as file:
        file.write(b"\0")
    done = own_repo.run("register")

    assert (done.code, "was changed after training" in done.err) == (1, True)


def test_a_candidate_that_is_trained_anew_meanwhile_gets_no_version(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dirty(own_repo)
    exists = runs.exists

    def trained(run_id: str) -> bool:
        with (own_repo.folder / paths.CANDIDATE / artifact.MODEL).open("ab") as file:
            file.write(b"\0")
        return exists(run_id)

    monkeypatch.setattr(runs, "exists", trained)
    done = own_repo.run("register", "--force", "it is a test")
    monkeypatch.chdir(own_repo.folder)

    assert (done.code, "does another command train?" in done.err) == (3, True)
    assert len(versions.listed()) == len(list((own_repo.folder / paths.REGISTERED).iterdir())) == 1


def test_a_report_about_another_model_is_refused(own_repo: Repo) -> None:
    rewrite(own_repo.folder / paths.METRICS, model_sha256="0" * 64)
    done = own_repo.run("register")

    assert (done.code, "is about another model" in done.err) == (2, True)


def test_a_candidate_that_was_never_trained_is_wrong_input(own_repo: Repo) -> None:
    (own_repo.folder / paths.CANDIDATE / artifact.MODEL).unlink()
    done = own_repo.run("register")

    assert (done.code, "just repro" in done.err) == (2, True)


def test_a_store_that_does_not_answer_changes_nothing(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{own_repo.folder}/params.yaml/no.db")
    before = own_repo.files()
    done = own_repo.run("register")

    assert done.code == 3
    assert "MLFLOW_TRACKING_URI" in done.err
    assert own_repo.files() == before


def test_a_run_that_the_store_lacks_is_logged_from_its_files(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "known", lambda model_sha256: None)  # as if nothing were
    monkeypatch.setattr(sharing, "share", lambda folder: None)
    manifest = own_repo.folder / paths.CANDIDATE / artifact.MANIFEST
    rewrite(manifest, run_id="made-elsewhere")
    number = json.loads(own_repo.must("register", "--json").out)["number"]
    monkeypatch.chdir(own_repo.folder)
    version = runs.client().get_model_version(versions.PROJECT, number)
    metrics = runs.client().get_run(version.run_id).data.metrics

    report = own_repo.read(paths.METRICS)
    assert metrics[report["metric"]] == pytest.approx(report["metrics"][report["metric"]])


@pytest.mark.parametrize(
    ("module", "name"),
    [(versions, "set_alias"), (journal, "record"), (journal, "anchor")],
    ids=lambda found: getattr(found, "__name__", found),
)
def test_a_registration_that_was_killed_is_finished_by_the_next(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    make_dirty(own_repo)
    monkeypatch.chdir(own_repo.folder)
    known = len(events())
    with killing(module, name):
        own_repo.run(*FORCED)
    assert "register: version 2, " in own_repo.must(*FORCED).err
    own_repo.must(*FORCED)

    candidate = versions.by_alias(versions.CANDIDATE)
    assert candidate
    assert candidate.number == "2"
    assert events()[known:] == [("registered", "2")]
    assert "ok       registry" in own_repo.run("trace", "2").out


def events() -> list[tuple[str, str]]:
    """Return what happened to which version, oldest first."""
    return [(one["event"], one["version"]) for one in journal.lines()[0]]


def test_what_a_killed_registration_logged_is_not_logged_again(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dirty(own_repo)
    rewrite(own_repo.folder / paths.CANDIDATE / artifact.MANIFEST, run_id="")
    monkeypatch.chdir(own_repo.folder)
    client = runs.client()
    experiment = client.get_experiment_by_name(versions.PROJECT).experiment_id
    before = len(client.search_logged_models([experiment]))
    with killing(versions, "_ensure_model"):
        own_repo.run(*FORCED)
    own_repo.must(*FORCED)

    assert len(client.search_logged_models([experiment])) == before + 1


def test_another_model_under_the_same_run_is_logged_as_its_own(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dirty(own_repo)
    monkeypatch.chdir(own_repo.folder)
    client = runs.client()
    experiment = client.get_experiment_by_name(versions.PROJECT).experiment_id
    before = len(client.search_logged_models([experiment]))
    own_repo.must(*FORCED)

    assert len(client.search_logged_models([experiment])) == before + 1
