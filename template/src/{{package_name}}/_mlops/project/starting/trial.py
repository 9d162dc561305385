# The template's. Yours are model.py and metrics.py, which it tries.
"""Try each proposed model on the batches of a folder; run in it as a process of its own."""

import importlib
import json
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold

from .... import data, metrics, schema
from ... import PACKAGE, paths
from ...config import load_contract, load_params
from ...data import dataset, outcome, tables
from ...training import scoring

FOLDS = 3
MOST_ROWS = 50_000  # on which models are compared
RESAMPLES = 200


def compare(families: list[str], metric: str) -> dict[str, Any]:
    """Return the model with the smallest loss on the training part, and how good it is.

    Args:
        families: Names; a module `model_<name>` of your package holds each.
        metric: What metrics.py returns and is small for a good model.

    Returns:
        `losses`: of each family in cross-validation; for each family that was scored on the
        hold-out, what `scored` returns.
    """
    rows = dataset.read(tables.batches(paths.RAW))
    rows = rows[dataset.read_target(rows).notna()]
    train, holdout = data.split(rows, load_params().featurize.holdout_share)
    table = dataset.inputs_and_target(train)
    few = table.sample(min(len(table), MOST_ROWS), random_state=0)
    models = {name: importlib.import_module(f"{PACKAGE}.model_{name}") for name in families}
    losses = {name: cross_validated(module, few, metric) for name, module in models.items()}
    order = sorted(losses, key=lambda name: losses[name])
    found: dict[str, Any] = {"losses": losses, "rows": [len(train), len(holdout)]}
    for name in dict.fromkeys((*order[:1], "linear")):
        found[name] = scored(models[name], table, holdout, metric)
    return found


def cross_validated(module: ModuleType, table: pd.DataFrame, metric: str) -> float:
    """Return the mean loss on parts that the model was not fitted to."""
    inputs, target = table.drop(columns=schema.TARGET), table[schema.TARGET]
    few = schema.LABELS and target.value_counts().min() < FOLDS
    folds = KFold if few or not schema.LABELS else StratifiedKFold
    losses = []
    for train, test in folds(FOLDS, shuffle=True, random_state=0).split(inputs, target):
        model = module.build_model(module.Params())
        model.fit(inputs.iloc[train], target.iloc[train])
        y_pred = outcome.predict(model, inputs.iloc[test], schema.LABELS)
        losses.append(metrics.score(target.iloc[test], y_pred)[metric])
    return float(np.mean(losses))


def scored(
    module: ModuleType, table: pd.DataFrame, holdout: pd.DataFrame, metric: str
) -> dict[str, Any]:
    """Return `metric` on the hold-out with its interval, and those of simple models and slices."""
    test = dataset.inputs_and_target(holdout)
    inputs, y_true = test.drop(columns=schema.TARGET), test[schema.TARGET]
    y_pred = scoring.fit_and_predict(module.build_model(module.Params()), table, inputs)
    slices = load_contract().slices
    parts = scoring.by_slice(holdout, y_true, y_pred, slices)
    return {
        "metric": metrics.score(y_true, y_pred)[metric],
        "interval": scoring.intervals(y_true, y_pred, RESAMPLES)[metric],
        "baselines": {
            name: metrics.score(y_true, scoring.fit_and_predict(simple, table, inputs))[metric]
            for name, simple in module.build_baselines().items()
        },
        "slices": [part[metric] for part in parts],
    }


if __name__ == "__main__":
    print(json.dumps(compare(sys.argv[2:], sys.argv[1])))
