# The template's. What names a row, or a person, is yours, in schema.py.
"""Delete one subject from data, logs, caches and reports."""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .. import PROJECT, paths, programs
from ..errors import DVC, Refused, WrongInput, counted
from ..files import one_writer
from . import removals, sharing, stored_rows
from .batch_files import raw_sums, whole
from .subject import Subject, is_long, parse

LOG = Path(__file__).parent / "logged_rows.py"  # level 1 adds the prediction log
POINTER = paths.DATA_POINTER
NOT_REACHED = {
    "models that were trained on these rows, here, in MLflow and in a Bento": "train anew "
    "(uv run just repro), let the new version take over, then delete the old ones",
    "the DVC remote, other than a folder in this repo": "push, then delete the objects that the "
    f"record lists, or all that no file here uses: {DVC} gc --workspace --cloud",
    "the history in git, of tests/data and of reports": "rewrite it with git filter-repo, if it "
    "ever held the rows",
    "artefacts on an MLflow server, other clones, serving hosts, backups": "run the same there, "
    "or delete them there",
    "archives, and files that are neither Parquet, CSV nor the prediction log": "look yourself",
}


@click.command()
@click.argument("values", nargs=-1, required=True, metavar="COLUMN=VALUE...")
@click.option("--group", is_flag=True, help="The columns stand for one person with many rows.")
@click.option("--reason", metavar="TEXT", help="Why; it is recorded, the values never are.")
@click.option("--pretend", is_flag=True, help="Show what would be removed, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was removed as JSON.")
def command(
    values: Sequence[str], group: bool, reason: str | None, pretend: bool, as_json: bool
) -> None:
    """Delete the rows of one subject wherever this repo has them.

    COLUMN=VALUE for each column of the key in schema.py; with --group for those that stand for a
    person. Rows go from data/raw, data/incoming, samples, predictions, the cache of DVC and the
    prediction log; data/features and reports that show them are removed, to be made anew. What was
    done is a line of data/forgotten.jsonl, without the values. Exit code 1 when no row is theirs.
    After a kill, the same command finishes.
    """
    subject = parse(values, group)
    if not pretend and not reason:
        raise WrongInput("there is no reason", '--reason "TEXT" says why; --pretend only shows')
    if subject.is_named_in(reason or ""):
        raise WrongInput("the reason holds a value of the subject", "it is kept: name a ticket")
    with one_writer(paths.MODELS / ".lock"), one_writer(paths.DATA_LOCK):
        places, logged = stored_rows.find(subject), find_logged(subject)
        reports = showing(subject, places)
        if not (places or logged or reports or removals.unfinished()):
            raise Refused("no row is of this subject: in no data, log, cache, sample or report")
        facts = {
            "rows": sum(one.rows for one in places if one.path.parent == paths.RAW),
            "files": {str(one.path): one.rows for one in (*places, *logged) if not is_object(one)},
            "objects": sorted({stored_rows.hash_in(one.path) for one in places if is_object(one)}),
            "reports": [str(path) for path in reports],
        }
        if not pretend:
            take_out(places, logged, reports, facts, reason or "")
    tell(subject, facts, pretend, as_json)


def is_object(place: Any) -> bool:
    """Say whether a place is in a cache of DVC."""
    return isinstance(place, stored_rows.Place) and place.is_object


def find_logged(subject: Subject) -> list[Any]:
    """Return the files of the prediction log with lines about a subject."""
    if not LOG.is_file():
        return []
    found: list[Any] = importlib.import_module(f"{__package__}.{LOG.stem}").find(subject)
    return found


def showing(subject: Subject, places: list[stored_rows.Place]) -> list[Path]:
    """Return the reports that show a text of the subject's rows."""
    texts = set().union(*(one.texts for one in places)) | set(subject.texts.values())
    words = [text.encode() for text in texts if is_long(text)]
    found = (path for path in sorted(paths.REPORTS.rglob("*")) if path.is_file())
    return [path for path in found if any(word in path.read_bytes() for word in words)]


def take_out(
    places: list[stored_rows.Place],
    logged: list[Any],
    reports: list[Path],
    facts: dict[str, Any],
    reason: str,
) -> None:
    """Remove what was found; first it is recorded, for what follows may be killed."""
    hashes = [one for place in logged for one in place.hashes]
    removals.record(removals.BEGUN, reason=reason, **facts, log_lines=hashes, **state())
    for place in places:
        stored_rows.take_out(place)
    for lines in logged:
        importlib.import_module(f"{__package__}.{LOG.stem}").take_out(lines)
    for path in reports:
        path.unlink(missing_ok=True)
    begun = removals.not_done()
    if any(one["objects"] or one["files"] for one in begun):
        gone = {name for one in begun for name in one["objects"]}
        facts["objects"] = sorted(gone | stored_rows.drop_features(gone))
    removals.record(removals.DONE, objects=facts["objects"], **state())
    keep([str(one.path) for one in places])


def state() -> dict[str, Any]:
    """Return the hashes of data/raw as it is now: of the whole, and of each batch."""
    sums = raw_sums()
    return {"data_sha256": whole(sums), "batches": sums}


def keep(changed: list[str]) -> None:
    """Give data/raw its new pointer, and commit what git knows of all that changed."""
    if POINTER.is_file() and any(paths.RAW.glob("*")):
        sharing.share(paths.RAW)
    if not programs.git("rev-parse", "HEAD"):
        return
    programs.run("git", "add", "--", str(removals.FILE))
    known = programs.git(
        "ls-files", "--", str(POINTER), str(removals.FILE), str(paths.SAMPLE.parent), *changed
    )
    programs.commit("Forget one subject", known.splitlines())


def tell(subject: Subject, facts: dict[str, Any], pretend: bool, as_json: bool) -> None:
    """Say what was removed, what still shows a value, and what nobody here can reach."""
    left = [] if pretend else still_showing(subject)
    if as_json:
        click.echo(
            json.dumps({**facts, "pretend": pretend, "left": left, "not_reached": NOT_REACHED})
        )
    else:
        for name, rows in facts["files"].items():
            click.echo(f"{rows:>8,} rows  {name}")
        click.echo(f"{len(facts['objects']):>8,} objects of DVC's cache")
        for name in facts["reports"]:
            click.echo(f"          report  {name}")
        click.echo("\nnot reached")
        for what, do in NOT_REACHED.items():
            click.echo(f"  {what}: {do}")
    for name in left:
        click.echo(f"warning: {name} still holds a value of the subject; look at it", err=True)
    rows, done = sum(facts["files"].values()), "would remove" if pretend else "removed"
    where = "nothing was changed" if pretend else f"recorded in {removals.FILE}"
    click.echo(f"forget: {done} {counted(rows, 'row')} of one subject; {where}", err=True)
    if not pretend:
        click.echo(
            f"\nhint: uv run just repro trains anew; uv run {PROJECT} trace says the rest", err=True
        )


def still_showing(subject: Subject) -> list[str]:
    """Return the files that hold a value of the subject, where chance cannot have put it."""
    words = [text.encode() for text in subject.texts.values() if is_long(text)]
    if not words:
        return []
    return [
        str(path)
        for path in stored_rows.files()
        if path.is_file() and any(word in path.read_bytes() for word in words)
    ]
