"""Older versions update to this one, and a tag for which that fails becomes no release."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.version import InvalidVersion, Version
from pathspec import PathSpec
from rendering import (
    CONFIG,
    LEVELS,
    ROOT,
    clean_environment,
    commit_all,
    git,
    render,
    text_files,
    update,
)
from used_repo import conflicts, losses, work_in

FIRST = "v1000.0.0"
# the last commit at which the glue was one folder of commands; repos made from it update too
BEFORE_STAGES = "7511017b1721"
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())


def supported(tags: list[str]) -> list[str]:
    """Return the oldest and the newest final version of each of the last two major versions."""
    versions: dict[Version, str] = {}
    for tag in tags:
        try:
            versions[Version(tag)] = tag
        except InvalidVersion:
            continue
    final = sorted(version for version in versions if not version.is_prerelease)
    majors = sorted({version.major for version in final})[-2:]
    ends = [[v for v in final if v.major == major] for major in majors]
    return list(dict.fromkeys(versions[v] for found in ends for v in (found[0], found[-1])))


def survives(template: Path, folder: Path, tag: str, level: int) -> list[str]:
    """Return what a repo of a tag, used, loses by the update to what is checked out now."""
    repo = render(template, folder, tag, maturity_level=level)
    patterns = PathSpec.from_lines("gitignore", CONFIG["owner_yours"]["default"])
    mine = [path for path, _ in text_files(repo) if patterns.match_file(path)]
    used = work_in(repo, mine, clashing=[])
    update(repo, "HEAD")
    return conflicts(repo) + losses(used)


@pytest.fixture
def tagged(template: Path, tmp_path: Path) -> Path:
    """Return a template of the test's own with one old tag, and work after it."""
    copy: Path = shutil.copytree(template, tmp_path / "template", symlinks=True)
    for tag in git(copy, "tag", "--list").split():
        git(copy, "tag", "--delete", tag)
    git(copy, "tag", FIRST)
    page = copy / "template/docs/handbook/what-is-new.md"
    page.write_text("<!-- The template's: yours stands elsewhere. -->\n", encoding="utf-8")
    commit_all(copy, "Later")
    return copy


@pytest.mark.parametrize("level", LEVELS)
def test_supported_tags_update_to_this_version(template: Path, tmp_path: Path, level: int) -> None:
    tags = supported(git(template, "tag", "--list").split())
    if not tags:
        pytest.skip("nothing was released yet: there is no tag")
    lost = {tag: survives(template, tmp_path / tag, tag, level) for tag in tags}

    assert {tag: found for tag, found in lost.items() if found} == {}


@pytest.mark.e2e
@pytest.mark.parametrize("level", LEVELS)
def test_a_repo_from_before_the_stages_loses_nothing_of_its_own(
    template: Path, tmp_path: Path, level: int
) -> None:
    """The glue has moved; what goes is the template's, and nobody had edited it."""
    if BEFORE_STAGES not in git(template, "rev-list", "--abbrev-commit", "--abbrev=12", "HEAD"):
        pytest.skip(f"this clone does not have commit {BEFORE_STAGES}")
    config = yaml.safe_load(git(template, "show", f"{BEFORE_STAGES}:copier.yml"))
    glue = PathSpec.from_lines("gitignore", config["owner_template"]["default"])
    lost = survives(template, tmp_path / "repo", BEFORE_STAGES, level)
    kept = [line for line in lost if not glue.match_file(line.partition(":")[0])]

    assert kept == []
    assert (tmp_path / "repo/src/late_flights/_mlops/interface.py").exists()
    assert not (tmp_path / "repo/src/late_flights/_mlops/commands").exists()


@pytest.mark.all
@pytest.mark.parametrize("level", LEVELS)
def test_the_path_from_an_older_tag_is_taken(tagged: Path, tmp_path: Path, level: int) -> None:
    assert survives(tagged, tmp_path / "repo", FIRST, level) == []
    assert (tmp_path / "repo/docs/handbook/what-is-new.md").exists()


@pytest.mark.all
def test_a_version_that_drops_a_file_fails_its_path(tagged: Path, tmp_path: Path) -> None:
    (tagged / "template/.pre-commit-config.yaml").unlink()
    commit_all(tagged, "Drop a file that repos have")

    assert survives(tagged, tmp_path / "repo", FIRST, 0) == [".pre-commit-config.yaml: gone"]


def test_which_tags_are_supported() -> None:
    tags = ["v1.0.0", "v2.0.0", "v2.1.0", "v2.10.0", "v3.0.0", "v3.1.0rc1", "nightly"]

    assert supported(tags) == ["v2.0.0", "v2.10.0", "v3.0.0"]
    assert supported([]) == []


@pytest.fixture
def notes() -> ModuleType:
    """Return the script that prints what a tag changes."""
    spec = importlib.util.spec_from_file_location("notes", ROOT / "docs/release_notes.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("tag", "problem"),
    [
        ("v1.2.0", ""),
        ("v1.2.0rc1", ""),
        ("release-7", "no version by PEP 440"),
        ("1.2.0", "is written v1.2.0"),
        ("v1.1.9", "is older than v1.2.0"),
    ],
)
def test_a_tag_that_no_update_would_find_is_refused(
    notes: ModuleType, tag: str, problem: str
) -> None:
    tags = ["nightly", "v1.1.0", tag] + (["v1.2.0"] if "older" in problem else [])

    said = notes.tag_problem(tag, tags)

    assert problem in said
    assert bool(problem) == bool(said)


def test_a_section_ends_where_the_next_begins(notes: ModuleType) -> None:
    changelog = "# Changelog\n\n## v1.10.0 (May)\n\n- new\n\n## v1.1\n\n- old\n\n## v0.9\n\n"

    assert notes.section(changelog, "v1.10.0") == "- new"
    assert notes.section(changelog, "v1.1") == "- old"
    assert notes.section(changelog, "v0.9") == ""
    assert notes.section(changelog, "v1.1.0") == ""


def lines() -> list[str]:
    """Return every line that the workflow runs."""
    return [
        step["run"]
        for job in WORKFLOW["jobs"].values()
        for step in job.get("steps", [])
        if "run" in step
    ]


@pytest.mark.all
def test_what_the_workflow_runs_says_yes_and_no(template: Path, tmp_path: Path) -> None:
    """Every line but the one that calls GitHub, and `make update-path`, which is this file."""
    copy: Path = shutil.copytree(template, tmp_path / "template", symlinks=True)
    changelog = copy / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8").replace("## Unreleased", f"## {FIRST}")
    changelog.write_text(text, encoding="utf-8")
    commit_all(copy, "Release")
    git(copy, "tag", FIRST)
    other = [line for line in lines() if "release_notes.py" in line]

    for line in other:
        assert sh(copy, line, FIRST) == 0
        assert sh(copy, line, "v1000.0.1") == 1, "no text"
        assert sh(copy, line, "nightly") == 1, "no version"
    assert len(other) == 2
    assert (copy / "notes.md").exists()


def sh(folder: Path, line: str, tag: str) -> int:
    environment = clean_environment(GITHUB_REF_NAME=tag)
    return subprocess.run(["bash", "-e", "-c", line], cwd=folder, env=environment).returncode


def test_the_release_waits_for_the_update_path() -> None:
    jobs = WORKFLOW["jobs"]
    run = "\n".join(step.get("run", "") for step in jobs["updates"]["steps"])

    assert jobs["publish"]["needs"] == "updates"
    assert "make update-path" in run
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^update-path:.*\n\t.*tests/test_update_path\.py$", makefile, re.MULTILINE)
    assert [line for line in lines() if line.startswith("gh ")] == [
        'gh release create "$GITHUB_REF_NAME" levels.bundle --verify-tag --notes-file notes.md'
    ]


@pytest.mark.all
def test_make_refuses_a_tag_whose_path_fails(tagged: Path) -> None:
    (tagged / "template/.pre-commit-config.yaml").unlink()
    commit_all(tagged, "Drop a file that repos have")

    only = "tests/test_update_path.py::test_supported_tags_update_to_this_version"
    done = subprocess.run(
        ["uv", "run", "pytest", "-q", "-m", "", only],
        cwd=tagged,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1, done.stdout
    assert ".pre-commit-config.yaml: gone" in done.stdout
