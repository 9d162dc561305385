# The template's. Claims about your own model go into tests/test_model.py.
"""What model.py returns can be fitted, repeats itself, and stays the same on disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.base import clone

from ..package import artifact, interface, model, outcome, schema
from .toy_models import Stubborn, inputs_and_target

NAMES = ["the model", *model.build_baselines()]


@pytest.fixture(scope="module")
def given(sample: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return inputs and target of the sample."""
    return inputs_and_target(sample)


def built(name: str, params: interface.Section) -> Any:
    """Return a model of model.py, unfitted."""
    return model.build_model(params) if name == NAMES[0] else model.build_baselines()[name]


def faults(unfitted: Any, inputs: pd.DataFrame, target: pd.Series) -> list[str]:
    """Name what is wrong with the methods of a model."""
    before, found = inputs.copy(deep=True), []
    fitted = clone(unfitted).fit(inputs, target)
    if not inputs.equals(before):
        found.append("fit changes its input")
        inputs = before
    predicted = outcome.predict(fitted, inputs, schema.LABELS)
    if hasattr(unfitted, "n_features_in_"):
        found.append("it is fitted before fit")
    if not predicted.index.equals(inputs.index):
        found.append("rows and predictions differ")
    again = clone(unfitted).fit(inputs.copy(), target)
    if not outcome.predict(again, inputs, schema.LABELS).equals(predicted):
        found.append("the same rows give another model")
    turned = outcome.predict(fitted, inputs.iloc[::-1], schema.LABELS).iloc[::-1]
    # linear algebra rounds the last digit otherwise where rows lie otherwise in memory
    if not np.allclose(turned, predicted, rtol=1e-9, atol=1e-12):
        found.append("a prediction depends on the other rows")
    if schema.LABELS and not predicted.sum(axis="columns").sub(1).abs().lt(1e-6).all():
        found.append("the probabilities do not add up to 1")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_its_methods_do_what_they_should(
    name: str, given: tuple[pd.DataFrame, pd.Series], params: interface.Section
) -> None:
    assert faults(built(name, params), *given) == []


def test_it_predicts_the_same_after_a_stay_on_disk(
    given: tuple[pd.DataFrame, pd.Series], params: interface.Section, tmp_path: Path
) -> None:
    inputs, target = given
    fitted = model.build_model(params).fit(inputs, target)
    digest = artifact.save(fitted, tmp_path)
    (tmp_path / artifact.MANIFEST).write_text(f'{{"model_sha256": "{digest}"}}')
    loaded = artifact.load(tmp_path).model

    assert_frame_equal(
        outcome.predict(loaded, inputs, schema.LABELS),
        outcome.predict(fitted, inputs, schema.LABELS),
    )


def test_a_model_that_does_not_is_named(given: tuple[pd.DataFrame, pd.Series]) -> None:
    inputs, target = given
    found = faults(Stubborn(), inputs.copy(), target)

    assert "fit changes its input" in found
    assert "the same rows give another model" in found
    assert "a prediction depends on the other rows" in found
    assert ("the probabilities do not add up to 1" in found) == bool(schema.LABELS)
