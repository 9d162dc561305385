"""GitHub's workflows and GitLab's do the same, and GitLab can read its own."""

import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import LEVELS, TASKS
from test_compose import follows
from workflows import EVENTS, differences, github, gitlab, gitlab_files, needed, pipelines

HIGHEST = max(LEVELS)


@pytest.fixture(params=LEVELS)
def repo(request: pytest.FixtureRequest, on_gitlab: Callable[[int], Path]) -> Path:
    return on_gitlab(request.param)


@pytest.mark.parametrize("level", LEVELS)
def test_both_providers_do_the_same(
    on_gitlab: Callable[[int], Path], repos: Callable[[int, str], Path], level: int
) -> None:
    one, other = github(repos(level, TASKS[0])), gitlab(on_gitlab(level))

    assert len(one) == (3, 5, 22)[level]
    assert differences(one, other) == []


MUTATIONS = [
    ("ci/check.yml", "    - uv run just check\n", "", "check: runs"),
    ("ci/check.yml", "merge_request_event", "api", "check: starts"),
    ("ci/check.yml", "readiness.html", "index.html", "check: keeps"),
    ("ci/mlops-train.yml", "timeout: 240", "timeout: 60", "train: minutes"),
    ("ci/mlops-train.yml", "23 4 * * 1", "23 4 1 * *", "train: cron"),
    ("ci/mlops-train.yml", "data/raw.dvc", "data", "train: starts"),
    ("ci/mlops-train.yml", "mlops/train", "train", "train: secrets"),
    ("ci/mlops-monitor.yml", "[$MONITOR_RUNNER]", "[$TRAIN_RUNNER]", "monitor: runner"),
    ("ci/mlops-monitor.yml", '    - cd "${MONITOR_FOLDER:-.}"\n', "", "monitor: runs"),
    ("ci/mlops-monitor.yml", "group: mlops-monitor", "group: mlops-train", "monitor: alone"),
    (
        "ci/mlops-pipeline.yml",
        "[feature-logic, model-methods,",
        "[model-methods,",
        "package: after",
    ),
    ("ci/mlops-pipeline.yml", "id_tokens", "secrets", "provenance: signs"),
    ("ci/mlops-pipeline.yml", "\npackage:", "\nbundle:", "bundle: on one side only"),
    ("ci/mlops-pipeline.yml", '&& $ATTEST != "true"', "", "provenance: starts"),
    (
        "ci/mlops-deliver.yml",
        "environment: mlops/staging",
        "environment: mlops/test",
        "environments",
    ),
    ("ci/mlops-deliver.yml", "needs: [package, staging]", "needs: [package]", "production: after"),
    ("ci/mlops-deliver.yml", "accept load", "accept calls", "load: runs"),
    ("ci/check.yml", "uv run just advisories", "uv run just help", "advisories: runs"),
    ("ci/check.yml", "uv run just changes", "uv run just help", "model-changes: runs"),
    ("workflows/check.yml", "if: github.event_name == 'pull_request'", "", "changes: starts"),
    ("workflows/check.yml", "uv run just test-all", "uv run pytest", "check: runs"),
    ("workflows/mlops-train.yml", "  workflow_dispatch:\n", "", "train: starts"),
    ("workflows/mlops-deliver.yml", "needs: test\n", "needs: pipeline\n", "staging: after"),
]


@pytest.mark.parametrize(("file", "old", "new", "told"), MUTATIONS)
def test_what_one_provider_lacks_is_named(
    on_gitlab: Callable[[int], Path],
    repos: Callable[[int, str], Path],
    tmp_path: Path,
    file: str,
    old: str,
    new: str,
    told: str,
) -> None:
    for folder, source in ((".github", repos(HIGHEST, TASKS[0])), (".gitlab", on_gitlab(HIGHEST))):
        shutil.copytree(source / folder, tmp_path / folder)
    shutil.copy(on_gitlab(HIGHEST) / ".gitlab-ci.yml", tmp_path)
    (path,) = tmp_path.glob(f".git*/{file}")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")

    found = differences(github(tmp_path), gitlab(tmp_path))

    assert any(told in line for line in found), found


def test_a_job_that_only_one_provider_has_is_named(on_gitlab: Callable[[int], Path]) -> None:
    more, less = gitlab(on_gitlab(1)), gitlab(on_gitlab(0))

    assert differences(more, less) == ["monitor: on one side only", "train: on one side only"]


def test_a_person_starts_production_and_nothing_else(on_gitlab: Callable[[int], Path]) -> None:
    jobs = pipelines(on_gitlab(HIGHEST)).jobs
    asked = {name: [rule.get("when") for rule in job["rules"]] for name, job in jobs.items()}

    assert {name for name, said in asked.items() if "manual" in said} == {"production"}
    assert set(asked["production"]) == {"manual"}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_no_pipeline_waits_for_a_job_that_it_lacks(repo: Path, event: Any) -> None:
    """GitLab refuses to make such a pipeline at all."""
    found = pipelines(repo)
    there = {name for name in found.jobs if found.starts(name, event)}
    for name in there:
        lacking = {job for job, optional in needed(found.jobs[name]) if not optional} - there
        assert lacking == set(), f"{name} of {event.name}"


def test_a_job_that_names_its_tests_runs_all_of_them(on_gitlab: Callable[[int], Path]) -> None:
    """`just test` leaves out those that take long, also of a file that is named."""
    jobs = pipelines(on_gitlab(HIGHEST)).jobs.values()
    commands = [line for job in jobs for line in job.get("script", []) if " tests/" in line]
    named = [on_gitlab(HIGHEST) / path for line in commands for path in line.split()[4:]]

    assert len(named) > len(commands) > 3
    assert all(path.is_file() for path in named)
    assert [line for line in commands if " just test-all " not in line] == []


def test_stages_needs_and_recipes_exist(repo: Path) -> None:
    found = pipelines(repo)
    recipes = {
        name
        for path in [repo / "justfile", *(repo / "just").glob("*.just")]
        for name in re.findall(r"^([a-z][\w-]*)(?: [^:]*)?:(?!=)", path.read_text(), re.MULTILINE)
    }
    known = set(found.jobs) | {"train"}  # of the level below
    for name, job in found.jobs.items():
        assert job["stage"] in found.settings["stages"], name
        assert {other for other, _ in needed(job)} <= known, name
        for line in job["script"]:
            if words := re.match(r"uv run just (\S+)", line):
                assert words[1] in recipes, f"{name}: {line}"


def test_they_follow_gitlab_s_schema(repo: Path, tmp_path: Path) -> None:
    files = gitlab_files(repo)
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(files[1].read_text().replace("script:", "scripts:"), encoding="utf-8")

    assert follows("vendor.gitlab-ci", *files) == (0, "ok -- validation done\n")
    assert follows("vendor.gitlab-ci", wrong)[0] == 1
    assert follows("vendor.renovate", repo / ".gitlab/renovate.json")[0] == 0


def test_images_are_pinned_and_no_job_is_without_an_end(repo: Path) -> None:
    found = pipelines(repo)
    images = [found.settings["default"]["image"]]
    for job in found.jobs.values():
        images += [job["image"]] if "image" in job else []
        images += job.get("services", [])
        assert "rules" in job, "it would run in every pipeline"
    for image in images:
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*", image), image
    assert found.settings["default"]["timeout"]


def test_the_cache_holds_what_the_lock_names(repo: Path) -> None:
    settings = pipelines(repo).settings

    assert settings["default"]["cache"]["key"] == {"files": ["uv.lock"]}
    folder = settings["variables"]["UV_CACHE_DIR"].removeprefix("$CI_PROJECT_DIR/")
    assert settings["default"]["cache"]["paths"] == [folder]
    assert re.search(r"^/\.\*_cache/$", (repo / ".gitignore").read_text(), re.MULTILINE)
    assert folder.endswith("_cache")


def test_uv_is_the_same_version_wherever_an_image_brings_it(
    on_gitlab: Callable[[int], Path],
) -> None:
    repo = on_gitlab(HIGHEST)
    files = [repo / ".gitlab-ci.yml", *(repo / "ops").rglob("compose.yaml")]
    found = {
        version
        for path in files
        for version in re.findall(r"astral-sh/uv:([\d.]+)", path.read_text(encoding="utf-8"))
    }

    assert len(found) == 1


def test_the_table_is_small(on_gitlab: Callable[[int], Path]) -> None:
    """It names everything that a job of either provider is asked for."""
    known = {"starts", "after", "runs", "environments", "keeps", "minutes", "runner"}
    check = gitlab(on_gitlab(0))["check"]

    assert set(asdict(check)) == known | {"secrets", "signs", "alone", "cron"}
    assert yaml.safe_dump(sorted(check.starts))
