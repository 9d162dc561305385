# The template's. What your service needs to run goes into [project] dependencies.
"""Lay out what is delivered: the Bento of a version, its container file, the sums of all files."""

import os
from pathlib import Path

import click

from .. import artifact, registry, tracking
from ..delivery import packaged
from ..files import read_json
from .deploy import choose, require_accepted
from .promote import require_same
from .unattended import on_page, tried


@click.command()
@click.argument("version", required=False)
def command(version: str | None) -> None:
    """Build VERSION, by default the challenger or else the champion, into build/package.

    Without a registry, as on a hosted runner, the model is made of the sample: smoke only.
    """
    if version or registry_here():
        made = registered(version)
    else:
        with tried([]) as folder:
            scores = read_json(folder / "reports/metrics.json")
            made = packaged.lay_out(None, folder / "models/candidate", scores, folder)
    on_page(f"packaged {made.bento}", f"It holds {made.name}.")
    click.echo(f"package: {made.bento} in {packaged.PACKAGE} holds {made.name}", err=True)


def registry_here() -> bool:
    """Say whether there is a registry to ask: a server, or the file that `set-up` makes."""
    return bool(os.environ.get(tracking.ADDRESS)) or Path("mlflow.db").is_file()


def registered(version: str | None) -> packaged.Package:
    """Package a version that may be deployed."""
    chosen = choose(version, None)
    require_accepted(chosen, None)
    folder = registry.fetch(chosen)
    require_same(chosen, artifact.read_manifest(folder))
    return packaged.lay_out(chosen.number, folder, read_json(folder / registry.EVALUATION))
