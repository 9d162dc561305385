# The template's. What starts the pipeline is yours, in contract.yaml: retraining and monitoring.
"""Say whether it is time to train again."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from .. import paths
from ..data import tables
from ..files import read_json, sha256_of
from ..interface import Contract
from ..registry import versions
from ..tracking import artifact, provenance
from . import checks

MAKES = {paths.MONITOR: "uv run just monitor", paths.INGEST: "the next ingest"}


@dataclass(frozen=True)
class Facts:
    """What is known at the moment of the decision.

    Args:
        champion: Its version, or nothing before the first.
        days_since_training: Of the champion, or of a candidate after it.
        new_batches: Names in data/raw that the champion did not learn from.
        data_changed: Whether data/raw has other bytes than those that it was trained on.
        shifted: Names among the new batches that `ingest` found shifted.
        verdict: Of the last `monitor`; empty when it was about an older champion.
        broken: What `monitor` found to look broken in the inputs: a model learns no good of it.
        age_days: From the newest training row to the newest predicted row; by `monitor`.
    """

    champion: str | None = None
    days_since_training: float = 0.0
    new_batches: Sequence[str] = ()
    data_changed: bool = False
    shifted: Sequence[str] = ()
    verdict: str = ""
    age_days: float | None = None
    broken: Sequence[str] = ()


@dataclass(frozen=True)
class Decision:
    """Whether to train, and all reasons for it; without one, why it can wait."""

    train: bool
    reasons: list[str]


@click.command()
@click.option(
    "--by-data", is_flag=True, help="Count days by the rows, as where months pass in seconds."
)
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
def command(by_data: bool, as_json: bool) -> None:
    """Say whether to train: exit code 0 is yes, 1 is no. Changes nothing.

    Reads the champion's manifest, data/raw, reports/monitor.json and reports/ingest.json.
    """
    contract = provenance.agreed_contract()
    facts = gather(datetime.now(UTC))
    if by_data and facts.age_days is not None:
        facts = replace(facts, days_since_training=facts.age_days)
    decision = decide(facts, contract)
    said = "; ".join(decision.reasons)
    words = f"train: {said}" if decision.train else f"wait: {said}"
    click.echo(json.dumps(asdict(decision)) if as_json else words)
    sys.exit(0 if decision.train else 1)


def decide(facts: Facts, contract: Contract) -> Decision:
    """Decide on training, from facts and contract alone."""
    if facts.champion is None:
        return Decision(True, ["there is no champion yet"])
    rules, days = contract.retraining, facts.days_since_training
    told = facts.verdict in (checks.RETRAIN, checks.WITHDRAW)
    oldest = contract.monitoring.max_age_days
    stale = facts.age_days is not None and facts.age_days > oldest
    moved = facts.data_changed and not facts.new_batches
    possible = {
        f"{days:.1f} days since the last training, due every {rules.every_days:g}": days
        >= rules.every_days,
        f"new data: {', '.join(facts.new_batches)}": bool(facts.new_batches) and rules.on_new_data,
        f"{paths.RAW} is unlike what the champion was trained on": moved and rules.on_new_data,
        f"shifted data: {', '.join(facts.shifted)}": bool(facts.shifted),
        f"monitor says {facts.verdict}": told and rules.on_monitor and not facts.broken,
        f"predicted rows {facts.age_days or 0:.0f} days newer than the training data, at most "
        f"{oldest:g}": stale and rules.on_monitor,
    }
    if reasons := [reason for reason, holds in possible.items() if holds]:
        return Decision(True, reasons)
    waited = f"{days:.1f} of {rules.every_days:g} days passed, no other reason"
    if not facts.verdict:
        waited += f"; monitor has not judged version {facts.champion} yet"
    if told and facts.broken:
        waited = f"monitor says {facts.verdict}, but inputs look broken: {', '.join(facts.broken)}"
    return Decision(False, [waited])


def gather(now: datetime) -> Facts:
    """Read the facts; what was not written yet is no reason."""
    champion = here() or elsewhere()
    if champion is None:
        return Facts()
    number, manifest = champion
    batches = tables.batches(paths.RAW)
    learned = manifest["data"]["batches"]
    new = [path.name for path in batches if path.name not in learned]
    ingested = read_if_there(paths.INGEST)
    monitored = read_if_there(paths.MONITOR)
    if int(monitored.get("version", 0)) < int(number):
        monitored = {}  # about a champion that has given way to this one
    ages = [one["found"] for one in monitored.get("checks", []) if one["name"] == checks.AGE]
    return Facts(
        champion=number,
        days_since_training=(now - trained(manifest)).total_seconds() / 86_400,
        new_batches=new,
        data_changed=sha256_of(batches) != manifest["data_sha256"],
        shifted=[name for name in ingested.get("files", new) if name in new]
        if ingested.get("shifted")
        else [],
        verdict=monitored.get("verdict", ""),
        age_days=next(iter(ages), None),
        broken=[
            f"{found['column']} ({found['kind']})"
            for found in monitored.get("drift", {}).get("judgement", {}).get("findings", [])
        ],
    )


def here() -> tuple[str, dict[str, Any]] | None:
    """Return the champion of this host, and its manifest."""
    if versions.read_pointer() is None:
        return None
    pointer, manifest = versions.champion_record()
    return pointer["version"], manifest


def elsewhere() -> tuple[str, dict[str, Any]] | None:
    """Return the registry's champion: a CI runner has none of its own."""
    champion = versions.by_alias(versions.CHAMPION)
    if champion is None:
        return None
    return champion.number, artifact.read_record(versions.fetch(champion))


def trained(manifest: dict[str, Any]) -> datetime:
    """Return when the champion was trained, or a candidate that came after it."""
    candidate = read_if_there(paths.CANDIDATE / artifact.MANIFEST)
    found = [manifest["created"], candidate.get("created", manifest["created"])]
    return max(datetime.fromisoformat(time) for time in found)


def read_if_there(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds; nothing when it does not exist."""
    makes = MAKES.get(path, "uv run just repro")
    if not path.is_file():
        return {}
    return dict(read_json(path, makes, kinds={}, sealed=path in MAKES))
