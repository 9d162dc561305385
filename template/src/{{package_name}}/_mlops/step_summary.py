# The template's. Nothing of yours belongs here; use it from a command of yours.
"""What a job decided, as Markdown on the page of a workflow's run."""

import os
from pathlib import Path
from typing import Any

import click

from . import PROJECT

SUMMARY = "GITHUB_STEP_SUMMARY"  # a file that a workflow shows as a page
ARTEFACT = "STEP_SUMMARY"  # the same where the workflow keeps it itself, as on GitLab


def on_page(decision: str, why: str, verdict: dict[str, Any] | None = None) -> None:
    """Write the summary where a workflow shows it; elsewhere stdout is for data."""
    if page():
        summarize(decision, why, verdict=verdict)


def page() -> str:
    """Return the path of the file that a job shows, or nothing outside of one."""
    return os.environ.get(SUMMARY) or os.environ.get(ARTEFACT) or ""


def summarize(
    decision: str,
    why: str,
    scores: dict[str, dict[str, float]] | None = None,
    verdict: dict[str, Any] | None = None,
) -> None:
    """Write the summary where a workflow shows it, or to stdout."""
    text = summary(decision, why, scores, verdict)
    if path := page():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    else:
        click.echo(text, nl=False)


def summary(
    decision: str,
    why: str,
    scores: dict[str, dict[str, float]] | None = None,
    verdict: dict[str, Any] | None = None,
) -> str:
    """Return Markdown: the decision, metrics side by side, and every check of the gate."""
    parts = [f"## {PROJECT}: {decision}", why]
    if scores:
        names = list(next(iter(scores.values())))
        rows = [[name, *(shown(found.get(name)) for found in scores.values())] for name in names]
        parts.append(table(["metric", *scores], rows))
    if checks := (verdict or {}).get("checks"):
        rows = [[c["name"], "yes" if c["ok"] else "**no**", c["reason"]] for c in checks]
        parts.append(table(["check", "passed", "reason"], rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def shown(value: float | None) -> str:
    """Return a number as the summary shows it."""
    return "–" if value is None else f"{value:.4f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def quoted(said: list[str]) -> str:
    """Return what was said as a block."""
    return "\n".join(["```", *said[-30:], "```"]) if said else ""
