# The template's. Yours are metrics.py and the bars in contract.yaml.
"""Name a version champion: the one that is served."""

import json
from pathlib import Path
from typing import Any

import click

from ... import schema
from .. import artifact, paths, registry
from ..config import load_contract
from ..errors import Refused
from ..files import one_writer, read_json
from ..seam import Quality


@click.command()
@click.argument("version", required=False)
@click.option("--force", metavar="REASON", help="Promote in spite of the baselines; recorded.")
@click.option("--json", "as_json", is_flag=True, help="Print the new pointer as JSON.")
def command(version: str | None, force: str | None, as_json: bool) -> None:
    """Make VERSION (by default the newest) the champion that `serve` and `predict` use."""
    quality = load_contract().quality
    with one_writer(paths.MODELS / ".lock"):
        chosen = registry.find(version)
        manifest = artifact.read_manifest(chosen.folder)
        require_same(chosen, manifest)
        scores = read_json(chosen.folder / registry.EVALUATION)
        if (reasons := no_better(scores, quality)) and not force:
            message = f"version {chosen.number} is no better than a baseline: {'; '.join(reasons)}"
            raise Refused(message, 'improve the model, or promote --force "REASON"')
        registry.name_champion(chosen.number)
        registry.make_champion(chosen.number, chosen.folder, "promoted", forced=force or "")
    found = scores["metrics"][quality.metric]
    bar = "meets" if better(found, quality.accept, quality) else "misses"
    click.echo(
        f"promote: version {chosen.number} is champion; {quality.metric} {found:.3f} {bar} "
        f"the contract's {quality.accept}",
        err=True,
    )
    if as_json:
        click.echo(json.dumps(registry.read_pointer()))


def require_same(chosen: registry.Version, manifest: dict[str, Any]) -> None:
    """Raise `Refused` when bytes or feature code are not those that were registered."""
    if manifest["model_sha256"] != chosen.model_sha256:
        message = f"version {chosen.number} was registered with model {chosen.model_sha256[:12]}…"
        raise Refused(f"{message}, {chosen.folder} holds {manifest['model_sha256'][:12]}…")
    package = Path(schema.__file__).parent
    if manifest["features_sha256"] != artifact.features_sha256(package):
        message = f"version {chosen.number} was trained with other code in schema.py or features.py"
        raise Refused(message, f"git checkout {manifest['commit'][:12]} -- src, or train again")


def better(found: float | None, than: float | None, quality: Quality, by: float = 0.0) -> bool:
    """Say whether one number of the contract's metric is at least as good as another plus `by`."""
    if found is None or than is None:
        return False
    return found - than >= by if quality.better == "higher" else than - found >= by


def no_better(evaluation: dict[str, Any], quality: Quality) -> list[str]:
    """Name the baselines that the model does not beat."""
    found = evaluation["metrics"].get(quality.metric)
    return [
        f"{quality.metric} {found:.4f} against {scores[quality.metric]:.4f} ({name})"
        for name, scores in evaluation["baselines"].items()
        if not better(found, scores[quality.metric], quality) or found == scores[quality.metric]
    ]
