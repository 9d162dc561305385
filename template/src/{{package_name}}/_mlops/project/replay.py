# The template's. The batches and what follows from them are yours; nothing here knows an outcome.
"""Replay later batches: serve, monitor, retrain, decide."""

import click

from . import timeline
from .backtest import begin, go_on, later_batches, one_service, run_in_clone, write_report


@click.command()
@click.option("--here", is_flag=True, help="Run in this folder instead of a copy of it.")
def command(here: bool) -> None:
    """Serve each later batch, let its labels follow, and do what monitor, trigger and gate say.

    The later batches are those of data/incoming, or else the last two fifths of data/raw in time.
    It happens in a clone under build/replay, at the last commit; your data and champion stay.
    Writes reports/timeline.txt, .json and .png.
    """
    if not here:
        run_in_clone("replay", timeline.FILES)
        return
    waiting, record = begin(later_batches())
    with one_service() as host:
        go_on(waiting, host, record)
    write_report(record)
