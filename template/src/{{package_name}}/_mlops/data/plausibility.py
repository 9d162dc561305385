# The template's. Columns, time and target are yours, in schema.py; bounds, in params.yaml.
"""Does a batch look as seasons do, like another population, or broken?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from ... import schema
from ..interface import Column, OptionalSchema
from . import broken_rows, broken_values, envelope, tables, validation
from .envelope import FEWEST, Reference
from .finding import Finding

SEASON, POPULATION, BROKEN = "as seasons do", "another population", "looks broken"
FEW = "too few rows to judge"


@dataclass(frozen=True)
class Judgement:
    """What a batch looks like, and why.

    Args:
        says: One of `as seasons do`, `another population`, `looks broken`, `too few rows to judge`.
        findings: What looks broken.
        moved: Columns that went further than between the windows that are known.
    """

    says: str
    findings: Sequence[Finding]
    moved: Sequence[str]

    def record(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        findings = [finding.record() for finding in self.findings]
        return {"says": self.says, "findings": findings, "moved": list(self.moved)}


def worst(says: Iterable[str]) -> str:
    """Return the gravest that is said of several batches."""
    return max(says, key=[FEW, SEASON, POPULATION, BROKEN].index, default=FEW)


def judge(
    reference: pd.DataFrame,
    batch: pd.DataFrame,
    share: float,
    *,
    outcomes: bool = False,
    now: datetime | None = None,
) -> Judgement:
    """Judge a batch by rows that are known; columns that either lacks are passed over.

    Args:
        reference: Known rows, all there are.
        batch: New rows; both with the schema's types.
        share: Of the columns, from which the batch is another population.
        outcomes: Whether both have all columns, those of the outcome too.
        now: Rows after it are still to come; without it, as in a log of requests, neither times
            nor rows per day are judged.
    """
    reference, batch = reference.reset_index(drop=True), batch.reset_index(drop=True)
    findings: list[Finding] = []
    timed = now is not None and envelope.has_time(batch, schema)
    if timed and now:
        findings += broken_rows.times(batch, schema, now)
    known_target = validation.read_target(reference) if outcomes else None
    known = envelope.cut(reference, known_target, batch, schema)
    if known is None:
        return Judgement(BROKEN if findings else FEW, findings, [])
    few = len(batch) < FEWEST
    columns = [one for one in comparable() if one.name in batch and one.name in reference]
    in_time = {one.name for one in tables.known_columns(schema)}
    early = [one for one in columns if one.name in in_time]
    if timed and not (findings or few):
        findings += broken_rows.per_day(known, batch, schema.TIME)
    odd = list(broken_values.look(known, batch, early))
    findings += odd
    together = schema.TIME or getattr(schema, "GROUP", OptionalSchema.GROUP)
    if few and now and not together:  # a batch is drawn of all rows, as the windows are
        findings += broken_values.lost(known, batch, early)
    if outcomes and not few:
        late = [one for one in columns if one not in early]
        findings += with_outcomes(known, batch, early, late, broken_values.named_in(odd))
    moved = [] if few else [one.name for one in early if has_moved(known, batch, one)]
    says = POPULATION if len(moved) > share * len(early) else SEASON
    says = FEW if few else says
    return Judgement(BROKEN if findings else says, findings, moved)


def with_outcomes(
    known: Reference,
    batch: pd.DataFrame,
    early: list[Column],
    late: list[Column],
    odd: set[str],
) -> list[Finding]:
    """Return what looks broken in the outcomes of a batch, and in what is known with them.

    Columns that are odd themselves say nothing of the outcomes, but they may leak them.
    """
    target, names = validation.read_target(batch), [one.name for one in (*early, *late)]
    powers = broken_rows.all_powers(known, batch, target, names)
    found = list(broken_rows.outcomes(known, batch, target, names, schema.MISSING_TARGET))
    values = [] if found else list(broken_values.look(known, batch, late))
    found += broken_rows.leaks(known, powers, early)
    sound = [one for one in early if one.name not in odd]
    powers = {name: power for name, power in powers.items() if name not in odd}
    if not found:
        found += broken_rows.labels(known, target, powers, not schema.LABELS)
    if not found:
        found += broken_rows.relation(known, batch, target, sound, not schema.LABELS)
    return found + values


def comparable() -> list[Column]:
    """Return the columns that say what a row is like, not which one it is or when it was."""
    return [
        column
        for column in schema.COLUMNS
        if not (column.kind == "timestamp" or column.personal or column.names)
        and not tables.names_rows(column, schema)
    ]


def has_moved(known: Reference, batch: pd.DataFrame, column: Column) -> bool:
    """Say whether a column is further from every window than windows are from each other."""
    values, new = known.rows[column.name], batch[column.name]
    if column.kind in ("integer", "number"):
        edges = np.unique(values.dropna().quantile(np.linspace(0.1, 0.9, 9)))
        where = [np.searchsorted(edges, one.to_numpy("float64"), "right") for one in (values, new)]
        codes = [np.where(one.isna(), 10, at) for one, at in zip((values, new), where, strict=True)]
    elif values.nunique() > broken_values.GROUPS:
        return False
    else:
        both = pd.factorize(pd.concat([values, new]), use_na_sentinel=False)[0]
        codes = [both[: len(values)], both[len(values) :]]
    size = int(max(one.max() for one in codes)) + 1
    parts = np.array([_shares(codes[0][window], size) for window in known.windows])
    nearest = float((np.abs(parts - _shares(codes[1], size)).sum(axis=1) / 2).min())
    between = np.abs(parts[:, None] - parts[None]).sum(axis=2) / 2
    np.fill_diagonal(between, np.inf)
    return bool(nearest > 1.5 * between.min(axis=1).max() + 0.05)


def _shares(codes: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(codes, minlength=size) / len(codes)
