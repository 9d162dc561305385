# The template's. Claims about your own model go into tests/test_model.py.
"""What a family asks of inputs and labels is said in one line, with what to write."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..package import errors, fitting, schema

ROWS = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
TARGET = pd.Series([*schema.LABELS[:2]] * 2 if schema.LABELS else [1.0, 2.0, 1.0, 2.0])


class Picky(ClassifierMixin if schema.LABELS else RegressorMixin, BaseEstimator):
    """A model that says why it takes nothing."""

    def __init__(self, said: str = "") -> None:
        self.said = said

    def fit(self, inputs: Any, target: Any) -> "Picky":
        """Refuse."""
        raise ValueError(self.said)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (
            "Invalid classes inferred from unique values of `y`.  Expected: [0 1], got ['a' 'b']",
            'VotingClassifier([("numbered", Picky(...))], voting="soft")',
        ),
        ("Do not support special JSON characters in feature name.", "rename the columns"),
        ("feature_names must be string, and may not contain [, ] or <", "rename the columns"),
        ("pandas dtypes must be int, float or bool.\nFields with bad", "OrdinalEncoder"),
        ("n_splits=5 cannot be greater than the number of members", "too few rows"),
    ],
)
def test_what_a_family_refuses_is_one_line_with_what_to_write(said: str, hint: str) -> None:
    with pytest.raises(errors.WrongInput, match=r"model\.py: Picky cannot be fitted: ") as found:
        fitting.fit(make_pipeline(StandardScaler(), Picky(said)), ROWS, TARGET)

    assert "\n" not in str(found.value)
    assert hint in found.value.hint


def test_a_text_that_reaches_an_estimator_is_told_to_be_encoded() -> None:
    texts = pd.DataFrame({"x": ["red", "blue", "red", "blue"]})

    with pytest.raises(errors.WrongInput) as found:
        fitting.fit(LogisticRegression() if schema.LABELS else LinearRegression(), texts, TARGET)
    assert "OrdinalEncoder" in found.value.hint


def test_a_model_that_fails_to_answer_is_told_apart_from_one_that_cannot_be_fitted() -> None:
    class Mute(DummyClassifier if schema.LABELS else DummyRegressor):
        def predict_proba(self, inputs: object) -> object:
            raise ValueError("no word")

        predict = predict_proba

    with pytest.raises(errors.WrongInput, match="Mute cannot answer: no word"):
        fitting.fit(Mute(), ROWS, TARGET)


def test_a_model_that_fails_for_a_text_of_one_row_is_refused_before_it_is_kept() -> None:
    class Moved(DummyClassifier if schema.LABELS else DummyRegressor):
        def predict_proba(self, inputs: pd.DataFrame) -> Any:
            if "rare" in set(inputs["x"]):
                raise ValueError("who is that?")
            return super().predict_proba(inputs) if schema.LABELS else super().predict(inputs)

        predict = DummyClassifier.predict if schema.LABELS else predict_proba

    rows = pd.DataFrame({"x": ["often"] * 998 + ["rare", "often"]})
    target = pd.concat([TARGET] * 250, ignore_index=True)

    with pytest.raises(errors.WrongInput, match="Moved cannot answer: who is that"):
        fitting.fit(Moved(), rows, target)


def test_another_failure_keeps_its_traceback() -> None:
    with pytest.raises(errors.WrongInput, match="Picky cannot be fitted: something else") as found:
        fitting.fit(Picky("something else"), ROWS, TARGET)

    log = Path(found.value.hint.removeprefix("the traceback is in "))
    assert "in fit" in log.read_text(encoding="utf-8")
    log.unlink()


class Answering(ClassifierMixin, BaseEstimator):
    """A model that gives the same probabilities whatever it is asked."""

    def __init__(self, share: float = 0.5, returns: bool = True, width: int = 2) -> None:
        self.share = share
        self.returns = returns
        self.width = width

    def fit(self, inputs: Any, target: Any) -> "Answering | None":
        """Learn nothing but the labels."""
        self.classes_ = np.unique(target)
        return self if self.returns else None

    def predict_proba(self, inputs: Any) -> Any:
        """Answer the same for every row."""
        return np.full((len(inputs), self.width), self.share)


class Strange(Answering):
    """A model that answers what is no label."""

    def predict(self, inputs: Any) -> Any:
        """Answer the same for every row."""
        return np.full(len(inputs), "maybe")


class Wandering(Strange):
    """A model that leaves the folder."""

    def predict(self, inputs: Any) -> Any:
        """Answer from somewhere else."""
        os.chdir("/")
        return super().predict(inputs)


@pytest.mark.parametrize(
    ("unfitted", "said"),
    [
        (Answering(float("nan")), "Answering answers what is no number"),
        (Answering(1.0), "the probabilities of Answering for no, yes add up to 2; expected 1"),
        (Answering(width=1), r"answers an array of \(4, 1\); expected \(4, 2\), one probability"),
        (Answering(), "object has no attribute 'predict'"),
        (Wandering(), "Wandering changes the folder in which its process works"),
        (Strange(), "predict of Strange answers maybe; expected labels of schema.py"),
        (Answering(returns=False), "fit of Answering returns nothing"),
        (Answering, "build_model returns Answering; expected an unfitted estimator"),
        (None, "build_model returns None; expected an unfitted estimator"),
        (LinearRegression(), "LinearRegression answers a number; schema.py asks for labels"),
        (IsolationForest(), "IsolationForest answers outliers; schema.py asks for labels"),
        (make_pipeline(KMeans(2)), "KMeans answers clusters; schema.py asks for labels"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_model_whose_answers_are_of_no_use_is_refused(
    monkeypatch: pytest.MonkeyPatch, unfitted: Any, said: str
) -> None:
    monkeypatch.setattr(schema, "LABELS", ("no", "yes"))

    with pytest.raises(errors.WrongInput, match=said):
        fitting.fit(unfitted, ROWS, pd.Series(["no", "yes"] * 2))


def test_a_classifier_is_refused_where_a_number_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schema, "LABELS", ())

    with pytest.raises(errors.WrongInput, match="answers labels; schema"):
        fitting.fit(LogisticRegression(), ROWS, pd.Series([1.0, 2.0, 1.0, 2.0]))


def test_a_model_without_probabilities_is_refused_before_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schema, "LABELS", ("no", "yes"))
    target = pd.Series(["no", "yes"] * 2)

    with pytest.raises(errors.WrongInput, match="RidgeClassifier gives no probabilities") as found:
        fitting.fit(make_pipeline(RidgeClassifier()), ROWS, target)
    assert found.value.hint == "CalibratedClassifierCV(RidgeClassifier(...)) has it"


class Moody(Answering):
    """A model whose answers depend on more than the row."""

    def __init__(self, mood: str = "") -> None:
        super().__init__()
        self.mood = mood
        self.asked = 0

    def predict_proba(self, inputs: Any) -> Any:
        """Answer by how often it was asked, by the place or by the number of rows."""
        self.asked += 1
        rows = len(inputs)
        if self.mood == "fails" and rows == 1:
            raise ValueError("one row is too few")
        moods = {
            "again": self.asked % 2,
            "among other rows": np.arange(rows) / 9,
            "alone": rows > 1,
        }
        share = np.full(rows, 0.5) + 0.1 * moods.get(self.mood, 0)
        return np.column_stack([share, 1 - share])

    def predict(self, inputs: Any) -> Any:
        """Answer with the likelier label."""
        return self.classes_[self.predict_proba(inputs).argmax(axis=1)]


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("again", "Moody answers a row otherwise when it is asked again: 0.1 apart"),
        ("among other rows", "Moody answers a row otherwise when it is asked among other rows"),
        ("alone", "Moody answers a row otherwise when it is asked alone"),
        ("fails", "Moody cannot answer: one row is too few"),
    ],
)
def test_a_model_that_answers_by_more_than_the_row_is_refused(
    monkeypatch: pytest.MonkeyPatch, mood: str, said: str
) -> None:
    monkeypatch.setattr(schema, "LABELS", ("no", "yes"))
    target = pd.Series(["no", "yes"] * 2)

    assert fitting.fit(Moody(), ROWS, target).asked
    with pytest.raises(errors.WrongInput, match=said):
        fitting.fit(Moody(mood), ROWS, target)
