# The template's. Claims about what your model says go into tests/test_model.py.
"""What a classifier answers: labels, and probabilities that add up to one."""

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from . import outcome, schema, tables

LABELS = ("no", "yes")


def test_probabilities_stand_in_the_order_of_the_schema() -> None:
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=[7, 8, 9])
    model = DummyClassifier(strategy="prior").fit(rows, ["yes", "yes", "no"])
    found = outcome.predict(model, rows, LABELS)

    assert list(found) == ["no", "yes"]
    assert list(found.index) == [7, 8, 9]
    assert found["yes"].tolist() == pytest.approx([2 / 3] * 3)


def test_a_label_that_training_did_not_hold_is_never_expected() -> None:
    rows = pd.DataFrame({"x": [0.0, 1.0]})
    model = DummyClassifier(strategy="prior").fit(rows, ["yes", "no"])

    assert outcome.predict(model, rows, ("no", "perhaps", "yes"))["perhaps"].tolist() == [0, 0]


def test_files_and_answers_hold_the_same() -> None:
    y_pred = pd.DataFrame({"no": [0.75, 0.25], "yes": [0.25, 0.75]})
    columns, answer = outcome.as_columns(y_pred), outcome.as_answer(y_pred)

    assert columns["prediction"].tolist() == answer["predictions"] == ["no", "yes"]
    assert columns["probability"].tolist() == columns["probability_yes"].tolist() == [0.25, 0.75]
    assert answer["probabilities"] == [{"no": 0.75, "yes": 0.25}, {"no": 0.25, "yes": 0.75}]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (["no", "no"], "is 'no' in all 2 rows"),
        (["no", "maybe"], "holds ['maybe']"),
        (["no", "yes"], ""),
    ],
)
def test_a_target_that_cannot_be_learned_is_named(target: list[str], said: str) -> None:
    found = outcome.check_target(pd.Series(target), LABELS)

    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_the_service_answers_with_labels_and_probabilities_that_add_up(
    service: httpx.Client, known: pd.DataFrame
) -> None:
    request = {"rows": tables.as_records(known.head(20))}
    answer = service.post("/predict", json=request).json()
    shares = pd.DataFrame(answer["probabilities"])

    assert list(shares) == list(schema.LABELS)
    np.testing.assert_allclose(shares.sum(axis="columns"), 1)
    assert shares.idxmax(axis="columns").tolist() == answer["predictions"]
