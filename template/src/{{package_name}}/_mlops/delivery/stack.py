# The template's. Processes are described in ops/host/compose.yaml; ports are yours, in .env.
"""Run proxy, services, Prometheus and Alertmanager."""

import json
import sys

import click

from ..errors import WrongInput
from . import host, runner


@click.group()
def command() -> None:
    """Run what ops/host/compose.yaml describes, without containers, under supervisord."""


@command.command()
def render() -> None:
    """Write every configuration to build/deploy; nginx checks its own first."""
    changed = [name for name, differs in host.render().items() if differs]
    click.echo(f"stack: build/deploy; changed: {', '.join(changed) or 'nothing'}", err=True)


@command.command()
def up() -> None:
    """Start everything and wait until it is well; when it runs, take a changed configuration."""
    click.echo(f"stack: {host.up()}", err=True)


@command.command()
def down() -> None:
    """Stop everything; requests in flight are answered first."""
    if not runner.running():
        click.echo("stack: down already", err=True)
        return
    runner.end()
    click.echo("stack: down", err=True)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status(as_json: bool) -> None:
    """Say what runs and whether it is well; exit code 1 when something is not."""
    if not runner.running():
        raise WrongInput("the stack is not up", "uv run just stack up")
    found = host.status()
    if as_json:
        click.echo(json.dumps(found))
    else:
        for name, one in found.items():
            state = "well" if one["well"] else f"not well: {runner.last_words(name)}"
            shown = state if one["expected"] or one["pid"] else "waits for a rollout"
            click.echo(f"{name:<14} {one['state']:<9} {one['pid'] or '':>7}  {shown}")
    if any(one["expected"] and not one["well"] for one in found.values()):
        sys.exit(1)
