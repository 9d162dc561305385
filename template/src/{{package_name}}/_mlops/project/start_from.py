# The template's. What it writes is yours from then on.
"""Put a table of yours in the place of the example."""

import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import click

from .. import paths
from ..config import load_params
from ..errors import WrongInput, counted
from ..files import FILE, one_writer
from . import repository
from .starting import building, cutting, replacing, writing
from .starting.profile import LEARNED_FROM, profile, table, with_years
from .starting.rare import one_spelling, without_new, without_rare
from .starting.source import read


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

    PATH is a file (CSV, TSV, Parquet, Feather, Stata, JSON lines, Excel, ARFF), a folder of them,
    or a data set of scikit-learn, such as sklearn:iris. The proposal is shown before anything is
    written; then the example's files are replaced and committed, so git can undo it. Nothing that a
    person changed is replaced without --force.
    """
    given = read(path, sql, url)
    note(given.notes)  # first: they often say why the target is not what it should be
    source = with_years(without_rare(one_spelling(given, target), target), time)
    note(source.notes[len(given.notes) :])
    look = partial(profile, time=time, key=key, group=group, positive=positive, drop=drop)
    found = look(source, target)
    known = without_new(source, target, found.time, load_params().featurize.holdout_share)
    if known is not source:
        note(known.notes[-1:])
        source, found = known, look(known, target)
    click.echo(table(found))
    note(found.warnings)
    if not any(column.role in LEARNED_FROM for column in found.columns):
        raise WrongInput(
            f"no column is left to learn {found.target} from",
            "drop fewer; a leak becomes a feature in schema.py and features.py only",
        )
    chosen = [found.target, found.time, *found.key, found.group, found.positive, *drop]
    asked = {"origin": source.origin, "chosen": chosen, "rows_sha256": source.sha256}
    if asked.items() <= replacing.last_run().items() and replacing.is_kept():
        click.echo("start-from: nothing to do: these rows were taken already", err=True)
        return
    if pretend:
        names = ", ".join(map(str, (*writing.FILES, *writing.OTHERS, paths.SAMPLE)))
        click.echo(f"start-from: would write {names} and batches", err=True)
        return
    if not yes:
        confirm()
    with one_writer(paths.MODELS / ".lock"), one_writer(paths.DATA_LOCK):
        proposal, cut = building.propose(source, found)
        click.echo(f"start-from: trying {len(writing.FAMILIES)} kinds of model", err=True)
        new, trial = building.build(proposal, cut)
        # not hidden ones, such as .gitkeep: no batch, and yours
        old = [one for folder in (paths.RAW, paths.INCOMING) for one in folder.glob("[!.]*")]
        replacing.require_replaceable(new, old, force)
        for step in (repository.start, repository.identity, repository.first_commit):
            if said := step():
                click.echo(f"start-from: {said}", err=True)
        replacing.replace(new, old, asked)
    tell(proposal, trial, cut)


def note(said: Iterable[str]) -> None:
    """Say what a person should know."""
    for one in said:
        click.echo(f"note: {one}", err=True)


def confirm() -> None:
    """Let a person agree; `WrongInput` when there is none."""
    if not sys.stdin.isatty():
        raise WrongInput("nobody is here to agree to the proposal", "add --yes, or --pretend")
    hint = "correct it by --time, --key, --group, --positive or --drop"
    if not click.confirm(f"Write files for this proposal? ({hint})", err=True):
        raise WrongInput("nothing was written", hint)


def tell(proposal: writing.Proposal, trial: writing.Trial, cut: cutting.Cut) -> None:
    """Say what was measured and what comes next."""
    others = ", ".join(f"{name} {value:.4g}" for name, value in trial.baselines.items())
    words = writing.FAMILIES[trial.family]
    learned = counted(len(cut.raw), "batch", "batches")
    rows = {
        "model": f"{words}: {proposal.metric} {trial.metric:.4g} ({others})",
        "data": f"{learned} to learn from, {len(cut.incoming)} for later",
        "undo": "git revert HEAD; the old batches are in build/replaced",
        "next": "uv run just demo",
    }
    for name, said in rows.items():
        click.echo(f"{name:<8} {said}")
    if trial.is_off:
        message = f"it is off by up to {trial.off:.2g} on the hold-out, for all rows or a group"
        why = "have they changed in time" if proposal.profile.time else "are there too few to say"
        click.echo(f"warning: {message}: {why}?", err=True)
    if trial.metric >= min(trial.baselines.values()):
        simple = min(trial.baselines, key=lambda name: trial.baselines[name])
        message = f"the model is no better than {simple!r}: do these columns say anything about it?"
        click.echo(f"warning: {message}", err=True)
