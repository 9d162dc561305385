# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Which labels are too rare to be learned, and which are another one, spelled otherwise?"""

from dataclasses import replace

import pandas as pd

from ...errors import counted, first_of
from .cutting import LATER
from .profile import FEWEST_OF_LABEL, MOST_LABELS, Names, bare, holds_labels
from .source import Source

SPELLINGS = 4  # of each label, at most
MOST_RARE = 0.05  # share of the rows that may lose their label so


def one_spelling(source: Source, target: str) -> Source:
    """Return a table in which Late and LATE are the one of them that is usual.

    Those of one letter stay as they are: a and A may be two marks. data.py reads later files alike.
    """
    name = Names(source).one(target)
    if not name or source.written[name].kind != "text":
        return source
    counts = source.rows[name].value_counts()
    if len(counts) > SPELLINGS * MOST_LABELS:
        return source
    usual: dict[str, str] = {}
    for label in map(str, counts.index):
        usual.setdefault(bare(label), label)
    others = {str(one): usual[bare(str(one))] for one in counts.index if len(bare(str(one))) > 1}
    spelled = {one: label for one, label in sorted(others.items()) if one != label}
    if not spelled:
        return source
    first, label = next(iter(spelled.items()))
    more = f", and {len(spelled) - 1} more alike" if len(spelled) > 1 else ""
    return replace(
        source,
        rows=source.rows.assign(**{name: source.rows[name].replace(spelled)}),
        written={**source.written, name: replace(source.written[name], spelled=spelled)},
        notes=(*source.notes, f"{name}: {first[:40]!r} is taken for {label[:40]!r}{more}"),
    )


def without_rare(source: Source, target: str) -> Source:
    """Return a table without the rows of rare labels; the same one if these are many.

    data.py reads such a label of later files as no value. A person who would rather join such
    labels does so before; one that is spelled in two ways is one that a person has to look at.
    """
    name = Names(source).one(target)
    if not name or not are_spelled(source, name):
        return source
    counts = source.rows[name].value_counts()
    rare, usual = counts[counts < FEWEST_OF_LABEL].index, counts[counts >= FEWEST_OF_LABEL].index
    again = {bare(str(label)) for label in rare} & {bare(str(label)) for label in usual}
    if rare.empty or len(usual) < 2 or counts[rare].sum() > MOST_RARE * counts.sum() or again:
        return source
    note = f"fewer than {FEWEST_OF_LABEL} rows have {name} {shown(rare)}"
    return without(source, name, rare, note)


def without_new(source: Source, target: str, time: str, holdout_share: float) -> Source:
    """Return a table without the rare labels that come too late in time to be learned.

    The same one if no label does, many rows have such a label, or rows are not split in time.
    """
    name = Names(source).one(target)
    if not time or not are_spelled(source, name):
        return source
    rows = source.rows.sort_values(time, kind="stable")
    first = rows.head(int(len(rows) * (1 - LATER))).dropna(subset=name)
    learned = first[first[time] < first[time].iloc[int(len(first) * (1 - holdout_share))]]
    counts = rows[name].value_counts()
    new = counts.index.difference(learned[name])
    if new.empty or len(counts) - len(new) < 2 or counts[new].sum() > MOST_RARE * counts.sum():
        return source
    come = "comes" if len(new) == 1 else "come"
    note = f"{name} {shown(new)} {come} only in the later part of the rows"
    return without(source, name, new, note)


def are_spelled(source: Source, name: str) -> bool:
    """Say whether a target holds labels that are words, or whole numbers that stand for some."""
    written = source.written[name]
    known = source.rows[name].dropna()
    return written.kind in ("text", "integer") and holds_labels(known, written, name)


def shown(labels: pd.Index) -> str:
    """Name the first of some labels."""
    return first_of([repr(str(label)[:40]) for label in labels], ", ")


def without(source: Source, name: str, labels: pd.Index, why: str) -> Source:
    """Return a table without the rows of these labels, which count as no value in later files."""
    gone, written = source.rows[name].isin(labels), source.written[name]
    spelled = dict.fromkeys(form for one in labels.tolist() for form in (one, str(one)))
    left_out = (
        f"{counted(int(gone.sum()), 'row')} left out, and later ones count as without a value"
    )
    return replace(
        source,
        rows=source.rows[~gone].reset_index(drop=True),
        written={**source.written, name: replace(written, missing=(*written.missing, *spelled))},
        notes=(*source.notes, f"{why}: {left_out}"),
    )
