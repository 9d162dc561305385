# The template's. Steps, waits and bounds are yours, in contract.yaml: rollout.
"""Roll a version out: shadow, canary, full traffic."""

import json
import sys
from dataclasses import asdict

import click

from .. import PROJECT
from ..config import load_contract
from ..errors import OutsideFailed, Refused, WrongInput
from ..files import one_writer, write_json
from ..monitoring import notify
from ..registry import versions
from ..serving import switch
from ..tracking import provenance
from . import controller, host, runner, state, traffic

ACT = "act"


@click.group()
def command() -> None:
    """Shadow, then canary by the steps of the contract; each is judged on what Prometheus saw."""


@command.command()
@click.argument("version", required=False)
@click.option("--force", metavar="REASON", help="Start what the gate did not accept; recorded.")
def start(version: str | None, force: str | None) -> None:
    """Begin with VERSION, by default the challenger, and lead it to its end.

    Exit code 1 when it was aborted: then the champion answers everybody, as before. When this
    command is killed the traffic stays as it is; `rollout run` carries on.
    """
    with one_writer(state.LOCK):
        last = state.load()
        if last and last.open:
            message = f"the rollout of version {last.version} is running, in {last.stage}"
            raise Refused(message, "rollout run carries on; rollout abort --reason TEXT ends it")
        controller.complete(last)
        lead(begin(version, force))


@command.command()
def run() -> None:
    """Carry on with what was interrupted; without, look for a challenger, as a schedule does.

    It starts the challenger when the contract says `autonomy: act`; otherwise it says what to
    type, with exit code 1. It never starts by itself what was aborted before.
    """
    with one_writer(state.LOCK):
        last = state.load()
        if last and last.open:
            lead(last)
            return
        controller.complete(last)
        challenger = versions.by_alias(versions.CHALLENGER)
        if challenger is None:
            click.echo("rollout: there is no challenger, and nothing to carry on with", err=True)
            return
        typed = f"uv run just rollout start {challenger.number}"
        if last and last.version == challenger.number and last.state == state.ABORTED:
            message = f"version {challenger.number} was aborted: {'; '.join(last.reasons)}"
            raise Refused(message, f"{typed} tries it once more")
        if load_contract().rollout.autonomy != ACT:
            raise Refused(f"version {challenger.number} waits for a person to start it", typed)
        lead(begin(challenger.number, None))


@command.command()
@click.option("--reason", required=True, metavar="TEXT", help="Why; recorded.")
def abort(reason: str) -> None:
    """Give every caller back to the champion, at once; also while another command leads it."""
    last = state.load()
    if not last or not last.open:
        raise WrongInput("no rollout is running")
    write_json(state.STOP, {"reason": reason})
    traffic.all_to_champion()
    try:
        with one_writer(state.LOCK):
            last = state.load()
            if last and last.state == state.PROMOTED:
                message = f"version {last.version} became champion before it could be aborted"
                raise Refused(message, "uv run just rollback goes back to the one before")
            if last and last.open:
                controller.abort(last, reason)
    except OutsideFailed:
        click.echo("rollout: the command that runs it is ending it", err=True)
        return
    click.echo("rollout: aborted; the champion answers everybody", err=True)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
def status(as_json: bool) -> None:
    """Say where the latest rollout stands and how it came there."""
    last = state.load()
    if as_json:
        click.echo(json.dumps(asdict(last) if last else {}))
        return
    if not last:
        click.echo("no rollout yet")
        return
    where = f", {controller.named(last)}, {last.elapsed:.0f} s" if last.open else ""
    click.echo(f"version {last.version} instead of {last.champion or 'none'}: {last.state}{where}")
    for part in last.history:
        click.echo(f"{part['stage']:<8} {part['outcome']:<9} {'; '.join(part['reasons'])}")
    if last.open:
        click.echo(f"{last.stage:<8} {'now':<9} {'; '.join(last.reasons)}")


def begin(version: str | None, force: str | None) -> state.Rollout:
    """Require that everything is ready, and write down a new rollout."""
    if not runner.running():
        raise WrongInput("the stack is not up", "uv run just stack up")
    contract = provenance.agreed_contract()
    chosen = switch.choose(version, force)
    pointer = versions.read_pointer()
    if not pointer:
        raise WrongInput("there is no champion to fall back on", "uv run just deploy is the first")
    if versions.names(pointer, chosen):
        raise WrongInput(f"version {chosen.number} is champion already")
    switch.require_accepted(chosen, force)
    host.refresh()
    traffic.all_to_champion()
    return controller.begin(chosen, pointer["version"], contract, force or "")


def lead(on_its_way: state.Rollout) -> None:
    """Lead a rollout to its end; interrupted, say how to carry on."""
    try:
        controller.carry_on(on_its_way, load_contract(), tell)
    except KeyboardInterrupt:
        click.echo(
            f"rollout: interrupted; the traffic stays as it is ({controller.named(on_its_way)})\n\n"
            "hint: rollout run carries on, rollout abort --reason TEXT ends it",
            err=True,
        )
        sys.exit(130)


def tell(told: state.Rollout, what: str) -> None:
    """Tell the owner of the service that a rollout was held or aborted."""
    notify.tell(
        notify.Message(
            title=f"{PROJECT}: rollout of version {told.version} {what}",
            text="\n".join([f"In {told.stage}.", *told.reasons]),
            owner=load_contract().owners.service,
            verdict=what,
        )
    )
