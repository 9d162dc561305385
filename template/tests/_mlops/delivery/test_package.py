# The template's. What your service needs to run goes into [project] dependencies.
"""What is packaged: a version that may be deployed, whole, with a container file that is sound."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import Repo
from ..package import artifact, bundle, errors, files, paths, versions
from ..package import package as build_package
from .conftest import prepare


def test_the_package_holds_the_champion_and_says_so(package: Repo) -> None:
    made = package.read(bundle.PACKAGE / bundle.RECORD)
    pointer = package.read(paths.CHAMPION / artifact.POINTER)

    assert (made["version"], made["model_sha256"]) == ("1", pointer["model_sha256"])
    assert made["commit"] == package.git("rev-parse", "HEAD")
    assert made["bento"].endswith(f":1-{pointer['model_sha256'][:12]}")


def test_the_bento_holds_code_model_contract_and_packages_and_nothing_else(package: Repo) -> None:
    bento = package.folder / bundle.PACKAGE / bundle.BENTO
    kinds = {path.suffix for path in (bento / "src").rglob("*") if path.is_file()}

    assert kinds == {".py", ".json", ".skops", ".yaml"}
    assert bundle.LOCKED.name in {path.name for path in (bento / "env/python").iterdir()}
    assert (package.folder / bundle.PACKAGE / bundle.DOCKERFILE).is_file()


def test_a_file_that_was_changed_added_or_lost_is_named(
    own_package: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_package.folder)
    before = bundle.changed()
    (bundle.PACKAGE / bundle.DOCKERFILE).write_text("FROM scratch\n")
    (bundle.PACKAGE / "added").write_text("x")
    (bundle.PACKAGE / bundle.LOCKED).unlink()

    assert before == []
    assert bundle.changed() == ["added", str(bundle.DOCKERFILE), str(bundle.LOCKED)]


@pytest.mark.parametrize(
    ("line", "rule"),
    [("FROM python", "DL3006"), ("FROM python:3.12\nRUN cd /tmp", "DL3003")],
)
def test_a_container_file_that_is_not_sound_is_refused(
    tmp_path: Path, line: str, rule: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f"{line}\n")
    with pytest.raises(errors.Refused, match=rule):
        bundle.lint(tmp_path / "Dockerfile")


def test_habits_of_bentoml_are_let_through(package: Repo) -> None:
    bundle.lint(package.folder / bundle.PACKAGE / bundle.DOCKERFILE)


def test_a_version_that_the_gate_did_not_accept_is_not_packaged(rivals: Repo) -> None:
    done = rivals.run("package", "2")

    assert done.code == 1
    assert "version 2 was not accepted by the gate" in done.err
    assert not (rivals.folder / bundle.PACKAGE).exists()


def test_without_exported_packages_there_is_nothing_to_pin(repo: Repo) -> None:
    done = repo.run("package")

    assert done.code == 2
    assert "uv run just package" in done.err


@pytest.mark.parametrize(
    ("name", "value", "named", "sample"),
    [
        ("GITHUB_EVENT_NAME", "pull_request", "1", True),
        ("CI_PIPELINE_SOURCE", "merge_request_event", "1", True),
        ("GITHUB_EVENT_NAME", "push", "1", False),
        ("GITHUB_EVENT_NAME", "push", None, True),
    ],
)
def test_in_ci_a_change_and_an_empty_registry_are_tried_with_the_sample(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str | None, sample: bool
) -> None:
    for other in ("GITHUB_EVENT_NAME", "CI_PIPELINE_SOURCE", "CI"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setattr(versions, "by_alias", lambda alias: named)
    assert not build_package.tried_out()
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv(name, value)

    assert build_package.tried_out() == sample


def test_a_bento_that_cannot_be_built_leaves_the_package_as_it_was(own_package: Repo) -> None:
    before = own_package.read(bundle.PACKAGE / bundle.RECORD)
    (own_package.folder / "bentofile.yaml").write_text("service: nowhere:Service\n")
    done = own_package.run("package")

    assert (done.code, "bentoml build failed" in done.err) == (3, True)
    assert own_package.read(bundle.PACKAGE / bundle.RECORD) == before


def test_without_uv_it_is_said_before_bentoml_installs_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.OutsideFailed, match="needs uv"):
        bundle.build(tmp_path, tmp_path / "to", "1")


@pytest.mark.slow
def test_without_a_registry_a_model_of_the_sample_is_packaged_and_goes_nowhere(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    prepare(own_repo)
    own_repo.git("add", "--all")
    own_repo.git("commit", "--quiet", "--no-verify", "--message", "A clone, as a runner has it")
    for name in ("mlflow.db", "models", "mlruns"):
        path = own_repo.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = own_repo.must("package")
    released = own_repo.must("release", "test")

    assert "smoke only" in done.err
    assert own_repo.read(bundle.PACKAGE / bundle.RECORD)["version"] is None
    assert "smoke only: a model of the sample is not released" in released.err
    assert not (own_repo.folder / "mlflow.db").exists()
    assert own_repo.must("accept", "quality").code == 0
    assert own_repo.must("bom").code == 0


SOUND = {
    **dict.fromkeys(("model_sha256", "features_sha256", "commit"), "0" * 64),
    **{"python": "3.12", "requires_python": ">=3.11", "bento": "a:1", "version": "1"},
}


@pytest.mark.parametrize(
    "odd",
    [[], 7, {}, {"version": "1"}, SOUND | {"bento": 7}, {k[::-1]: v for k, v in SOUND.items()}],
    ids=["a list", "a number", "nothing", "half", "another kind", "other keys"],
)
def test_a_damaged_record_of_a_package_is_named(
    odd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files.write_json(bundle.PACKAGE / bundle.RECORD, SOUND)
    assert bundle.read().bento == SOUND["bento"]

    files.write_json(bundle.PACKAGE / bundle.RECORD, odd)
    with pytest.raises(errors.WrongInput, match=str(bundle.RECORD)) as found:
        bundle.read()
    assert "uv run just package" in found.value.hint
