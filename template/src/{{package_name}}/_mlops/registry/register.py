# The template's. Commit your changes and train; a dirty run needs --force.
"""Register the candidate as a new version."""

import json
from dataclasses import asdict
from typing import Any

import click

from .. import paths, programs
from ..data import sharing
from ..errors import Refused, WrongInput, first_of
from ..files import one_writer, read_json, sha256, sha256_if_there
from ..tracking import artifact, provenance, runs
from . import journal, versions


@click.command()
@click.option("--force", metavar="REASON", help="Register a dirty run; the reason is recorded.")
@click.option("--json", "as_json", is_flag=True, help="Print the version with its tags as JSON.")
def command(force: str | None, as_json: bool) -> None:
    """Register models/candidate as a version. The same bytes keep the same version."""
    loaded = artifact.load(paths.CANDIDATE)
    candidate = artifact.Artifact(loaded.model, settled(loaded.manifest))
    manifest = candidate.manifest
    report = read_json(paths.METRICS, kinds=artifact.EVALUATED)
    if report["model_sha256"] != manifest["model_sha256"]:
        message = f"{paths.METRICS} is about another model than {paths.CANDIDATE}"
        raise WrongInput(message, "uv run just repro evaluates the candidate")
    reasons = list(manifest["dirty_reasons"])
    if not manifest.get("by_hand"):
        reasons += provenance.pipeline_changes("outs")
    if reasons and not force:
        message = f"the run is dirty: {first_of(reasons)}"
        again = "inputs changed since: uv run just repro --force train evaluate"
        how = "commit what it was made with" if provenance.uncommitted() else again
        raise Refused(message, f'{how}; or: uv run just register --force "REASON"')
    with one_writer(paths.MODELS / ".lock"):
        version = known(manifest["model_sha256"]) or new(candidate, report, force or "")
        tell(version)
    click.echo(f"register: version {version.number}, model {version.model_sha256[:12]}", err=True)
    if as_json:
        click.echo(json.dumps(asdict(version)))


def settled(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest that names the commit of its inputs, also when they came in after it.

    What a version says of the same bytes stays true when the inputs change later.
    """
    if not manifest["dirty"]:
        return manifest
    if (kept := known(manifest["model_sha256"])) and of_same_inputs(kept, manifest):
        commit = kept.tags["commit"]
    elif provenance.unclean() or not provenance.of_inputs(manifest):
        return manifest
    else:
        commit = programs.git("rev-parse", "HEAD")
    return {**manifest, "commit": commit, "dirty": False, "dirty_reasons": []}


def of_same_inputs(version: versions.Version, manifest: dict[str, Any]) -> bool:
    """Say whether a clean version is of the data, features and packages of a manifest."""
    now = {**manifest, "commit": version.tags.get("commit"), "dirty": False}
    return all(version.tags.get(name) == str(now[name]) for name in runs.TAGS)


def known(model_sha256: str) -> versions.Version | None:
    """Return the version that holds these bytes already."""
    return next((v for v in versions.listed() if v.model_sha256 == model_sha256), None)


def new(candidate: artifact.Artifact, report: dict[str, Any], forced: str) -> versions.Version:
    """Keep the bytes by their hash, and list them in the registry under a new number."""
    manifest = candidate.manifest
    run_id = manifest["run_id"]
    if not runs.exists(run_id):  # made elsewhere, or brought back by DVC's run cache
        run_id = runs.logged_run(manifest) or runs.log_run(manifest)
        runs.log_evaluation(run_id, report)
    runs.settle(run_id, manifest)
    folder = paths.REGISTERED / manifest["model_sha256"]
    versions.store(paths.CANDIDATE, folder, manifest=manifest, evaluation=report)
    tags = {
        **{name: str(manifest[name]) for name in runs.TAGS},
        **{versions.covering(name): sha256(folder / name) for name in versions.RECORDS},
        "pipeline_sha256": sha256_if_there(provenance.PIPELINE),
        "registered_at": journal.now(),
        "registered_by": programs.author(),
        "forced": forced,
    }
    sharing.share(paths.REGISTERED)
    return versions.add(candidate, run_id, tags)


def tell(version: versions.Version) -> None:
    """Tell the journal of a version, unless it knows: a command may have been killed before."""
    if not versions.told(version, "registered"):
        if not any(int(one.number) > int(version.number) for one in versions.listed()):
            versions.set_alias(versions.CANDIDATE, version.number)
        journal.record(
            "registered",
            **version.named,
            commit=version.tags.get("commit", ""),
            tags_sha256=journal.hash_of(version.tags),
        )
    journal.anchor()
