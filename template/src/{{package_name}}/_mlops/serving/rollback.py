# The template's. Yours is the decision; the reason is recorded in models/journal.jsonl.
"""Go back to the previous champion."""

import json
import time

import click

from .. import paths
from ..files import one_writer
from ..registry import versions
from .switch import require_served, roll_back


@click.command()
@click.option("--reason", default="", metavar="TEXT", help="Why; recorded.")
@click.option("--service", metavar="ADDRESS", help="Wait until the service there has followed.")
@click.option("--json", "as_json", is_flag=True, help="Print the new pointer as JSON.")
def command(reason: str, service: str | None, as_json: bool) -> None:
    """Make the previous champion champion again; works while the registry is down."""
    begin = time.perf_counter()
    with one_writer(paths.MODELS / ".lock"):
        before = versions.read_pointer() or {}
        pointer = roll_back(reason)
    if service:
        require_served(service, pointer)
    seconds = time.perf_counter() - begin
    click.echo(
        f"rollback: version {pointer['version']} is champion again, "
        f"version {before['version']} is not; {seconds:.1f} s",
        err=True,
    )
    if as_json:
        click.echo(json.dumps(pointer))
