"""One repo with a tag for each level: the page about its diffs says what is so."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from rendering import LEVELS, ROOT, clean_environment, git, once

SCRIPT = ROOT / "docs/example.py"
PAGE = ROOT / "docs/explanation/level-diffs.md"
EDITED = [".copier-answers.yml", "pyproject.toml"]


def write(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script, without a git identity."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def example(template: Path, shared: Path) -> Path:
    """Return a clone of the bundle that a release publishes; read it only."""

    def publish(folder: Path) -> None:
        nobody = {"HOME": str(folder), "GIT_CONFIG_GLOBAL": str(folder / "none")}
        done = write(folder / "example", "--template", template, **nobody)
        assert done.returncode == 0, done.stderr
        git(folder / "example", "bundle", "create", str(folder / "levels.bundle"), "--all")
        git(folder, "clone", "--quiet", "levels.bundle", "clone")

    return once(shared / "example-of-levels", publish) / "clone"


@pytest.mark.e2e
def test_each_level_has_a_tag_and_edits_two_files(example: Path) -> None:
    assert git(example, "tag").split() == [f"level-{level}" for level in LEVELS]
    for one, next_one in pairwise(LEVELS):
        edited = git(
            example, "diff", "--name-only", "--diff-filter=a", f"level-{one}", f"level-{next_one}"
        )
        assert edited.split() == EDITED


@pytest.mark.e2e
def test_each_diff_on_the_page_shows_something(example: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"(?:\$ |`)(git diff [^`\n]+)", page)

    assert len(commands) == 15
    for command in commands:
        for path in re.findall(r"'([^']+)'", command) or [""]:
            alone = re.sub(r" -- .*", f" -- '{path}'" if path else "", command)
            done = subprocess.run(alone, shell=True, cwd=example, capture_output=True, check=True)
            assert done.stdout, alone


def test_a_folder_that_exists_is_refused(tmp_path: Path) -> None:
    done = write(tmp_path)

    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path} exists; name a folder that does not\n"
