"""A generated repo, run as its owner would run it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import LEVELS, clean_environment, git, render, update

pytestmark = pytest.mark.life


def run(repo: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in the repo; a failure shows what it said."""
    done = subprocess.run(
        command, cwd=repo, env=clean_environment(**environment), capture_output=True, text=True
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


@pytest.fixture(scope="module")
def demo(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a repo after `uv run just demo`, and what that printed."""
    repo = render(template, tmp_path_factory.mktemp("life") / "late-flights")
    done = run(repo, "uv", "run", "just", "demo")
    return repo, done.stdout + done.stderr


@pytest.fixture(scope="module")
def lived(demo: tuple[Path, str]) -> Path:
    """Return the repo after its demo: installed, trained, one model promoted."""
    return demo[0]


def test_demo_trains_and_serves(demo: tuple[Path, str]) -> None:
    repo, said = demo

    assert (repo / "reports" / "metrics.json").is_file(), said


@pytest.mark.parametrize("recipe", ["test", "check"])
def test_a_generated_repo_passes_its_own(lived: Path, recipe: str) -> None:
    run(lived, "uv", "run", "just", recipe)


def steps_that_run(repo: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each step of each workflow that runs a command, with the name of its job."""
    for path in sorted((repo / ".github" / "workflows").glob("*.yml")):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, job in workflow["jobs"].items():
            for step in job["steps"]:
                if "run" in step:
                    yield f"{path.name}: {name}", step


def test_every_command_of_every_workflow_runs(lived: Path, tmp_path: Path) -> None:
    """Run them as a hosted runner does: a fresh clone, no secrets, steps in order, bash -e."""
    repo = tmp_path / "repo"
    git(tmp_path, "clone", "--quiet", str(lived), str(repo))
    update(repo, "HEAD", maturity_level=max(LEVELS))
    steps = list(steps_that_run(repo))
    assert steps

    for job, step in steps:
        summary = tmp_path / "summary.md"
        summary.touch()
        given = {key: str(value) for key, value in step.get("env", {}).items()}
        assert not any("${{" in value for value in given.values()), f"{job}: set it here: {given}"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", step["run"]],
            cwd=repo,
            env=clean_environment(
                CI="true",
                GITHUB_ACTIONS="true",
                GITHUB_STEP_SUMMARY=str(summary),
                GITHUB_OUTPUT=str(tmp_path / "output"),
                GITHUB_ENV=str(tmp_path / "env"),
                **given,
            ),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{job}: {step['run']}\n{done.stdout}{done.stderr}"
