# The template's. How many windows count is yours, in contract.yaml: monitoring.
"""What was found in earlier windows? One line each in monitoring/windows.jsonl."""

import json
from pathlib import Path
from typing import Any

from ..files import whole_file

FILE = Path("monitoring/windows.jsonl")
SAME = ("since", "until", "version")


def of(version: str) -> list[dict[str, Any]]:
    """Return the windows in which this version was champion, oldest first."""
    found = [window for window in everything() if window["version"] == version]
    return sorted(found, key=lambda window: str(window["until"]))


def before(window: dict[str, Any]) -> list[dict[str, Any]]:
    """Return earlier windows of the same version, oldest first."""
    earlier = [known for known in of(window["version"]) if not same(known, window)]
    return [known for known in earlier if known["until"] <= window["until"]]


def keep(window: dict[str, Any]) -> None:
    """Add a window; one of the same time and version gives way to it."""
    others = [known for known in everything() if not same(known, window)]
    with whole_file(FILE) as part:
        text = "".join(f"{json.dumps(known)}\n" for known in [*others, window])
        part.write_text(text, encoding="utf-8")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether two lines are about the same window."""
    return all(one[name] == other[name] for name in SAME)


def everything() -> list[dict[str, Any]]:
    """Return every line that can be read."""
    found = []
    for text in FILE.read_text(encoding="utf-8").splitlines() if FILE.is_file() else []:
        try:
            window = json.loads(text)
        except ValueError:
            continue
        if isinstance(window, dict) and {*SAME, "raised", "quality"} <= set(window):
            found.append(window)
    return found
