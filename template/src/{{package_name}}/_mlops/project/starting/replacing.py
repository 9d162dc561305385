# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Put new files in the place of the example's, and of no other's."""

import difflib
import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ... import paths, programs
from ...data import sharing
from ...errors import Refused
from ...files import read_json, sha256, whole_file, write_json

RECORD = Path(".start-from.json")  # what the last run wrote
SEEDS = Path(__file__).parent / "seeds.json"  # what the template wrote
MADE = (
    paths.FEATURES,
    *(paths.MODELS / name for name in ("candidate", "registered", "champion", "rollout")),
    *(paths.MODELS / f"{name}.dvc" for name in ("registered", "champion")),
    *map(Path, ("dvc.lock", "mlflow.db", "mlruns")),
)
# What commands write into reports/, with any ending; what else lies there is yours.
REPORTS = (
    *("diagnosis", "drift", "end-to-end", "gate", "importance", "index", "ingest", "metrics"),
    *("monitor", "readiness", "slices", "timeline", "tune", "validation"),
)
ASIDE = Path("build/replaced")


def last_run() -> dict[str, Any]:
    """Return what the last run recorded; empty before the first."""
    return read_json(RECORD) if RECORD.is_file() else {}


def is_kept() -> bool:
    """Say whether git has what the last run recorded; a run that was killed did not come so far."""
    return not programs.git("status", "--porcelain", "--", str(RECORD))


def require_replaceable(new: dict[Path, bytes], old: Iterable[Path], force: bool) -> None:
    """Show what would be lost of files that a person wrote; `Refused` unless forced.

    Args:
        new: Content by path.
        old: Files that will be removed.
        force: Whether to lose it; git keeps what was committed.
    """
    kept = programs.git("show", f"HEAD:./{RECORD}")  # the last run may not have come so far
    known = [read_json(SEEDS, f"git checkout -- {SEEDS}", kinds={}), last_run().get("files", {})]
    known += [json.loads(kept)["files"]] if kept else []
    lost = []
    for path in sorted({*new, *old}):
        if not path.is_file() or path.read_bytes() == new.get(path):
            continue
        if sha256(path) not in [written.get(path.as_posix()) for written in known]:
            lost.append(path)
            click.echo(difference(path, new.get(path)), err=True)
    if lost and not force:
        plural = "s were" if len(lost) > 1 else " was"
        message = f"{len(lost)} file{plural} changed by a person, such as {lost[0]}"
        raise Refused(message, "commit what is worth it, then say --force")


def difference(path: Path, content: bytes | None) -> str:
    """Return how a file changes; in words when it is removed or holds no text."""
    if content is None:
        return f"{path} would be removed"
    try:
        before, after = (part.decode().splitlines() for part in (path.read_bytes(), content))
    except UnicodeDecodeError:
        return f"{path} would be replaced"
    return "\n".join(difflib.unified_diff(before, after, str(path), f"{path} (new)", lineterm=""))


def replace(new: dict[Path, bytes], old: Iterable[Path], asked: dict[str, Any]) -> None:
    """Write new files, remove old ones, record it, and commit what git holds.

    Old batches, and what runs made from them, are moved aside: a registry holds models of one
    target.
    """
    changed = [path for path in new if not path.is_file() or path.read_bytes() != new[path]]
    gone = [path for path in old if path.is_file() and path not in new]
    batches = [one for one in (*changed, *gone) if one.parent in (paths.RAW, paths.INCOMING)]
    if batches:
        reports = [path for path in paths.REPORTS.glob("*.*") if path.stem in REPORTS]
        set_aside([path for path in (*MADE, *reports, *batches) if path.exists()])
    hashes = {path.as_posix(): hashlib.sha256(new[path]).hexdigest() for path in sorted(new)}
    write_json(RECORD, {**asked, "files": hashes})  # first: what is half done is no person's
    for path in changed:
        with whole_file(path) as part:
            part.write_bytes(new[path])
    for path in gone:
        path.unlink(missing_ok=True)
    keep([*new, *gone], asked["origin"])


def set_aside(made: list[Path]) -> None:
    """Move what runs made into a folder that git does not see."""
    if not made:
        return
    number = 1
    while (folder := ASIDE / str(number)).exists():
        number += 1
    for path in made:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, folder / path)
    click.echo(f"start-from: moved the old batches and what runs made to {folder}", err=True)


def keep(changed: list[Path], origin: str) -> None:
    """Commit what changed, and let DVC know the new batches when it knows old ones."""
    if paths.DATA_POINTER.exists():
        sharing.share(paths.RAW)
        changed = [*changed, paths.DATA_POINTER]
    names = [str(path) for path in (*changed, RECORD)]
    shared = [name for name in names if not programs.git("check-ignore", name)]
    programs.run("git", "add", "--all", "--", *shared)
    if programs.git("status", "--porcelain", "--", *shared):
        programs.commit(f"Start from {origin}", shared)
