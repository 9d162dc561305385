# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Which columns all but say what is predicted, because they are known only after it?"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

LEAK = 0.995  # share of what a column alone says right, beyond what guessing does
LEAST_LEAK = 0.98  # the same where one row more or less is half a percent
LOOKED_AT = 20_000  # rows, where a sample is as good
NEAR = 0.9  # the same, from which a person should look at it
MOST_PAIRS = 300
FEWEST_GAPS = 20  # rows without the target, from which what else they lack is no chance
Leak = tuple[str, str, bool]
MANY = 50  # different values from which a text may be free, or an identifier


def find_leaks(
    rows: pd.DataFrame, y: pd.Series, labels: tuple[str, ...], names: list[str]
) -> Iterator[Leak]:
    """Give columns that all but determine the target, alone or as a pair, and the reason.

    Those that come near to it are given too, as not sure: an honest one may be as good.
    """
    found: set[str] = set()
    for name in names:
        gaps = rows[name].isna()
        if labels and 0.01 < gaps.mean() < 0.99:
            shares = pd.crosstab(gaps, y)
            if (shares.gt(0).sum(axis=1) == 1).all():
                found.add(name)
                label = shares.columns[shares.loc[False].gt(0)][0]
                yield name, f"it is filled only when {y.name} is {label}", True
    few = rows.sample(min(LOOKED_AT, len(rows)), random_state=0)
    target = y[few.index] if labels else y[few.index].astype("float64")
    limit = LEAK
    if labels:  # one row on the wrong side of a limit is no doubt, in a small table
        others = len(target) - int(target.value_counts().max())
        limit = max(LEAST_LEAK, min(LEAK, 1 - 1.5 / max(1, others)))
    coded = {name: codes(few[name]) for name in names if name not in found}
    for name, values in coded.items():
        if few[name].dtype == "str" and few[name].nunique() > max(MANY, len(few) / 20):
            continue  # it names rows: whatever it says about these it says about no other
        right = says(values[:, None], target, bool(labels))
        if right >= limit:
            found.add(name)
            yield name, f"it alone says {percent(right)} of what {y.name} is", True
        elif right >= NEAR:
            yield name, f"alone says {percent(right)} of what {y.name} is", False
    numeric = [name for name in coded if name not in found and few[name].dtype.kind in "iuf"]
    few_pairs = list(combinations(numeric, 2))[:MOST_PAIRS]
    for one, two in few_pairs:
        for sign, value in (("-", coded[one] - coded[two]), ("+", coded[one] + coded[two])):
            if {one, two} & found or labels:
                continue
            if abs(correlation(value, target)) >= LEAK:
                found |= {one, two}
                reason = f"{one} {sign} {two} says what {y.name} is"
                yield one, reason, True
                yield two, reason, True


def filled_with(rows: pd.DataFrame, y: pd.Series, names: list[str]) -> Iterator[Leak]:
    """Give columns that no row lacks that has the target: they may come about with it."""
    known = y.notna()
    if (~known).sum() < FEWEST_GAPS:
        return
    lacking = {name: rows.loc[~known, name].isna().mean() for name in names}
    lacking = {
        name: share
        for name, share in lacking.items()
        if share >= 0.5 and rows.loc[known, name].notna().all()
    }
    both = [name for name, share in lacking.items() if share == 1]
    whole = 2 * len(both) > len(names)  # of rows that were lost but for what names them
    for name in lacking:
        if name in both and not whole:
            yield name, f"it is filled only when {y.name} is", True
        else:
            yield name, f"is missing only where {y.name} is", False


def codes(values: pd.Series) -> np.ndarray:
    """Return a column as numbers; -1 where a text or truth is missing, far below for numbers."""
    if values.dtype.kind in "iuf":
        found = values.astype("float64")
        filled = found.fillna(found.min() - 1 if found.notna().any() else 0.0)
        return np.asarray(filled, "float64")
    if values.dtype.kind == "M":
        return np.asarray(values.astype("int64"), "float64")
    return np.asarray(pd.factorize(values)[0], "float64")


def says(inputs: np.ndarray, target: pd.Series, of_labels: bool) -> float:
    """Return how much of the target a small tree gets right on rows that it has not seen.

    Of labels, the share beyond what guessing the most frequent one gets right; of numbers, the
    share of the variance.
    """
    if len(np.unique(inputs)) < 2:
        return 0.0
    leaf = max(2, len(target) // 500)
    inputs = np.unique(inputs, return_inverse=True)[1].reshape(-1, 1)  # a tree sees ranks only
    if of_labels:
        tree = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=0)
        said = cross_val_predict(tree, inputs, target, cv=3)
        right = float((said == target).mean())
        guess = float(target.value_counts(normalize=True).max())
        return max(0.0, (right - guess) / (1 - guess))
    ranked = target.rank()
    regressor = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0)
    found = cross_val_predict(regressor, inputs, ranked, cv=3)
    return max(0.0, 1 - float(((ranked - found) ** 2).mean() / ranked.var()))


def percent(share: float) -> str:
    """Write a share for people."""
    return format(share, ".1%")


def correlation(one: np.ndarray, other: pd.Series) -> float:
    """Return Pearson's correlation; 0 where one of them never varies."""
    if np.ptp(one) == 0 or other.nunique() < 2:
        return 0.0
    return float(np.corrcoef(one, other.to_numpy())[0, 1])
