# The template's. Claims about what your model says go into tests/test_model.py.
"""What a regressor answers: one number for each row."""

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from ..package import diagnosis, outcome, tables


def test_numbers_keep_the_rows_they_are_about() -> None:
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=[7, 8, 9])
    model = DummyRegressor().fit(rows, [1.0, 2.0, 6.0])
    found = outcome.predict(model, rows, ())

    assert list(found) == ["prediction"]
    assert list(found.index) == [7, 8, 9]
    assert found["prediction"].tolist() == pytest.approx([3.0] * 3)


def test_files_and_answers_hold_the_same() -> None:
    y_pred = pd.DataFrame({"prediction": [0.75, -3.5]})

    assert outcome.as_columns(y_pred)["prediction"].tolist() == [0.75, -3.5]
    assert outcome.as_answer(y_pred) == {"predictions": [0.75, -3.5]}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ([1.0, 1.0], "is 1.0 in all 2 rows"),
        ([1.0, np.inf], "holds values that are not finite"),
        (["a", "b"], "holds values that are not finite"),
        ([1.0, 2.0], ""),
    ],
)
def test_a_target_that_cannot_be_learned_is_named(target: list[object], said: str) -> None:
    found = outcome.check_target(pd.Series(target), ())

    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_the_service_answers_with_finite_numbers_only(
    service: httpx.Client, known: pd.DataFrame
) -> None:
    answer = service.post("/predict", json={"rows": tables.as_records(known.head(20))}).json()

    assert len(answer["predictions"]) == 20
    assert np.isfinite(answer["predictions"]).all()
    assert "probabilities" not in answer


def test_what_predict_wrote_reads_back_as_it_was() -> None:
    y_pred = pd.DataFrame({"prediction": [1.5, 2.5]})

    pd.testing.assert_frame_equal(outcome.from_columns(outcome.as_columns(y_pred), ()), y_pred)


def test_two_models_differ_by_more_than_half_a_standard_deviation() -> None:
    before = pd.DataFrame({"prediction": [-10.0, 0.0, 10.0]})  # standard deviation 10
    after = pd.DataFrame({"prediction": [-10.0, 4.9, 15.1]})
    found = outcome.difference(before, after)

    assert found["changed"].tolist() == [False, False, True]
    assert found["distance"].tolist() == pytest.approx([0, 4.9, 5.1])


def test_models_with_nothing_in_common_differ_in_three_of_four_rows() -> None:
    before, after = np.random.default_rng(0).normal(30, 10, size=(2, 10_000))
    found = outcome.difference(*(pd.DataFrame({"prediction": one}) for one in (before, after)))

    assert found["changed"].mean() == pytest.approx(0.72, abs=0.02)


def test_calibration_is_the_mean_error_in_standard_deviations_of_the_target() -> None:
    happened = pd.Series([-10.0, 0.0, 10.0])  # standard deviation 10
    as_it_was = pd.DataFrame({"prediction": happened})

    assert diagnosis.calibration(happened, as_it_was) == 0
    assert diagnosis.calibration(happened, as_it_was + 3) == pytest.approx(0.3)
    assert diagnosis.calibration(happened, as_it_was - 3) == pytest.approx(0.3)
