# The template's. Nothing of yours belongs here; a record of yours may be chained in the same way.
"""Lines of JSON that cover each other: each holds its own hash and that of the line before it.

What was edited, dropped or moved is found by reading. The hash of the last line stands for all of
them: kept elsewhere, it also tells when the end was cut off, or the whole was written anew.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .files import append_line, last_line, one_at_a_time, sha256, whole_file

HASH, BEFORE = "sha256", "before"
FIRST = "0" * 64  # what the first line names as the line before it
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def sealed(record: dict[str, Any], before: str) -> dict[str, Any]:
    """Return a record with the hash of the one before it, and its own."""
    body = {**{key: value for key, value in record.items() if key != HASH}, BEFORE: before}
    text = json.dumps(body, sort_keys=True)
    return {**body, HASH: hashlib.sha256(text.encode()).hexdigest()}


def append(path: Path, record: dict[str, Any], last: Path | None = None) -> str:
    """Add a record to a file, and return its hash; two processes wait for each other.

    Args:
        path: The file.
        record: What is added.
        last: Holds the hash of the last line, so that a cut end is missed by the next one.
    """
    with one_at_a_time(path):
        kept = last.read_text("utf-8", "replace") if last and last.is_file() else ""
        line = sealed(record, kept or head(path))
        append_line(path, json.dumps(line))
        if last:
            with whole_file(last) as part:
                part.write_text(line[HASH], encoding="utf-8")
        return str(line[HASH])


def head(path: Path) -> str:
    """Return what the next line names as the one before it.

    Where the last line has no hash, from before there were any, it covers the whole file.
    """
    with suppress(*UNREADABLE, IndexError):
        return str(json.loads(last_line(path))[HASH])
    return sha256(path) if path.stat().st_size else FIRST


def read(
    path: Path, check: Callable[[dict[str, Any]], object] = lambda record: None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the records that are as they were written, oldest first, and what is wrong.

    A line that is no JSON, or whose hash is not its own, is left out and named; so is a place
    where a line was taken out, put in twice or moved. Two branches that git merged may each have
    gone on from the same line.

    Args:
        path: The file; there may be none.
        check: Raises `ValueError`, `TypeError` or `KeyError` for a record that says too little.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"{path} cannot be read: {error.strerror}"]
    whole: list[dict[str, Any]] = []
    wrong: list[str] = []
    known, lost = {FIRST}, False
    unchained = hashlib.sha256()
    for number, line in enumerate(lines, 1):
        unchained.update(line)
        try:
            record = json.loads(line)
            check(record)
            if not {HASH, BEFORE} & record.keys() and all(HASH not in one for one in whole):
                known = {unchained.hexdigest()}  # from before there were hashes
                whole.append(record)
                continue
            intact = sealed(record, record[BEFORE]) == record
        except UNREADABLE:
            wrong.append(f"{path} line {number} is damaged")
            lost = True
            continue
        if not intact:
            wrong.append(f"{path} line {number} was edited")
            lost = True
            continue
        if record[HASH] in known or not (lost or record[BEFORE] in known):
            wrong.append(f"{path}: lines before line {number} were taken out or moved")
        known.add(record[HASH])
        lost = False
        whole.append(record)
    return whole, wrong
