# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Which rows have a label that is too rare to be learned?"""

from dataclasses import replace

from ...errors import counted
from .profile import FEWEST_OF_LABEL, Names
from .source import Source

MOST_RARE = 0.05  # share of the rows that may be left out for that
SHOWN = 3  # labels


def without_rare(source: Source, target: str) -> Source:
    """Return a table without rows of labels of which there are a few; the same one if many are.

    A person who would rather join them does so before; a label that is spelled in two ways is one
    that a person has to look at.
    """
    name = Names(source).one(target)
    if not name or source.written[name].kind != "text":
        return source
    counts = source.rows[name].value_counts()
    rare = counts[counts < FEWEST_OF_LABEL]
    usual = counts[counts >= FEWEST_OF_LABEL]
    spelled = {str(label).lower() for label in usual.index}
    again = any(str(label).lower() in spelled for label in rare.index)
    if rare.empty or len(usual) < 2 or rare.sum() > MOST_RARE * counts.sum() or again:
        return source
    gone = source.rows[name].isin(rare.index)
    labels = ", ".join(repr(str(label)[:40]) for label in rare.index[:SHOWN])
    more = f" and {len(rare) - SHOWN} more" if len(rare) > SHOWN else ""
    rows = counted(int(gone.sum()), "row is", "rows are")
    note = f"{rows} left out: fewer than {FEWEST_OF_LABEL} have {name} {labels}{more}"
    left = source.rows[~gone].reset_index(drop=True)
    return replace(source, rows=left, notes=(*source.notes, note))
