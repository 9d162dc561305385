# The template's. Whom to forget is yours to say: the command forget.
"""What was taken out of data and logs on request: `data/forgotten.jsonl`, which git keeps.

A line says when, why, by whom and how many rows of which files; never whose. Each line covers the
one before it. `trace` reads here why data and logs are no longer as they were recorded.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import chain, programs
from ..files import joined

FILE = Path("data/forgotten.jsonl")
BEGUN, DONE = "begun", "done"  # a run that was killed is begun, and the next one is done


def record(event: str, **facts: Any) -> None:
    """Add a line."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    chain.append(FILE, {"time": moment, "event": event, **facts, "by": programs.author()})


def lines() -> list[dict[str, Any]]:
    """Return the lines that are as they were written, oldest first."""
    return chain.read(FILE)[0]


def problems() -> list[str]:
    """Say what is wrong with the record: a line in it excuses what was changed elsewhere."""
    wrong = chain.read(FILE)[1]
    committed = programs.git("show", f"HEAD:./{FILE.as_posix()}").splitlines()
    here = FILE.read_text("utf-8", "replace").splitlines() if FILE.is_file() else []
    if here[: len(committed)] != committed:
        wrong.append(f"{FILE} is not what git has, with more lines")
    return wrong


def not_done() -> list[dict[str, Any]]:
    """Return the lines of runs that have begun since the last one that was done."""
    found = lines()
    done = [number for number, line in enumerate(found, 1) if line["event"] == DONE]
    return found[max(done, default=0) :]


def unfinished() -> bool:
    """Say whether a run was killed before all was done and committed."""
    committed = not programs.git("status", "--porcelain", "--", str(FILE))
    return bool(not_done()) or not committed


def log_lines() -> set[str]:
    """Return the hashes of the lines of the prediction log that were emptied."""
    return {one for line in lines() for one in line.get("log_lines", [])}


def explain(recorded: str, found: str, names: Collection[str] = ()) -> str:
    """Say that forgetting alone made one state of data/raw of another; else nothing.

    Args:
        recorded: Hash of data/raw as a model was trained on it.
        found: Its hash now.
        names: Of the batches that both are about; by default all that there were.
    """
    state, begun, last = recorded, set(), ""
    for line in lines():
        if line["event"] == BEGUN:
            begun.add(state_in(line, names))
        else:
            if state in begun:
                state, last = state_in(line, names), line["time"][:10]
            begun = set()
    return f"as recorded, less rows forgotten by {last}" if last and state == found else ""


def state_in(line: dict[str, Any], names: Collection[str]) -> str:
    """Return the hash of some batches as a line found them; of all where it lacks one of them."""
    known: dict[str, str] = line.get("batches", {})
    if names and set(names) <= set(known):
        return joined((name, known[name]) for name in names)
    return str(line["data_sha256"])
