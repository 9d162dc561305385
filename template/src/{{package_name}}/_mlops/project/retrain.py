# The template's. Addresses and secrets are yours: repository variables and secrets, or .env.
"""Run the whole pipeline as a schedule does."""

import os
from pathlib import Path
from typing import Any

import click

from .. import PACKAGE, access, paths
from ..errors import Problem, Refused
from ..files import one_writer, read_json
from ..programs import dvc, stage
from ..registry import versions
from ..step_summary import quoted, summarize
from ..tracking import runs
from ..training.smoke import REPRO, tried


@click.command()
@click.option(
    "--always", is_flag=True, envvar="TRAIN_ALWAYS", help="Train without asking `trigger`."
)
def command(always: bool) -> None:
    """Pull data, ask `trigger`, then repro, register and gate; a version that passes is challenger.

    Without an address in MLFLOW_TRACKING_URI or data to pull, the stages run on the sample in a
    temporary clone, and nothing is registered: smoke only. The summary goes to the page of the
    workflow ($GITHUB_STEP_SUMMARY or $STEP_SUMMARY) or to stdout.
    """
    said: list[str] = []
    try:
        if lacking := missing():
            scores = smoke(said)
            summarize("smoke only", f"Nothing was registered: {'; '.join(lacking)}.", scores)
            click.echo(f"retrain: smoke only: {'; '.join(lacking)}", err=True)
            return
        runs.client()  # before hours of training, not after
        if not always and stage(said, PACKAGE, "trigger", also=(1,), loud=True):
            summarize("nothing to do", quoted(said))
            return
        train(said)
    except Problem as problem:
        if problem.exit_code != 1 or not judged(said):
            summarize("failed", f"{problem}\n\n{quoted(said)}".replace("\n\n\n", "\n\n"))
        raise


def missing() -> list[str]:
    """Name what a real run lacks: a store that outlives this machine, data to learn from.

    Raises:
        OutsideFailed: If the data's remote is set and does not hand the data out.
    """
    lacking = []
    if os.environ.get(access.TRACKING, "").partition(":")[0] in ("", "file", "sqlite"):
        lacking.append(f"{access.TRACKING} names no server and no database")
    if not paths.DATA_POINTER.exists():
        lacking.append(f"{paths.RAW} is not under DVC")
    elif at_home := remote_at_home():
        lacking.append(at_home)
    return lacking or pull()


def remote_at_home() -> str:
    """Say so when the data's remote is a folder of this repo that does not exist here."""
    from dvc.repo import Repo

    with Repo() as repo:
        name = repo.config["core"].get("remote")
        if not name:
            return "no data remote is set"
        remote = repo.cloud.get_remote(name)
        if remote.fs.protocol != "local" or Path(remote.path).is_dir():
            return ""
    inside = Path(remote.path).resolve().is_relative_to(Path.cwd().resolve())
    return "the data remote is a folder of the repo it was made in" if inside else ""


def pull() -> list[str]:
    """Bring data/raw here, as its pointer names it."""
    with one_writer(paths.DATA_LOCK):
        dvc("pull", "--quiet", str(paths.DATA_POINTER))
    click.echo(f"retrain: {paths.RAW} is as {paths.DATA_POINTER} says", err=True)
    return []


def train(said: list[str]) -> None:
    """Run the stages, register what they made, and let the gate judge it."""
    with one_writer(paths.DATA_LOCK):
        stage(said, *REPRO)
    stage(said, PACKAGE, "register")
    champion = versions.by_alias(versions.CHAMPION)
    refused = stage(said, PACKAGE, "gate", also=(1,))
    verdict = read_json(paths.GATE, sealed=True) if paths.GATE.is_file() else {}
    before = evaluation(champion) if champion else {}
    scores = {f"version {verdict.get('version', '?')}": read_json(paths.METRICS)["metrics"]}
    if champion and champion.number != verdict.get("version"):
        scores[f"champion, version {champion.number}"] = before.get("metrics", {})
    why = "Each was measured on its own hold-out." if len(scores) > 1 else ""
    summarize("refused" if refused else "accepted", why, scores, verdict)
    if refused:
        raise Refused("the gate refused the new version", f"{paths.GATE} says why")
    click.echo("retrain: accepted; `deploy` on the serving host takes it from here", err=True)


def judged(said: list[str]) -> bool:
    """Say whether the gate has spoken: then the summary is written."""
    return any(line.startswith("gate: ") for line in said)


def evaluation(version: versions.Version) -> dict[str, Any]:
    """Return what `evaluate` found about a registered version."""
    found: dict[str, Any] = read_json(versions.fetch(version) / versions.EVALUATION)
    return found


def smoke(said: list[str]) -> dict[str, dict[str, float]]:
    """Run the stages on the sample; return the metrics."""
    with tried(said) as folder:
        return {"on the sample": read_json(folder / paths.METRICS)["metrics"]}
