# The template's. What is alarming is yours, in contract.yaml: monitoring and retraining.
"""Run monitor as a schedule does; train when it is due."""

import json
import os
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import click

from .. import PACKAGE, paths
from ..config import load_contract
from ..errors import NO_ANSWER, OutsideFailed, first_cause
from ..monitoring import retention
from ..programs import stage
from ..registry import journal
from ..step_summary import quoted, summarize

OK, RETRAIN, WITHDRAW = 0, 10, 11
WORKFLOW = "mlops-train.yml"


@click.command()
def command() -> None:
    """Run `monitor`, which tells the owner; on an alarm ask `trigger`, and start training.

    Exit code 11 when the verdict is withdraw. Where no prediction is logged there is nothing to
    look at: it says so and ends well. Before that, what the contract keeps no longer is removed.
    """
    try:
        removed = retention.apply(load_contract(), datetime.now(UTC))
    except OutsideFailed:
        look()  # first, for a file that stays for too long is no reason not to look
        raise
    if removed:
        journal.anchor(paths.RETENTION)
        click.echo(f"scheduled-monitor: {len(removed)} things were kept long enough", err=True)
    look()


def look() -> None:
    """Run `monitor` and what follows from its verdict."""
    folder = Path(os.environ.get("PREDICTION_LOG") or "monitoring/predictions")
    if not any(folder.rglob("data.*.log*")):
        summarize("not looked at", f"No prediction is logged here ({folder}): run it where one is.")
        click.echo(f"scheduled-monitor: no prediction log in {folder}", err=True)
        return
    said: list[str] = []
    verdict = stage(said, PACKAGE, "monitor", "--notify", also=(RETRAIN, WITHDRAW))
    started = ""
    if verdict != OK and stage(said, PACKAGE, "trigger", also=(1,), loud=True) == 0:
        started = start_training()
        click.echo(f"scheduled-monitor: {started}", err=True)
    name = {OK: "ok", RETRAIN: "retrain", WITHDRAW: "withdraw"}[verdict]
    summarize(name, "\n\n".join(part for part in (quoted(said), started) if part))
    if verdict == WITHDRAW:
        raise SystemExit(WITHDRAW)


def start_training() -> str:
    """Ask GitHub or GitLab to train, and say so; elsewhere say what to run instead.

    Raises:
        OutsideFailed: If it does not take the request.
    """
    if os.environ.get("CI_PROJECT_ID") and os.environ.get("CI_JOB_TOKEN"):
        return start_on_gitlab()
    repository, token = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_TOKEN")
    if not repository or not token:
        return "training is due: uv run just retrain --always"
    api = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    asked = {"ref": os.environ.get("GITHUB_REF_NAME") or "main", "inputs": {"always": "true"}}
    request = urllib.request.Request(
        f"{api}/repos/{repository}/actions/workflows/{WORKFLOW}/dispatches",
        json.dumps(asked).encode(),
        {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
    )
    send(request, "GitHub", "does the token have the permission actions: write?")
    return f"started {WORKFLOW} in {repository}"


def start_on_gitlab() -> str:
    """Start a pipeline of this project by the job's own token, which needs no secret."""
    api = os.environ.get("CI_API_V4_URL") or "https://gitlab.com/api/v4"
    project = os.environ["CI_PROJECT_ID"]
    asked = {
        "token": os.environ["CI_JOB_TOKEN"],
        "ref": os.environ.get("CI_DEFAULT_BRANCH") or "main",
        "variables[MLOPS_WORKFLOW]": WORKFLOW.removesuffix(".yml"),
        "variables[TRAIN_ALWAYS]": "true",
    }
    request = urllib.request.Request(
        f"{api}/projects/{urllib.parse.quote(project, safe='')}/trigger/pipeline",
        urllib.parse.urlencode(asked).encode(),
    )
    send(request, "GitLab", "may its pipelines be given variables: Settings, CI/CD, Variables?")
    return f"started {WORKFLOW} in {os.environ.get('CI_PROJECT_PATH') or project}"


def send(request: urllib.request.Request, whom: str, hint: str) -> None:
    """Ask for a training; `OutsideFailed` when it is not taken."""
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except NO_ANSWER as error:
        message = f"{whom} did not start {WORKFLOW}: {first_cause(error)}"
        raise OutsideFailed(message, hint) from error
