"""A generated repo after its first run, and how commands run in it."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from rendering import TASKS, clean_environment, commit_all, git, once, render, update

# a promise that a busy machine keeps as well: how fast it is, is for nobody to assert
PATIENT = 30_000
# what a person's environment may hold; in what a demo leaves behind none of it is to be found
PLANTED = {
    "SERVICE_TOKEN": "planted-token-of-callers",
    "METRICS_TOKEN": "planted-token-of-prometheus",
    "MLFLOW_TRACKING_PASSWORD": "planted-password-of-mlflow",  # pragma: allowlist secret
    "AWS_SECRET_ACCESS_KEY": "planted-key-of-the-remote",  # pragma: allowlist secret
    "GITHUB_TOKEN": "planted-token-of-the-forge",
}
GUARD = Path(__file__).parent / "offline"
ANSWERED = Path(__file__).parent / "faults/answered.py"
ONE_TASK = pytest.mark.parametrize("first_run", TASKS[:1], indirect=True)


def try_to_run(repo: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in the repo, whatever becomes of it."""
    given = clean_environment(**environment)
    return subprocess.run(command, cwd=repo, env=given, capture_output=True, text=True)


def run(repo: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in the repo; a failure shows what it said."""
    done = try_to_run(repo, *command, **environment)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def guarded(log: Path) -> dict[str, str]:
    """Return an environment in which Python reaches this machine alone, and writes down tries."""
    return {"NETWORK_LOG": str(log), "PYTHONPATH": str(GUARD)}


@dataclass(frozen=True)
class FirstRun:
    """A repo after `uv run just demo`, and what that printed."""

    task: str
    repo: Path
    said: str

    def json(self, path: str) -> dict[str, Any]:
        """Read a JSON file of the repo."""
        content: dict[str, Any] = json.loads((self.repo / path).read_text(encoding="utf-8"))
        return content

    @cached_property
    def served(self) -> dict[str, Any]:
        """Return what the service answered during the demo."""
        line = next(line for line in self.said.splitlines() if line.startswith("served "))
        answer: dict[str, Any] = json.loads(line.removeprefix("served "))
        return answer

    def beats_baselines(self) -> bool:
        """Say whether the model is better than both simple models by the contract's metric."""
        report = self.json("reports/metrics.json")
        metric, sign = report["metric"], 1 if report["better"] == "higher" else -1
        scores = [report["metrics"], *report["baselines"].values()]
        mine, *others = (sign * found[metric] for found in scores)
        return len(others) == 2 and mine > max(others)


def patient(repo: Path) -> None:
    """Let the contract promise what a busy machine keeps as well."""
    contract = repo / "contract.yaml"
    text = contract.read_text(encoding="utf-8")
    assert "latency_p95_ms: 100\n" in text
    contract.write_text(text.replace("latency_p95_ms: 100", f"latency_p95_ms: {PATIENT}"))


def raised(repo: Path, level: int) -> None:
    """Edit the model of a repo after its demo, raise its level, and commit all that."""
    patient(repo)
    model = repo / "src/late_flights/model.py"
    model.write_text(model.read_text(encoding="utf-8") + "\n# an edit of ours\n")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--no-verify", "--message", "First model, and an edit")
    update(repo, "HEAD", maturity_level=level)
    assert git(repo, "ls-files", "--unmerged") == ""
    run(repo, "uv", "lock")
    commit_all(repo, "Raise the level")


def copied(repo: Path, destination: Path) -> Path:
    """Copy a folder as `cp -r` does; packages are linked, for Python and uv replace whole files.

    What Python is just compiling for another process, under a name of its own, is left out.
    """

    def copy(source: str, to: str) -> None:
        if "site-packages" in source:
            os.link(source, to)
        else:
            shutil.copy2(source, to)

    compiling = shutil.ignore_patterns("*.pyc.*")
    return Path(
        shutil.copytree(repo, destination, symlinks=True, copy_function=copy, ignore=compiling)
    )


@dataclass(frozen=True)
class FirstRuns:
    """The demo of level 0, of each task once for every worker; copy what you want to change."""

    template: Path
    folder: Path

    def __call__(self, task: str, name: str = "after") -> FirstRun:
        """Return a repo after its demo that nobody changes; `before` is the one that it ran in."""
        made = once(self.folder / task, lambda folder: self.run_demo(folder, task))
        return FirstRun(task, made / name / "late-flights", (made / "said").read_text("utf-8"))

    def run_demo(self, folder: Path, task: str) -> None:
        """Render into an empty folder without git, run the demo, and keep a copy.

        The copy's scripts become its own: the first repo may then be moved away.
        """
        repo = render(self.template, folder / "before/late-flights", task=task)
        if task != TASKS[0]:
            self.equip(repo)
        run(repo, "uv", "sync", "--quiet")
        done = run(repo, "uv", "run", "just", "demo", **PLANTED, **guarded(folder / "network"))
        run(copied(repo, folder / "after/late-flights"), "uv", "run", "just", "set-up")
        (folder / "said").write_text(done.stdout + done.stderr, encoding="utf-8")

    def equip(self, repo: Path) -> Path:
        """Give a repo the packages of the first demo: to compile them takes a minute."""
        copied(self(TASKS[0]).repo / ".venv", repo / ".venv")
        return repo


def missing_of_its_tests(repo: Path) -> str:
    """Say what the tests that ship in a repo import or ask for and do not find; runs none."""
    plan = ("--setup-plan", "--quiet", "-p", "no:cacheprovider")
    done = try_to_run(repo, "uv", "run", "python", "-m", "pytest", *plan, "tests")
    assert "test_register.py" in done.stdout, done.stderr
    return done.stdout[-3000:] if done.returncode else ""


def with_candidate(folder: Path, first_runs: FirstRuns) -> Path:
    """Return a repo after its demo, with a second model that is not registered yet."""
    repo = copied(first_runs(TASKS[0]).repo, folder / "late-flights")
    run(repo, "uv", "sync", "--quiet")
    params = repo / "params.yaml"
    params.write_text(
        params.read_text(encoding="utf-8").replace("  max_iter: 150\n", "  max_iter: 20\n"), "utf-8"
    )
    commit_all(repo, "Fewer trees")
    for stage in ("train", "evaluate"):
        run(repo, "uv", "run", "late-flights", stage)
    commit_all(repo, "Second model")
    return repo
