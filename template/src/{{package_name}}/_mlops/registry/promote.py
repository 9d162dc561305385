# The template's. Yours are metrics.py and the bars in contract.yaml.
"""Make a version the champion."""

import json

import click

from .. import paths
from ..errors import Refused, first_of
from ..files import one_writer
from ..tracking import artifact, provenance
from ..training.evaluation import better, no_better
from . import journal, versions
from .versions import require_same

BETTER_BASELINE = (
    "improve the model, or make the baseline the model: in model.py return it from build_model and "
    'take it out of build_baselines; or: uv run just promote --force "REASON"'
)


@click.command()
@click.argument("version", required=False)
@click.option("--force", metavar="REASON", help="Promote in spite of baselines or gate; recorded.")
@click.option("--json", "as_json", is_flag=True, help="Print the new pointer as JSON.")
def command(version: str | None, force: str | None, as_json: bool) -> None:
    """Make VERSION (by default the newest) the champion that `serve` and `predict` use."""
    quality = provenance.agreed_contract().quality
    with one_writer(paths.MODELS / ".lock"):
        chosen = versions.find(version)
        manifest = artifact.read_manifest(chosen.folder)
        require_same(chosen, manifest)
        scores = versions.read_evaluation(chosen)
        if (reasons := no_better(scores, quality)) and not force:
            message = f"version {chosen.number} is no better than a baseline: {'; '.join(reasons)}"
            raise Refused(message, BETTER_BASELINE)
        if not force:
            require_not_refused(chosen)
        versions.name_champion(chosen.number)
        versions.make_champion(chosen.number, chosen.folder, "promoted", forced=force or "")
        journal.anchor()
    found = scores["metrics"][quality.metric]
    bar = "meets" if better(found, quality.accept, quality) else "misses"
    click.echo(
        f"promote: version {chosen.number} is champion; {quality.metric} {found:.3f} {bar} "
        f"the contract's {quality.accept}",
        err=True,
    )
    if as_json:
        click.echo(json.dumps(versions.read_pointer()))


def require_not_refused(chosen: versions.Version) -> None:
    """Raise `Refused` for a version that the gate refused, and that never was champion."""
    known = [versions.by_alias(alias) for alias in (versions.CHAMPION, versions.PREVIOUS)]
    if versions.verdict(chosen) != "refused" or chosen in known:
        return
    reasons = versions.told(chosen, "refused").get("reasons", [])
    message = f"version {chosen.number} was refused by the gate: {first_of(reasons)}"
    raise Refused(message, 'all the same: uv run just promote --force "REASON"')
