"""The loop of docs/how-to/many.md, as it stands there, over repos that people lived in."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from lived_in import conflicts, contents
from rendering import ANSWERS_FILE, LEVELS, ROOT, TASKS, clean_environment, commit_all, git

PAGE = ROOT / "docs" / "how-to" / "many.md"
NAMES = ("conflict", "dirty", "edited", "highest", "no-git", "plain")


def blocks() -> list[str]:
    """Return the shell blocks of the page."""
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def home(repos: Callable[[int, str], Path], tmp_path: Path) -> Path:
    """Return a home folder with repos in models/, each with a history of its own."""
    for name in NAMES:
        level = LEVELS[-1] if name == "highest" else LEVELS[0]
        repo = tmp_path / "models" / name
        shutil.copytree(repos(level, TASKS[0]), repo)
        if name != "no-git":
            git(repo, "init", "--quiet")
            commit_all(repo, "Generated")
    edited = tmp_path / "models" / "edited"
    for name in ("README.md", "pyproject.toml", ".gitignore"):
        with (edited / name).open("a", encoding="utf-8") as file:
            file.write("# ours\n")
    commit_all(edited, "Ours")
    conflict = tmp_path / "models" / "conflict" / "pyproject.toml"
    text = conflict.read_text(encoding="utf-8")
    conflict.write_text(text.replace("tools = [", "ours = []\ntools = ["), encoding="utf-8")
    commit_all(conflict.parent, "A group where a level adds its own")
    (tmp_path / "models" / "dirty" / "params.yaml").write_text("{}\n", encoding="utf-8")
    return tmp_path


def sh(home: Path, script: str) -> str:
    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True)
    environment = clean_environment(HOME=str(home), UV_CACHE_DIR=cache.stdout.strip())
    for name in ("COPIER_SETTINGS_PATH", "XDG_CONFIG_HOME"):
        environment.pop(name, None)
    done = subprocess.run(
        ["sh", "-c", script], env=environment, cwd=home, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def table(said: str) -> dict[str, tuple[str, int]]:
    rows = [line.strip("| ").split(" | ") for line in said.splitlines()[2:]]
    return {name: (result.strip(), int(files)) for name, result, files in rows}


@pytest.mark.all
def test_the_loop_says_what_happened_in_each_repo(home: Path) -> None:
    trust, loop = blocks()
    source = yaml.safe_load((home / "models" / "plain" / ANSWERS_FILE).read_text())["_src_path"]
    before = {name: contents(home / "models" / name) for name in NAMES}

    untrusted = table(sh(home, loop))
    assert untrusted["plain"][0].startswith("failed: "), "the settings are what makes it work"
    assert contents(home / "models" / "plain") == before["plain"]

    sh(home, trust.replace("path/to/this/repo", source))
    said = table(sh(home, loop))

    assert said.keys() == set(NAMES)
    assert said["dirty"] == said["no-git"] == ("skipped: commit first", 0)
    assert said["highest"][0].startswith("failed: ")
    assert "would delete files" in said["highest"][0]
    assert said["plain"][0] == said["edited"][0] == "updated"
    assert said["plain"][1] == said["edited"][1] > 0
    assert said["conflict"][0] == "look: pyproject.toml"
    for name in ("dirty", "no-git", "highest"):
        assert contents(home / "models" / name) == before[name]
    for name in ("plain", "edited"):
        repo = home / "models" / name
        assert conflicts(repo) == []
        assert yaml.safe_load((repo / ANSWERS_FILE).read_text())["maturity_level"] == 1
    for name in ("README.md", "pyproject.toml", ".gitignore"):
        assert "# ours" in (home / "models" / "edited" / name).read_text(encoding="utf-8")
    assert conflicts(home / "models" / "conflict") != []
