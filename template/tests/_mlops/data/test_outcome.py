# The template's. Claims about what your model says go into tests/test_model.py.
"""What a model answers: labels with probabilities that add up to one, or numbers."""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

from ..package import declarations, diagnosis, errors, outcome, schema, tables

LABELS = ("no", "yes")
NOTEBOOK = """
import importlib, sys
{first}
outcome = importlib.import_module({module!r})
from sklearn.dummy import DummyClassifier
from threadpoolctl import threadpool_info
import pandas, sklearn.ensemble

class Watched(DummyClassifier):
    def predict_proba(self, X):
        found = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "openmp"]
        print(*set(found))
        return super().predict_proba(X)

rows = pandas.DataFrame({{"x": [0, 1]}})
outcome.predict(Watched().fit(rows, ["no", "yes"]), rows, ("no", "yes"))
"""
THREE = ("low", "middle", "high")


def asked(labels: tuple[str, ...] = (), **more: str) -> Any:
    """Return a schema with these labels."""
    return SimpleNamespace(TARGET="size", LABELS=labels, **more)


def of_yes(*probabilities: float) -> pd.DataFrame:
    """Return a table of probabilities from those of `yes`."""
    yes = np.array(probabilities)
    return pd.DataFrame({"no": 1 - yes, "yes": yes})


def of_three(*rows: tuple[float, float, float]) -> pd.DataFrame:
    """Return a table of probabilities of three labels."""
    return pd.DataFrame(rows, columns=list(THREE))


def of_number(*values: float) -> pd.DataFrame:
    """Return a table of predicted numbers."""
    return pd.DataFrame({"prediction": values})


def test_probabilities_stand_in_the_order_of_the_schema() -> None:
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=[7, 8, 9])
    model = DummyClassifier(strategy="prior").fit(rows, ["yes", "yes", "no"])
    found = outcome.predict(model, rows, LABELS)

    assert list(found) == ["no", "yes"]
    assert list(found.index) == [7, 8, 9]
    assert found["yes"].tolist() == pytest.approx([2 / 3] * 3)


@pytest.mark.parametrize(
    ("first", "policy", "threads"),
    [
        ("import sklearn", {}, "1"),
        ("", {}, "2"),
        ("import sklearn", {"OMP_WAIT_POLICY": "ACTIVE"}, "2"),
    ],
)
def test_threads_that_were_made_too_early_do_not_spin(
    first: str, policy: dict[str, str], threads: str
) -> None:
    """A notebook that imports scikit-learn before this package, one after, one with a choice."""
    told = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    found = subprocess.run(
        [sys.executable, "-c", NOTEBOOK.format(first=first, module=outcome.__name__)],
        capture_output=True,
        text=True,
        check=True,
        env={**told, "OMP_NUM_THREADS": "2", **policy},
    )

    assert found.stdout.split() == [threads]


def test_a_label_that_training_did_not_hold_is_never_expected() -> None:
    rows = pd.DataFrame({"x": [0.0, 1.0]})
    model = DummyClassifier(strategy="prior").fit(rows, ["yes", "no"])

    assert outcome.predict(model, rows, ("no", "perhaps", "yes"))["perhaps"].tolist() == [0, 0]


def test_numbers_keep_the_rows_they_are_about() -> None:
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=[7, 8, 9])
    model = DummyRegressor().fit(rows, [1.0, 2.0, 6.0])
    found = outcome.predict(model, rows, ())

    assert list(found) == ["prediction"]
    assert list(found.index) == [7, 8, 9]
    assert found["prediction"].tolist() == pytest.approx([3.0] * 3)


@pytest.mark.parametrize(
    ("y_pred", "predictions"),
    [
        (of_yes(0.25, 0.75), ["no", "yes"]),
        (of_three((0.2, 0.5, 0.3), (0.6, 0.1, 0.3)), ["middle", "low"]),
        (of_number(0.75, -3.5), [0.75, -3.5]),
    ],
    ids=["two", "three", "number"],
)
def test_files_and_answers_hold_the_same(y_pred: pd.DataFrame, predictions: list[object]) -> None:
    columns, answer = outcome.as_columns(y_pred), outcome.as_answer(y_pred)
    labels = () if outcome.is_number(y_pred) else tuple(y_pred)

    assert columns["prediction"].tolist() == answer["predictions"] == predictions
    assert answer.get("probabilities", []) == (y_pred.to_dict("records") if labels else [])
    assert outcome.as_written(answer) == columns.to_dict("list")
    pd.testing.assert_frame_equal(outcome.from_columns(columns, labels), y_pred)


@pytest.mark.parametrize(("label", "threshold"), [("yes", 0.3), ("no", 0.7)])
def test_a_threshold_of_the_model_decides_everywhere(label: str, threshold: float) -> None:
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0, 4.0]}, index=[5, 6, 7, 8, 9])
    target = ["no", "no", "yes", "no", "yes"]
    inner = LogisticRegression()
    decided = FixedThresholdClassifier(inner, threshold=threshold, pos_label=label)
    model = make_pipeline(decided.fit(rows, target))
    y_pred = outcome.predict(model, rows, LABELS)
    likeliest = outcome.predict(inner.fit(rows, target), rows, LABELS)
    columns = outcome.as_columns(y_pred)
    part = y_pred.iloc[2:].reset_index(drop=True)

    expected = model.predict(rows).tolist()
    assert expected != outcome.said(likeliest).tolist()
    assert outcome.said(y_pred).tolist() == expected
    assert outcome.as_answer(y_pred)["predictions"] == columns["prediction"].tolist() == expected
    assert outcome.said(outcome.from_columns(columns, LABELS)).tolist() == expected
    assert outcome.as_answer(part)["predictions"] == expected[2:]
    assert outcome.difference(likeliest, y_pred)["changed"].any()
    assert (outcome.difference(likeliest, y_pred)["distance"] == 0).all()
    predicted = [
        one["predicted"] for one in diagnosis.by_label(pd.Series(target, rows.index), y_pred)
    ]
    assert predicted == [expected.count("no"), expected.count("yes")]
    assert outcome.estimator(model) == "LogisticRegression"


def test_a_model_that_decides_by_no_probability_is_refused() -> None:
    rows, method = pd.DataFrame({"x": [0.0, 1.0]}), "decision_function"
    model = FixedThresholdClassifier(LogisticRegression(), response_method=method)

    with pytest.raises(errors.WrongInput, match="decides by decision_function"):
        outcome.predict(model.fit(rows, ["no", "yes"]), rows, LABELS)


def test_a_model_without_probabilities_is_refused() -> None:
    rows = pd.DataFrame({"x": [0.0, 1.0]})

    with pytest.raises(errors.WrongInput, match="RidgeClassifier gives no probabilities"):
        outcome.predict(RidgeClassifier().fit(rows, ["no", "yes"]), rows, LABELS)


@pytest.mark.parametrize(
    ("target", "labels", "said"),
    [
        (["no", "no"], LABELS, "is 'no' in all 2 rows"),
        (["no", "maybe"], LABELS, "holds 'maybe'"),
        (["no", "yes"], LABELS, ""),
        (["low", "high"], THREE, ""),
        ([1.0, 1.0], (), "is 1.0 in all 2 rows"),
        ([1.0, np.inf], (), "holds values that are not finite"),
        (["a", "b"], (), "holds values that are not finite"),
        ([1.0, 2.0], (), ""),
    ],
)
def test_a_target_that_cannot_be_learned_is_named(
    target: list[object], labels: tuple[str, ...], said: str
) -> None:
    found = outcome.check_target(pd.Series(target), labels)

    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_the_service_answers_what_the_schema_says(
    service: httpx.Client, known: pd.DataFrame
) -> None:
    answer = service.post("/predict", json={"rows": tables.as_records(known.head(20))}).json()

    assert len(answer["predictions"]) == 20
    if not schema.LABELS:
        assert np.isfinite(answer["predictions"]).all()
        assert "probabilities" not in answer
        return
    shares = pd.DataFrame(answer["probabilities"])
    assert list(shares) == list(schema.LABELS)
    np.testing.assert_allclose(shares.sum(axis="columns"), 1)
    assert shares.idxmax(axis="columns").tolist() == answer["predictions"]


def test_two_models_differ_by_label_and_by_the_probability_that_moved() -> None:
    found = outcome.difference(of_yes(0.4, 0.4, 0.9), of_yes(0.6, 0.45, 0.9))
    three = outcome.difference(of_three((0.2, 0.5, 0.3)), of_three((0.3, 0.3, 0.4)))

    assert found["changed"].tolist() == [True, False, False]
    assert found["distance"].tolist() == pytest.approx([0.2, 0.05, 0])
    assert three["changed"].tolist() == [True]
    assert three["distance"].tolist() == pytest.approx([0.2])


def test_two_models_differ_by_more_than_half_a_standard_deviation() -> None:
    before = of_number(-10.0, 0.0, 10.0)  # standard deviation 10
    found = outcome.difference(before, of_number(-10.0, 4.9, 15.1))

    assert found["changed"].tolist() == [False, False, True]
    assert found["distance"].tolist() == pytest.approx([0, 4.9, 5.1])


def test_models_with_nothing_in_common_differ_in_three_of_four_rows() -> None:
    before, after = np.random.default_rng(0).normal(30, 10, size=(2, 10_000))
    found = outcome.difference(of_number(*before), of_number(*after))

    assert found["changed"].mean() == pytest.approx(0.72, abs=0.02)


def test_one_number_says_what_happened_beside_what_was_expected() -> None:
    said, y_true = pd.Series(["no", "yes"]), of_yes(0.25, 0.65)
    three = pd.Series(["low", "high"])
    y_three = of_three((0.6, 0.2, 0.2), (0.1, 0.5, 0.4))

    yes = outcome.summary(said, y_true, asked(LABELS))
    no = outcome.summary(said, y_true, asked(LABELS, POSITIVE="no"))
    right = outcome.summary(three, y_three, asked(THREE))
    number = outcome.summary(pd.Series([1.0, 3.0]), of_number(1.5, 2.0), asked())

    assert yes == pytest.approx({"happened": 0.5, "expected": 0.45})
    assert no == pytest.approx({"happened": 0.5, "expected": 0.55})
    assert right == pytest.approx({"happened": 0.5, "expected": 0.55})
    assert number == pytest.approx({"happened": 2.0, "expected": 1.75})


@pytest.mark.parametrize(
    ("labels", "positive", "said"),
    [
        (THREE, "high", "POSITIVE is 'high'"),
        (LABELS, "perhaps", "POSITIVE is 'perhaps'"),
        (LABELS, "no", ""),
        (("only",), "", "LABELS names one, 'only'"),
    ],
)
def test_labels_that_cannot_be_predicted_are_named(
    labels: tuple[str, ...], positive: str, said: str
) -> None:
    given = asked(labels, POSITIVE=positive)
    given.COLUMNS, given.MOMENTS, given.PREDICTION_MOMENT = (), ("now",), "now"
    found = list(declarations.target_problems(given))

    assert [problem.startswith(said) for problem in found] == ([True] if said else [])


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


def test_calibration_drawn_anew_lies_around_it_and_tells_two_models_apart() -> None:
    random = np.random.default_rng(0)
    sure = pd.Series(random.uniform(0.2, 0.8, 2000))
    happened = pd.Series(np.where(random.uniform(size=2000) < sure, "yes", "no"))
    pushed = sure**2 / (sure**2 + (1 - sure) ** 2)
    models = [of_yes(*sure), of_yes(*pushed)]
    drawn = diagnosis.calibration_drawn(happened, *models)
    told = [diagnosis.calibration(happened, one) for one in models]

    assert drawn.shape == (diagnosis.DRAWN, 2)
    assert (np.quantile(drawn, 0.01, axis=0) <= told).all()
    assert (np.quantile(drawn, 0.99, axis=0) >= told).all()
    assert np.quantile(drawn[:, 1] - drawn[:, 0], 0.025) > 0.03


def test_calibration_of_numbers_is_the_mean_error_in_standard_deviations() -> None:
    happened = pd.Series([-10.0, 0.0, 10.0])  # standard deviation 10
    as_it_was = of_number(*happened)

    assert diagnosis.calibration(happened, as_it_was) == 0
    assert diagnosis.calibration(happened, as_it_was + 3) == pytest.approx(0.3)
    assert diagnosis.calibration(happened, as_it_was - 3) == pytest.approx(0.3)


def test_each_of_three_labels_has_figures_of_its_own() -> None:
    happened = pd.Series(["low", "low", "middle", "high"])
    y_pred = of_three((0.9, 0.1, 0.0), (0.2, 0.8, 0.0), (0.1, 0.9, 0.0), (0.6, 0.3, 0.1))
    low, middle, high = diagnosis.by_label(happened, y_pred)
    bins = diagnosis.diagnose(happened, y_pred, 2, asked(THREE))

    assert (low["rows"], low["predicted"], low["recall"]) == (2, 2, 0.5)
    assert (middle["precision"], middle["recall"]) == (0.5, 1.0)
    assert (high["rows"], high["recall"], high["roc_auc"]) == (1, 0.0, 1.0)
    assert {record["label"] for record in bins} == set(THREE)
    assert diagnosis.by_label(pd.Series([1.0]), of_number(1.0)) == []
    assert all(sum(one["answered"].values()) == one["rows"] for one in (low, middle, high))


@pytest.mark.parametrize(("rows", "bins"), [(8, 1), (35, 3), (400, 10)])
def test_few_rows_are_drawn_in_few_bins(rows: int, bins: int) -> None:
    happened = pd.Series(np.resize(["yes", "no"], rows))
    y_pred = of_yes(*np.linspace(0.1, 0.9, rows))

    assert len(diagnosis.diagnose(happened, y_pred, 10, asked(LABELS, POSITIVE="yes"))) == bins


def test_the_calibration_of_two_labels_is_about_the_positive_one() -> None:
    happened, y_pred = pd.Series(["no", "yes"] * 10), of_yes(*[0.25, 0.75] * 10)
    found = diagnosis.diagnose(happened, y_pred, 2, asked(LABELS, POSITIVE="no"))

    assert [record["label"] for record in found] == ["no", "no"]
    assert [record["observed"] for record in found] == [0.0, 1.0]
