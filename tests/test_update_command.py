"""A generated repo updates itself: whole or not at all, and it says what is left to do by hand.

The repo's own `update` runs with the copier of this project.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lived_in import conflicts, contents
from rendering import ANSWERS_FILE, clean_environment, commit_all, git, render

COPIER = shlex.join([sys.executable, "-m", "copier"])
ANSWERS = Path(ANSWERS_FILE)
GATE = Path("src/late_flights/_mlops/commands/gate.py")
PIPELINE = Path("just/pipeline.just")
RAISES = [(0, 1), (1, 2), (0, 2)]


@pytest.fixture(scope="module")
def fresh(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Return a function that renders a level once, with a template of the module's own."""
    copy = tmp_path_factory.mktemp("away") / "template"
    shutil.copytree(template, copy, symlinks=True)
    made: dict[int, Path] = {}

    def fresh_at(level: int) -> Path:
        if level not in made:
            folder = tmp_path_factory.mktemp("fresh") / "repo"
            made[level] = render(copy, folder, maturity_level=level)
        return made[level]

    return fresh_at


@pytest.fixture
def start(fresh: Callable[[int], Path], tmp_path: Path) -> Callable[[int], Path]:
    """Return a function that gives a committed repo of the test's own, with secrets in it."""

    def started(level: int) -> Path:
        repo: Path = shutil.copytree(fresh(level), tmp_path / "repo", symlinks=True)
        git(repo, "init", "--quiet")
        commit_all(repo, "Generated")
        (repo / ".env").write_text("TOKEN=precious\n", encoding="utf-8")
        (repo / "mlflow.db").write_bytes(b"runs\0of months")
        return repo

    return started


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "late_flights", "update", *options]


def environment(repo: Path, copier: str = COPIER) -> dict[str, str]:
    return clean_environment(PYTHONPATH=str(repo / "src"), COPIER=copier, UV_OFFLINE="1")


def ask(repo: Path, *options: str, copier: str = COPIER) -> subprocess.CompletedProcess[str]:
    given = environment(repo, copier)
    return subprocess.run(command(*options), cwd=repo, env=given, capture_output=True, text=True)


def raised(repo: Path, level: int) -> subprocess.CompletedProcess[str]:
    return ask(repo, "--to", "HEAD", "--level", str(level))


def files(repo: Path) -> dict[Path, bytes]:
    """Return the bytes of all files, those that git ignores as well, but for Python's cache."""
    return {path: found for path, found in contents(repo).items() if path.suffix != ".pyc"}


def state(repo: Path) -> tuple[dict[Path, bytes], list[str]]:
    """Return what an update that did not happen leaves as it was."""
    shown = (("status", "--porcelain"), ("ls-files", "--stage"), ("worktree", "list"))
    return files(repo), [git(repo, *command) for command in shown]


@pytest.mark.parametrize(("low", "high"), RAISES)
def test_a_raise_is_shown_applied_and_staged(
    start: Callable[[int], Path], fresh: Callable[[int], Path], low: int, high: int
) -> None:
    repo = start(low)

    done = ask(repo, "--to", "HEAD", "--level", str(high), "--json")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    staged = git(repo, "diff", "--staged", "--name-only", "--diff-filter=A").split()
    assert said["level"] == [str(low), str(high)]
    assert sorted(said["added"]) == sorted(staged)
    assert said["by_hand"] == []
    commit_all(repo, "Raised")
    assert git(repo, "status", "--porcelain") == ""
    updated, expected = files(repo), contents(fresh(high))
    assert updated.pop(Path(".env")) == b"TOKEN=precious\n"
    assert updated.pop(Path("mlflow.db")) == b"runs\0of months"
    assert updated.keys() == expected.keys()
    assert [path for path in expected if updated[path] != expected[path]] == [ANSWERS]
