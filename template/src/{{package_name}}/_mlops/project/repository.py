# The template's. Nothing of yours belongs here; use it from a command of yours.
"""A git repository that holds this folder, and an author for its commits."""

import os
import shutil
from pathlib import Path

from .. import programs
from ..config import load_contract
from ..errors import OutsideFailed


def start() -> str:
    """Start a git repository, unless this folder is in one."""
    if shutil.which("git") is None:
        raise OutsideFailed("git is not installed", "install git, then run this again")
    if inside := programs.git("rev-parse", "--show-toplevel"):
        here = Path(inside).resolve() == Path.cwd().resolve()
        return "" if here else f"this folder belongs to the git repository {inside}"
    programs.run("git", "init", "--quiet", "--initial-branch", "main")
    return "started a git repository"


def identity() -> str:
    """Let the contract's owner be the author here when git knows nobody: DVC refuses to go on."""
    name, email = programs.git("config", "user.name"), programs.git("config", "user.email")
    known = bool(name and email)
    # DVC does not read the file that this variable names
    if known and not os.environ.get("GIT_CONFIG_GLOBAL"):
        return ""
    owner = load_contract().owners.model
    programs.run("git", "config", "user.name", name if known else owner.name)
    programs.run("git", "config", "user.email", email if known else owner.email)
    if known:
        return ""
    return f"git knew no author; here it is {owner.name}, until you say: git config user.name YOU"


def first_commit() -> str:
    """Commit the whole folder when no commit has anything of it yet."""
    if programs.git("ls-tree", "--name-only", "HEAD", "./"):
        return ""
    programs.run("git", "add", "--", ".")
    programs.commit("Start from the template", ["."])
    return "committed the new repo"
