# The template's. Every command is recorded here by itself; a check of yours reads the records.
"""What ran in this repo: one line a run, each covering the line before it by its hash.

The file stays on the machine where it was written. A line says what ran, when, for how long, how
it ended, and what the repo was then: the commit, and a hash for each part that a result rests on.
"""

import functools
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import PACKAGE, chain, paths
from .errors import Problem
from .files import sha256
from .programs import git

FILE = Path(".evidence/runs.jsonl")
LAST = Path(".evidence/last")  # the hash of the line that was written last
KEYS = {
    "what": str,
    "time": str,
    "seconds": int | float,
    "exit_code": int,
    "commit": str,
    "rests_on": dict,
    "files": dict,
    chain.HASH: str,
}
YOURS = ("schema", "data", "features", "model", "metrics")
SOURCE = Path("src", *PACKAGE.split("."))

# The parts of a repo, by the files that make them; a result rests on some of them.
PARTS = {
    "code": [f"{SOURCE}/{name}.py" for name in YOURS],
    "service": [f"{SOURCE}/service.py"],
    "glue": [f"{SOURCE}/_mlops/**/*.py"],
    "params": [str(paths.PARAMS)],
    "contract": [str(paths.CONTRACT)],
    "stages": ["dvc.yaml"],
    "data": [str(paths.DATA_POINTER)],
    "model": ["models/*.dvc", "models/champion/pointer.json"],
    "sample": ["tests/data/*"],
    "tests": ["tests/test_*.py", "tests/conftest.py"],
    "lock": ["uv.lock"],
}
# What people and other programs read; a record says how each was when the run ended.
REPORTS = ("reports/*.json", "models/champion/pointer.json")


def recorded(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command's function that also leaves a record, however it ends."""

    @functools.wraps(work)
    def run(*arguments: Any, **options: Any) -> Any:
        began, code = time.time(), 4
        try:
            answer = work(*arguments, **options)
            code = 0
            return answer
        except Problem as problem:
            code = problem.exit_code
            raise
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
            raise
        except KeyboardInterrupt:
            code = 130
            raise
        finally:
            keep(name, code, began)

    return run


def keep(what: str, exit_code: int, began: float, **more: Any) -> None:
    """Add a record; a full disk or a folder that nobody may write to stops no command.

    Args:
        what: The command or the check.
        exit_code: As the design has it: 0 done, 1 the check says no, …
        began: Seconds since 1970.
        more: What else there is to say.
    """
    with suppress(Problem, OSError):
        FILE.parent.mkdir(exist_ok=True)
        ignored = FILE.parent / ".gitignore"  # of this folder, whatever the repo's own says
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        chain.append(FILE, {**what_is_now(what, exit_code, began), **more}, LAST)


def what_is_now(what: str, exit_code: int, began: float) -> dict[str, Any]:
    """Return what a record says, with the keys of `KEYS`."""
    return {
        "what": what,
        "time": datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds"),
        "seconds": round(time.time() - began, 3),
        "exit_code": exit_code,
        "commit": git("rev-parse", "--verify", "--quiet", "HEAD"),
        "rests_on": {part: hash_of(part) for part in PARTS},
        "files": {str(path): sha256(path) for path in written_since(began)},
    }


def read() -> tuple[list[dict[str, Any]], list[str]]:
    """Return the records that are as they were written, oldest first, and what is wrong."""
    records, wrong = chain.read(FILE, check)
    written = [one[chain.HASH] for one in records]  # a command that was killed left one more
    if not wrong and LAST.is_file() and LAST.read_text("utf-8", "replace") not in written:
        wrong = [f"{FILE}: lines at its end were cut off"]
    return records, wrong


def check(record: dict[str, Any]) -> None:
    """Raise `ValueError`, `TypeError` or `KeyError` for a record that says too little."""
    readable = all(isinstance(record[key], kind) for key, kind in KEYS.items())
    if not readable or datetime.fromisoformat(record["time"]).tzinfo is None:
        raise ValueError


def hash_of(part: str) -> str:
    """Return one hash of the names and bytes of a part's files; of none, an empty text."""
    found = sorted({path for pattern in PARTS[part] for path in Path().glob(pattern)})
    lines = [f"{path} {sha256(path)}" for path in found if path.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def written_since(moment: float) -> Iterator[Path]:
    """Yield the reports that were written since a moment, in seconds since 1970."""
    for pattern in REPORTS:
        for path in sorted(Path().glob(pattern)):
            with suppress(OSError):
                # a file system counts more coarsely than a clock
                if path.stat().st_mtime >= moment - 0.01:
                    yield path
