# The template's. Whether production waits for a person is yours, in contract.yaml: rollout.
"""Release the package to test, staging or production."""

import json

import click

from .. import PROJECT
from ..config import load_contract
from ..errors import Refused, counted, first_of
from ..registry import journal, versions
from ..step_summary import on_page
from ..tracking import runs
from . import bills, bundle, environments
from .environments import ORDER


@click.command()
@click.argument("environment", type=click.Choice(ORDER))
def command(environment: str) -> None:
    """Let the alias ENVIRONMENT name the packaged version; the hosts there take it from the alias.

    A version enters staging from test, and production from staging; there it is the challenger
    too, for `rollout` or `deploy` on the serving host. Exit code 1 when it may not, and when the
    package, or a bill of materials in build/, is not as it was made.
    """
    contract, made = load_contract(), bundle.read()
    environments.tell_next(environment, contract)
    require_unchanged()
    if made.version is None:
        said = "smoke only: a model of the sample is not released"
    elif environments.waits(environment, contract):
        said = f"version {made.version} waits for a person, who starts the job {environment}"
    else:
        environments.require_approval(environment, contract)
        said = enter(environment, made)
    on_page(f"{environment}: {said}", f"{made.bento} holds {made.name}.")
    click.echo(f"release: {environment}: {said}", err=True)


def enter(environment: str, made: bundle.Package) -> str:
    """Move the alias, and say what happened; `Refused` when the version may not enter."""
    chosen = versions.find(made.version)
    aliases = {name: number(name) for name in (*ORDER, versions.CHAMPION)}
    gate = versions.verdict(chosen)
    if reason := environments.hindrance(environment, chosen.number, aliases, gate):
        raise Refused(reason, "mlops-deliver.yml goes through the environments in order")
    if chosen.model_sha256 != made.model_sha256:
        raise Refused(f"version {chosen.number} has another model than the package")
    require_true_bills(made)
    if aliases[environment] == chosen.number:
        return f"version {chosen.number} is there already"
    versions.set_alias(environment, chosen.number)
    if environment == "production" and aliases[versions.CHAMPION] != chosen.number:
        versions.set_alias(versions.CHALLENGER, chosen.number)
    tag = f"{journal.RELEASED}{environment}"
    runs.client().set_model_version_tag(PROJECT, chosen.number, tag, journal.now())
    before = aliases[environment]
    instead = f" instead of version {before}" if before else ""
    return f"version {chosen.number}{instead}"


def require_unchanged() -> None:
    """Raise `Refused` when the package is not as it was made."""
    if files := bundle.changed():
        message = f"{counted(len(files), 'file')} of {bundle.PACKAGE} changed since it was made"
        raise Refused(f"{message}: {first_of(files, ', ')}", "uv run just package makes it anew")


def require_true_bills(made: bundle.Package) -> None:
    """Raise `Refused` when a bill that lies beside the package is not what it holds."""
    for name, bill in bills.of(made).items():
        if (bills.BILLS / name).exists():
            bills.require_true(bills.BILLS / name, json.dumps(bill))


def number(alias: str) -> str | None:
    """Return the number of the version that an alias names."""
    found = versions.by_alias(alias)
    return found.number if found else None
