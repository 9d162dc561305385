# The template's. Which columns are logged is yours, in schema.py; how long, in contract.yaml.
"""What does the prediction log say about a stretch of time, or about one request?"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import WrongInput, counted
from ..files import last_line
from ..interface import Schema
from . import removals, tables

FOLDER = "PREDICTION_LOG"
FILES = "**/data/data.*.log*"  # one of each worker of each server, rotated daily
CALL = ("call.id", "call.time", "call.version", "call.status", "call.ms", "call.row")
BENTOML = ("timestamp", "request_id", "trace_id")  # it writes these itself, over yours
BEFORE, HASH = "call.before", "call.sha256"  # by which a line covers itself and the one before it
REMOVED = "call.removed"  # in the place of what a line said, when its subject was forgotten
FIRST = "0" * 32
ONE_ROW = ["call.id", "call.row", "call.version"]
ONE_REQUEST = ["call.id", "call.time"]
PREDICTION = "prediction"


@dataclass(frozen=True)
class Log:
    """A stretch of the log.

    Args:
        lines: One line for each predicted row and for each request that failed before.
        damaged: Where lines stand that cannot be read, as `data.1.log:17`.
    """

    lines: pd.DataFrame
    damaged: list[str]

    @property
    def rows(self) -> pd.DataFrame:
        """The lines with a prediction."""
        return self.lines[self.lines[PREDICTION].notna()].reset_index(drop=True)

    @property
    def requests(self) -> pd.DataFrame:
        """One line for each request, with its id, time, version, status and milliseconds."""
        return self.lines[list(CALL[:-1])].drop_duplicates(ONE_REQUEST)


def folder() -> Path:
    """Return the folder in which every server keeps one of its own."""
    return Path(os.environ.get(FOLDER) or "monitoring/predictions")


def read(since: datetime, until: datetime, schema: Schema, where: Path | None = None) -> Log:
    """Read what was called from `since` up to, but without, `until`; both with a time zone.

    A line that stands in the log twice counts once; a column that a line lacks is missing.
    """
    damaged: list[str] = []
    names = columns(schema)
    found = [
        [line.get(logged_as(name)) for name in names]
        for line in lines(files(since, until, where), damaged)
        if since <= line["call.time"] < until
    ]
    table = pd.DataFrame(found, columns=names, dtype="object")
    return Log(typed(once(table), schema), damaged)


def once(table: pd.DataFrame) -> pd.DataFrame:
    """Return lines in order of time, each predicted row once, however often it was sent.

    A failure stands for itself: it may have no id, and each new try is a new failure.
    """
    table = table.sort_values("call.time", kind="stable")
    unnamed = table["call.row"].isna() | table["call.id"].isin(["", None])
    moment = table["call.time"].where(unnamed)
    return table[~table.assign(moment=moment).duplicated([*ONE_ROW, "moment"])]


def columns(schema: Schema) -> list[str]:
    """Return the columns that monitoring reads; BentoML's own are not among them."""
    known = [column.name for column in tables.known_columns(schema) if not column.personal]
    return [*CALL, *known, *answers(schema)]


def answers(schema: Schema) -> list[str]:
    """Return the columns of a prediction."""
    return [PREDICTION, *(f"probability_{label}" for label in schema.LABELS)]


def typed(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Give each column its type; JSON knows neither times nor whole numbers with gaps.

    Raises:
        WrongInput: If a column of the schema was of another kind when it was logged.
    """
    numbers = ["call.status", "call.ms", *answers(schema)[1:]]
    if not schema.LABELS:
        numbers.append(PREDICTION)
    table = table.reset_index(drop=True)
    for column in tables.known_columns(schema):
        if column.name in table and (wrong := tables.misfits(table[column.name], column)).any():
            value = table.loc[wrong, column.name].iloc[0]
            message = f"{folder()}: {column.name!r} is {value!r}; schema.py says {column.kind}"
            raise WrongInput(message, "its kind has changed? --since takes what was logged later")
    table = tables.conform(table, tables.known_columns(schema))
    table["call.time"] = pd.to_datetime(table["call.time"], utc=True)
    for name in numbers:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    return table


def files(since: datetime, until: datetime, where: Path | None = None) -> list[Path]:
    """Return the files that can hold lines of this time: none ended before, none began after."""
    ended = since.timestamp()
    found = [path for path in (where or folder()).glob(FILES) if path.stat().st_mtime >= ended]
    return sorted(path for path in found if begin(path) < until)


def begin(path: Path) -> datetime:
    """Return the time of a file's first line that can be read; without one, the earliest."""
    first = next(lines([path], []), None)
    return first["call.time"] if first else datetime.min.replace(tzinfo=UTC)


def lines(paths: list[Path], damaged: list[str]) -> Iterator[dict[str, Any]]:
    """Give the lines of files with their time; add those that cannot be read to `damaged`.

    A line that was emptied, as the record of `forget` says, is none.
    """
    emptied = removals.log_lines()
    for path in paths:
        hashed = False
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    line = json.loads(text)
                    if REMOVED in line and line.get(HASH) in {None, *emptied}:
                        continue
                    if lost_hash(line, hashed) or line.get(HASH, same := hash_of(line)) != same:
                        raise ValueError  # edited
                    hashed = HASH in line
                    hash(tuple(line.get(name) for name in CALL))  # each is one value
                    line["call.time"] = datetime.fromisoformat(line["call.time"]).astimezone(UTC)
                except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                    damaged.append(f"{path.name}:{number}")
                else:
                    yield line


def lost_hash(line: dict[str, Any], hashed: bool) -> bool:
    """Say whether a line has no hash and had one, by itself or as one before it in its file has.

    From before lines had hashes there are some without, at the beginning.
    """
    return HASH not in line and (hashed or BEFORE in line)


def logged_as(name: str) -> str:
    """Return under which name the log holds a column of yours."""
    return f"row.{name}" if name in BENTOML else name


def hash_of(line: dict[str, Any]) -> str:
    """Return the first half of the SHA-256 of what the service wrote in a line, but for that."""
    own = {name: value for name, value in line.items() if name not in (*BENTOML, HASH)}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:32]


def head(path: Path) -> str:
    """Return the hash of a worker's last line; of none, or a damaged one, that of no line.

    A worker that was killed as its file was rotated left its last line in the one before.
    """
    files = [path, *sorted(path.parent.glob(f"{path.name}.*"), reverse=True)]
    written = next((one for one in files if one.is_file() and one.stat().st_size), path)
    with suppress(OSError, ValueError, KeyError, TypeError, IndexError):
        return str(json.loads(last_line(written))[HASH])
    return FIRST


def problems() -> list[str]:
    """Name the lines that are not as the service wrote them, and where lines are gone.

    The first line that is kept follows one that was kept no longer. A line that was emptied for a
    subject to be forgotten still has its place in the chain.
    """
    wrong: list[str] = []
    emptied = removals.log_lines()
    before: dict[str, str | None] = {}
    rotated_first = sorted(folder().glob(FILES), key=lambda path: (path.suffix == ".log", path))
    for path in rotated_first:  # by their dates: `forget` writes to a file of old
        worker, hashed = str(path.with_suffix("") if path.suffix != ".log" else path), False
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                known, before[worker] = before.get(worker), None
                try:
                    line = json.loads(text)
                    if HASH not in line and not lost_hash(line, hashed):
                        continue  # from before lines had hashes
                    hashed = True
                    intact = line.get(HASH) in (
                        {hash_of(line)} | (emptied if REMOVED in line else set())
                    )
                except (ValueError, TypeError, AttributeError, RecursionError):
                    intact = False
                if not intact:
                    wrong.append(f"{path} line {number} was edited or damaged")
                    continue
                if known and line[BEFORE] != known:
                    wrong.append(f"{path}: lines before line {number} were taken out or moved")
                before[worker] = line[HASH]
    return wrong


def find(request_id: str) -> dict[str, Any]:
    """Return what one request was answered: the latest one, when an id was used again.

    Returns:
        Its `id`, `time`, `version` (nothing when no model answered), `status`, `ms`, the number
        of `rows` and their `predictions`, in order.

    Raises:
        WrongInput: If the log does not hold it.
    """
    paths, damaged, found, first = sorted(folder().glob(FILES)), list[str](), [], None
    for line in lines(paths, damaged):
        first = min(first or line["call.time"], line["call.time"])
        if line.get("call.id") == request_id:
            found.append(line)
    if not found:
        where = f"is not in {folder()}"
        if damaged:
            lost = f"{counted(len(damaged), 'line')}, the first {damaged[0]}"
            where = f"is in no line of {folder()} that can be read; damaged: {lost}"
        since = f"the log goes back to {first:%Y-%m-%d %H:%M} UTC" if first else "it is empty"
        raise WrongInput(f"request {request_id!r} {where}", f"{since}; a version is a number")
    latest = max(line["call.time"] for line in found)
    of_it = {line.get("call.row"): line for line in found if line["call.time"] == latest}
    answered = [of_it[row] for row in sorted(row for row in of_it if row is not None)]
    call = next(iter(of_it.values()))
    return {
        "id": request_id,
        "time": latest.isoformat(),
        "version": call.get("call.version") if answered else None,
        "status": call.get("call.status"),
        "ms": call.get("call.ms"),
        "rows": len(answered),
        "predictions": [line.get(PREDICTION) for line in answered],
    }
