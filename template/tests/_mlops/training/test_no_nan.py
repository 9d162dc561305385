# The template's. Yours are features.py and model.py; schema.py says which values there may be.
"""No NaN: whatever the schema allows, predictions are finite numbers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ..broken import KNOWN
from ..package import features, interface, metrics, model, outcome, schema
from .toy_models import Stubborn, inputs_and_target


@pytest.fixture(scope="module")
def fitted(sample: pd.DataFrame, params: interface.Section) -> Any:
    """Return the model, fitted on the sample."""
    return model.build_model(params).fit(*inputs_and_target(sample))


def edge(column: interface.Column, values: pd.Series) -> dict[str, Any]:
    """Return the values at the edges of what a column may hold."""
    found: dict[str, Any] = {"missing": None} if column.missing else {}
    if column.kind in ("integer", "number"):
        low = values.min() if column.low is None else column.low
        high = values.max() if column.high is None else column.high
        found |= {"smallest": low, "largest": high}
        found |= {"zero": 0} if low <= 0 <= high else {}
    if column.kind == "text":
        found |= {"empty": "", "never seen": "??"}
    return found


def with_value(rows: pd.DataFrame, column: interface.Column, value: Any) -> pd.DataFrame:
    """Return the rows with one value in a whole column, of the column's type."""
    kind = rows[column.name].dtype
    return rows.assign(**{column.name: pd.Series(value, rows.index).astype(kind)})


def not_finite(model: Any, inputs: pd.DataFrame) -> str:
    """Say what is not a finite number, of inputs or of predictions; nothing when all is well."""
    numbers = inputs.select_dtypes("number").to_numpy(dtype="float64")
    if np.isinf(numbers).any():
        return "a feature is infinite"
    predicted = outcome.predict(model, inputs, schema.LABELS).to_numpy(dtype="float64")
    return "" if np.isfinite(predicted).all() else "a prediction is not a finite number"


@pytest.mark.parametrize("column", KNOWN, ids=lambda column: column.name)
def test_values_at_the_edge_give_finite_numbers(
    column: interface.Column, fitted: Any, known: pd.DataFrame
) -> None:
    rows = known.head(20)
    for what, value in edge(column, known[column.name]).items():
        inputs = features.build_features(with_value(rows, column, value))
        assert not_finite(fitted, inputs) == "", what


def test_everything_missing_that_may_be_gives_finite_numbers(
    fitted: Any, known: pd.DataFrame
) -> None:
    rows = known.head(20)
    for column in KNOWN:
        rows = with_value(rows, column, None) if column.missing else rows

    assert not_finite(fitted, features.build_features(rows)) == ""


def test_every_row_of_the_sample_gives_finite_numbers(fitted: Any, known: pd.DataFrame) -> None:
    assert not_finite(fitted, features.build_features(known)) == ""


def test_baselines_give_finite_numbers_and_scores(sample: pd.DataFrame) -> None:
    inputs, target = inputs_and_target(sample)
    for name, baseline in model.build_baselines().items():
        predicted = outcome.predict(baseline.fit(inputs, target), inputs, schema.LABELS)
        assert np.isfinite(predicted.to_numpy(dtype="float64")).all(), name
        assert all(np.isfinite(value) for value in metrics.score(target, predicted).values()), name


def test_a_model_that_says_nan_is_found(sample: pd.DataFrame) -> None:
    inputs, target = inputs_and_target(sample)

    found = not_finite(Stubborn().fit(inputs.copy(), target), inputs)
    assert found == "a prediction is not a finite number"


def test_a_feature_divided_by_zero_is_found(fitted: Any, sample: pd.DataFrame) -> None:
    inputs, _ = inputs_and_target(sample)

    assert not_finite(fitted, inputs.assign(ratio=np.inf)) == "a feature is infinite"
