# The template's. Yours are model.py and its section of params.yaml.
"""Training converges: a few rows that are seen often enough are learned completely."""

from typing import Any

import pandas as pd
import pytest

from ..package import interface, metrics, model, outcome, schema
from .toy_models import Stubborn, constant, error, few, inputs_and_target, repeated

BY_HEART = 0.5  # of what a constant gets wrong, at most so much is left


@pytest.fixture(scope="module")
def given(sample: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return inputs and target of the sample."""
    return inputs_and_target(sample)


def left(unfitted: Any, inputs: pd.DataFrame, target: pd.Series) -> float:
    """Return which share of a constant's error is left on rows that were learned."""
    baseline = error(constant().fit(inputs, target), inputs, target)
    return error(unfitted.fit(inputs, target), inputs, target) / baseline


def test_a_few_rows_are_learned_by_heart(
    given: tuple[pd.DataFrame, pd.Series], params: interface.Section
) -> None:
    assert left(model.build_model(params), *repeated(*few(*given))) < BY_HEART


def test_the_few_rows_are_there_and_hold_more_than_one_outcome(
    given: tuple[pd.DataFrame, pd.Series],
) -> None:
    inputs, target = few(*given)

    assert len(inputs) == len(target) >= 2
    assert target.nunique() >= 2


def test_the_model_does_better_than_a_constant_on_what_it_learned(
    given: tuple[pd.DataFrame, pd.Series], params: interface.Section
) -> None:
    inputs, target = given

    assert left(model.build_model(params), inputs, target) < 1


def test_the_score_of_what_was_learned_is_finite(
    given: tuple[pd.DataFrame, pd.Series], params: interface.Section
) -> None:
    inputs, target = given
    fitted = model.build_model(params).fit(inputs, target)
    scores = pd.Series(metrics.score(target, outcome.predict(fitted, inputs, schema.LABELS)))

    assert scores.notna().all(), scores


def test_a_model_that_cannot_learn_is_found(given: tuple[pd.DataFrame, pd.Series]) -> None:
    inputs, target = repeated(*few(*given))

    assert left(constant(), inputs, target) == pytest.approx(1)
    assert not left(Stubborn(), inputs.copy(), target) < BY_HEART
