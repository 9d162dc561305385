# The template's. What makes a model good enough is yours, in contract.yaml.
"""What a run that nobody watches does without a server or data, and what it writes down."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..fixtures import Done, Repo
from ..package import errors, local_service, paths, programs, retrain, smoke, step_summary, versions


def run(repo: Repo, page: Path, store: str = "") -> Done:
    """Run it as a workflow does: unset secrets and variables are empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_STEP_SUMMARY", str(page))
        patch.setenv("MLFLOW_TRACKING_URI", store)
        patch.setenv("TRAIN_ALWAYS", "")
        return repo.run("retrain")


@dataclass(frozen=True)
class Tried:
    """A clone that has neither server nor data, before it ran and after."""

    repo: Repo
    before: set[str]
    pointer: str
    done: Done
    page: str


@pytest.fixture(scope="module")
def tried(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """Return what became of a clone whose pointer names data of elsewhere."""
    folder = tmp_path_factory.mktemp("tried")
    clone, page = repo.copy(folder / "own"), folder / "page.md"
    pointer = clone.folder / paths.DATA_POINTER
    other = re.sub("md5: .{8}", "md5: 01234567", pointer.read_text(encoding="utf-8"))
    pointer.write_text(other, encoding="utf-8")
    clone.git("commit", "--quiet", "--no-verify", "--all", "--message", "Data of elsewhere")
    for gone in (paths.RAW, Path(".dvc/cache"), Path(".dvc/remote")):
        shutil.rmtree(clone.folder / gone)
    before = clone.files()
    return Tried(clone, before, other, run(clone, page), page.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_without_a_server_it_tries_the_sample_and_registers_nothing(
    tried: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tried.repo.folder)

    assert tried.done.code == 0, tried.done.err
    assert "evaluate: " in tried.done.err
    assert tried.page.startswith(f"## {versions.PROJECT}: smoke only\n\nNothing was registered: ")
    assert "MLFLOW_TRACKING_URI names no server and no database" in tried.page
    assert "| metric | on the sample |" in tried.page
    assert tried.repo.files() == tried.before
    assert tried.repo.git("status", "--porcelain", "--", "src", "params.yaml", "data") == ""
    assert len(versions.listed()) == 1


@pytest.mark.slow
def test_a_clone_without_data_tries_the_sample_of_the_commit_and_is_clean(tried: Tried) -> None:
    trained = next(line for line in tried.done.err.splitlines() if line.startswith("train: "))
    pointer = tried.repo.folder / paths.DATA_POINTER

    assert trained.endswith(", clean")
    assert pointer.read_text(encoding="utf-8") == tried.pointer


@pytest.mark.parametrize("address", ["", "sqlite:///mlflow.db", "file:mlruns"])
def test_a_store_on_this_machine_is_no_store_for_a_schedule(
    repo: Repo, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)

    assert retrain.missing() == ["MLFLOW_TRACKING_URI names no server and no database"]


def test_a_clone_whose_data_stayed_at_home_lacks_data(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(own_repo.folder / ".dvc" / "remote")
    monkeypatch.chdir(own_repo.folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")

    assert retrain.missing() == ["the data remote is a folder of the repo it was made in"]


def test_with_a_server_and_a_remote_nothing_is_missing(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(own_repo.folder / "data" / "raw")
    monkeypatch.chdir(own_repo.folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")

    assert retrain.missing() == []
    assert any((own_repo.folder / "data" / "raw").iterdir())


def test_a_remote_that_is_away_is_an_outside_failure(own_repo: Repo, tmp_path: Path) -> None:
    config = own_repo.folder / ".dvc" / "config"
    away = f"url = {tmp_path}/away"
    config.write_text(config.read_text("utf-8").replace("url = remote", away), "utf-8")
    shutil.rmtree(own_repo.folder / ".dvc" / "cache")
    shutil.rmtree(own_repo.folder / "data" / "raw")
    done = run(own_repo, tmp_path / "page.md", "http://127.0.0.1:1")

    assert done.code == 3, done.err
    assert "failed\n" in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_a_server_that_is_away_is_an_outside_failure_before_anything_is_trained(
    own_repo: Repo, tmp_path: Path
) -> None:
    (port,) = local_service.free_ports(1)
    store = f"http://127.0.0.1:{port}"
    before = own_repo.files()
    done = run(own_repo, tmp_path / "page.md", store)
    page = (tmp_path / "page.md").read_text(encoding="utf-8")

    assert done.code == 3
    assert page.startswith(f"## {versions.PROJECT}: failed\n\nthe tracking store {store} does not")
    assert own_repo.files() == before


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [("no table", errors.WrongInput, 2), ("a,b\n1,2\n", errors.Refused, 1)],
)
def test_a_stage_that_says_no_ends_the_run_with_its_exit_code(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, text: str, kind: type[Exception], code: int
) -> None:
    monkeypatch.chdir(own_repo.folder)
    suffix = "parquet" if code == 2 else "csv"
    Path("data/raw", f"broken.{suffix}").write_text(text, encoding="utf-8")
    said: list[str] = []
    with pytest.raises(kind, match=f"`repro` ended with exit code {code}"):
        programs.stage(said, *smoke.REPRO, "validate")

    assert any(f"broken.{suffix}" in line for line in said)


def test_the_summary_shows_both_models_and_every_check() -> None:
    scores = {"candidate": {"f1": 0.5, "new": 1.0}, "champion, version 1": {"f1": 0.25}}
    checks = [
        {"name": "target", "ok": True, "reason": "0.5 ≥ 0.4"},
        {"name": "slices", "ok": False, "reason": "origin|EWR 0.1 < 0.2"},
    ]
    text = step_summary.summary("refused", "Why.", scores, {"checks": checks})

    assert text.split("\n\n")[1:] == [
        "Why.",
        "| metric | candidate | champion, version 1 |\n"
        "| --- | --- | --- |\n"
        "| f1 | 0.5000 | 0.2500 |\n"
        "| new | 1.0000 | – |",
        "| check | passed | reason |\n"
        "| --- | --- | --- |\n"
        "| target | yes | 0.5 ≥ 0.4 |\n"
        "| slices | **no** | origin/EWR 0.1 < 0.2 |\n",
    ]
