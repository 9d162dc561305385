# The template's. The batches are yours; what happens in the clone stands in backtest.py.
"""Run a command in a clone of the repo, whose data and champion stay."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from .. import PACKAGE, paths, programs
from ..errors import OutsideFailed, WrongInput
from ..files import whole_file

FOLDER = Path("build/replay")
TIMELINE = ("timeline.json", "timeline.txt", "timeline.png")  # record, text, plot
ROLLOUTS = ("end-to-end.json", "end-to-end.html")  # record, page


def run_in_clone(verb: str, files: Iterable[str]) -> None:
    """Clone the repo, run a command there with the clone's own code, and bring its reports back."""
    folder = cloned()
    for part in (paths.RAW, paths.INCOMING):
        if part.is_dir():
            shutil.copytree(part, folder / part, dirs_exist_ok=True)
    foreign = ("MLFLOW_TRACKING_URI", "CHAMPION_DIR", "PREDICTION_LOG", "BENTOML_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    environment["PYTHONPATH"] = str((folder / "src").resolve())
    there = [sys.executable, "-m", PACKAGE, verb, "--here"]
    done = subprocess.run(there, cwd=folder, env=environment)
    if done.returncode:
        message = f"the {verb} ended with exit code {done.returncode}"
        raise OutsideFailed(message, f"it happened in {folder}")
    for name in files:
        with whole_file(paths.REPORTS / name) as part:
            part.write_bytes((folder / paths.REPORTS / name).read_bytes())
    click.echo((paths.REPORTS / TIMELINE[1]).read_text(encoding="utf-8"), nl=False)
    written = ", ".join(str(paths.REPORTS / name) for name in files)
    click.echo(f"{verb}: the reports are {written}", err=True)


def cloned() -> Path:
    """Clone the last commit, and return the folder in which the repo is there.

    Raises:
        WrongInput: If there is no commit.
    """
    if not programs.git("rev-parse", "HEAD"):
        raise WrongInput("there is no commit to replay", "uv run just set-up makes the first")
    top, inner = (programs.git("rev-parse", f"--show-{what}") for what in ("toplevel", "prefix"))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.parent.mkdir(exist_ok=True)
    programs.run("git", "clone", "--quiet", top, str(FOLDER))
    return FOLDER / inner
