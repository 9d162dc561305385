# The template's. How long things stay is yours, in contract.yaml: prediction_log and retention.
"""What has been kept long enough, and goes: the prediction log, windows, reports, copies in build.

The service drops its own old files while it runs; what it left behind, when it was stopped or has
fewer workers now, goes here. What went is a line of a chain, `monitoring/retention.jsonl`.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .. import chain, paths
from ..data import prediction_log
from ..errors import OutsideFailed, WrongInput, counted
from ..files import read_json, write_json
from ..interface import Contract
from . import windows

BUILD = Path("build")
BEGUN = paths.RETENTION.with_name(".retention.json")  # what a run was about to remove
DATED = re.compile(r"\.log\.(\d{4}-\d\d-\d\d)$")  # a day of the log, over since its midnight
LONGEST = 36_500  # days


def apply(contract: Contract, now: datetime) -> list[str]:
    """Remove what is older than the contract says, record it, and return what went.

    Raises:
        OutsideFailed: If something cannot be removed; all else was.
    """
    kept, gone, failed = contract.retention, killed(), []
    old = [
        *old_log(before(now, contract.prediction_log.retention_days)),
        *old_files(paths.REPORTS, before(now, kept.reports_days)),
        *old_files(BUILD, before(now, kept.build_days)),
    ]
    if old:
        write_json(BEGUN, [*gone, *map(str, old)])
    for path in old:
        try:
            drop(path)
            gone.append(str(path))
        except OSError as error:
            failed.append(f"{path}: {(error.strerror or str(error)).lower()}")
    limit = before(now, kept.windows_days)
    if limit and (lines := windows.drop(limit.isoformat())):
        gone.append(f"{counted(lines, 'line')} of {windows.FILE}")
    if gone:
        chain.append(paths.RETENTION, {"time": now.isoformat(timespec="seconds"), "removed": gone})
    BEGUN.unlink(missing_ok=True)
    if failed:
        message = f"{counted(len(failed), 'file is', 'files are')} kept for too long: {failed[0]}"
        raise OutsideFailed(message, "who may delete them? run it as that user")
    return gone


def killed() -> list[str]:
    """Return what a run removed that was killed before it recorded that."""
    try:
        begun = [Path(name) for name in read_json(BEGUN, kinds=[str])]
    except WrongInput:  # none was
        return []
    return [str(path) for path in begun if not path.exists() or not path.stat().st_size]


def before(now: datetime, days: int | None) -> datetime | None:
    """Return the moment before which things go; nothing when they stay for ever."""
    return now - timedelta(days=min(days, LONGEST)) if days else None


def old_log(limit: datetime | None) -> Iterator[Path]:
    """Yield the files of the log whose last line is older; the chain begins after them."""
    for path in sorted(prediction_log.folder().glob(prediction_log.FILES)):
        if limit and path.stat().st_size and last_moment(path) < limit:
            yield path


def last_moment(path: Path) -> datetime:
    """Return when a file was complete: by its name, as emptying a line makes it look new."""
    if dated := DATED.search(path.name):
        with suppress(ValueError):
            return datetime.fromisoformat(dated[1]).replace(tzinfo=UTC) + timedelta(days=1)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def old_files(folder: Path, limit: datetime | None) -> Iterator[Path]:
    """Yield the files below a folder that nobody has written since."""
    for path in sorted(folder.rglob("*")):
        if limit and not path.is_dir() and path.lstat().st_mtime < limit.timestamp():
            yield path


def drop(path: Path) -> None:
    """Remove a file; one that a worker of the service may have open is emptied."""
    if path.name.endswith(".log"):
        os.truncate(path, 0)
    else:
        path.unlink()
