# The template's. What is deployed, and when, is yours; models/journal.jsonl has it.
"""Compute DORA's four metrics of delivery."""

import json
from datetime import UTC, datetime
from typing import Any

import click

from .. import paths
from ..programs import git
from ..registry import journal
from . import dora_metrics


@click.command()
@click.option("--days", default=90.0, show_default=True, type=click.FloatRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(days: float, as_json: bool) -> None:
    """Compute DORA's four figures of the last days from git and models/journal.jsonl.

    It judges nothing: the exit code is 0 whatever the figures are.
    """
    path = paths.JOURNAL
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    events, wrong = dora_metrics.read(text.splitlines())
    for problem in [*(f"{path}: {one}" for one in wrong), *journal.problems({})]:
        click.echo(f"warning: {problem}", err=True)
    found = dora_metrics.figures(events, datetime.now(UTC), days, committed)
    click.echo(json.dumps({**found, "damaged": wrong}) if as_json else as_text(found))


def committed(commit: str) -> datetime | None:
    """Return when a commit was made; nothing when this clone does not have it."""
    seconds = git("show", "--no-patch", "--format=%ct", commit, "--")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def as_text(found: dict[str, Any]) -> str:
    """Return the figures for people."""
    if not found["changes"]:
        return f"no deployments yet since {found['since']}"
    unknown = found["deployments"] - found["lead_known"]
    rows = [
        ("deployments", found["deployments"], f"{found['per_week']:g} a week"),
        ("lead time", span(found["lead_hours"]), f"median; unknown for {unknown}"),
        (
            "change failure rate",
            f"{100 * found['failure_rate']:.0f} %",
            f"{found['failures']} of {found['changes']} changes were undone",
        ),
        (
            "time to restore",
            span(found["restore_hours"]),
            f"median; {found['not_restored']} not restored",
        ),
    ]
    lines = [f"from {found['since']} to {found['until']}"]
    return "\n".join([*lines, *(f"{name:<20} {value!s:>10}  {note}" for name, value, note in rows)])


def span(hours: float | None) -> str:
    """Return a span for people."""
    if hours is None:
        return "–"
    return f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.1f} h"
