# The template's. Nothing of yours belongs here: `update` runs it.
"""What would an update from the template change in this repo, computed beside it?"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import OutsideFailed, WrongInput

ANSWERS = ".copier-answers.yml"
PYPROJECT, LOCK = "pyproject.toml", "uv.lock"
# Ignored by git; the template's version of a file of yours is laid here.
ASIDE = Path("build/update")
SCRATCH = Path("build/update-scratch")
COPIER = (
    "uvx --from 'copier>=9.19.1,<10' --with 'copier-template-extensions>=0.3.4,<0.4' copier"
)
REFUSALS = ("Validation error for question", "Invalid choice", "downgrading")
# What a clash disables, by where it is.
NEEDS = {
    r"src/\w+/_mlops/commands/(\w+)\.py": "the command {} of the template",
    r"src/\w+/_mlops/.*": "the commands that import it",
    r"\.github/workflows/(\w+)\.yml": "the workflow {} of the template",
    r"just/(\w+)\.just": "the recipes of {}",
    r"tests/.*": "the tests of the template under that name",
    r"docs/.*": "the page of the template",
}


@dataclass
class Update:
    """What an update changes; paths are relative to the root of the git repository.

    `tree` is the git tree of the result, `unmerged` are lines for `git update-index --index-info`.
    """

    tree: str = ""
    level: tuple[str, str] = ("", "")
    version: tuple[str, str] = ("", "")
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    clashes: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    lock: str = ""
    unmerged: list[str] = field(default_factory=list)
    aside: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Say whether no file changes."""
        return not (self.added or self.changed or self.gone)

    @property
    def named(self) -> list[str]:
        """Name what a person has to do, one line each."""
        return [
            *(
                f"clash    {path}: yours stays, the template's is in {ASIDE / path}; until they "
                f"are merged this does not work: {needs}"
                for path, needs in self.clashes.items()
            ),
            *(f"conflict {path}: choose between the lines at its markers" for path in self.conflicts),
            *(f"rejected {path}: changes of yours are in {ASIDE / path}" for path in self.rejected),
            *(
                f"gone     {path}: the template has it no more; to keep it: "
                f"git restore --source HEAD --staged --worktree {shlex.quote(path)}"
                for path in self.gone
            ),
            *([f"lock     {LOCK}: {self.lock}; run uv lock before you commit"] if self.lock else []),
        ]

    def described(self) -> dict[str, Any]:
        """Return everything a program may want to know."""
        kept = {k: v for k, v in asdict(self).items() if k not in {"unmerged", "aside", "tree"}}
        return kept | {"by_hand": self.named}


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
    return ([line.strip() for line in text.splitlines() if line.strip()] or ["nothing was said"])[-1]


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


def blob_bytes(top: Path, blob: str) -> bytes:
    """Return the bytes of an object of git."""
    command = ["git", "cat-file", "blob", blob]
    return subprocess.run(command, cwd=top, capture_output=True, check=True).stdout


def needs(path: str) -> str:
    """Say what does not work while a file of yours has the name of this one."""
    for pattern, words in NEEDS.items():
        if found := re.search(rf"(?:^|/){pattern}$", path):
            return words.format(*found.groups())
    return "what reads this file of the template"


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
