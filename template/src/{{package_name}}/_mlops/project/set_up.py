# The template's. For a set-up of yours, define the recipe `set-up` in project.just.
"""Prepare git, DVC, MLflow and hooks in a fresh copy."""

import os
import re
import sys
import sysconfig
from pathlib import Path

import click

from .. import PACKAGE, paths, programs
from ..config import load_contract
from ..errors import OutsideFailed, WrongInput
from ..files import whole_file
from ..interface import Owner
from ..tracking import runs
from . import repository

LOCK = Path("uv.lock")
# A hook by which git runs the checks.
RUNS_THEM = re.compile(r"pre_commit|pre-commit run|just check")


@click.command()
def command() -> None:
    """Prepare git, data versioning, the tracking store and the hooks; commit what is new."""
    for step in (
        repository.start,
        repository.identity,
        repository.first_commit,
        data_version,
        tracking_store,
        scripts,
        own_code,
        hooks,
        own_commit,
        reminder,
    ):
        if said := step():
            click.echo(f"set-up: {said}", err=True)


def data_version() -> str:
    """Put data/raw under DVC, and copy it to the remote."""
    there = paths.DATA_POINTER.exists() and not is_new(paths.DATA_POINTER)
    if there or not any(paths.RAW.glob("*")):
        return ""
    leave_git()
    if not any(paths.RAW.glob("*")):
        return ""
    programs.dvc("add", str(paths.RAW))
    try:
        programs.dvc("push")
    except OutsideFailed as problem:
        return f"data/raw is under DVC, but not pushed yet: {problem}"
    return "data/raw is under DVC and pushed to its remote"


def leave_git() -> None:
    """Take empty files of data/raw out of git, such as .gitkeep; `WrongInput` where it has others.

    DVC takes no folder of which git has a file.
    """
    known = [
        Path(name) for name in programs.git("ls-files", "-z", str(paths.RAW)).split("\0") if name
    ]
    if full := [path for path in known if not path.is_file() or path.stat().st_size]:
        raise WrongInput(
            f"git has {full[0]}, and DVC takes no folder of which git has a file",
            f"git rm -r --cached {paths.RAW}, then git commit: the files stay here",
        )
    if known:
        programs.run("git", "rm", "--quiet", "--force", "--", *map(str, known))
        paths.RAW.mkdir(parents=True, exist_ok=True)  # git removes a folder that is empty then


def is_new(path: Path) -> bool:
    """Say whether git does not know a file yet: a set-up that was killed may have made it."""
    return programs.git("status", "--porcelain", "--", str(path)).startswith(("??", "A"))


def tracking_store() -> str:
    """Make the tables once: four first runs at a time would break each other."""
    fresh = not Path("mlflow.db").exists()
    runs.client()
    return f"tracking store is {runs.shown_store()}" if fresh else ""


def scripts() -> str:
    """Install the packages anew when the scripts of .venv start the Python of another folder.

    After a move such a script starts nothing; in a copy it runs the code of the original.
    """
    script = Path(sys.prefix, "bin", "pre-commit")
    if Path(sys.prefix).parent.resolve() != Path.cwd().resolve() or not script.is_file():
        return ""
    named = re.search(r"(/[^'\n]*)/bin/python", script.read_text("utf-8", "replace"))
    if named is None or Path(named[1]).resolve() == Path(sys.prefix).resolve():
        return ""
    try:
        install_anew()
    except OutsideFailed as problem:
        return f"scripts of .venv still belong to {named[1]}: {problem}"
    return f"made the scripts of .venv anew; they belonged to {named[1]}"


def install_anew() -> None:
    """Install every package again, from uv's cache where it holds them all."""
    anew = (os.environ.get("UV", "uv"), "sync", "--frozen", "--inexact", "--reinstall")
    try:
        programs.run(*anew, "--offline")  # without it, uv fetches every package again
    except OutsideFailed:
        programs.run(*anew)


def own_code() -> str:
    """Let .venv name src/ from its own folder, in place of by its full path.

    Python up to 3.12 does not start at a path like /Modèle/src where the locale knows ASCII only,
    as of a git hook or cron; and in a copy the full path is that of the original.
    """
    place = Path(sysconfig.get_path("purelib"), f"{PACKAGE}.pth")
    beside = os.path.relpath("src", place.parent)
    if Path.cwd() in place.parents and place.is_file() and place.read_text("utf-8") != beside:
        with whole_file(place) as part:
            part.write_text(beside, encoding="utf-8")
    return ""


def hooks() -> str:
    """Let git run the checks before each commit, with the Python of this folder."""
    if not (top := programs.git("rev-parse", "--show-toplevel")):
        return "no hooks: git does not know this folder"
    if Path(top).resolve() != Path.cwd().resolve():
        return "no hooks: they belong to the repository above"
    hook = Path(programs.git("rev-parse", "--git-path", "hooks/pre-commit"))
    text = hook.read_text("utf-8", "replace") if hook.is_file() else ""
    if RUNS_THEM.search(text) and not of_another_folder(text):
        return ""
    if programs.git("rev-parse", "--git-dir") != programs.git("rev-parse", "--git-common-dir"):
        return "" if text else "no hooks: they belong to the repository of this work tree"
    call = "call `uv run --frozen python -m pre_commit run` from"
    if text and not of_another_folder(text):
        return f"no hooks: {hook} is yours; {call} it"
    if elsewhere := programs.git("config", "core.hooksPath"):  # pre-commit refuses to write there
        return f"no hooks: git's core.hooksPath is {elsewhere}; {call} a hook there"
    programs.run(sys.executable, "-m", "pre_commit", "install")
    return "git runs the checks of .pre-commit-config.yaml before each commit"


def of_another_folder(hook: str) -> bool:
    """Say whether pre-commit wrote this hook for a Python that is not this one."""
    return "File generated by pre-commit" in hook and str(Path(sys.executable).parent) not in hook


def own_commit() -> str:
    """Commit the files that set-up made, and nothing else."""
    made = [path for path in (LOCK, paths.DATA_POINTER) if path.exists()]
    new = [str(path) for path in made if is_new(path)]
    if not new:
        return ""
    programs.run("git", "add", "--", *new)
    staged = ("diff", "--cached", "--relative", "--name-only", "--diff-filter=D", "-z")
    left = programs.git(*staged, "--", str(paths.RAW)).split("\0")
    gone = [name for name in left if name and not Path(name).exists()]
    programs.commit("Lock the environment and the data", [*new, *gone])
    return f"committed {' and '.join(new)}"


def reminder() -> str:
    """Say that nobody answers for the model yet."""
    nobody = load_contract().owners.model == Owner()
    return f"the owner is still a placeholder; put yours in {paths.CONTRACT}" if nobody else ""
