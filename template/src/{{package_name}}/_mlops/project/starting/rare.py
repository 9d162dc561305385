# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Which labels are too rare to be learned, and which are another one, spelled otherwise?"""

from dataclasses import replace

from .profile import FEWEST_OF_LABEL, MOST_LABELS, Names, bare
from .source import Source

SPELLINGS = 4  # of each label, at most
MOST_RARE = 0.05  # share of the rows that may lose their label so
SHOWN = 3  # labels


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
    """Return a table in which labels of a few rows count as no value; the same one if many do.

    data.py then reads later files alike. A person who would rather join such labels does so
    before; a label that is spelled in two ways is one that a person has to look at.
    """
    name = Names(source).one(target)
    if not name or source.written[name].kind != "text":
        return source
    counts = source.rows[name].value_counts()
    rare, usual = counts[counts < FEWEST_OF_LABEL].index, counts[counts >= FEWEST_OF_LABEL].index
    again = {bare(label) for label in rare} & {bare(label) for label in usual}
    if rare.empty or len(usual) < 2 or counts[rare].sum() > MOST_RARE * counts.sum() or again:
        return source
    values, written = source.rows[name], source.written[name]
    labels = ", ".join(repr(str(label)[:40]) for label in rare[:SHOWN])
    more = f" and {len(rare) - SHOWN} more" if len(rare) > SHOWN else ""
    note = f"fewer than {FEWEST_OF_LABEL} rows have {name} {labels}{more}: taken for no value"
    return replace(
        source,
        rows=source.rows.assign(**{name: values.mask(values.isin(rare))}),
        written={**source.written, name: replace(written, missing=(*written.missing, *rare))},
        notes=(*source.notes, note),
    )
