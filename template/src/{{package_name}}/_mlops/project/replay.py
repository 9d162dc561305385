# The template's. The batches and what follows from them are yours; nothing here knows an outcome.
"""Replay later batches: serve, monitor, retrain, decide."""

import click

from .in_clone import TIMELINE, run_in_clone


@click.command()
@click.option("--here", is_flag=True, help="Run in this folder instead of a copy of it.")
def command(here: bool) -> None:
    """Serve each later batch, let its labels follow, and do what monitor, trigger and gate say.

    The later batches are those of data/incoming, or else the last two fifths of data/raw in time.
    It happens in a clone under build/replay, at the last commit; your data and champion stay.
    Writes reports/timeline.txt, .json and .png.
    """
    if not here:
        run_in_clone("replay", TIMELINE)
        return
    from . import backtest  # the clone alone needs what it imports, for seconds

    waiting, record = backtest.begin(backtest.later_batches())
    with backtest.one_service() as host:
        backtest.go_on(waiting, host, record)
    backtest.write_report(record)
