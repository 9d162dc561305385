# The template's. Yours are the inputs of training that INPUTS lists.
"""Which code, data, parameters and environment made a model, and whether git knows them all."""

import hashlib
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ... import schema
from .. import paths
from ..data import own_modules, sharing
from ..data.batch_files import batches
from ..errors import first_cause
from ..files import sha256, sha256_if_there, sha256_of
from ..programs import git
from . import trust

if TYPE_CHECKING:
    from ..interface import Contract

INPUTS = ("src", "params.yaml", "dvc.yaml", "pyproject.toml", "uv.lock", "data/raw.dvc")
PACKAGES = ("scikit-learn", "skops", "pandas", "numpy")
LOCK = Path("uv.lock")
POINTER = Path("data/raw.dvc")
PIPELINE = Path("dvc.lock")
BY_PIPELINE = "DVC_STAGE"  # DVC sets it for the stages that it runs


def record() -> dict[str, Any]:
    """Return commit, hashes and package versions of this moment, with `dirty` and its reasons.

    `by_hand` says that no pipeline runs this stage, so that DVC's record is about another model.
    """
    reasons = unclean()
    return {
        "by_hand": BY_PIPELINE not in os.environ,
        "commit": git("rev-parse", "HEAD"),
        "dirty": bool(reasons),
        "dirty_reasons": reasons,
        "inputs_sha256": inputs_sha256(),
        "data_sha256": sha256_of(batches(paths.RAW)),
        "lock_sha256": sha256_if_there(LOCK),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def at_commit(commit: str, path: Path) -> bytes | None:
    """Return a file's bytes as a commit holds them, or nothing when it does not."""
    command = ["git", "show", f"{commit}:./{path.as_posix()}"]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def unclean() -> list[str]:
    """Name all that no commit and no lock would bring back."""
    return uncommitted() + moved_data() + unlocked()


def unlocked() -> list[str]:
    """Name the packages that a model stands on, and that uv.lock does not hold."""
    if (known := in_lock()) is None:  # it does not exist, which is a reason by itself
        return []
    used = own_modules.outside(Path(schema.__file__).parent)
    strange = {name for name in used if canonical(name) not in known} - trust.HOMES.keys()
    # which reads all there is
    homes = packages_distributions() if strange - sys.stdlib_module_names else {}
    return [
        f"{used[name]} imports {name}, which {LOCK} does not hold: uv add {homes[name][0]}"
        for name in sorted(strange & homes.keys())
        if known.isdisjoint(map(canonical, homes[name]))
    ]


def in_lock() -> set[str] | None:
    """Return the names of the locked packages, or nothing without a lock."""
    try:
        text = LOCK.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return set(re.findall(r'^name = "(.+)"$', text, re.MULTILINE))


def canonical(name: str) -> str:
    """Return a package's name as indexes and locks spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def uncommitted() -> list[str]:
    """Name the inputs of training that the last commit does not hold as they are."""
    if not git("rev-parse", "HEAD"):
        return ["there is no git commit"]
    missing = [name for name in INPUTS if not Path(name).exists()]
    if not git("status", "--porcelain", "--branch", "-uno"):  # names the branch in any case
        return ["git cannot read its own files, `git fsck` says which"]
    # git's status names a file whose line ends alone are others, and which it would not commit
    changed = unlike_commit(*INPUTS)
    changed += git("ls-files", "--others", "--exclude-standard", "--", *INPUTS).splitlines()
    # `smoke` hides the pointer of the data in its clone, for the manifest names the data itself
    listed = git("ls-files", "-v", "--", *set(INPUTS) - {str(POINTER)}).splitlines()
    hidden = [line[2:] for line in listed if hides(line)]
    ignored = git("check-ignore", "--", *INPUTS).splitlines()
    return (
        [f"{name} does not exist" for name in missing]
        + [f"{name} is not committed" for name in sorted(changed)]
        + [f"{name} is ignored by git" for name in ignored]
        + [f"{name} is hidden from git" for name in hidden]
    )


def hides(line: str) -> bool:
    """Say whether git was told to take a file as it is, by a line of `ls-files -v`."""
    return line[0] == "S" or line[0].islower()


def unlike_commit(*among: str) -> list[str]:
    """Name the files under git, of these or all, that are not as the last commit has them."""
    compared = ("diff", "--name-only", "--no-renames", "--relative", "HEAD")
    return git(*compared, "--", *among).splitlines()


def inputs_sha256() -> str:
    """Return one hash of the inputs of training, as they lie in the folder."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *INPUTS)
    found = sorted({Path(name) for name in listed.split("\0") if name})
    lines = [f"{path} {sha256(path)}" for path in found if path.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def of_inputs(manifest: dict[str, Any]) -> bool:
    """Say whether a model was made of what lies in the folder now."""
    now = {"inputs_sha256": inputs_sha256(), "data_sha256": sha256_of(batches(paths.RAW))}
    return all(manifest.get(name) == found for name, found in now.items())


def agreed_contract() -> "Contract":
    """Read contract.yaml for a decision; say so when it is not what git has."""
    if git("status", "--porcelain", "--", str(paths.CONTRACT)):
        said = f"warning: {paths.CONTRACT} is not as git has it, and this decision rests on it"
        click.echo(said, err=True)
    from ..config import load_contract

    return load_contract()


def moved_data() -> list[str]:
    """Say whether the bytes of data/raw are unlike those that its DVC pointer names.

    Raises:
        OutsideFailed: If DVC cannot say.
    """
    # `dvc repro` has written the pointer anew; git shows whether that is a change
    if BY_PIPELINE not in os.environ and POINTER.exists() and sharing.moved(POINTER):
        return [f"{paths.RAW} is unlike {POINTER}"]
    return [f"{path} is not the file that {POINTER} names" for path in sharing.damaged(POINTER)]


def stopwatch() -> Callable[[], dict[str, float]]:
    """Start measuring; the returned function gives wall and CPU seconds and peak memory in MB."""
    wall, cpu = time.perf_counter(), time.process_time()

    def stop() -> dict[str, float]:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        unit = 1024**2 if platform.system() == "Darwin" else 1024
        return {
            "wall_seconds": round(time.perf_counter() - wall, 3),
            "cpu_seconds": round(time.process_time() - cpu, 3),
            "peak_memory_mb": round(peak / unit, 1),
        }

    return stop


def pipeline_changes(*parts: str) -> list[str]:
    """Name the files that are not as DVC's record of the pipeline has them; without one, none.

    Args:
        parts: Of a stage, which of `cmd`, `deps`, `params` and `outs` to compare.
    """
    if not PIPELINE.is_file():
        return []
    from dvc.dvcfile import Lockfile
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.stage.serialize import to_single_stage_lockfile

    try:
        with Repo() as repo:
            recorded = Lockfile(repo, str(PIPELINE)).load()["stages"]
            named = {stage.name: stage for stage in repo.index.stages if hasattr(stage, "name")}
            changed = sorted(recorded.keys() ^ named.keys())
            for name in recorded.keys() & named.keys():
                named[name].save(allow_missing=True, run_cache=False)
                now = to_single_stage_lockfile(named[name])
                changed += unlike(recorded[name], now, parts)
    except DvcException as error:  # of any file that DVC reads
        return [f"DVC cannot compare with {PIPELINE}: {error}: {first_cause(error)}"]
    except (KeyError, ValueError, TypeError) as error:
        return [f"{PIPELINE} cannot be read: {first_cause(error)}"]
    return [f"{name} is unlike {PIPELINE}" for name in dict.fromkeys(changed)]


def unlike(recorded: dict[str, Any], now: dict[str, Any], parts: tuple[str, ...]) -> list[str]:
    """Name what differs between two records of a stage; files that are not here do not."""
    changed = []
    for part in parts:
        if part not in ("deps", "outs"):
            changed += [part] if recorded.get(part) != now.get(part) else []
            continue
        found = {one["path"]: one for one in now.get(part, [])}
        known = {one["path"]: one for one in recorded.get(part, [])}
        changed += sorted(found.keys() ^ known.keys())
        changed += [
            path
            for path in found.keys() & known.keys()
            if Path(path).exists() and found[path] != known[path]
        ]
    return changed
