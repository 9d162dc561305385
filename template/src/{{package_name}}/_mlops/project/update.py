# The template's. A step of yours after an update is a recipe in project.just.
"""Raise the level, or take in a newer template."""

import json
import re
from collections.abc import Iterator

import click

from ..errors import Refused, WrongInput
from .updating import applying
from .updating.computing import compute
from .updating.result import Update
from .updating.trees import alone, scratch

LOOK = "git diff --staged"
COMMIT = "git commit --message 'Update from the template'"
UNDO = "uv run just update --undo"
# With conflict markers in one of these, `uv run just` does not start.
STOPS = re.compile(r"(^|/)(pyproject\.toml|justfile|just/\w+\.just|src/\w+/.+\.py)$")


@click.command()
@click.option("--level", type=int, help="Raise the level to this one.")
@click.option("--to", "version", help="A tag or commit of the template; by default its newest tag.")
@click.option(
    "--data",
    "answers",
    multiple=True,
    metavar="KEY=VALUE",
    help='Change an answer, as "extras=[ray]".',
)
@click.option("--pretend", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--undo", is_flag=True, help="Go back to the state before the last update.")
@click.option("--json", "as_json", is_flag=True, help="Print what changes as JSON.")
def command(
    level: int | None,
    version: str | None,
    answers: tuple[str, ...],
    pretend: bool,
    undo: bool,
    as_json: bool,
) -> None:
    """Update this repo from its template.

    The update runs in a scratch copy of the last commit and is shown; then this folder changes in
    one step, staged and not committed. Exit code 0 when nothing is left to do by hand, 1 when
    something is, 2 for wrong use, 3 when the template or copier cannot be had,
    or another update runs.
    """
    if undo and (level is not None or version or answers or pretend):
        raise WrongInput("--undo takes no other option", UNDO)
    applying.require_history()
    if level is not None:
        answers = (*answers, f"maturity_level={level}")
    with alone():
        if undo:
            go_back()
            return
        applying.require_clean()
        with scratch() as folder:
            update = compute(folder, version, list(answers))
            click.echo(json.dumps(update.described()) if as_json else "\n".join(lines(update)))
            if not update.is_empty and not pretend:
                applying.apply(update)
    ending(update, pretend)


def go_back() -> None:
    """Undo the last update, and say where the state until now is kept."""
    kept = applying.undo()
    click.echo("update: this folder is as it was before", err=True)
    if kept:
        click.echo(f"update: what it was until now: git diff --stat HEAD {kept}", err=True)


def lines(update: Update) -> Iterator[str]:
    """Say what changes, one line a file."""
    yield f"level {update.level[0]} to {update.level[1]}"
    yield f"template {update.version[0]} to {update.version[1]}"
    for path in update.added:
        yield f"adds     {path}"
    for path in update.changed:
        yield f"changes  {path}"
    for path in update.gone:
        why = "with your answers the template has it no more, and you never edited it"
        yield f"removes  {path}: {why}"


def ending(update: Update, pretend: bool) -> None:
    """Say how to look, commit and go back; `Refused` when something is left to do by hand."""
    if update.is_empty:
        click.echo("update: nothing is new", err=True)
    elif not pretend:
        talk = (f"look:     {LOOK}", f"commit:   {COMMIT}", f"go back:  {UNDO}")
        click.echo("\n".join(("update: this folder is updated, and staged", *talk)), err=True)
        if stopping := [path for path in update.conflicts if STOPS.search(path)]:
            words = f"for no command starts before the markers are out of {stopping[0]}"
            click.echo(f"          git reset --hard, {words}", err=True)
    if update.named:
        did = "would leave" if pretend else "left"
        raise Refused(
            "\n  ".join([f"the update {did} by hand: {len(update.named)}", *update.named]),
            "docs/handbook/raise-the-level.md says how to finish each; then commit, or go back",
        )
