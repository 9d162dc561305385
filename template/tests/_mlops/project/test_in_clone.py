# The template's. Your batches are replayed as they are.
"""Where the clone is that a year is replayed in."""

import shutil
from pathlib import Path

import pytest

from ..fixtures import Repo
from ..package import errors, in_clone, paths, programs


def test_a_repo_below_the_top_of_another_is_cloned_and_found_there(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "team" / "work"
    inner.mkdir(parents=True)
    shutil.copy(repo.folder / paths.CONTRACT, inner)
    monkeypatch.chdir(inner)
    programs.run("git", "init", "--quiet", str(tmp_path))
    with pytest.raises(errors.WrongInput, match="no commit to replay"):
        in_clone.cloned()
    programs.run("git", "add", "--all")
    programs.commit("First", ["."])

    assert in_clone.cloned() == in_clone.FOLDER / "team" / "work"
    assert (in_clone.FOLDER / "team" / "work" / paths.CONTRACT).is_file()
