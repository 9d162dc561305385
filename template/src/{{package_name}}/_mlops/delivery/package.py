# The template's. What your service needs to run goes into [project] dependencies.
"""Build the Bento of a version, with checksums."""

import os
from pathlib import Path

import click

from .. import access
from ..files import read_json
from ..registry import versions
from ..registry.versions import require_same
from ..serving.switch import choose, require_accepted
from ..step_summary import on_page
from ..tracking import artifact
from ..training.smoke import tried
from . import bundle


@click.command()
@click.argument("version", required=False)
def command(version: str | None) -> None:
    """Build VERSION, by default the challenger or else the champion, into build/package.

    Without a registry, as on a hosted runner, the model is made of the sample: smoke only. So it is
    in CI for a proposed change, and as long as no version passed the gate.
    """
    if version or (registry_here() and not tried_out()):
        made = registered(version)
    else:
        with tried([]) as folder:
            scores = read_json(folder / "reports/metrics.json")
            made = bundle.lay_out(None, folder / "models/candidate", scores, folder)
    on_page(f"packaged {made.bento}", f"It holds {made.name}.")
    click.echo(f"package: {made.bento} in {bundle.PACKAGE} holds {made.name}", err=True)


def registry_here() -> bool:
    """Say whether there is a registry to ask: a server, or the file that `set-up` makes."""
    return bool(os.environ.get(access.TRACKING)) or Path("mlflow.db").is_file()


def tried_out() -> bool:
    """Say whether CI runs for a change, or for a registry without a version to deliver.

    A change may be one of features, which no registered model fits; and a fork has no secrets.
    """
    if os.environ.get("GITHUB_EVENT_NAME") == "pull_request":
        return True
    if os.environ.get("CI_PIPELINE_SOURCE") == "merge_request_event":
        return True
    names = (versions.CHALLENGER, versions.CHAMPION)
    return bool(os.environ.get("CI")) and not any(map(versions.by_alias, names))


def registered(version: str | None) -> bundle.Package:
    """Package a version that may be deployed."""
    chosen = choose(version, None)
    require_accepted(chosen, None)
    folder = versions.fetch(chosen)
    require_same(chosen, artifact.read_manifest(folder))
    return bundle.lay_out(chosen.number, folder, read_json(folder / versions.EVALUATION))
