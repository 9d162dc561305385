# The template's. Nothing of yours belongs here: `update` runs it.
"""What does git say, and where is a copy of the last commit to work in?"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import OutsideFailed, cause_of
from ...files import one_writer

SCRATCH = Path("build/update-scratch")


def git(*arguments: str, cwd: Path | str = ".", given: str = "") -> str:
    """Return what git prints; `OutsideFailed` with the cause when it fails."""
    command = ["git", "-c", f"core.hooksPath={os.devnull}", *arguments]
    try:
        done = subprocess.run(command, cwd=cwd, input=given, capture_output=True, text=True)
    except OSError as error:
        raise OutsideFailed(f"git does not start: {error.strerror}", "install git") from error
    if done.returncode:
        raise OutsideFailed(f"`git {arguments[0]}` failed: {cause_of(done.stderr)}")
    return done.stdout


def names(*arguments: str, cwd: Path | str = ".") -> list[str]:
    """Return the paths that a git command lists, ended by zero bytes."""
    return [name for name in git(*arguments, cwd=cwd).split("\0") if name]


@contextmanager
def alone() -> Iterator[None]:
    """Keep every other update and undo of this work tree away."""
    with one_writer(Path(git("rev-parse", "--git-path", "update-lock").strip())):
        yield


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a work tree of the last commit that shares git's objects with this repo.

    Its name is this process's own: a copier whose update was killed may go on in another.
    """
    discard()
    folder = SCRATCH.resolve() / f"update-{os.getpid()}"
    try:
        git("worktree", "add", "--quiet", "-f", "-f", "--detach", str(folder), "HEAD")
        yield folder
    finally:
        discard()


def discard() -> None:
    """Remove the scratch work tree, and what killed updates left."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    git("worktree", "prune")


def blob_bytes(top: Path, blob: str) -> bytes:
    """Return the bytes of an object of git."""
    command = ["git", "cat-file", "blob", blob]
    return subprocess.run(command, cwd=top, capture_output=True, check=True).stdout
