# The template's. For a set-up of yours, define the recipe `set-up` in project.just.
"""Make a fresh copy of this repo ready: git, DVC, MLflow, hooks, and a first commit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from .. import paths, tracking
from ..config import load_contract
from ..errors import OutsideFailed
from ..provenance import git
from ..seam import Owner

POINTER = Path("data/raw.dvc")
LOCK = Path("uv.lock")


@click.command()
def command() -> None:
    """Prepare git, data versioning, the tracking store and the hooks; commit what is new."""
    for step in (
        repository,
        first_commit,
        data_version,
        tracking_store,
        hooks,
        own_commit,
        reminder,
    ):
        if said := step():
            click.echo(f"set-up: {said}", err=True)


def repository() -> str:
    """Start a git repository, unless this folder is in one."""
    if shutil.which("git") is None:
        raise OutsideFailed("git is not installed", "install git, then run this again")
    if inside := git("rev-parse", "--show-toplevel"):
        here = Path(inside).resolve() == Path.cwd().resolve()
        return "" if here else f"this folder belongs to the git repository {inside}"
    run("git", "init", "--quiet", "--initial-branch", "main")
    return "started a git repository"


def first_commit() -> str:
    """Commit the whole folder when git knows nothing of it yet."""
    if git("ls-files", "--", "."):
        return ""
    run("git", "add", "--", ".")
    commit("Start from the template", ["."])
    return "committed the new repo"


def data_version() -> str:
    """Put data/raw under DVC, and copy it to the remote."""
    if POINTER.exists() or not any(paths.RAW.glob("*")):
        return ""
    dvc("add", "--quiet", str(paths.RAW))
    try:
        dvc("push", "--quiet")
    except OutsideFailed as problem:
        return f"data/raw is under DVC, but not pushed yet: {problem}"
    return "data/raw is under DVC and pushed to its remote"


def tracking_store() -> str:
    """Make the tables once: four first runs at a time would break each other."""
    fresh = not Path("mlflow.db").exists()
    tracking.client()
    return f"tracking store is {tracking.store()}" if fresh else ""


def hooks() -> str:
    """Let git run the checks before each commit."""
    if Path(git("rev-parse", "--show-toplevel")).resolve() != Path.cwd().resolve():
        return "no hooks: they belong to the repository above"
    if (Path(git("rev-parse", "--git-dir")) / "hooks" / "pre-commit").exists():
        return ""
    run(sys.executable, "-m", "pre_commit", "install")
    return "git runs the checks of .pre-commit-config.yaml before each commit"


def own_commit() -> str:
    """Commit the files that set-up made, and nothing else."""
    made = [str(path) for path in (LOCK, POINTER) if path.exists()]
    new = [path for path in made if git("status", "--porcelain", "--", path).startswith("??")]
    if not new:
        return ""
    run("git", "add", "--", *new)
    commit("Lock the environment and the data", new)
    return f"committed {' and '.join(new)}"


def reminder() -> str:
    """Say that nobody answers for the model yet."""
    nobody = load_contract().owners.model == Owner()
    return f"the owner is still a placeholder; put yours in {paths.CONTRACT}" if nobody else ""


def commit(message: str, only: list[str]) -> None:
    """Commit these paths; the contract's owner signs when git knows nobody."""
    owner = load_contract().owners.model
    nobody = not (git("config", "user.name") and git("config", "user.email"))
    sign = ["-c", f"user.name={owner.name}", "-c", f"user.email={owner.email}"] if nobody else []
    run(
        "git",
        *sign,
        "commit",
        "--quiet",
        "--no-verify",
        "--message",
        message,
        "--only",
        "--",
        *only,
    )


def dvc(*arguments: str) -> None:
    """Run DVC of this environment."""
    run(sys.executable, "-m", "dvc", *arguments)


def run(*command: str) -> None:
    """Run a program; `OutsideFailed` with its last words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise OutsideFailed(f"`{' '.join(command[:4])} …` failed: {' '.join(words)}")
