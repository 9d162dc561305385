# The template's. Tests of yours go into a file of their own.
"""What a branch changes in the model is shown, and what was not trained again is named."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import Done, Repo
from ..package import changes, paths, provenance

SAME = "Data, parameters and contract: the same."


@pytest.fixture
def trained(own_repo: Repo) -> Repo:
    """Return a repo whose reports and lock are in git."""
    stage = {
        "deps": [{"path": path, "md5": md5(own_repo.folder / path)} for path in ("contract.yaml",)],
        "params": {"params.yaml": {"train": numbers(own_repo)["train"]}},
    }
    lock = {"stages": {"train": stage}}
    (own_repo.folder / provenance.PIPELINE).write_text(json.dumps(lock), encoding="utf-8")
    commit(own_repo)
    return own_repo


def md5(path: Path) -> str:
    """Return the hash by which DVC knows a file."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def numbers(repo: Repo) -> dict[str, Any]:
    """Return what params.yaml says."""
    with (repo.folder / paths.PARAMS).open(encoding="utf-8") as file:
        found: dict[str, Any] = changes.YAML(typ="safe", pure=True).load(file)
    return found


def commit(repo: Repo) -> None:
    """Commit the reports too."""
    repo.git("add", "--force", str(paths.METRICS), str(paths.VALIDATION), str(provenance.PIPELINE))
    repo.git("add", "--update")
    repo.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", "Trained")


def rewrite(repo: Repo, path: Path, **values: Any) -> None:
    """Change keys of a report."""
    report = repo.read(path)
    (repo.folder / path).write_text(json.dumps({**report, **values}), encoding="utf-8")


def shown(repo: Repo, *options: str) -> Done:
    """Return what `changes` says; the exit code is 0 however much changed."""
    return repo.must("changes", *options)


def test_the_same_model_is_said_to_be_the_same(trained: Repo) -> None:
    done = shown(trained)

    assert "the model is the same" in done.out
    assert SAME in done.out
    assert "Not trained again" not in done.out


def test_metrics_slices_data_and_verdict_are_shown_before_and_after(
    trained: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = trained.read(paths.METRICS)
    name = report["metric"]
    score, (_, high) = report["metrics"][name], report["intervals"][name]
    some = {"column": "site", "value": "north", "rows": 30, name: score}
    rewrite(trained, paths.METRICS, slices=[some, {**some, "value": "south"}])
    commit(trained)
    moved = high + 1
    rewrite(
        trained,
        paths.METRICS,
        metrics={**report["metrics"], name: moved},
        intervals={**report["intervals"], name: [moved, moved + 1]},
        slices=[{**some, name: score - 0.25}, {**some, "value": "south"}],
    )
    rewrite(trained, paths.VALIDATION, batches=[{"sha256": "another", "rows": 1234}])
    verdict = {"version": "2", "checks": [{"name": "slices", "ok": False}]}
    (trained.folder / paths.GATE).write_text(json.dumps(verdict), encoding="utf-8")
    monkeypatch.setenv("CHANGES_SINCE", "main" if trained.git("branch", "--list", "main") else "@")
    monkeypatch.setenv("STEP_SUMMARY", str(tmp_path / "build/page.md"))
    done = shown(trained)
    page = (tmp_path / "build/page.md").read_text(encoding="utf-8")

    assert done.out == ""
    assert f"{name} {score:.4f} → {moved:.4f}" in page
    assert f"| {name} | {score:.4f} (" in page
    assert f"| {moved:.4f} ({moved:.4f} to {moved + 1:.4f}) | yes |" in page
    assert f"| site = north | 30 | {score:.4f} | {score - 0.25:.4f} | -0.2500 |" in page
    assert "south" not in page
    assert "1 batch, 1,234 rows |" in page
    assert "The gate on version 2: refused by slices." in page


def test_a_change_within_both_intervals_is_none_to_speak_of(trained: Repo) -> None:
    report = trained.read(paths.METRICS)
    name = report["metric"]
    near = report["metrics"][name] + 1e-9
    rewrite(trained, paths.METRICS, metrics={**report["metrics"], name: near})

    assert "| within the intervals |" in shown(trained).out


def test_bars_and_metrics_that_move_beside_the_model_are_shown(trained: Repo) -> None:
    was = trained.git("show", f"HEAD:{paths.CONTRACT}").split("accept: ")[1].split()[0]
    trained.change(paths.CONTRACT, "quality", "accept", to=0.125)
    code = trained.folder / changes.SCORES
    code.write_text(code.read_text(encoding="utf-8") + "# kinder\n", encoding="utf-8")
    done = shown(trained)

    assert f"| quality.accept | {was} | 0.125 |" in done.out
    assert f"{changes.SCORES} was edited: figures before and after are not by" in done.out
    assert SAME not in done.out


@pytest.mark.parametrize("edited", ["contract.yaml", "params.yaml"])
def test_an_edit_that_was_not_trained_is_named(trained: Repo, edited: str) -> None:
    if edited == "params.yaml":
        trained.change(paths.PARAMS, "train", "seed", to=7)
    else:
        trained.change(paths.CONTRACT, "purpose", to="Another one")
    commit(trained)
    done = shown(trained, "--since", "HEAD^")

    assert "the code is newer than the model" in done.err
    named = "train.seed in params.yaml" if edited == "params.yaml" else edited
    assert f"Not trained again since an edit of {named}." in done.out


def test_without_a_report_it_says_what_to_commit(trained: Repo) -> None:
    first = trained.git("rev-list", "--max-parents=0", "HEAD")
    new = shown(trained, "--since", first)
    (trained.folder / paths.METRICS).unlink()
    gone = shown(trained)

    assert "the first report" in new.err
    assert "no report is in git yet" in gone.err
    assert "then commit `reports/` and `dvc.lock`" in gone.out


@pytest.mark.parametrize("content", ["train: [", "- a", "\x00"])
def test_what_is_no_yaml_is_wrong_input(trained: Repo, content: str) -> None:
    (trained.folder / paths.PARAMS).write_text(content, encoding="utf-8")
    done = trained.run("changes")

    assert (done.code, "params.yaml " in done.err) == (2, True)


def test_what_is_no_commit_and_no_report_is_wrong_input(trained: Repo) -> None:
    unknown = trained.run("changes", "--since", "nowhere")
    (trained.folder / paths.METRICS).write_text("{", encoding="utf-8")
    damaged = trained.run("changes")

    assert (unknown.code, "'nowhere' is no commit" in unknown.err) == (2, True)
    assert (damaged.code, "metrics.json is no JSON" in damaged.err) == (2, True)
