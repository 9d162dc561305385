# The template's. Which commands follow each other is yours: a recipe in project.just.
"""Run several commands in one process."""

import shlex

import click

from .. import PROJECT, cli


@click.command()
@click.argument("commands", nargs=-1, required=True)
def command(commands: tuple[str, ...]) -> None:
    """Run COMMANDS one after another: each that has no process of its own spares imports.

    One with options stands in quotes: in-turn set-up "repro --here" register. The first that
    fails ends it, and its exit code is the exit code here.
    """
    for words in commands:
        cli.program.main(shlex.split(words), prog_name=PROJECT, standalone_mode=False)
