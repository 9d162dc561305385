# The template's. The bar that a challenger has passed is yours, in contract.yaml.
"""Let the challenger replace the champion on this host."""

import json

import click

from .. import paths
from ..files import one_writer
from ..registry import journal, versions
from .switch import choose, confirm, require_accepted, switch


@click.command()
@click.argument("version", required=False)
@click.option("--force", metavar="REASON", help="Deploy what the gate did not accept; recorded.")
@click.option("--service", metavar="ADDRESS", help="Wait until the service there has followed.")
@click.option("--json", "as_json", is_flag=True, help="Print the pointer as JSON.")
def command(version: str | None, force: str | None, service: str | None, as_json: bool) -> None:
    """Make VERSION the champion here: by default the challenger, or else the registry's champion.

    Bytes that are not on this host come from the tracking store. A running service follows
    without a restart. When --service does not answer by the new version, the switch is undone.
    """
    with one_writer(paths.MODELS / ".lock"):
        before = versions.read_pointer() or {}
        chosen = choose(version, force)
        pointer = before
        if not versions.names(before, chosen) or before.get("withdrawn"):
            require_accepted(chosen, force)
            pointer = switch(chosen, force or "")
        else:  # a killed command may have left something to do
            versions.restore(before, lambda: versions.fetch(chosen))
            versions.finish(before)
            journal.anchor()
        if versions.by_alias(versions.CHALLENGER) == chosen:
            versions.set_alias(versions.CHALLENGER, None)
        if service:
            confirm(service, pointer, before)
    changed = pointer != before
    instead = f", instead of version {before['version']}" if changed and before else ""
    click.echo(
        f"deploy: version {chosen.number} is champion{'' if changed else ' already'}{instead}",
        err=True,
    )
    if as_json:
        click.echo(json.dumps(pointer))
