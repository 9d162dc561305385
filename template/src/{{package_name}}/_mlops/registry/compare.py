# The template's. Yours are the slices in contract.yaml.
"""Show where two versions disagree on the same rows."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import pandas as pd

from ... import data, schema
from .. import paths
from ..config import load_contract
from ..data import outcome, tables
from ..data.dataset import HOLDOUT_ROWS
from ..data.validation import check_columns
from ..errors import Refused, WrongInput, counted
from ..files import FILE
from ..interface import Slices
from . import benchmark, versions

LARGEST = 10


@click.command()
@click.argument("version", required=False)
@click.option("--with", "reference", metavar="VERSION", help="Compare with it; the champion.")
@click.option("--input", "source", type=FILE, help="Rows to predict; the hold-out.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def command(version: str | None, reference: str | None, source: Path | None, as_json: bool) -> None:
    """Predict the same rows by VERSION, by default the newest, and by the champion.

    Shows how many predictions differ, by how much, which most, and on which slices. It judges
    nothing: the exit code is 0 however much they differ.
    """
    other, first = versions.find(version), chosen_reference(reference)
    if other.number == first.number:
        message = f"version {other.number} would be compared with itself"
        known = ", ".join(found.number for found in versions.listed())
        raise WrongInput(message, f"name another: --with VERSION; registered are: {known}")
    rows, slices = read_rows(source), load_contract().slices
    with ExitStack() as stack:
        before, after = (
            benchmark.predict(stack.enter_context(benchmark.contender(found)), rows)
            for found in (first, other)
        )
    means = outcome.difference_means(tuple(schema.LABELS))
    found = {
        "reference": first.number,
        "version": other.number,
        "source": str(source or paths.FEATURES / HOLDOUT_ROWS),
        **{f"{what}_means": said for what, said in means.items()},
        **compare(rows, before, after, slices),
    }
    click.echo(json.dumps(found) if as_json else as_text(found))


def chosen_reference(number: str | None) -> versions.Version:
    """Return the version to compare with; `WrongInput` when there is no champion to do it with."""
    chosen = versions.find(number) if number else versions.by_alias(versions.CHAMPION)
    if chosen is None:
        raise WrongInput("there is no champion to compare with", "name a version: --with VERSION")
    return chosen


def read_rows(source: Path | None) -> pd.DataFrame:
    """Return the rows of a file, or those held out; `Refused` when they break the schema."""
    if source is None:
        path = paths.FEATURES / HOLDOUT_ROWS
        if not path.is_file():
            raise WrongInput(f"{path} does not exist", "uv run just repro makes it")
        return pd.read_parquet(path)
    rows = tables.read(source, schema, data).reset_index(drop=True)
    if rows.empty:
        raise WrongInput(f"{source} has no rows")
    if problems := check_columns(rows, tables.known_columns(schema)):
        raise Refused(f"{source}: {problems[0]['message']}")
    return rows


def compare(
    rows: pd.DataFrame, reference: pd.DataFrame, other: pd.DataFrame, slices: Slices
) -> dict[str, Any]:
    """Say how far two tables of predictions are apart.

    Args:
        rows: (n, columns) of the schema; it names slices and single rows.
        reference: (n, k) predictions of one model, as `outcome.predict` gives them.
        other: (n, k) predictions of the other.
        slices: Which groups to look at, and how small they may be.
    """
    apart = outcome.difference(reference, other)
    answers = [outcome.as_columns(part)["prediction"] for part in (reference, other)]
    largest = apart["distance"].nlargest(LARGEST)
    return {
        "rows": len(rows),
        **summary(apart),
        "median": float(apart["distance"].median()),
        "p95": float(apart["distance"].quantile(0.95)),
        "max": float(apart["distance"].max()),
        "largest": [
            {"key": key, "reference": before, "version": after, "distance": float(distance)}
            for key, before, after, distance in zip(
                tables.as_records(keys(rows.loc[largest.index])),
                *(answer.loc[largest.index].tolist() for answer in answers),
                largest,
                strict=True,
            )
        ],
        "slices": by_slice(rows, apart, slices),
    }


def summary(apart: pd.DataFrame) -> dict[str, float]:
    """Return how many rows changed, as a share, and the mean distance."""
    return {"changed": float(apart["changed"].mean()), "mean": float(apart["distance"].mean())}


def keys(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what names a row, without personal columns."""
    personal = {column.name for column in schema.COLUMNS if column.personal}
    return rows[[name for name in schema.KEY if name in rows and name not in personal]]


def by_slice(rows: pd.DataFrame, apart: pd.DataFrame, slices: Slices) -> list[dict[str, Any]]:
    """Return the large slices of the contract that the rows can be cut into, most apart first."""
    found = [
        {"column": column, "value": str(value), "rows": len(group), **summary(apart.loc[group])}
        for column in slices.columns
        if column in rows
        for value, group in rows.groupby(column).groups.items()
        if len(group) >= slices.min_rows
    ]
    return sorted(found, key=lambda part: (-part["changed"], -part["mean"]))


def as_text(found: dict[str, Any]) -> str:
    """Return the comparison as a table for people."""
    lines = [
        f"version {found['version']} beside version {found['reference']}, "
        f"{counted(found['rows'], 'row')} of {found['source']}",
        f"{found['changed_means']}: {100 * found['changed']:.1f} % of the rows",
        f"{found['distance_means']}: mean {found['mean']:.4g}, median {found['median']:.4g}, "
        f"95 of 100 below {found['p95']:.4g}, most {found['max']:.4g}",
        "",
        f"{'slice':<30} {'rows':>8} {'changed':>9} {'mean':>9}",
        *(
            f"{part['column'] + ' = ' + part['value']:<30} {part['rows']:>8,} "
            f"{100 * part['changed']:>7.1f} % {part['mean']:>9.4g}"
            for part in found["slices"]
        ),
        "",
        f"the {len(found['largest'])} rows that are furthest apart:",
        *(
            f"{row['distance']:>9.4g}  {short(row['reference'])} -> {short(row['version'])}  "
            + ", ".join(f"{name} {value}" for name, value in row["key"].items())
            for row in found["largest"]
        ),
    ]
    return "\n".join(lines)


def short(answer: Any) -> str:
    """Return a label, or a number without its many digits."""
    return f"{answer:.4g}" if isinstance(answer, float) else str(answer)
