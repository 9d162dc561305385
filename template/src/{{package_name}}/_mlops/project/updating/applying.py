# The template's. Nothing of yours belongs here: `update` runs it.
"""Change this folder into the result of an update in one step, and back."""

import os
import shutil
import subprocess
from pathlib import Path

from ...errors import WrongInput
from ...files import whole_file
from .computing import ANSWERS
from .result import ASIDE, Update
from .trees import discard, git, names

# Refs of this work tree alone: the commit before, the tree after, and what an undo took away.
BEFORE, AFTER, UNDONE = (f"refs/worktree/update/{name}" for name in ("before", "after", "undone"))
UNDO = "uv run just update --undo"
HINT = f"{UNDO} (when that does not start: git reset --hard)"


def require_history() -> None:
    """Raise `WrongInput` unless git has a commit here."""
    if known("HEAD") is None:
        raise WrongInput("there is no git commit in this folder", "uv run just set-up")


def require_clean() -> None:
    """Raise `WrongInput` unless the last commit holds everything that git tracks here."""
    if not Path(ANSWERS).is_file():
        message = f"there is no {ANSWERS}: no template is known from which to update"
        raise WrongInput(message, f"git log --diff-filter=D -- {ANSWERS} shows who removed it")
    changed = differing()
    if marker().exists() and changed:
        raise WrongInput("an update was interrupted and this folder is between two states", HINT)
    marker().unlink(missing_ok=True)  # somebody went back with git alone
    if changed:
        more = f" and {len(changed) - 1} more" if changed[1:] else ""
        raise WrongInput(
            f"{changed[0]}{more} differ from the last commit; an update starts from a clean folder",
            "git commit, or git stash",
        )
    for head in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"):
        if known(head):
            verb = head.removesuffix("_HEAD").lower().replace("_", "-")
            message = f"a {verb} is not finished here; an update would become a part of it"
            raise WrongInput(message, f"git commit, or git {verb} --abort")
    if git("config", "--default=false", "--bool", "core.sparseCheckout") == "true\n":
        message = "this is a sparse checkout, without some of the files; an update needs them all"
        raise WrongInput(message, "git sparse-checkout disable")
    if hidden := overlooked():
        raise WrongInput(
            f"{hidden[0]} has edits that git was told to overlook; an update would write over them",
            f"git update-index --no-skip-worktree --no-assume-unchanged {hidden[0]}, then commit",
        )
    take_line_ends()
    if ignored_answers := names("ls-files", "-z", "--others", "--", ANSWERS):
        raise WrongInput(
            f"git does not know {ignored_answers[0]}", f"git add {ANSWERS}, and commit"
        )


def take_line_ends() -> None:
    """Let git know files again whose line ends alone are others: it takes them for edited."""
    top = Path(git("rev-parse", "--show-toplevel").strip())
    listing = ("status", "--porcelain", "-z", "-uno", "--no-renames", "--ignore-submodules=dirty")
    if same := "".join(f"{line[3:]}\0" for line in names(*listing)):
        git("-c", "core.safecrlf=false", "update-index", "-z", "--stdin", cwd=top, given=same)


def differing() -> list[str]:
    """Return files that are not as in the last commit, here or staged.

    Not those whose line ends alone are others, which git's status names, and not what is in a
    submodule, which no update touches.
    """
    listing = ("diff", "--name-only", "--no-renames", "--no-relative", "--ignore-submodules=dirty")
    return sorted({*names(*listing, "-z", "HEAD"), *names(*listing, "-z", "--cached", "HEAD")})


def overlooked() -> list[str]:
    """Return files with edits of which git says nothing: skip-worktree or assume-unchanged."""
    listed = names("ls-files", "-v", "-z")
    flagged = [line[2:] for line in listed if line[0] == "S" or line[0].islower()]
    return [
        path
        for path in flagged
        if Path(path).is_file() and git("hash-object", "--", path) != git("rev-parse", f":./{path}")
    ]


def apply(update: Update) -> None:
    """Make this folder the result, all of it staged.

    The index comes first, in one rename: from then on `git reset --hard` goes back from any
    moment, for it removes exactly what the index has and the last commit has not.
    """
    git("update-ref", BEFORE, "HEAD")
    git("update-ref", AFTER, update.tree)
    lay_aside(update.aside)
    with whole_file(marker()) as part:
        part.write_text(f"an update is being applied; to go back: {HINT}\n", encoding="utf-8")
    git("read-tree", "-m", update.tree)
    top = Path(git("rev-parse", "--show-toplevel").strip())
    written = "".join(f"{path}\0" for path in update.changed + update.added)
    git("checkout-index", "--force", "-z", "--stdin", cwd=top, given=written)
    for path in update.gone:
        remove(top, path)
    git("update-index", "--index-info", cwd=top, given="".join(f"{u}\n" for u in update.unmerged))
    git("status", "--porcelain")  # refreshes what git knows of the files
    marker().unlink()


def undo() -> str:
    """Go back to the state before the last update.

    Returns:
        A ref to everything that was tracked until now, nothing when the update had left it so.
    """
    before, after = known(BEFORE), known(AFTER)
    if before is None or after is None:
        raise WrongInput("there is no update to undo", "git log shows what is committed")
    if known("HEAD") != before:
        message = "there are commits after the update; to undo would lose them"
        raise WrongInput(message, "git log finds the update's commit, git revert takes it back")
    discard()
    Path(git("rev-parse", "--git-path", "index.lock").strip()).unlink(missing_ok=True)
    now = saved(after)
    git("read-tree", "--reset", now)
    git("reset", "--quiet", "--hard", before)
    shutil.rmtree(ASIDE, ignore_errors=True)
    for ref in (BEFORE, AFTER):
        git("update-ref", "-d", ref)
    marker().unlink(missing_ok=True)
    if now == after:
        return ""
    git("update-ref", UNDONE, now)
    return UNDONE


def saved(after: str) -> str:
    """Return a tree of what is tracked or came with the update, as it lies in the folder now."""
    top = Path(git("rev-parse", "--show-toplevel").strip())
    came = names("diff-tree", "-r", "-z", "--name-only", "--diff-filter=A", "HEAD", after)
    there = "".join(f"{path}\0" for path in came if os.path.lexists(top / path))
    git("read-tree", "--reset", "HEAD")
    git("add", "--update", ".", cwd=top)
    git("update-index", "--add", "-z", "--stdin", cwd=top, given=there)
    return git("write-tree").strip()


def known(ref: str) -> str | None:
    """Return the object that a name stands for, nothing when there is none."""
    command = ["git", "rev-parse", "--quiet", "--verify", ref]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise WrongInput("git is not installed", "install git, then run this again") from error
    return done.stdout.strip() or None


def marker() -> Path:
    """Return the file that exists while this folder is between two states."""
    return Path(git("rev-parse", "--git-path", "update-in-progress").strip())


def lay_aside(files: dict[str, bytes]) -> None:
    """Write the template's version of each clashing file, and nothing of an earlier update."""
    shutil.rmtree(ASIDE, ignore_errors=True)
    for path, content in files.items():
        with whole_file(ASIDE / path) as part:
            part.write_bytes(content)


def remove(top: Path, path: str) -> None:
    """Remove a file, and the folders that are empty then."""
    (top / path).unlink(missing_ok=True)
    for folder in Path(path).parents:
        if folder != Path() and (top / folder).is_dir() and not any((top / folder).iterdir()):
            (top / folder).rmdir()
