# The template's. How many windows count is yours, in contract.yaml: monitoring.
"""What was found in earlier windows? One line each in monitoring/windows.jsonl."""

import json
from pathlib import Path
from typing import Any

from ..files import SEAL, one_at_a_time, seal_of, whole_file

FILE = Path("monitoring/windows.jsonl")
LOCK = Path("monitoring/.windows.lock")
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
    with one_at_a_time(LOCK), whole_file(FILE) as part:
        known, wrong = read()
        others = [one for one in known if not same(one, window)]
        lines = [*others, {**window, SEAL: seal_of(window)}]
        part.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return wrong


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether two lines are about the same window."""
    return all(one[name] == other[name] for name in SAME)


def everything() -> list[dict[str, Any]]:
    """Return every line that is as it was written."""
    return read()[0]


def read() -> tuple[list[dict[str, Any]], list[str]]:
    """Return every line that is as it was written, and what is wrong with the others."""
    found, wrong = [], []
    lines = FILE.read_bytes().splitlines() if FILE.is_file() else []
    for number, text in enumerate(lines, 1):
        try:
            window = json.loads(text)
            whole = {*SAME, "raised", "quality"} <= set(window)
            if whole and window.get(SEAL, sealed := seal_of(window)) == sealed:
                found.append(window)
                continue
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        wrong.append(f"{FILE} line {number} is damaged or was edited")
    return found, wrong
