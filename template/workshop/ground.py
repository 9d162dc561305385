# The template's. A lab of yours is a new folder in workshop/labs, with the files of the others.
"""A branch of its own for each lab, and the way back: what git tracks and what it does not."""

import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tools import OutsideFailed, WrongInput, git, save

# What git does not hold and a lab may change; `stop` brings it back.
KEPT = ("data", "models", "reports", "mlflow.db")


@dataclass(frozen=True)
class Running:
    """The lab that runs.

    Args:
        lab: Its number.
        branch: On which it is played.
        home: The branch, or the commit, to go back to.
        broken: The commit that broke the repo, once there is one.
        restoring: Whether the way back has begun.
    """

    lab: int
    branch: str
    home: str
    broken: str = ""
    restoring: bool = False


def folder() -> Path:
    """Return where the notes are: in git's own folder, which no clean-up empties."""
    return Path(git("rev-parse", "--git-path", "lab"))


def running() -> Running | None:
    """Return the lab that runs, if one does."""
    notes = folder() / "notes.json"
    if not notes.is_file():
        return None
    return Running(**json.loads(notes.read_text(encoding="utf-8")))


def note(state: Running, place: Path | None = None) -> None:
    """Write down what runs, in one step."""
    notes = (place or folder()) / "notes.json"
    part = notes.with_suffix(".part")
    part.write_text(json.dumps(asdict(state)), encoding="utf-8")
    part.replace(notes)


def branch() -> str:
    """Return the current branch, or the commit when there is none."""
    name = git("rev-parse", "--abbrev-ref", "HEAD")
    return git("rev-parse", "HEAD") if name == "HEAD" else name


def changed() -> list[str]:
    """Return the paths that differ from the last commit, and new ones."""
    return [line[3:] for line in git("status", "--porcelain").splitlines()]


def require_clean() -> None:
    """Raise `WrongInput` unless the last commit holds everything."""
    if found := changed():
        more = f" and {len(found) - 1} more" if found[1:] else ""
        message = f"{found[0]}{more} not committed; a lab starts from a clean folder"
        raise WrongInput(message, 'git add --all && git commit --message "Before the lab"')


def enter(lab: int) -> Running:
    """Keep what git does not hold, and go to a new branch."""
    state = Running(lab, free_name(f"lab-{lab}"), branch())
    part = folder().with_name("lab.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        (part / "before").mkdir(parents=True)
        for name in KEPT:
            copy(Path(name), part / "before" / name)
        note(state, part)
        part.rename(folder())
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        message = f"no copy of {', '.join(KEPT)} could be kept: {error.strerror}"
        raise OutsideFailed(message, "nothing was changed; try again when it can") from error
    try:
        git("switch", "--quiet", "--create", state.branch)
    except OutsideFailed:
        shutil.rmtree(folder())
        raise
    return state


def free_name(name: str) -> str:
    """Return a name that no branch and no folder of build has yet."""
    taken = set(git("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines())
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(n for n in names if n not in taken and not Path("build", n).exists())


def commit_broken(state: Running, message: str) -> None:
    """Commit what the lab broke."""
    save(message)
    note(replace(state, broken=git("rev-parse", "HEAD")))


def leave(state: Running) -> None:
    """Go back to where the lab was started; what was done stays on its branch and in build.

    Stopped halfway, it can be called again.
    """
    if not state.restoring:
        if branch() == state.branch:
            save("Leave the lab as it is")
            git("switch", "--quiet", *(["--detach"] if is_commit(state.home) else []), state.home)
        elif branch() != state.home:
            message = f"you are on {branch()}, the lab is on {state.branch}"
            raise WrongInput(message, f"git switch {state.branch}")
        require_clean()
        note(replace(state, restoring=True))
    done, before = Path("build", state.branch), folder() / "before"
    done.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        if (before / name).exists() and not (done / name).exists() and Path(name).exists():
            os.replace(name, done / name)
    for name in KEPT:
        if (before / name).exists():
            remove(Path(name))
            copy(before / name, Path(name))
    git("status", "--porcelain")  # refreshes what git knows of the files
    shutil.rmtree(folder())


def is_commit(home: str) -> bool:
    """Say whether the lab was started on no branch."""
    return not git("for-each-ref", f"refs/heads/{home}")


def copy(source: Path, destination: Path) -> None:
    """Copy a file or a folder, if it exists."""
    if source.is_dir():
        shutil.copytree(source, destination, symlinks=True)
    elif source.is_file():
        shutil.copy2(source, destination)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it exists."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
