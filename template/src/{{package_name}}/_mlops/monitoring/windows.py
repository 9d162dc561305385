# The template's. How many windows count is yours, in contract.yaml: monitoring.
"""What was found in earlier windows? One line each in monitoring/windows.jsonl."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import SEAL, one_at_a_time, seal_of, whole_file

FILE = Path("monitoring/windows.jsonl")
LOCK = Path("monitoring/.windows.lock")
HEAD = Path("monitoring/.windows.sha256")  # of the file as it was last written
SAME = ("since", "until", "version")


def of(version: str) -> list[dict[str, Any]]:
    """Return the windows in which this version was champion, oldest first."""
    found = [window for window in everything() if window["version"] == version]
    return sorted(found, key=lambda window: str(window["until"]))


def before(window: dict[str, Any]) -> list[dict[str, Any]]:
    """Return earlier windows of the same version, oldest first."""
    earlier = [known for known in of(window["version"]) if not same(known, window)]
    return [known for known in earlier if known["until"] <= window["until"]]


def keep(window: dict[str, Any]) -> list[str]:
    """Add a window; one of the same time and version gives way to it.

    Returns:
        What was wrong with earlier lines, which are kept no longer.
    """
    with one_at_a_time(LOCK):
        known, wrong = read()
        others = [one for one in known if not same(one, window)]
        write([json.dumps(one).encode() for one in (*others, {**window, SEAL: seal_of(window)})])
    return wrong


def drop(limit: str) -> int:
    """Remove the windows that ended before a moment, in ISO 8601; return how many.

    A damaged line stays, for `monitor` to name; so does what it says of lost ones.
    """
    with one_at_a_time(LOCK):
        known, lost = list(lines()), not is_as_written()
        kept = [text for text, window in known if not window or str(window["until"]) >= limit]
        if len(kept) < len(known):
            write(kept, lost=lost)
    return len(known) - len(kept)


def write(texts: Sequence[bytes], *, lost: bool = False) -> None:
    """Write these lines and no others; the hash first, for a kill is no loss of lines."""
    whole = b"".join(text + b"\n" for text in texts)
    before, after = heads()[-1:], hashlib.sha256(whole).hexdigest()
    if not lost:
        write_heads([*before, after])
    with whole_file(FILE) as part:
        part.write_bytes(whole)
    if not lost:
        write_heads([after])


def write_heads(known: Sequence[str]) -> None:
    """Write which hashes the file may have."""
    with whole_file(HEAD) as part:
        part.write_text("\n".join(known), encoding="utf-8")


def heads() -> list[str]:
    """Return which hashes the file may have; none before the first was written."""
    return HEAD.read_text("utf-8", "replace").split() if HEAD.is_file() else []


def is_as_written() -> bool:
    """Say whether no line was lost, added or moved; also where nothing tells, as before HEAD."""
    whole = FILE.read_bytes() if FILE.is_file() else b""
    return hashlib.sha256(whole).hexdigest() in (known := heads()) or not known


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether two lines are about the same window."""
    return all(one[name] == other[name] for name in SAME)


def everything() -> list[dict[str, Any]]:
    """Return every line that is as it was written."""
    return read()[0]


def read() -> tuple[list[dict[str, Any]], list[str]]:
    """Return every line that is as it was written, and what is wrong with the others."""
    known = [window for _, window in lines()]
    damaged = [number for number, window in enumerate(known, 1) if not window]
    wrong = [f"{FILE} line {number} is damaged or was edited" for number in damaged]
    if not wrong and not is_as_written():
        wrong = [f"{FILE} lost, gained or moved lines since it was written"]
    return [window for window in known if window], wrong


def lines() -> Iterator[tuple[bytes, dict[str, Any] | None]]:
    """Yield each line, and what it says when it is as it was written."""
    for text in FILE.read_bytes().splitlines() if FILE.is_file() else []:
        window = None
        with suppress(ValueError, TypeError, AttributeError, RecursionError):
            said = json.loads(text)
            whole = {*SAME, "raised", "quality"} <= set(said)
            if whole and said.get(SEAL, sealed := seal_of(said)) == sealed:
                window = said
        yield text, window
