# The template's. What it writes is yours from then on.
"""Put a table of yours in the place of the example."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import click
import pandas as pd

from .. import PACKAGE, PROJECT, paths, programs
from ..config import load_contract
from ..errors import OutsideFailed, WrongInput, cause_of
from ..files import FILE, one_writer
from . import repository
from .starting import cutting, replacing, writing
from .starting.profile import Profile, profile, table
from .starting.source import Source, read

HOLDOUT = 0.2  # of the rows learned from, as in params.yaml


def words(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """Return names that stand in one option, separated by commas."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


@click.command()
@click.argument("path", required=False, type=FILE)
@click.option("--sql", metavar="QUERY", help="A query in place of PATH; with --url.")
@click.option("--url", metavar="URL", help="Where to ask it, as SQLAlchemy writes addresses.")
@click.option("--target", required=True, metavar="COLUMN", help="What is predicted.")
@click.option("--time", default="", metavar="COLUMN", help="When a row came about, or none.")
@click.option("--key", default="", metavar="COLUMNS", callback=words, help="What names a row.")
@click.option("--group", default="", metavar="COLUMN", help="Whose rows stay together.")
@click.option("--positive", default="", metavar="LABEL", help="Of two labels, the one to find.")
@click.option("--drop", default="", metavar="COLUMNS", callback=words, help="What to leave out.")
@click.option("--yes", is_flag=True, help="Take the proposal as it is, and ask nothing.")
@click.option("--pretend", is_flag=True, help="Show the proposal, and write nothing.")
@click.option("--force", is_flag=True, help="Replace files that a person changed too.")
def command(
    path: Path | None,
    sql: str | None,
    url: str | None,
    target: str,
    time: str,
    key: tuple[str, ...],
    group: str,
    positive: str,
    drop: tuple[str, ...],
    yes: bool,
    pretend: bool,
    force: bool,
) -> None:
    """Write schema, features, model, contract, tests and batches for the table in PATH.

    PATH is a file (CSV, TSV, Parquet, JSON lines, Excel), a folder of them, or a data set of
    scikit-learn, such as sklearn:iris. The proposal is shown before anything is written; then the
    example's files are replaced and committed, so git can undo it. Nothing that a person changed
    is replaced without --force.
    """
    source = read(path, sql, url)
    found = profile(source, target, time=time, key=key, group=group, positive=positive, drop=drop)
    click.echo(table(found))
    for note in (*source.notes, *found.warnings):
        click.echo(f"note: {note}", err=True)
    options = [target, found.time, *found.key, found.group, found.positive, *drop]
    asked = {"origin": source.origin, "options": options, "rows": content_hash(source.rows)}
    before = replacing.last_run()
    if all(before.get(name) == value for name, value in asked.items()):
        click.echo("start-from: nothing to do: these rows were taken already", err=True)
        return
    proposal, cut = propose(source, found)
    if pretend:
        click.echo(
            f"start-from: would write {', '.join(map(str, sorted(writing.FILES)))}", err=True
        )
        return
    if not yes:
        confirm()
    with one_writer(paths.MODELS / ".lock"):
        new, trial = build(proposal, cut)
        old = [one for folder in (paths.RAW, paths.INCOMING) for one in folder.glob("*")]
        replacing.require_replaceable(new, old, force)
        for step in (repository.start, repository.identity, repository.first_commit):
            if said := step():
                click.echo(f"start-from: {said}", err=True)
        changed = replacing.replace(new, old, asked)
        keep(changed, source.origin)
    tell(proposal, trial, cut)


def content_hash(rows: pd.DataFrame) -> str:
    """Return a hash of values and names, whatever file they came from."""
    values = pd.util.hash_pandas_object(rows, index=False)
    return f"{int(values.sum()):016x}-{len(rows)}-{'-'.join(rows)}"[:200]


def confirm() -> None:
    """Let a person agree; `WrongInput` when there is none."""
    if not sys.stdin.isatty():
        raise WrongInput("nobody is here to agree to the proposal", "add --yes, or --pretend")
    hint = "correct it by --time, --key, --group, --positive or --drop"
    if not click.confirm(f"Write files for this proposal? ({hint})", err=True):
        raise WrongInput("nothing was written", hint)


def propose(source: Source, found: Profile) -> tuple[writing.Proposal, cutting.Cut]:
    """Return what becomes of each column, and the table in pieces."""
    deny = tuple(load_contract().personal_data.deny)
    proposal = writing.Proposal(source, found, found.key, 0, 0, deny)
    personal = {column.name for column in proposal.named("personal")}
    key = () if personal & set(found.key) else found.key
    proposal = writing.Proposal(source, found, key or (writing.NUMBERED,), 0, 0, deny)
    ordered = list(key) or [column.name for column in proposal.kept]
    label = found.target if found.labels else ""
    cut = cutting.cut(source.rows, ordered, found.time, found.group, label)
    holdout = int(sum(map(len, cut.raw)) * HOLDOUT)
    return writing.sized(proposal, holdout, min(map(len, cut.incoming), default=holdout)), cut


def build(proposal: writing.Proposal, cut: cutting.Cut) -> tuple[dict[Path, bytes], writing.Trial]:
    """Write everything into a folder that is thrown away, try models there, return the files."""
    with tempfile.TemporaryDirectory(prefix=f"{PROJECT}-") as name:
        folder = Path(name)
        copytree("src", folder / "src", ignore=lambda *_: ["__pycache__"])
        write_batches(proposal, cut, folder)
        families = list(writing.FAMILIES)
        for family in families:
            write_code(proposal, writing.untried(proposal, family), folder)
            (folder / writing.CODE / "model.py").rename(
                folder / writing.CODE / f"model_{family}.py"
            )
        write_code(proposal, writing.untried(proposal, families[0]), folder)
        trial = tried(proposal, families, folder)
        for family in families:
            (folder / writing.CODE / f"model_{family}.py").unlink()
        write_code(proposal, trial, folder)
        tidy(folder)
        written = [*writing.FILES, *writing.OTHERS, paths.SAMPLE]
        batches = [
            path.relative_to(folder)
            for part in (paths.RAW, paths.INCOMING)
            for path in (folder / part).glob("*")
        ]
        return {path: (folder / path).read_bytes() for path in (*written, *batches)}, trial


def write_batches(proposal: writing.Proposal, cut: cutting.Cut, folder: Path) -> None:
    """Write the batches and the sample."""
    number = 0
    for part, batches in ((paths.RAW, cut.raw), (paths.INCOMING, cut.incoming)):
        (folder / part).mkdir(parents=True)
        for rows in batches:
            number += 1
            stem = f"batch-{number:02}"
            typed = writing.with_key(proposal, rows, stem)
            typed.to_parquet(folder / part / f"{stem}.parquet", index=False)
    (folder / paths.SAMPLE.parent).mkdir(parents=True)
    sample = writing.with_key(proposal, writing.without_people(proposal, cut.sample), "sample")
    sample.to_parquet(folder / paths.SAMPLE, index=False)


def write_code(proposal: writing.Proposal, trial: writing.Trial, folder: Path) -> None:
    """Write code, contract, parameters and prose, which start from those of the repo."""
    texts = writing.render(proposal, trial) | writing.edited(proposal, trial)
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def tried(proposal: writing.Proposal, families: Sequence[str], folder: Path) -> writing.Trial:
    """Try each family in a process that imports the new files; return the best one's figures."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    module = f"{PACKAGE}._mlops.project.starting.trial"
    done = subprocess.run(
        [sys.executable, "-m", module, proposal.metric, *families],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise OutsideFailed(f"no model could be tried: {cause_of(done.stderr)}")
    return writing.best(json.loads(done.stdout), families)


def tidy(folder: Path) -> None:
    """Format the code as `check` asks for, by this repo's own rules."""
    code = [str(path) for path in writing.FILES]
    (folder / "ruff.toml").write_bytes(Path("ruff.toml").read_bytes())
    ruff = (sys.executable, "-m", "ruff")
    for step in (("check", "--fix", "--quiet", "--exit-zero"), ("format", "--quiet")):
        done = subprocess.run([*ruff, *step, *code], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise OutsideFailed(f"ruff cannot format what was written: {cause_of(done.stderr)}")


def keep(changed: list[Path], origin: str) -> None:
    """Commit what changed, and let DVC know the new batches when it knows old ones."""
    if paths.DATA_POINTER.exists():
        programs.share(paths.RAW)
        changed = [*changed, paths.DATA_POINTER]
    names = [str(path) for path in (*changed, replacing.RECORD)]
    shared = [name for name in names if not programs.git("check-ignore", name)]
    programs.run("git", "add", "--all", "--", *shared)
    if programs.git("status", "--porcelain", "--", *shared):
        programs.commit(f"Start from {origin}", shared)


def tell(proposal: writing.Proposal, trial: writing.Trial, cut: cutting.Cut) -> None:
    """Say what was measured and what comes next."""
    others = ", ".join(f"{name} {value:.4g}" for name, value in trial.baselines.items())
    words = writing.FAMILIES[trial.family]
    rows: dict[str, Any] = {
        "model": f"{words}: {proposal.metric} {trial.metric:.4g} ({others})",
        "data": f"{len(cut.raw)} batches to learn from, {len(cut.incoming)} that arrive later",
        "undo": "git revert HEAD; the old batches are in build/replaced",
        "next": "uv run just demo",
    }
    for name, said in rows.items():
        click.echo(f"{name:<8} {said}")
    if trial.metric >= min(trial.baselines.values()):
        simple = min(trial.baselines, key=lambda name: trial.baselines[name])
        message = f"the model is no better than {simple!r}: do these columns say anything about it?"
        click.echo(f"warning: {message}", err=True)
