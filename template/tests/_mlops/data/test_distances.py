# The template's. How far your own columns may move is yours, in params.yaml: drift.
"""The distances that `monitor`, `ingest` and `drift` judge by are those of Evidently's pages."""

import numpy as np
import pandas as pd
import pytest

from ..package import distances

pytestmark = pytest.mark.command

METHODS = ("wasserstein", "jensenshannon", "hellinger", "psi")


def names(shares: list[float], random: np.random.Generator) -> pd.Series:
    """Return names drawn with these shares, some of them missing."""
    drawn = pd.Series(random.choice(list("abcd"), size=800, p=shares))
    return drawn.where(random.random(800) > 0.1)


def sides() -> dict[str, tuple[pd.Series, pd.Series]]:
    """Return columns of every kind as they were, and as they are."""
    random = np.random.default_rng(0)
    number = pd.Series(random.gamma(2, 10, size=1000))
    few = pd.Series(random.integers(0, 5, size=1000))
    return {
        "moved": (number, pd.Series(random.gamma(2, 14, size=700))),
        "same": (number, number),
        "with gaps": (number.where(random.random(1000) > 0.3), number.where(number < 40) + 3),
        "endless": (number.replace(number.max(), np.inf), number + 1),
        "few": (few, few.iloc[:600] // 2 + 3),
        "nullable": (few.astype("Int64"), few.where(few > 0).astype("Int64")),
        "constant": (number * 0 + 7, number * 0 + 9),
        "names": (names([0.5, 0.3, 0.2, 0.0], random), names([0.2, 0.3, 0.0, 0.5], random)),
        "apart": (pd.Series(["a"] * 50), pd.Series(["b"] * 40)),
    }


TEXTS = ("names", "apart")
PAIRS = [
    (name, method)
    for name in sides()
    for method in METHODS
    if not (name in TEXTS and method == "wasserstein")
]


def of_evidently(reference: pd.Series, current: pd.Series, method: str, text: bool) -> float:
    """Return what Evidently measures."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    kind = "categorical_columns" if text else "numerical_columns"
    tables = [
        Dataset.from_pandas(side.to_frame("x"), data_definition=DataDefinition(**{kind: ["x"]}))
        for side in (current, reference)
    ]
    snapshot = Report([ValueDrift(column="x", method=method)]).run(*tables)
    return float(snapshot.dict()["metrics"][0]["value"])


@pytest.mark.parametrize(("name", "method"), PAIRS)
def test_a_distance_is_that_of_evidently(name: str, method: str) -> None:
    reference, current = sides()[name]
    text = name in TEXTS

    found = distances.distance(method, reference, current, text)

    assert found == pytest.approx(of_evidently(reference, current, method, text), abs=1e-7)


def test_all_columns_but_the_same_one_are_apart() -> None:
    found = {name: distances.distance("psi", *sides()[name], name in TEXTS) for name in sides()}

    assert found.pop("same") == 0
    assert min(found.values()) > 0
