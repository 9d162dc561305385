"""Any repo is tried against the checks of `readiness`: what is there, and what is not."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rendering import ROOT

SCRIPT = ROOT / "adopt/score.py"


def scored(repo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Score a folder as its user would."""
    command = [sys.executable, str(SCRIPT), str(repo), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def there(repo: Path) -> dict[str, str]:
    """Return for each check what it could stand on."""
    return {row["id"]: row["there"] for row in json.loads(scored(repo, "--json").stdout)}


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    found = there(tmp_path)

    assert len(found) >= 34
    assert set(found.values()) == {""}


def test_every_check_has_a_title_and_says_how_it_is_proven(tmp_path: Path) -> None:
    rows = json.loads(scored(tmp_path, "--json").stdout)

    assert all(row["title"] and row["proof"] and row["level"] in (0, 1, 2) for row in rows)


def test_what_is_there_is_named_and_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/CODEOWNERS").write_text("* @us\n", encoding="utf-8")
    (tmp_path / "train.py").write_text("import mlflow\nseed = dict(random_state=1)\n", "utf-8")
    found, said = there(tmp_path), scored(tmp_path).stdout

    assert (found["owners"], found["I5"], found["I1"]) == (
        ".github/CODEOWNERS",
        "train.py",
        "train.py",
    )
    assert (found["I6"], found["card"]) == ("", "")
    assert "monitoring       evidenced 0 of 7; something is there for 0" in said


def test_words_of_others_do_not_count(tmp_path: Path) -> None:
    for folder in (".venv/lib", "node_modules/x", ".git"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("import mlflow, optuna, evidently\n", "utf-8")

    assert set(there(tmp_path).values()) == {""}


def test_files_that_are_no_text_and_names_that_are_odd_are_read_past(tmp_path: Path) -> None:
    (tmp_path / "bytes.py").write_bytes(b"\xff\x00\xfe" * 1000)
    (tmp_path / "ü (1).py").write_text("import optuna\n", encoding="utf-8")
    (tmp_path / "nowhere.py").symlink_to(tmp_path / "none")

    assert there(tmp_path)["M3"] == "ü (1).py"


def test_a_generated_repo_that_ran_has_its_own_command(generate: Callable[..., Path]) -> None:
    repo = generate()
    assert scored(repo).returncode == 0
    (repo / ".evidence").mkdir()
    done = scored(repo)

    assert done.returncode == 2
    assert "uv run just readiness" in done.stderr


@pytest.mark.parametrize("name", ["none", "file"])
def test_what_is_no_folder_is_wrong_input(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    done = scored(tmp_path / name)

    assert (done.returncode, done.stdout) == (2, "")
    assert "is no folder" in done.stderr
