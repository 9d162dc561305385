# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Which columns all but say what is predicted, because they are known only after it?"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

PREDICTED = re.compile(
    r"(.*_)?(y_?(pred|hat|proba?|score|true)|pred(icted|ictions?)?|residuals?|fitted)(_.*)?"
)
NUMBERED = re.compile(r"(.*[^\d_])_?\d+")
LEAK = 0.995  # share of what a column alone says right, beyond what guessing does
LEAST_LEAK = 0.98  # the same where one row more or less is half a percent
LOOKED_AT = 20_000  # rows, where a sample is as good
NEAR = 0.9  # the same, from which a person should look at it
MOST_PAIRED = 25  # columns whose pairs are looked at
MOST_PARTS = 20  # values of a column that was made of the target
LEAST_PART = 5  # rows of each of them
FEWEST_GAPS = 20  # rows without the target, from which what else they lack is no chance
Leak = tuple[str, str, bool]
NO_CHANCE = 1e-6  # that all rows which have a value are of one label
MANY = 50  # different values from which a text may be free, or an identifier


def named_so(names: Sequence[str], target: str) -> Iterator[tuple[Sequence[str], str]]:
    """Yield columns whose names tell of an outcome, with how they are named."""
    if predicted := [name for name in names if PREDICTED.fullmatch(name)]:
        yield predicted, "as what a model says"
    if of_target := NUMBERED.fullmatch(target):
        numbered = [(name, NUMBERED.fullmatch(name)) for name in names]
        like = [name for name, one in numbered if one and one[1] == of_target[1]]
        if 0 < len(like) < len(names) / 2:  # else names say nothing, as v1 to v60
            yield like, f"as {target} is"


def find_leaks(
    rows: pd.DataFrame, y: pd.Series, labels: tuple[str, ...], names: list[str]
) -> Iterator[Leak]:
    """Give columns that all but determine the target, alone or as a pair, and the reason.

    Those that come near to it are given too, as not sure: an honest one may be as good.
    """
    found, noted = set[str](), set[str]()
    for name in names:
        gaps = rows[name].isna()
        if labels and 0.01 < gaps.mean() < 0.99:
            shares = pd.crosstab(gaps, y)
            filled = shares.loc[False]
            label, rows_of = filled.idxmax(), shares.sum()
            every = filled[label] == rows_of[label]
            chance = (rows_of[label] / rows_of.sum()) ** filled[label]
            if filled[label] == filled.sum() and (every or chance < NO_CHANCE):
                sure = bool(every) and len(labels) == 2  # else it tells nothing of the others
                (found if sure else noted).add(name)
                it = "it is" if sure else "is"
                yield name, f"{it} filled only when {y.name} is {label}", sure
    few = rows.sample(min(LOOKED_AT, len(rows)), random_state=0)
    # labels as numbers: a tree takes three times as long to look at texts
    target = pd.Series(pd.factorize(y)[0], y.index)[few.index] if labels else y[few.index]
    target = target.astype("float64")
    limit = LEAK
    if labels:  # one row on the wrong side of a limit is no doubt, in a small table
        others = len(target) - int(target.value_counts().max())
        limit = max(LEAST_LEAK, min(LEAK, 1 - 1.5 / max(1, others)))
    coded = {name: codes(few[name]) for name in names if name not in found}
    for name in parts_of(few, target, labels, [name for name in coded if name not in found]):
        if labels or few[name].dtype.kind in "iufM":  # as milk tells mammals, and a year sums
            noted.add(name)
            yield name, f"has values that each stand for a part of {y.name}", False
        else:
            found.add(name)
            yield name, f"each of its values stands for a part of {y.name}", True
    for name, values in coded.items():
        names_rows = few[name].dtype == "str" and few[name].nunique() > max(MANY, len(few) / 20)
        if name in found or names_rows:
            continue  # it names rows: whatever it says about these it says about no other
        right = says(values[:, None], target, bool(labels))
        if right >= limit:
            found.add(name)
            yield name, f"it alone says {percent(right)} of what {y.name} is", True
        elif right >= NEAR and name not in noted:
            yield name, f"alone says {percent(right)} of what {y.name} is", False
    if not labels:
        numeric = [name for name in coded if name not in found and few[name].dtype.kind in "iuf"]
        yield from pairs({name: coded[name] for name in numeric}, target)


def parts_of(
    few: pd.DataFrame, target: pd.Series, labels: tuple[str, ...], names: list[str]
) -> Iterator[str]:
    """Give columns that were made of the target: one label or none of it, or a range of numbers.

    They say little of it by themselves, where a tree is asked for all of it.
    """
    for name in names:
        values, known = few[name], few[name].notna()
        if (
            not 2 <= values.nunique() <= MOST_PARTS
            or values[known].value_counts().min() < LEAST_PART
        ):
            continue
        if not labels:
            spans = target[known].groupby(values[known]).agg(["min", "max"]).sort_values("min")
            if (spans["min"].iloc[1:].to_numpy() > spans["max"].iloc[:-1].to_numpy()).all():
                yield name
        elif len(labels) > 2 and values.nunique() == 2:
            counts = pd.crosstab(target[known], values[known])
            alone = counts.gt(0).sum(axis=1) == 1
            if alone.all() and counts.gt(0).sum().min() == 1:
                yield name


def pairs(coded: dict[str, np.ndarray], target: pd.Series) -> Iterator[Leak]:
    """Give pairs of columns whose sum, difference, product or ratio is the target.

    Those that say most by themselves are looked at first.
    """
    alone = {name: abs(correlation(values, target)) for name, values in coded.items()}
    first = sorted(alone, key=lambda name: -alone[name])[:MOST_PAIRED]
    positive = {name for name in first if coded[name].min() > 0}
    found: set[str] = set()
    for one, two in combinations([name for name in coded if name in first], 2):
        a, b = coded[one], coded[two]
        ways = {"-": a - b, "+": a + b}
        if {one, two} <= positive:
            ways |= {"*": a * b, "/": a / b, "over": b / a}
        missed = 1 - max(alone[one], alone[two])
        for sign, value in ways.items():
            says_it = 1 - abs(correlation(value, target))
            if {one, two} & found or says_it > min(1 - LEAK, missed / 4):
                continue  # or one of the two says it, and the other only little more
            found |= {one, two}
            of = f"{two} / {one}" if sign == "over" else f"{one} {sign} {two}"
            yield one, f"{of} says what {target.name} is", True
            yield two, f"{of} says what {target.name} is", True


def filled_with(rows: pd.DataFrame, y: pd.Series, names: list[str]) -> Iterator[Leak]:
    """Give columns that no row lacks that has the target: they may come about with it.

    Not of rows without most columns: these were lost but for what names them.
    """
    known = y.notna()
    if (~known).sum() < FEWEST_GAPS:
        return
    lacking = {name: rows.loc[~known, name].isna().mean() for name in names}
    if 2 * sum(share == 1 for share in lacking.values()) > len(names):
        return
    for name, share in lacking.items():
        if share < 0.5 or rows.loc[known, name].isna().any():
            continue
        if share == 1:
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
    """Write a share for people: a small one is not none."""
    return "<0.1%" if 0 < share < 0.0005 else format(share, ".1%")


def correlation(one: np.ndarray, other: pd.Series) -> float:
    """Return Pearson's correlation; 0 where one of them never varies."""
    if np.ptp(one) == 0 or other.nunique() < 2:
        return 0.0
    return float(np.corrcoef(one, other.to_numpy())[0, 1])
