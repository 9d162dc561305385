# The template's. The sample is yours: tests/data/sample.parquet.
"""Run the pipeline on the sample, in a clone that is thrown away."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import PROJECT, access, paths
from ..errors import WrongInput
from ..programs import git, run, stage

REPRO = ("dvc", "repro")


@contextmanager
def tried(said: list[str]) -> Iterator[Path]:
    """Run the stages on the sample in a clone of the last commit; give its folder."""
    top, inner = git("rev-parse", "--show-toplevel"), git("rev-parse", "--show-prefix")
    if not git("rev-parse", "HEAD"):
        raise WrongInput("there is no commit to try", "uv run just set-up makes the first")
    with tempfile.TemporaryDirectory(prefix=f"{PROJECT}-") as name:
        run("git", "clone", "--quiet", "--no-local", f"file://{top}", f"{name}/clone")
        folder = Path(name, "clone", inner)
        shutil.rmtree(folder / paths.RAW, ignore_errors=True)
        if (folder / paths.DATA_POINTER).exists():
            # the sample is in the commit, so a run on it is clean, whatever DVC writes here
            skip = ("update-index", "--skip-worktree", str(paths.DATA_POINTER))
            run("git", "-C", str(folder), *skip)
        (folder / paths.RAW).mkdir(parents=True)
        shutil.copy(folder / paths.SAMPLE, folder / paths.RAW)
        environment = {key: text for key, text in os.environ.items() if key != access.TRACKING}
        environment["PYTHONPATH"] = str(folder / "src")  # the clone's code, not that of here
        stage(said, *REPRO, folder=folder, environment=environment)
        yield folder
