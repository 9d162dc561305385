"""Does what is typed after a recipe reach its command as it was typed?"""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rendering import LEVELS, ROOT, TASKS, clean_environment, commit_all, git

JUST = str(Path(sys.executable).with_name("just"))
# each would be split, lost or run if a recipe pasted it into the text of a shell
VALUES = ["two  words", "", "it's", 'a "word"', "$HOME", "; touch made", "`touch made`", "--to=a b"]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder with a `uv` that only notes its arguments, in the file `given`."""
    uv = tmp_path / "uv"
    note = shlex.quote(str(tmp_path / "given"))
    uv.write_text(f'#!/bin/sh\nprintf "%s\\0" "$@" >{note}\n', encoding="utf-8")
    uv.chmod(0o755)
    return tmp_path


def just(repo: Path, tools: Path, *arguments: str) -> str:
    """Run `just` in a repo, with the programs of a folder before all others."""
    done = try_just(repo, tools, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def try_just(repo: Path, tools: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment()
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    command = [JUST, *arguments]
    return subprocess.run(command, cwd=repo, env=environment, capture_output=True, text=True)


def given(tools: Path) -> list[str]:
    """Return the arguments of the last `uv`."""
    return (tools / "given").read_text(encoding="utf-8").split("\0")[:-1]


def test_a_recipe_passes_on_what_is_typed(repos: Callable[[int, str], Path], tools: Path) -> None:
    repo = repos(max(LEVELS), TASKS[0])
    dump = just(repo, tools, "--dump", "--dump-format", "json")
    recipes: dict[str, dict[str, Any]] = json.loads(dump)["recipes"]
    before = set(repo.iterdir())
    for name in (name for name, recipe in recipes.items() if recipe["parameters"]):
        just(repo, tools, name)
        alone = given(tools)
        just(repo, tools, name, *VALUES)
        assert given(tools) == [*alone, *VALUES], name
        assert set(repo.iterdir()) == before, name
    assert {"register", "promote", "rollback", "test"} <= set(recipes)


def test_check_names_the_markers_that_an_update_by_copier_left(
    repos: Callable[[int, str], Path], tools: Path, tmp_path: Path
) -> None:
    repo = Path(shutil.copytree(repos(0, TASKS[0]), tmp_path / "repo", symlinks=True))
    just(repo, tools, "check")  # without git
    git(repo, "init", "--quiet")
    commit_all(repo, "Generated")
    assert just(repo, tools, "check") == ""
    ours, theirs = "<" * 7 + " before updating", ">" * 7 + " after updating"
    (repo / "params.yaml").write_text(f"{ours}\na: 1\n=======\na: 2\n{theirs}\n", "utf-8")

    done = try_just(repo, tools, "check")

    assert done.returncode == 1
    assert done.stdout.splitlines() == [f"params.yaml:1:{ours}", f"params.yaml:5:{theirs}"]
    assert done.stderr.startswith("error: conflicts are left open")


def test_fix_mends_what_it_can_formats_all_and_names_the_rest(
    repos: Callable[[int, str], Path], tools: Path, tmp_path: Path
) -> None:
    repo = Path(shutil.copytree(repos(0, TASKS[0]), tmp_path / "repo", symlinks=True))
    # this Python has ruff, and no package of a repo's
    (tools / "uv").write_text(f'#!/bin/sh\nshift 3; exec {shlex.quote(sys.executable)} "$@"\n')
    mine = repo / "src/late_flights/mine.py"
    mine.write_text('"""Mine."""\n\nimport os\n\nanswer = [ nobody ]\n', encoding="utf-8")

    done = try_just(repo, tools, "fix")

    assert mine.read_text(encoding="utf-8") == '"""Mine."""\n\nanswer = [nobody]\n'
    assert done.returncode == 1
    assert "F821" in done.stdout
    mine.write_text(mine.read_text(encoding="utf-8").replace("nobody", '"us"'), encoding="utf-8")
    assert try_just(repo, tools, "fix").returncode == 0


def test_make_demo_takes_any_name_of_a_folder(tools: Path) -> None:
    folder = str(tools / "two  words; 'touch' \"made\"")
    environment = clean_environment()
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    command = ["make", "--silent", "demo", f"DEMO={folder}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    assert f"generated {folder}\n" in done.stdout, done.stderr
    assert given(tools)[-1] == folder


@pytest.mark.parametrize(
    ("typed", "found"),
    [("C", "C.UTF-8"), ("POSIX", "C.UTF-8"), ("de_DE.UTF-8", "de_DE.UTF-8"), ("", "")],
)
def test_a_recipe_never_runs_where_only_ascii_is_known(
    repos: Callable[[int, str], Path], typed: str, found: str
) -> None:
    """Before 3.13, Python in C cannot start with an environment in a folder such as Modèle."""
    command = [JUST, "--evaluate", "LC_ALL"]
    done = subprocess.run(
        command,
        cwd=repos(0, TASKS[0]),
        env=clean_environment(LC_ALL=typed),
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout.strip()) == (0, found)
