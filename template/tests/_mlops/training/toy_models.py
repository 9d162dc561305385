# The template's. Yours is model.py.
"""Rows to learn from, and models that cannot."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyClassifier, DummyRegressor

from ..package import dataset, outcome, schema

FEW, TIMES = 20, 60  # rows, and how often each is seen: whatever a leaf asks for, a row fills it


def inputs_and_target(sample: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the inputs and the target of the rows whose target is known."""
    rows = sample[schema.read_target(sample).notna()]
    table = dataset.inputs_and_target(rows)
    return table.drop(columns=schema.TARGET), table[schema.TARGET]


def few(inputs: pd.DataFrame, target: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Return a few rows whose inputs differ, of every label or from the lowest target on."""
    inputs = inputs[~inputs.duplicated()]
    target = target[inputs.index]
    if schema.LABELS:
        groups = [
            target[target == label].index[: FEW // len(schema.LABELS)] for label in schema.LABELS
        ]
        chosen = [row for group in groups for row in group]
    else:
        ordered = target.sort_values(kind="stable").index
        chosen = list(ordered[np.linspace(0, len(ordered) - 1, FEW).round().astype(int)])
    return inputs.loc[chosen], target.loc[chosen]


def repeated(inputs: pd.DataFrame, target: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Return each row many times, as more passes over few rows show them."""
    again = np.tile(np.arange(len(inputs)), TIMES)
    return inputs.iloc[again].reset_index(drop=True), target.iloc[again].reset_index(drop=True)


def error(model: Any, inputs: pd.DataFrame, target: pd.Series) -> float:
    """Return how wrong a fitted model is: probability off the label, or squared difference."""
    predicted = outcome.predict(model, inputs, schema.LABELS)
    if schema.LABELS:
        right = [predicted[label].iloc[row] for row, label in enumerate(target)]
        return float(1 - np.mean(right))
    return float(np.mean((predicted.iloc[:, 0] - target) ** 2))


def constant() -> Any:
    """Return the model that says the same about every row."""
    return DummyClassifier(strategy="prior") if schema.LABELS else DummyRegressor()


class Stubborn(ClassifierMixin if schema.LABELS else RegressorMixin, BaseEstimator):
    """A model that learns something else at every fit, changes its inputs and says NaN."""

    def fit(self, inputs: pd.DataFrame, target: pd.Series) -> "Stubborn":
        """Learn nothing."""
        self.classes_ = np.array(schema.LABELS)
        self.chance_ = np.random.default_rng()
        inputs.iloc[:, 0] = inputs.iloc[::-1, 0].to_numpy()
        return self

    def predict(self, inputs: pd.DataFrame) -> np.ndarray:
        """Say something, whatever the row."""
        noise = self.chance_.normal(size=len(inputs))
        noise[0] = np.nan
        return np.where(noise > 0, *schema.LABELS[:2]) if schema.LABELS else noise

    def predict_proba(self, inputs: pd.DataFrame) -> np.ndarray:
        """Say probabilities that do not add up."""
        noise = self.chance_.uniform(size=(len(inputs), len(schema.LABELS)))
        noise[0] = np.nan
        return noise
