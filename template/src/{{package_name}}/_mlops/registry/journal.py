# The template's. What is deployed, and when, is yours; a command of yours may record more.
"""What happened to which version, when and by whom: `models/journal.jsonl`, which git keeps.

Each line covers the one before it. The hash of the last one is also kept in the registry, out of
reach of whoever can only write this file.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import click

from .. import PROJECT, paths, programs
from ..chain import HASH, append, read
from ..errors import OutsideFailed
from ..tracking import runs

GATE = "gate"  # the tag that the gate sets later
RELEASED = "released_"  # how the tags begin that `release` sets later
SWITCHES = ("promoted", "deployed", "rolled back", "withdrawn")
TAG = "journal"  # of the registered model, with the first line's hash: each host has its own


def record(event: str, **facts: Any) -> None:
    """Add a line: what happened to which version, when and by whom."""
    append(paths.JOURNAL, {"time": now(), "event": event, **facts, "by": programs.author()})


def now(timespec: str = "seconds") -> str:
    """Return the moment in UTC."""
    return datetime.now(UTC).isoformat(timespec=timespec)


def lines() -> tuple[list[dict[str, Any]], list[str]]:
    """Return the lines that are as they were written, oldest first, and what is wrong."""
    return read(paths.JOURNAL)


def latest(version: str, *events: str) -> dict[str, Any]:
    """Return the last of these events of a version; empty when there was none."""
    found = [one for one in lines()[0] if one.get("version") == version]
    return next((one for one in reversed(found) if one.get("event") in events), {})


def tells(pointer: dict[str, Any]) -> bool:
    """Say whether the switch to a pointer has its line.

    Args:
        pointer: With the `event` of the switch, or `withdrawn`.
    """
    event = "withdrawn" if pointer.get("withdrawn") else pointer["event"]
    line = latest(str(pointer["version"]), *SWITCHES)
    return line.get("event") == event and str(line.get("time")) >= str(pointer["promoted_at"])


def anchor() -> None:
    """Keep the hash of the last line in the registry; a registry that is away gets the next one."""
    chained = [one for one in lines()[0] if HASH in one]
    if not chained:
        return
    try:
        client = runs.client()
        client.set_registered_model_tag(PROJECT, tag(chained), chained[-1][HASH])
    except OutsideFailed as problem:
        click.echo(f"warning: {problem}; the journal's last line is kept there later", err=True)


def tag(chained: list[dict[str, Any]]) -> str:
    """Return the name under which the registry keeps the last line of this journal."""
    return f"{TAG}.{chained[0][HASH][:12]}"


def problems(kept: dict[str, str]) -> list[str]:
    """Say what is wrong with the journal.

    Args:
        kept: Tags of the registered model.
    """
    found, wrong = lines()
    chained = [one for one in found if HASH in one]
    known = {one[HASH] for one in chained}
    if chained and kept.get(tag(chained), next(iter(known))) not in known:
        wrong.append(f"{paths.JOURNAL}: the registry knows a last line that is not there")
    committed = programs.git("show", f"HEAD:./{paths.JOURNAL.as_posix()}").splitlines()
    here = (
        paths.JOURNAL.read_text("utf-8", "replace").splitlines() if paths.JOURNAL.is_file() else []
    )
    if here[: len(committed)] != committed:
        wrong.append(f"{paths.JOURNAL} is not what git has, with more lines")
    return wrong


def hash_of(tags: dict[str, str]) -> str:
    """Return one hash of what the registry says about a version when it is registered."""
    later = (GATE, RELEASED)
    own = {name: str(value) for name, value in tags.items() if not name.startswith(later)}
    text = json.dumps(own, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
