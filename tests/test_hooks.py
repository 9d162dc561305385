"""What git refuses before a commit, in a generated repo and in this one."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from first_run import ONE_TASK, FirstRun, copied, run, try_to_run
from rendering import LEVELS, ROOT, TASKS, git, rendered_files

CONFIG = ".pre-commit-config.yaml"
# In pieces: the hooks of this repo read this file as well.
KEY = "AKIA" + "QWERTYUIOPASDFGH"
OUTPUT = '{"name": "stdout", "output_type": "stream", "text": ["name, address, income"]}'
NOTEBOOK = f"""{{"cells": [{{"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {{}},
"outputs": [{OUTPUT}], "source": ["1"]}}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}"""
MARKERS = "<" * 7 + " before updating\nours\n=======\ntheirs\n" + ">" * 7 + " after updating\n"
# Each hook, and what makes it say no at the end of which file.
REFUSED = {
    "ruff-format": ("src/late_flights/ugly.py", '"""Ours."""\n\nONE=1\n'),
    "ruff-check": ("src/late_flights/unused.py", '"""Ours."""\n\nimport os\n'),
    "uv-lock": ("pyproject.toml", '\n[project.optional-dependencies]\nours = ["dvc>=3"]\n'),
    "notebook-outputs": ("notebooks/look.ipynb", NOTEBOOK),
    "merge-markers": ("params.yaml", MARKERS),
    "large-files": ("customers.csv", "customer\n" * 150_000),
    "secrets": ("src/late_flights/settings.py", f'"""Ours."""\n\nKEY = "{KEY}"\n'),
}


def hooks_of(repo: Path) -> dict[str, dict[str, Any]]:
    content = yaml.safe_load((repo / CONFIG).read_text(encoding="utf-8"))
    assert [entry["repo"] for entry in content["repos"]] == ["local"], "nothing is fetched"
    return {hook["id"]: hook for hook in content["repos"][0]["hooks"]}


def commit(repo: Path) -> subprocess.CompletedProcess[str]:
    return try_to_run(repo, "git", "commit", "--message", "Ours", UV_OFFLINE="1")


@pytest.mark.e2e
@ONE_TASK
def test_what_a_demo_made_is_committed_and_each_hook_says_no_without_a_network(
    first_run: FirstRun, tmp_path: Path
) -> None:
    repo = copied(first_run.repo, tmp_path / "late-flights")
    run(repo, "uv", "run", "just", "set-up")
    git(repo, "add", "--all")

    done = commit(repo)

    assert done.returncode == 0, done.stderr
    head = git(repo, "rev-parse", "HEAD")
    for hook, (path, text) in REFUSED.items():
        with (repo / path).open("a", encoding="utf-8") as file:
            file.write(text)
        git(repo, "add", path)

        done = commit(repo)

        assert done.returncode == 1, f"{hook}: {done.stderr}"
        assert re.findall(r"^- hook id: (.+)$", done.stderr, re.M) == [hook], done.stderr
        assert git(repo, "rev-parse", "HEAD") == head
        if hook == "notebook-outputs":
            assert "income" not in (repo / path).read_text(encoding="utf-8"), "it is stripped"
        git(repo, "reset", "--quiet", "--hard")


@pytest.mark.e2e
def test_records_full_of_hashes_are_no_secrets(
    repos: Callable[[int, str], Path], tmp_path: Path
) -> None:
    hook = hooks_of(repos(LEVELS[0], TASKS[0]))["secrets"]
    digest = "0123456789abcdef" * 4
    known = {
        "signoffs/D4.yaml": f"sha256: {digest}\n",
        "data/forgotten.jsonl": f'{{"sha256": "{digest}"}}\n',
    }
    for name, text in known.items():
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        program = [sys.executable, *hook["entry"].split()[4:], "--no-verify", name]
        done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, bool(re.search(hook["exclude"], name))) == (1, True), name


def test_every_hook_is_tried(repos: Callable[[int, str], Path]) -> None:
    assert hooks_of(repos(LEVELS[0], TASKS[0])).keys() == REFUSED.keys()


def test_this_repo_has_the_hooks_that_it_gives(repos: Callable[[int, str], Path]) -> None:
    given, own = hooks_of(repos(LEVELS[0], TASKS[0])), hooks_of(ROOT)

    assert own.keys() - given.keys() == {"spelling"}
    assert given.keys() - own.keys() == {"uv-lock"}, "no lock is committed here"
    for name in own.keys() & given.keys():
        assert own[name]["entry"] == given[name]["entry"].replace(" --frozen", "")
        assert own[name].get("args") == given[name].get("args")


def test_a_misspelled_word_of_a_page_is_named(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("How to rec" + "ieve a prediction.\n", encoding="utf-8")
    hook = hooks_of(ROOT)["spelling"]
    program = [sys.executable, *hook["entry"].split()[3:], *hook["args"], "page.md"]

    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode != 0
    assert "page.md:1: rec" + "ieve ==> receive" in done.stdout


@pytest.mark.e2e
def test_no_hook_says_no_to_a_file_of_the_template(
    repos: Callable[[int, str], Path], tmp_path: Path
) -> None:
    fresh = repos(max(LEVELS), TASKS[0])
    repo = Path(shutil.copytree(fresh, tmp_path / "repo", symlinks=True))
    git(repo, "init", "--quiet")
    git(repo, "add", "--all")

    for name in ("notebook-outputs", "large-files", "secrets"):
        hook = hooks_of(repo)[name]
        asked = [
            str(path)
            for path in rendered_files(repo)
            if not re.search(hook.get("exclude", "^$"), str(path))
            and (name != "notebook-outputs" or path.suffix == ".ipynb")
        ]
        program = [sys.executable, *hook["entry"].split()[4:], *hook.get("args", []), *asked]
        done = subprocess.run(program, cwd=repo, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert git(repo, "diff", "--name-only") == ""


def refused(house: str) -> set[str]:
    """Return the rules of sp-repo-review that the decision refuses for this repo or for both."""
    (page,) = (ROOT / "docs/decisions").glob("*sp-repo-review*.md")
    rows = re.findall(r"^\| (\w+\d+) \|.*\| (.+?) \| .+ \|$", page.read_text("utf-8"), re.M)
    assert {where for _, where in rows} == {"both", "this repo"}
    return {rule for rule, where in rows if where in ("both", house)}


def broken_rules(repo: Path) -> set[str]:
    command = [sys.executable, "-m", "repo_review", "--format", "json", str(repo)]
    said = subprocess.run(command, capture_output=True, text=True).stdout
    return {rule for rule, found in json.loads(said)["checks"].items() if found["result"] is False}


def test_the_rules_that_are_broken_are_those_that_are_refused(
    repos: Callable[[int, str], Path],
) -> None:
    assert broken_rules(ROOT) == refused("this repo")
    assert broken_rules(repos(max(LEVELS), TASKS[0])) == refused("a generated one")
