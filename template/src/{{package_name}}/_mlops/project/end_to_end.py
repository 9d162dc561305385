# The template's. The batches and what follows from them are yours; nothing here knows an outcome.
"""Replay later batches by rollouts, then a bad candidate."""

import click

from .in_clone import ROLLOUTS, TIMELINE, run_in_clone


@click.command()
@click.option("--here", is_flag=True, help="Run in this folder instead of a copy of it.")
def command(here: bool) -> None:
    """Do what `replay` does with every version delivered by a rollout, then send in a bad one.

    It happens in a clone under build/replay, on ports of its own; your data and champion stay.
    Writes reports/end-to-end.html and end-to-end.json, and the timeline as `replay` does.
    """
    if not here:
        run_in_clone("end-to-end", (*TIMELINE, *ROLLOUTS))
        return
    from . import deliveries  # the clone alone needs what it imports, for seconds

    deliveries.run()
