# The template's. Nothing of yours belongs here: `update` runs it.
"""What would an update from the template make of this repo?"""

import os
import re
import shlex
import subprocess
from pathlib import Path

from ..errors import OutsideFailed, WrongInput
from .result import LOCK, Update, needs
from .trees import blob_bytes, git, last_words, names

ANSWERS = ".copier-answers.yml"
PYPROJECT = "pyproject.toml"
COPIER = "uvx --from 'copier>=9.19.1,<10' --with 'copier-template-extensions>=0.3.4,<0.4' copier"
REFUSALS = ("Validation error for question", "Invalid choice", "downgrading")


def compute(top: Path, version: str | None, answers: list[str]) -> Update:
    """Run the update in the scratch work tree at `top`, and read what became of it."""
    project = top / git("rev-parse", "--show-prefix").strip()
    before = recorded(project)
    copier(project, version, answers)
    after = recorded(project)
    update = Update(level=(before[0], after[0]), version=(before[1], after[1]))
    settle_merges(top, update)
    git("add", "--all", "--force", cwd=top)
    set_aside_rejects(top, update)
    renew_lock(project, update)
    leave_what_is_not_in_git(top, update)
    update.tree = git("write-tree", cwd=top).strip()
    for kind, found in (("A", update.added), ("MT", update.changed), ("D", update.gone)):
        listing = ("diff-tree", "-r", "-z", "--no-renames", "--name-only")
        found += names(*listing, f"--diff-filter={kind}", "HEAD", update.tree, cwd=top)
    return update


def recorded(project: Path) -> tuple[str, str]:
    """Return the level and the version that the answers file records."""
    text = (project / ANSWERS).read_text(encoding="utf-8")
    found = [re.search(rf"^{key}: *(.+)$", text, re.M) for key in ("maturity_level", "_commit")]
    level, version = (match[1].strip("'\"") if match else "unknown" for match in found)
    return level, version


def copier(project: Path, version: str | None, answers: list[str]) -> None:
    """Run copier there; what the template refuses is `WrongInput`, in the template's words."""
    # COPIER names another copier, for machines that have one and no network
    program = shlex.split(os.environ.get("COPIER", COPIER))
    options = [part for answer in answers for part in ("--data", answer)]
    options += ["--vcs-ref", version] if version else []
    command = [*program, "update", "--trust", "--defaults", "--quiet", *options, "."]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    except OSError as error:
        message = f"`{program[0]}` does not start: {error.strerror}; nothing was changed"
        raise OutsideFailed(message, "install uv, which brings uvx") from error
    if done.returncode == 0:
        return
    words = last_words(done.stderr)
    if any(refusal in words for refusal in REFUSALS):
        raise WrongInput(words.split(": ", 1)[-1] if "Error: " in words else words)
    raise OutsideFailed(
        f"copier failed, and nothing was changed: {words}",
        f"can it be reached: the template at _src_path in {ANSWERS}, and its version?",
    )


def settle_merges(top: Path, update: Update) -> None:
    """Keep your bytes where both sides made a file; remember what else could not be merged.

    Copier merges a file that both sides made as if it had been empty before.
    """
    empty = git("hash-object", "-t", "blob", os.devnull).strip()
    stages: dict[str, dict[str, tuple[str, str]]] = {}
    for entry in names("ls-files", "--unmerged", "-z", cwd=top):
        (mode, blob, stage), path = entry.split("\t")[0].split(), entry.split("\t")[1]
        stages.setdefault(path, {})[stage] = (mode, blob)
    for path, found in stages.items():
        if found.get("1", ("", empty))[1] == empty and "3" in found:
            mode, blob = found["2"]
            git("update-index", "--index-info", cwd=top, given=f"{mode} {blob} 0\t{path}\n")
            git("checkout-index", "--force", "--", path, cwd=top)
            update.clashes[path] = needs(path)
            update.aside[path] = blob_bytes(top, found["3"][1])
        else:
            update.conflicts.append(path)
            update.unmerged += [f"0 {'0' * 40}\t{path}"]
            update.unmerged += [f"{mode} {blob} {n}\t{path}" for n, (mode, blob) in found.items()]


def set_aside_rejects(top: Path, update: Update) -> None:
    """Take what could not be applied out of the result, and keep it."""
    listing = ("diff", "--cached", "--name-only", "--diff-filter=A", "-z", "HEAD", "--", "*.rej")
    for path in names(*listing, cwd=top):
        update.rejected.append(path)
        drop(top, path, update)


def leave_what_is_not_in_git(top: Path, update: Update) -> None:
    """Keep files of yours that git does not know or ignores, whatever the template brings."""
    real = Path(git("rev-parse", "--show-toplevel").strip())
    listing = ("diff", "--cached", "--name-only", "--diff-filter=A", "-z", "--no-renames", "HEAD")
    for path in names(*listing, cwd=top):
        above = [real / folder for folder in Path(path).parents]
        if os.path.lexists(real / path) or any(p.exists() and not p.is_dir() for p in above):
            update.clashes[path] = needs(path)
            drop(top, path, update)


def drop(top: Path, path: str, update: Update) -> None:
    """Take a file out of the result and lay it aside."""
    update.aside[path] = (top / path).read_bytes()
    git("rm", "--quiet", "--force", "--", path, cwd=top)


def renew_lock(project: Path, update: Update) -> None:
    """Lock the packages anew, so that the result can be committed; say why not."""
    if not (project / LOCK).is_file() or not git("diff", "HEAD", "--", PYPROJECT, cwd=project):
        return
    if any(Path(path).name == PYPROJECT for path in update.conflicts):
        update.lock = f"is as it was, for {PYPROJECT} has conflicts"
        return
    command = [os.environ.get("UV", "uv"), "lock", "--quiet"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if done.returncode:
        update.lock = last_words(done.stderr)
    else:
        git("add", "--force", "--", LOCK, cwd=project)
