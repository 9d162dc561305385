"""The loop of docs/how-to/many.md, as it stands there, over repos with work in them."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from rendering import ANSWERS_FILE, ROOT, clean_environment, commit_all, git, render, update
from used_repo import conflicts, contents

PAGE = ROOT / "docs" / "how-to" / "many.md"
ONE_REPO = ROOT / "docs" / "how-to" / "update.md"
OLD, NEW = "v1000.0.0", "v1000.1.0"
JUSTFILE = Path("justfile")
OURS = "# ours\n"
# Files that level 1 brings, and that a team had before.
CLASHING = {
    Path("src/late_flights/_mlops/registry/gate.py"): OURS,
    Path("docs/handbook/operate.md"): "",
    Path("just/pipeline.just"): OURS,
    Path("ops/compose.yaml"): OURS,
}
EDITED = (Path("README.md"), Path("pyproject.toml"), Path(".gitignore"))


def blocks(page: Path) -> list[str]:
    """Return the shell blocks of a page."""
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def versions(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a template of this module's own; its next version edits one file."""
    copy = tmp_path_factory.mktemp("versions") / "template"
    shutil.copytree(template, copy, symlinks=True)
    git(copy, "tag", OLD)
    append(copy / "template" / JUSTFILE, "# a line of the next version\n")
    commit_all(copy, "The next version")
    git(copy, "tag", NEW)
    return copy


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def edit(repo: Path) -> None:
    for path in EDITED:
        append(repo / path, OURS)


def add_group(repo: Path) -> None:
    """Add a group of packages where a level adds its own."""
    project = repo / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("tools = [", "ours = []\ntools = ["), encoding="utf-8")


def write_clashing(repo: Path) -> None:
    """Write files under names of level 1; git ignores two of them."""
    append(repo / ".gitignore", "/ops/compose.yaml\n")
    for path, text in CLASHING.items():
        (repo / path).parent.mkdir(exist_ok=True)
        (repo / path).write_text(text, encoding="utf-8")
    append(repo / ".git/info/exclude", "/just/pipeline.just\n")


def name_template_that_is_away(repo: Path) -> None:
    answers = repo / ANSWERS_FILE
    text = answers.read_text(encoding="utf-8")
    answers.write_text(
        re.sub("^_src_path: .*$", "_src_path: /no/such/template", text, flags=re.M),
        encoding="utf-8",
    )


def leave(_: Path) -> None:
    """Leave the repo as it was generated."""


# Each repo: version and level at which it was generated, and what was committed there since.
REPOS: dict[str, tuple[str, int, Callable[[Path], None]]] = {
    "away": (NEW, 0, name_template_that_is_away),
    "behind": (OLD, 0, leave),
    "busy": (NEW, 0, leave),
    "clash": (NEW, 0, write_clashing),
    "conflict": (NEW, 0, add_group),
    "current": (NEW, 1, leave),
    "dirty": (NEW, 0, leave),
    "edited": (NEW, 0, edit),
    "foreign": (NEW, 0, lambda repo: (repo / ANSWERS_FILE).unlink()),
    "highest": (NEW, 2, leave),
    "no-git": (NEW, 0, leave),
    "plain": (NEW, 0, leave),
}
UNCHANGED = {
    "away": "copier failed, and nothing was changed: ",
    "busy": f"is held by another command, process {os.getpid()}",
    "dirty": "params.yaml differ from the last commit; ",
    "foreign": "no template made it",
    "highest": "this repo is at level 2, and going down to 1 would delete files",
    "no-git": "there is no git commit in this folder",
}


@pytest.fixture
def models(versions: Path, tmp_path: Path) -> Path:
    """Return a folder of repos, each with a history of its own."""
    fresh = {
        (version, level): render(
            versions, tmp_path / f"{version}-{level}", version, maturity_level=level
        )
        for version, level in {(version, level) for version, level, _ in REPOS.values()}
    }
    for name, (version, level, change) in REPOS.items():
        repo = tmp_path / "models" / name
        shutil.copytree(fresh[version, level], repo)
        git(repo, "init", "--quiet")
        change(repo)
        commit_all(repo, "Ours")
    append(tmp_path / "models" / "dirty" / "params.yaml", OURS)
    shutil.rmtree(tmp_path / "models" / "no-git" / ".git")
    return tmp_path / "models"


def sh(home: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a block of a page in a home folder that has no settings but its own."""
    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True)
    environment = clean_environment(HOME=str(home), UV_CACHE_DIR=cache.stdout.strip())
    for name in ("COPIER_SETTINGS_PATH", "XDG_CONFIG_HOME"):
        environment.pop(name, None)
    return subprocess.run(
        ["sh", "-c", script], env=environment, cwd=home, capture_output=True, text=True
    )


def said_by_loop(home: Path) -> dict[str, tuple[str, int]]:
    """Run the loop there; return the result and the count of files for each repo of the table."""
    _, loop, _ = blocks(PAGE)
    done = sh(home, loop)
    assert (done.returncode, done.stderr) == (0, "")
    head, line, *rows = done.stdout.splitlines()
    assert (head, line) == ("| repo | result | files |", "|---|---|---|")
    found = [row.removeprefix("| ").removesuffix(" |").split(" | ") for row in rows]
    return {name: (result, int(files)) for name, result, files in found}


def without_cache(repo: Path) -> dict[Path, bytes]:
    """Return the bytes of all files but for Python's cache and what an update lays aside."""
    return {
        path: found
        for path, found in contents(repo).items()
        if path.suffix != ".pyc" and path.parts[0] != "build"
    }


@pytest.mark.all
def test_the_loop_says_what_happened_in_each_of_twelve_repos(models: Path) -> None:
    assert len(REPOS) == 12
    before = {name: without_cache(models / name) for name in REPOS}

    with (models / "busy/.git/update-lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print(os.getpid(), end="", file=lock, flush=True)
        said = said_by_loop(models.parent)

    assert said.keys() == REPOS.keys()
    come = said["plain"][1]
    assert come > 40
    assert said["plain"] == said["edited"] == ("updated", come)
    assert said["behind"] == ("updated", come + 1)
    assert said["current"] == ("nothing new", 0)
    assert said["conflict"] == ("look: conflict pyproject.toml", come)
    result, files = said["clash"]
    assert files == come - len(CLASHING)
    assert sorted(result.removeprefix("look: ").split(",")) == sorted(
        f"clash {path}" for path in CLASHING
    )
    for name, why in UNCHANGED.items():
        result, files = said[name]
        assert result.startswith("unchanged: "), name
        assert why in result
        assert files == 0
    for name in [*UNCHANGED, "current"]:
        assert without_cache(models / name) == before[name], name
    for name in ("behind", "clash", "conflict", "edited", "plain"):
        answers = yaml.safe_load((models / name / ANSWERS_FILE).read_text(encoding="utf-8"))
        assert (answers["maturity_level"], answers["_commit"]) == (1, NEW)
        assert (conflicts(models / name) != []) == (name == "conflict")
    assert "# a line of the next version" in (models / "behind" / JUSTFILE).read_text()
    for path in EDITED:
        assert OURS in (models / "edited" / path).read_text(encoding="utf-8")
    for path, text in CLASHING.items():
        assert (models / "clash" / path).read_text(encoding="utf-8") == text
        assert (models / "clash" / "build/update" / path).exists()


@pytest.fixture(scope="module")
def raised(versions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a folder of three repos: updated, in conflict, and not touched."""
    home = tmp_path_factory.mktemp("raised")
    for name in ("conflict", "same", "updated"):
        repo = render(versions, home / "models" / name, OLD, maturity_level=0)
        git(repo, "init", "--quiet")
        add_group(repo) if name == "conflict" else None
        commit_all(repo, "Ours")
        git(home, "clone", "--quiet", "--bare", str(repo), f"{name}.git")
        git(repo, "remote", "add", "origin", f"../../{name}.git")
        if name != "same":
            update(repo, NEW, maturity_level=1)
            git(repo, "add", "--all", "--", ".", ":!pyproject.toml")
            git(repo, "add", "pyproject.toml") if name == "updated" else None
    return home


@pytest.fixture
def updated(raised: Path, tmp_path: Path) -> Path:
    """Return a copy of `raised`, free to change."""
    return Path(shutil.copytree(raised, tmp_path / "home", symlinks=True))


@pytest.mark.e2e
def test_the_inventory_names_level_version_and_champion_of_each_repo(updated: Path) -> None:
    pointer = updated / "models/updated/models/champion/pointer.json"
    pointer.parent.mkdir(parents=True)
    pointer.write_text('{\n  "version": "7",\n  "manifest_sha256": "12"\n}\n', encoding="utf-8")
    (updated / "models/foreign").mkdir()
    done = sh(updated, blocks(PAGE)[0])
    found = [[cell.strip() for cell in row.split("|")[1:-1]] for row in done.stdout.splitlines()]

    assert done.stderr == ""
    assert [[row[i] for i in (0, 1, 2, 4)] for row in found[2:]] == [
        ["conflict", "1", NEW, ""],
        ["foreign", "", "", ""],
        ["same", "0", OLD, ""],
        ["updated", "1", NEW, "7"],
    ]


@pytest.mark.e2e
def test_each_updated_repo_gets_a_pull_request_and_a_conflict_none(updated: Path) -> None:
    programs = updated / "programs"
    programs.mkdir()
    asked = updated / "asked.txt"
    (programs / "gh").write_text(f'#!/bin/sh\necho "$PWD $*" >> "{asked}"\n', encoding="utf-8")
    (programs / "gh").chmod(0o755)
    done = sh(updated, f'PATH="{programs}:$PATH"\n{blocks(PAGE)[2]}')

    assert (done.returncode, done.stderr) == (0, "")
    assert asked.read_text(encoding="utf-8") == f"{updated}/models/updated pr create --fill\n"
    branches = git(updated / "updated.git", "branch", "--list", "template-*")
    assert branches.split() == [f"template-{NEW}"]
    assert git(updated / "conflict.git", "branch", "--list", "template-*") == ""
    assert git(updated / "models/updated", "status", "--porcelain") == ""


@pytest.mark.e2e
def test_one_line_raises_a_repo_whose_template_is_trusted(versions: Path, tmp_path: Path) -> None:
    repo = render(versions, tmp_path / "my-project", OLD)
    git(repo, "init", "--quiet")
    commit_all(repo, "Generated")
    trust, line = blocks(ONE_REPO)

    before = without_cache(repo)
    untrusted = sh(tmp_path, line)

    assert untrusted.returncode != 0
    assert "trust" in untrusted.stderr
    assert without_cache(repo) == before

    settings = sh(tmp_path, trust.replace("path/to/this/repo", str(versions)))
    done = sh(tmp_path, line)

    assert (settings.returncode, done.returncode) == (0, 0), done.stderr
    answers = yaml.safe_load((repo / ANSWERS_FILE).read_text(encoding="utf-8"))
    assert (answers["maturity_level"], answers["_commit"]) == (1, NEW)
    assert conflicts(repo) == []
