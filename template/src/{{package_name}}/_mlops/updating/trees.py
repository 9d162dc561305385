# The template's. Nothing of yours belongs here: `update` runs it.
"""What does git say, and where is a copy of the last commit to work in?"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import OutsideFailed

SCRATCH = Path("build/update-scratch")


def git(*arguments: str, cwd: Path | str = ".", given: str = "") -> str:
    """Return what git prints; `OutsideFailed` with its last words when it fails."""
    command = ["git", "-c", f"core.hooksPath={os.devnull}", *arguments]
    try:
        done = subprocess.run(command, cwd=cwd, input=given, capture_output=True, text=True)
    except OSError as error:
        raise OutsideFailed(f"git does not start: {error.strerror}", "install git") from error
    if done.returncode:
        raise OutsideFailed(f"`git {arguments[0]}` failed: {last_words(done.stderr)}")
    return done.stdout


def last_words(text: str) -> str:
    """Return the last line that says something."""
    said = [line.strip() for line in text.splitlines() if line.strip()]
    return said[-1] if said else "nothing was said"


def names(*arguments: str, cwd: Path | str = ".") -> list[str]:
    """Return the paths that a git command lists, ended by zero bytes."""
    return [name for name in git(*arguments, cwd=cwd).split("\0") if name]


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a work tree of the last commit that shares git's objects with this repo."""
    discard()
    folder = SCRATCH.resolve()
    try:
        git("worktree", "add", "--quiet", "-f", "-f", "--detach", str(folder), "HEAD")
        yield folder
    finally:
        discard()


def discard() -> None:
    """Remove the scratch work tree, also one that a killed update left."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    git("worktree", "prune")


def blob_bytes(top: Path, blob: str) -> bytes:
    """Return the bytes of an object of git."""
    command = ["git", "cat-file", "blob", blob]
    return subprocess.run(command, cwd=top, capture_output=True, check=True).stdout
