# The template's. What is deployed, and when, is yours; a command of yours may record more.
"""What happened to which version, when and by whom: `models/journal.jsonl`, which git keeps.

Each line covers the one before it. The hash of the last one is also kept in the registry, out of
reach of whoever can only write this file.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from .. import PROJECT, paths, programs
from ..chain import HASH, append, read
from ..errors import OutsideFailed
from ..tracking import runs

GATE = "gate"  # the tag that the gate sets later
RELEASED = "released_"  # how the tags begin that `release` sets later
SWITCHES = ("promoted", "deployed", "rolled back", "withdrawn")


def record(event: str, **facts: Any) -> None:
    """Add a line: what happened to which version, when and by whom."""
    append(paths.JOURNAL, {"time": now(), "event": event, **facts, "by": programs.author()})


def now(timespec: str = "seconds") -> str:
    """Return the moment in UTC."""
    return datetime.now(UTC).isoformat(timespec=timespec)


def lines() -> tuple[list[dict[str, Any]], list[str]]:
    """Return the lines that are as they were written, oldest first, and what is wrong."""
    return read(paths.JOURNAL)


def latest(
    version: str, model_sha256: str, *events: str, among: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the last of these events of a version; empty when there was none.

    Two people, each with a registry of their own, may have given a number to another model each.

    Args:
        version: The number.
        model_sha256: The model.
        events: Their names.
        among: Lines that were read before; by default all of the journal.
    """
    own = {"version": version, "model_sha256": model_sha256}
    known = lines()[0] if among is None else among
    found = [one for one in known if {**own, **one}.items() >= own.items()]
    return next((one for one in reversed(found) if one.get("event") in events), {})


def tells(pointer: dict[str, Any]) -> bool:
    """Say whether the switch to a pointer has its line.

    Args:
        pointer: With the `event` of the switch, or `withdrawn`.
    """
    event = "withdrawn" if pointer.get("withdrawn") else pointer["event"]
    line = latest(str(pointer["version"]), pointer["model_sha256"], *SWITCHES)
    return line.get("event") == event and str(line.get("time")) >= str(pointer["promoted_at"])


def anchor(path: Path = paths.JOURNAL) -> None:
    """Keep the hash of the last line in the registry; a registry that is away gets the next one.

    Args:
        path: The journal, or another file of lines that cover each other.
    """
    hashes = [one[HASH] for one in read(path)[0] if HASH in one]
    if not hashes:
        return
    from mlflow.exceptions import MlflowException

    try:
        runs.client().set_registered_model_tag(PROJECT, tag(path, hashes), hashes[-1])
    except (OutsideFailed, MlflowException) as problem:
        why = str(problem).splitlines()[0]
        click.echo(f"warning: {why}; the last line of {path} is kept there later", err=True)


def tag(path: Path, hashes: list[str]) -> str:
    """Return the name under which the registry keeps the last line: each host has files of its own.

    Args:
        path: The file.
        hashes: Of its lines.
    """
    return f"{path.stem}.{hashes[0][:12]}"


def cut_off(path: Path, kept: dict[str, str]) -> list[str]:
    """Say whether the registry knows a last line that a file does not have."""
    hashes = [one[HASH] for one in read(path)[0] if HASH in one]
    if not hashes or kept.get(tag(path, hashes), hashes[0]) in hashes:
        return []
    return [f"{path}: the registry knows a last line that is not there"]


def problems(kept: dict[str, str]) -> list[str]:
    """Say what is wrong with the journal.

    Args:
        kept: Tags of the registered model.
    """
    wrong = lines()[1] + cut_off(paths.JOURNAL, kept)
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
