# The template's. The bar that a challenger has passed is yours, in contract.yaml.
"""Which version this host serves: take a new one, confirm it, go back."""

import time
from typing import Any

import click

from .. import paths
from ..errors import OutsideFailed, Refused, WrongInput
from ..local_service import ask
from ..registry import journal, versions
from ..registry.versions import require_same
from ..tracking import artifact

PATIENCE = 60  # seconds for a service to follow the pointer; it looks each second
IN_A_ROW = 10  # answers by the new version; workers follow one by one


def choose(version: str | None, force: str | None) -> versions.Version:
    """Return the version to deploy; `WrongInput` when nothing passed the gate yet."""
    if version or force:
        return versions.find(version)
    for alias in (versions.CHALLENGER, versions.CHAMPION):
        if chosen := versions.by_alias(alias):
            return chosen
    raise WrongInput("no version passed the gate yet", "uv run just gate judges the newest")


def require_accepted(chosen: versions.Version, force: str | None) -> None:
    """Raise `Refused` for a version that the gate did not accept and that never was champion."""
    known = [versions.by_alias(alias) for alias in (versions.CHAMPION, versions.PREVIOUS)]
    if versions.verdict(chosen) == "accepted" or chosen in known or force:
        return
    message = f"version {chosen.number} was not accepted by the gate"
    forced = 'uv run just deploy --force "REASON" deploys it without the gate'
    raise Refused(message, f"uv run just gate {chosen.number} judges it; {forced}")


def switch(chosen: versions.Version, forced: str) -> dict[str, Any]:
    """Bring the bytes here, verify them, and make the version champion."""
    folder = versions.fetch(chosen)
    require_same(chosen, artifact.read_manifest(folder))
    versions.name_champion(chosen.number)
    pointer = versions.make_champion(chosen.number, folder, "deployed", forced=forced)
    journal.anchor()
    return pointer


def confirm(service: str, pointer: dict[str, Any], before: dict[str, Any]) -> None:
    """Wait until a service answers by the new version; otherwise go back to the one before."""
    try:
        require_served(service, pointer)
    except OutsideFailed as problem:
        if pointer == before or not before:
            raise

        roll_back(f"not confirmed: {problem}")
        message = f"{problem}; version {before['version']} is champion again"
        raise Refused(message, "the service's log says why it did not take it") from problem


def require_served(service: str, pointer: dict[str, Any]) -> None:
    """Wait until the service answers several times in a row by the pointer's version.

    Raises:
        OutsideFailed: If it does not within a minute.
    """
    manifest = artifact.read_record(paths.CHAMPION / pointer["model_sha256"])
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


def roll_back(reason: str) -> dict[str, Any]:
    """Switch to the champion before this one and return the new pointer; hold the lock for it.

    Raises:
        WrongInput: If none was kept.
        Refused: If its bytes were changed, or it fits other feature code than today's.
    """
    pointer = versions.read_pointer() or {}
    number, sha256 = pointer.get("previous"), pointer.get("previous_sha256")
    if not number and was_cut_short(pointer):
        versions.finish(pointer)
        move_aliases(pointer["version"])
        return pointer
    if not number or not sha256:
        raise WrongInput(
            "there is no champion to go back to", "uv run just promote VERSION names another"
        )
    folder = paths.CHAMPION / sha256
    artifact.covered(folder.parent, versions.previous_of(pointer), Refused)
    manifest = artifact.read_manifest(folder)
    hint = f"serve its own code: git checkout {manifest['commit'][:12]}"
    versions.require_code(number, manifest, hint)
    switched = versions.make_champion(number, folder, "rolled back", keep=False, reason=reason)
    move_aliases(number)
    return switched


def move_aliases(number: str) -> None:
    """Let the registry name the champion that was gone back to, and none before it."""
    try:  # the service has its champion; the registry may be what is broken tonight
        versions.set_alias(versions.PREVIOUS, None)
        versions.set_alias(versions.CHAMPION, number)
        journal.anchor()
    except OutsideFailed as problem:
        click.echo(f"warning: {problem}; the next deploy moves the aliases", err=True)


def was_cut_short(pointer: dict[str, Any]) -> bool:
    """Say whether a command was killed after it switched back to this pointer."""
    if pointer.get("event") != "rolled back":
        return False
    if not journal.tells(pointer):
        return True
    try:
        named = versions.by_alias(versions.CHAMPION)
    except OutsideFailed:
        return False
    return named is not None and named.number != pointer["version"]
