# The template's. Whether it acts is yours, in contract.yaml: monitoring.on_withdraw and fallback.
"""Take the champion out of service: back to the one before it, or no answer at all."""

from collections.abc import Callable
from typing import Any

import click

from .. import paths
from ..errors import Problem
from ..files import one_writer
from ..registry import versions
from ..tracking import artifact

RollBack = Callable[[str], dict[str, Any]]


def carry_out(reason: str, fallback: str, roll_back: RollBack) -> str:
    """Withdraw the champion; a second call changes nothing.

    Args:
        reason: For the journal and for whoever asks the service.
        fallback: `previous`, or `unavailable`; the first becomes the second when none was kept.
        roll_back: Switches to the previous champion; `Problem` when it cannot.

    Returns:
        What was done, in words.
    """
    with one_writer(paths.MODELS / ".lock"):
        pointer = versions.read_pointer() or {}
        if pointer.get("withdrawn"):
            versions.finish(pointer)
            return f"version {pointer['version']} was withdrawn already"
        if fallback == "previous":
            try:
                now = roll_back(reason)
            except Problem as problem:
                click.echo(f"warning: no earlier version can be served: {problem}", err=True)
            else:
                return f"version {pointer['version']} was replaced by version {now['version']}"
        stop(pointer, reason)
        return f"version {pointer['version']} is withdrawn; the service answers 503"


def stop(pointer: dict[str, Any], reason: str) -> None:
    """Mark the champion as withdrawn: the service follows the pointer."""
    versions.complete_journal(pointer)
    stopped = {"event": "promoted", **pointer, "withdrawn": reason}
    versions.finish(artifact.write_pointer(paths.CHAMPION, stopped))
