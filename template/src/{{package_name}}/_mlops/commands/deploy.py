# The template's. The bar that a challenger has passed is yours, in contract.yaml.
"""Let the challenger take over on this host."""

import json
import time
import urllib.request
from typing import Any

import click

from .. import artifact, paths, registry
from ..errors import OutsideFailed, Refused, WrongInput
from ..files import one_writer, read_json
from .promote import require_same

PATIENCE = 60  # seconds for a service to follow the pointer; it looks each second
IN_A_ROW = 10  # answers by the new version; workers follow one by one


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
        before = registry.read_pointer() or {}
        chosen = choose(version, force)
        pointer = before
        if chosen.number != before.get("version") or before.get("withdrawn"):
            require_accepted(chosen, force)
            pointer = switch(chosen, force or "")
        if registry.by_alias(registry.CHALLENGER) == chosen:
            registry.set_alias(registry.CHALLENGER, None)
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


def choose(version: str | None, force: str | None) -> registry.Version:
    """Return the version to deploy; `WrongInput` when nothing passed the gate yet."""
    if version or force:
        return registry.find(version)
    for alias in (registry.CHALLENGER, registry.CHAMPION):
        if chosen := registry.by_alias(alias):
            return chosen
    raise WrongInput("no version passed the gate yet", "uv run just gate judges the newest")


def require_accepted(chosen: registry.Version, force: str | None) -> None:
    """Raise `Refused` for a version that the gate did not accept and that never was champion."""
    known = [registry.by_alias(alias) for alias in (registry.CHAMPION, registry.PREVIOUS)]
    if chosen.tags.get("gate") == "accepted" or chosen in known or force:
        return
    message = f"version {chosen.number} was not accepted by the gate"
    raise Refused(
        message, f'deploy --force "REASON" goes without; uv run just gate {chosen.number} judges it'
    )


def switch(chosen: registry.Version, forced: str) -> dict[str, Any]:
    """Bring the bytes here, verify them, and make the version champion."""
    folder = registry.fetch(chosen)
    require_same(chosen, artifact.read_manifest(folder))
    registry.name_champion(chosen.number)
    return registry.make_champion(chosen.number, folder, "deployed", forced=forced)


def confirm(service: str, pointer: dict[str, Any], before: dict[str, Any]) -> None:
    """Wait until a service answers by the new version; otherwise go back to the one before."""
    try:
        require_served(service, pointer)
    except OutsideFailed as problem:
        if pointer == before or not before:
            raise
        from .rollback import roll_back

        roll_back(f"not confirmed: {problem}")
        message = f"{problem}; version {before['version']} is champion again"
        raise Refused(message, "the service's log says why it did not take it") from problem


def require_served(service: str, pointer: dict[str, Any]) -> None:
    """Wait until the service answers several times in a row by the pointer's version.

    Raises:
        OutsideFailed: If it does not within a minute.
    """
    manifest = read_json(paths.CHAMPION / pointer["model_sha256"] / artifact.MANIFEST)
    request = {"rows": [manifest["data"]["example"]]}
    end, right, found = time.monotonic() + PATIENCE, 0, "nothing"
    while right < IN_A_ROW:
        if time.monotonic() > end:
            message = f"{service} answers by {found}, not by version {pointer['version']}"
            raise OutsideFailed(message)
        try:
            found = f"version {ask(service, request)['model_version']}"
        except (OSError, ValueError, KeyError) as error:
            found = str(error)
        right = right + 1 if found == f"version {pointer['version']}" else 0
        if not right:
            time.sleep(0.2)


def ask(service: str, request: dict[str, Any]) -> dict[str, Any]:
    """Post rows to a service and return its answer."""
    asked = urllib.request.Request(
        f"{service.rstrip('/')}/predict",
        json.dumps(request).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
    return answer
