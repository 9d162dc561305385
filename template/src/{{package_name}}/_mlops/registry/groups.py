# The template's. Yours are the columns in schema.py; bars for groups of yours are in contract.yaml.
"""In which groups of rows does a version expect what does not happen?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ... import metrics, schema
from ..data import outcome, tables
from ..interface import Contract
from ..training import diagnosis, scoring
from ..training.diagnosis import DRAWN, Counts, Numbers
from ..training.evaluation import better

FEW = 400  # rows; with fewer, chance alone looks like bad calibration and hides it
ROWS = 30  # in a smaller group the mean of what was off says nothing
BY_CHANCE = 4.0  # standard errors: by chance, one group in some ten thousand is so far off
COSTS = 0.1  # of the variance of what happened: by how much a group may be answered worse


def uneven(
    rows: pd.DataFrame, y_true: pd.Series, y_preds: list[pd.DataFrame], bar: float, worse: float
) -> list[str]:
    """Name the groups for which a version is off by more than chance and bar.

    A group is the rows with one text, or one answer to yes or no, in a column that is known when a
    prediction is asked for. What is off is a share of a label, or standard deviations of a number,
    as the mean of a group; beside a champion also as the mean of its square in each row, in which
    answers that are wrong to both sides do not make up for each other.

    Args:
        rows: (n, columns) of the schema.
        y_true: (n,) outcomes.
        y_preds: Of the version, and of the champion if there is one, for the same rows.
        bar: How far off a group may be where there is no champion.
        worse: How much more than the champion.
    """
    found, named = [], set()
    for name, what, places, (mine, *than), chance in means(rows, y_true, y_preds):
        if mine - chance > (than[0] + worse if than else bar):
            beside = f", the champion by {than[0]:.2g}" if than else ""
            found.append(f"{name}{what}: off by {mine:.2g} on {len(places):,} rows{beside}")
            named.add(name)
    costs = dearer(rows, y_true, *y_preds) if len(y_preds) > 1 else ()
    return found + [f"{name}: {said}" for name, said in costs if name not in named]


def farthest(rows: pd.DataFrame, y_true: pd.Series, y_pred: pd.DataFrame) -> float:
    """Return the least bar that a version without a champion meets, on the whole and in groups."""
    found = [mine - chance for *_, (mine,), chance in means(rows, y_true, [y_pred])]
    return max([diagnosis.calibration(y_true, y_pred), *found])


def means(
    rows: pd.DataFrame, y_true: pd.Series, y_preds: list[pd.DataFrame]
) -> Iterator[tuple[str, str, Counts, list[float], float]]:
    """Yield each group and label, its places, how far each version is off, and what is chance."""
    gaps = [dict(zip(y_pred, diagnosis.gaps(y_true, y_pred), strict=True)) for y_pred in y_preds]
    positive = outcome.positive(schema)
    for name, places in groups(rows):
        for label in [positive] if positive else gaps[0]:
            what = f" of {label!r}" if schema.LABELS else ""
            chance = BY_CHANCE * spread(gaps[0][label][1], y_preds[0][label], places)
            off = [float(np.abs(one[label][1][places].mean())) for one in gaps]
            yield name, what, places, off, chance


def dearer(
    rows: pd.DataFrame, y_true: pd.Series, mine: pd.DataFrame, than: pd.DataFrame
) -> Iterator[tuple[str, str]]:
    """Yield each group that a version answers worse than the champion, and by how much.

    By more than chance, and more than a share of what it would cost to say to each row what is so
    on the whole.
    """
    costs = [squares(y_true, y_pred) for y_pred in (mine, than)]
    limit = COSTS * varies(y_true)
    for name, places in groups(rows):
        more = (costs[0] - costs[1])[places]
        least = more.mean() - BY_CHANCE * more.std(ddof=1) / np.sqrt(len(places))
        if least > limit:
            off, before = (float(np.sqrt(one[places].mean())) for one in costs)
            yield name, f"{off:.2g} off in a row of {len(places):,}, the champion {before:.2g}"


def squares(y_true: pd.Series, y_pred: pd.DataFrame) -> Numbers:
    """Return the square of how far each row's answer is off, (n,)."""
    return sum((off**2 for _, off in diagnosis.gaps(y_true, y_pred)), np.zeros(len(y_true)))


def varies(y_true: pd.Series) -> float:
    """Return the variance of what happened, as `diagnosis.gaps` measures it: of a number 1."""
    shares = y_true.value_counts(normalize=True)
    return float((shares * (1 - shares)).sum()) if schema.LABELS else 1.0


def at_best(
    rows: pd.DataFrame, y_true: pd.Series, y_pred: pd.DataFrame, contract: Contract
) -> dict[tuple[str, str], float]:
    """Return the better end of the metric's 95 % bootstrap interval, for slices of few rows.

    Of those that miss their bar: nobody asks for the others', and drawing rows takes long.

    Args:
        rows: (n, columns) of the schema.
        y_true: (n,) outcomes.
        y_pred: (n, k) predictions of a version.
        contract: Which names slices, and the metric.

    Returns:
        By column and value; nothing for a slice of which rows drawn anew have no such number.
    """
    quality, bar, found = contract.quality, contract.slices.accept, {}
    if bar is None:
        return {}
    for column in contract.slices.columns:
        for value, group in rows.groupby(column).groups.items():
            if not contract.slices.min_rows <= len(group) < FEW:
                continue
            score = metrics.score(y_true.loc[group], y_pred.loc[group])[quality.metric]
            if not better(score, bar, quality):
                drawn = scoring.drawn_anew(y_true.loc[group], y_pred.loc[group], DRAWN)
                best = drawn[quality.metric].quantile(
                    0.975 if quality.better == "higher" else 0.025
                )
                if np.isfinite(best):
                    found[column, str(value)] = float(best)
    return found


def spread(off: Numbers, answers: pd.Series, places: Counts) -> float:
    """Return the standard error of what was off in a group, as a mean.

    A few rows of it may be alike by chance: what the probabilities themselves let expect, or all
    rows of the hold-out where the target is a number, says how far they may be apart.
    """
    own = answers.iloc[places]
    least = float((own * (1 - own)).mean()) if schema.LABELS else float(off.var())
    return float(np.sqrt(max(float(off[places].var()), least) / len(places)))


def groups(rows: pd.DataFrame) -> Iterator[tuple[str, Counts]]:
    """Yield the name and the places of each group that is large enough."""
    for column in tables.known_columns(schema):
        if column.kind not in ("text", "boolean") or column.names or column.personal:
            continue
        for value, places in rows.groupby(column.name, observed=True).indices.items():
            if len(places) >= ROWS:
                yield f"{column.name}={value}", places
