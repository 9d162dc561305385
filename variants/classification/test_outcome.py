# The template's. Claims about what your model says go into tests/test_model.py.
"""What a classifier answers: labels, and probabilities that add up to one."""

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from ..package import diagnosis, outcome, schema, tables

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


def of_yes(*probabilities: float) -> pd.DataFrame:
    """Return a table of probabilities from those of `yes`."""
    yes = np.array(probabilities)
    return pd.DataFrame({"no": 1 - yes, "yes": yes})


def test_what_predict_wrote_reads_back_as_it_was() -> None:
    y_pred = of_yes(0.25, 0.75)

    pd.testing.assert_frame_equal(outcome.from_columns(outcome.as_columns(y_pred), LABELS), y_pred)


def test_two_models_differ_by_label_and_by_the_probability_that_moved() -> None:
    found = outcome.difference(of_yes(0.4, 0.4, 0.9), of_yes(0.6, 0.45, 0.9))

    assert found["changed"].tolist() == [True, False, False]
    assert found["distance"].tolist() == pytest.approx([0.2, 0.05, 0])


def test_calibration_is_the_distance_of_what_was_expected_from_what_happened() -> None:
    happened = pd.Series(["no", "no", "no", "yes"] * 500)
    confident = of_yes(*[0.05, 0.05, 0.05, 0.95] * 500)

    assert diagnosis.calibration(happened, of_yes(*[0.25] * 2000)) == pytest.approx(0)
    assert diagnosis.calibration(happened, of_yes(*[0.45] * 2000)) == pytest.approx(0.2)
    assert diagnosis.calibration(happened, confident) == pytest.approx(0.05)


def test_errors_in_two_groups_do_not_cancel_out() -> None:
    happened = pd.Series(["no", "yes", "yes", "yes"] * 500)
    too_low, too_high = [0.25] * 1000, [0.75] * 1000
    y_pred = of_yes(*too_low, *too_high)
    as_expected = happened.where(happened.index >= 1000, "no")

    assert y_pred["yes"].mean() == pytest.approx(0.5)
    assert diagnosis.calibration(as_expected, y_pred) == pytest.approx(0.125)
