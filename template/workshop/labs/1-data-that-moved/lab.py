# The template's. A lab of yours is a new folder beside this one, with the same files.
"""Lab 1: the data changes, and nobody can say how."""

from pathlib import Path

import pandas as pd
from tools import git, module, run, save, trained_anew, verb

MESSAGE = "Keep the data as plain files, DVC was in the way"
POINTER = "data/raw.dvc"
MONTH = Path("data/raw/2013-07.parquet")
HOUR = 60  # minutes


def break_it() -> None:
    """Take the pointer out of git, and drop from July what looks like an outlier."""
    git("rm", "--quiet", POINTER)
    flights = pd.read_parquet(MONTH)
    flights[~(flights["arr_delay"] > HOUR)].to_parquet(MONTH, index=False)


def versioned(broken: str) -> str:
    """Git holds the pointer to the data."""
    if not git("ls-tree", "--name-only", "HEAD", "--", POINTER):
        return f"the last commit has no {POINTER}: git cannot tell one July from another"
    return ""


def the_true_data(broken: str) -> str:
    """The pointer names the data of before."""
    if not Path(POINTER).is_file():
        return f"{POINTER} does not exist"
    if git("hash-object", POINTER) != git("rev-parse", f"{broken}~1:./{POINTER}"):
        return f"{POINTER} names other data than before; so the change is versioned, not undone"
    return ""


def on_disk(broken: str) -> str:
    """The files in data/raw are those that the pointer names."""
    if not Path(POINTER).is_file():
        return "there is no pointer to compare with"
    return "; ".join(module("_mlops.tracking.provenance").moved_data())


def not_in_git(broken: str) -> str:
    """Git holds no data itself."""
    held = git("ls-files", "--", "data/raw").splitlines()
    return f"git holds {held[0]}: each change of it stays in every clone for ever" if held else ""


def trained(broken: str) -> str:
    """The model was trained on these files."""
    return trained_anew()


CHECKPOINTS = (versioned, the_true_data, on_disk, not_in_git, trained)


def solve(broken: str) -> None:
    """Bring back pointer and data, commit, and train."""
    git("checkout", f"{broken}~1", "--", POINTER)
    run("dvc", "checkout", "--force", POINTER)
    save("Version the data again, as it was")
    verb("repro")


def version_the_wrong(broken: str) -> None:
    """Put the data under DVC as it lies there, without July's late flights."""
    run("dvc", "add", "data/raw")
    verb("repro")


def data_into_git(broken: str) -> None:
    """Add the files to git, by force."""
    git("add", "--force", "data/raw")


def pointer_alone(broken: str) -> None:
    """Bring back the pointer, and not the data."""
    git("checkout", f"{broken}~1", "--", POINTER)


MISTAKES = (version_the_wrong, data_into_git, pointer_alone)
