# The template's. Yours are the inputs of training that INPUTS lists.
"""Which code, data, parameters and environment made a model, and whether git knows them all."""

import hashlib
import os
import platform
import resource
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .. import paths
from ..data.tables import batches
from ..files import sha256, sha256_of
from ..programs import git

INPUTS = ("src", "params.yaml", "dvc.yaml", "pyproject.toml", "uv.lock", "data/raw.dvc")
PACKAGES = ("scikit-learn", "skops", "pandas", "numpy")
LOCK = Path("uv.lock")
POINTER = Path("data/raw.dvc")


def record() -> dict[str, Any]:
    """Return commit, hashes and package versions of this moment, with `dirty` and its reasons."""
    reasons = uncommitted() + moved_data()
    return {
        "commit": git("rev-parse", "HEAD"),
        "dirty": bool(reasons),
        "dirty_reasons": reasons,
        "inputs_sha256": inputs_sha256(),
        "data_sha256": sha256_of(batches(paths.RAW)),
        "lock_sha256": sha256(LOCK) if LOCK.is_file() else "",
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


def uncommitted() -> list[str]:
    """Name the inputs of training that the last commit does not hold as they are."""
    if not git("rev-parse", "HEAD"):
        return ["there is no git commit"]
    missing = [name for name in INPUTS if not Path(name).exists()]
    changed = git("status", "--porcelain", "--untracked-files=all", "--", *INPUTS).splitlines()
    ignored = git("check-ignore", "--", *INPUTS).splitlines()
    return (
        [f"{name} does not exist" for name in missing]
        + [f"{line[3:]} is not committed" for line in changed]
        + [f"{name} is ignored by git" for name in ignored]
    )


def inputs_sha256() -> str:
    """Return one hash of the inputs of training, as they lie in the folder."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *INPUTS)
    found = sorted({Path(name) for name in listed.split("\0") if name})
    lines = [f"{path} {sha256(path)}" for path in found if path.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def moved_data() -> list[str]:
    """Say whether the bytes of data/raw are unlike those that its DVC pointer names."""
    if "DVC_STAGE" in os.environ or not POINTER.exists():
        return []  # `dvc repro` has written the pointer anew; git shows whether that is a change
    from dvc.repo import Repo

    with Repo() as repo:
        return [f"{paths.RAW} is unlike {POINTER}"] if repo.status(targets=[str(POINTER)]) else []


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
