# The template's. Addresses and secrets are yours: repository variables and secrets, or .env.
"""Train as a schedule does: with data, registry and gate, or on the sample when there are none."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ... import schema
from .. import PROJECT, paths, registry, tracking
from ..errors import OutsideFailed, Problem, Refused, WrongInput
from ..files import read_json
from ..provenance import git
from .set_up import POINTER, dvc, run

GATE = paths.REPORTS / "gate.json"
SUMMARY = "GITHUB_STEP_SUMMARY"  # a file that a workflow shows as a page
REPRO = ("dvc", "repro")
OURS = str(schema.__package__)


@click.command()
@click.option(
    "--always", is_flag=True, envvar="TRAIN_ALWAYS", help="Train without asking `trigger`."
)
def command(always: bool) -> None:
    """Pull data, ask `trigger`, then repro, register and gate; a version that passes is challenger.

    Without an address in MLFLOW_TRACKING_URI or data to pull, the stages run on the sample in a
    temporary clone, and nothing is registered: smoke only. The summary goes to the page of the
    workflow ($GITHUB_STEP_SUMMARY) or to stdout.
    """
    said: list[str] = []
    try:
        if lacking := missing():
            scores = smoke(said)
            summarize("smoke only", f"Nothing was registered: {'; '.join(lacking)}.", scores)
            click.echo(f"unattended: smoke only: {'; '.join(lacking)}", err=True)
            return
        tracking.client()  # before hours of training, not after
        if not always and stage(said, OURS, "trigger", also=(1,), loud=True):
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
    if os.environ.get(tracking.ADDRESS, "").partition(":")[0] in ("", "file", "sqlite"):
        lacking.append(f"{tracking.ADDRESS} names no server and no database")
    if not POINTER.exists():
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
    dvc("pull", "--quiet", str(POINTER))
    click.echo(f"unattended: {paths.RAW} is as {POINTER} says", err=True)
    return []


def stage(
    said: list[str],
    *command: str,
    also: Sequence[int] = (),
    loud: bool = False,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
) -> int:
    """Run `python -m COMMAND`, pass on what it says on stderr, and return its exit code.

    Args:
        said: Gets the lines.
        command: A module and its arguments.
        also: Exit codes besides 0 that are an answer.
        loud: Whether its data, on stdout, is worth a line too.
        folder: Where; by default here.
        environment: By default this process's.

    Raises:
        Problem: If it ends with any other exit code; the problem has the same one.
    """
    lines: list[str] = []
    environment = dict(os.environ if environment is None else environment)
    # the stages of dvc.yaml say `python`: let it be this one
    folders = (str(Path(sys.executable).parent), environment.get("PATH", ""))
    environment["PATH"] = os.pathsep.join(folders)
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE if loud else subprocess.DEVNULL,
        stderr=subprocess.STDOUT if loud else subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout or process.stderr or ():
            click.echo(line.rstrip("\n"), err=True)
            lines.append(line.rstrip("\n"))
    said += lines
    if process.returncode in (0, *also):
        return process.returncode
    code = process.returncode
    if command[0] == "dvc":  # it says how a stage of its own ended; else a lock or a disk failed
        code = int((re.findall(r"exited with (\d+)", "\n".join(lines)) or [3])[-1])
    kinds = {1: Refused, 2: WrongInput, 3: OutsideFailed}
    raise kinds.get(code, Problem)(f"`{command[1]}` ended with exit code {code}")


def train(said: list[str]) -> None:
    """Run the stages, register what they made, and let the gate judge it."""
    stage(said, *REPRO)
    stage(said, OURS, "register")
    champion = registry.by_alias(registry.CHAMPION)
    refused = stage(said, OURS, "gate", also=(1,))
    verdict = read_json(GATE) if GATE.is_file() else {}
    before = evaluation(champion) if champion else {}
    scores = {f"version {verdict.get('version', '?')}": read_json(paths.METRICS)["metrics"]}
    if champion and champion.number != verdict.get("version"):
        scores[f"champion, version {champion.number}"] = before.get("metrics", {})
    why = "Each was measured on its own hold-out." if len(scores) > 1 else ""
    summarize("refused" if refused else "accepted", why, scores, verdict)
    if refused:
        raise Refused("the gate refused the new version", f"{GATE} says why")
    click.echo("unattended: accepted; `deploy` on the serving host takes it from here", err=True)


def judged(said: list[str]) -> bool:
    """Say whether the gate has spoken: then the summary is written."""
    return any(line.startswith("gate: ") for line in said)


def evaluation(version: registry.Version) -> dict[str, Any]:
    """Return what `evaluate` found about a registered version."""
    found: dict[str, Any] = read_json(registry.fetch(version) / registry.EVALUATION)
    return found


def smoke(said: list[str]) -> dict[str, dict[str, float]]:
    """Run the stages on the sample; return the metrics."""
    with tried(said) as folder:
        return {"on the sample": read_json(folder / paths.METRICS)["metrics"]}


@contextmanager
def tried(said: list[str]) -> Iterator[Path]:
    """Run the stages on the sample in a clone of the last commit; give its folder."""
    top, inner = git("rev-parse", "--show-toplevel"), git("rev-parse", "--show-prefix")
    if not git("rev-parse", "HEAD"):
        raise WrongInput("there is no commit to try", "uv run just set-up makes the first")
    with tempfile.TemporaryDirectory(prefix=f"{PROJECT}-") as name:
        run("git", "clone", "--quiet", "--no-local", f"file://{top}", f"{name}/clone")
        folder = Path(name, "clone", inner)
        shutil.rmtree(folder / paths.RAW, ignore_errors=True)
        (folder / POINTER).unlink(missing_ok=True)
        (folder / paths.RAW).mkdir(parents=True)
        shutil.copy(folder / paths.SAMPLE, folder / paths.RAW)
        environment = {key: text for key, text in os.environ.items() if key != tracking.ADDRESS}
        environment["PYTHONPATH"] = str(folder / "src")  # the clone's code, not that of here
        stage(said, *REPRO, folder=folder, environment=environment)
        yield folder


def on_page(decision: str, why: str, verdict: dict[str, Any] | None = None) -> None:
    """Write the summary where a workflow shows it; elsewhere stdout is for data."""
    if os.environ.get(SUMMARY):
        summarize(decision, why, verdict=verdict)


def summarize(
    decision: str,
    why: str,
    scores: dict[str, dict[str, float]] | None = None,
    verdict: dict[str, Any] | None = None,
) -> None:
    """Write the summary where a workflow shows it, or to stdout."""
    text = summary(decision, why, scores or {}, verdict or {})
    if page := os.environ.get(SUMMARY):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(text)
    else:
        click.echo(text, nl=False)


def summary(
    decision: str, why: str, scores: dict[str, dict[str, float]], verdict: dict[str, Any]
) -> str:
    """Return Markdown: the decision, metrics side by side, and every check of the gate."""
    parts = [f"## {PROJECT}: {decision}", why]
    if scores:
        names = list(next(iter(scores.values())))
        rows = [[name, *(shown(found.get(name)) for found in scores.values())] for name in names]
        parts.append(table(["metric", *scores], rows))
    if checks := verdict.get("checks"):
        rows = [[c["name"], "yes" if c["ok"] else "**no**", c["reason"]] for c in checks]
        parts.append(table(["check", "passed", "reason"], rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def shown(value: float | None) -> str:
    """Return a number as the summary shows it."""
    return "–" if value is None else f"{value:.4f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def quoted(said: list[str]) -> str:
    """Return what was said as a block."""
    return "\n".join(["```", *said[-30:], "```"]) if said else ""
