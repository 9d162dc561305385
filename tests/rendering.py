"""What the tests know about the template, and how they render it."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import copier
import yaml

ROOT = Path(__file__).parents[1]
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
ANSWERS_FILE = ".copier-answers.yml"


def choices(question: str) -> list[Any]:
    """Return the answers that a question offers."""
    return [choice["value"] for choice in CONFIG[question]["choices"].values()]


LEVELS: list[int] = choices("maturity_level")
TASKS: list[str] = choices("task")
EXTRAS: list[str] = choices("extras")
# The lowest level that can have an extra, where it is not 0.
LOWEST = {"airflow": 1, "container": 1, "kubeflow": 1, "kubernetes": 1}
# `uv run` says where it is, also when it is not on the PATH.
UV = shutil.which("uv") or os.environ["UV"]
OWNERS = ("owner_yours", "owner_shared", "owner_template")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def commit_all(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", message)


def snapshot(destination: Path) -> Path:
    """Clone the template with the work that is not committed yet on top.

    A clone is clean, so copier renders it without a warning, and it stands
    still while somebody edits the template.
    """
    git(ROOT, "clone", "--quiet", "--no-hardlinks", str(ROOT), str(destination))
    for old in destination.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source, copy = ROOT / name, destination / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    commit_all(destination, "Work that is not committed yet")
    return destination


def render(template: Path, destination: Path, ref: str = "HEAD", **answers: Any) -> Path:
    """Generate a repo as `copier copy --trust --defaults` does."""
    copier.run_copy(
        str(template), destination, answers, vcs_ref=ref, defaults=True, quiet=True, unsafe=True
    )
    return destination


def update(repo: Path, ref: str, **answers: Any) -> None:
    """Update a repo as `copier update --trust --defaults` does."""
    copier.run_update(
        repo, answers, vcs_ref=ref, defaults=True, overwrite=True, quiet=True, unsafe=True
    )


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Make a folder once for every worker of a run; one that asks meanwhile waits for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            done.touch()
    return folder


def rendered_files(repo: Path) -> list[Path]:
    """Return the paths of all files, relative to the repo, without git's own."""
    found = (p.relative_to(repo) for p in repo.rglob("*") if p.is_file() or p.is_symlink())
    return sorted(p for p in found if p.parts[0] != ".git")


def text_files(repo: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and the text of each file that is text, line endings untouched."""
    for path in rendered_files(repo):
        content = (repo / path).read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8")


def clean_environment(**extra: str) -> dict[str, str]:
    """Return the environment without this project's own virtual environment.

    Without compiled modules each of the many processes of a run compiles all it imports.
    Threads of one run spin while they wait for each other: the other worker needs the processor.
    """
    mine = {"VIRTUAL_ENV", "UV", "PYTHONPATH", "UV_RUN_RECURSION_DEPTH", "PYTHONDONTWRITEBYTECODE"}
    kept = {k: v for k, v in os.environ.items() if k not in mine}
    kept["PATH"] = os.pathsep.join(
        folder
        for folder in kept["PATH"].split(os.pathsep)
        if not Path(folder).is_relative_to(ROOT / ".venv")
    )
    # In a generated repo people type `uv`, so there it is found.
    kept["PATH"] += os.pathsep + str(Path(UV).parent)
    return kept | {"OMP_NUM_THREADS": "1"} | extra
