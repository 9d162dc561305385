# The template's. Yours is the decision; the reason is recorded in models/journal.jsonl.
"""Go back to the champion before this one."""

import json
import time
from pathlib import Path
from typing import Any

import click

from ... import schema
from .. import artifact, paths, registry
from ..errors import OutsideFailed, Refused, WrongInput
from ..files import one_writer
from .deploy import require_served


@click.command()
@click.option("--reason", default="", metavar="TEXT", help="Why; recorded.")
@click.option("--service", metavar="ADDRESS", help="Wait until the service there has followed.")
@click.option("--json", "as_json", is_flag=True, help="Print the new pointer as JSON.")
def command(reason: str, service: str | None, as_json: bool) -> None:
    """Make the previous champion champion again; works while the registry is down."""
    begin = time.perf_counter()
    with one_writer(paths.MODELS / ".lock"):
        before = registry.read_pointer() or {}
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


def roll_back(reason: str) -> dict[str, Any]:
    """Switch to the champion before this one and return the new pointer; hold the lock for it.

    Raises:
        WrongInput: If none was kept.
        Refused: If its bytes were changed, or it fits other feature code than today's.
    """
    pointer = registry.read_pointer() or {}
    number, sha256 = pointer.get("previous"), pointer.get("previous_sha256")
    if not number or not sha256:
        raise WrongInput(
            "there is no champion to go back to", "uv run just promote VERSION names another"
        )
    folder = paths.CHAMPION / sha256
    manifest = artifact.read_manifest(folder)
    if manifest["features_sha256"] != artifact.features_sha256(Path(schema.__file__).parent):
        message = f"version {number} was trained with other code in schema.py or features.py"
        raise Refused(message, f"serve its own code: git checkout {manifest['commit'][:12]}")
    switched = registry.make_champion(number, folder, "rolled back", keep=False, reason=reason)
    try:  # the service has its champion; the registry may be what is broken tonight
        registry.set_alias(registry.CHAMPION, number)
        registry.set_alias(registry.PREVIOUS, None)
    except OutsideFailed as problem:
        click.echo(f"warning: {problem}; the next deploy moves the aliases", err=True)
    return switched
