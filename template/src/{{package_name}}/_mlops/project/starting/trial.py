# The template's. Yours are model.py and metrics.py, which it tries.
"""Try each proposed model on the batches of a folder; run in it as a process of its own."""

import importlib
import json
import sys
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

from .... import data, metrics, schema
from ... import PACKAGE, paths
from ...config import load_contract, load_params
from ...data import dataset, outcome, tables, validation
from ...data.distances import wasserstein
from ...errors import Problem
from ...interface import OptionalSchema
from ...progress import progress
from ...registry.groups import farthest
from ...training import scoring

FOLDS = 3
BATCH_ROWS = 2_000  # of a batch, whose predictions are compared with others
MOST_ROWS = 50_000  # on which models are compared
RESAMPLES = 200
SHARE = 0.25  # of the sample, held out by the test that is written


def compare(families: dict[str, dict[str, Any]], metric: str) -> dict[str, Any]:
    """Return the model with the smallest loss on the training part, and how good it is.

    Args:
        families: Parameters by name; a module `model_<name>` of your package holds each.
        metric: What metrics.py returns and is small for a good model.

    Returns:
        What `scored` returns, `apart` and `learns`, by family: the best one in cross-validation
        first, and others after it until one beats its baselines on the hold-out.
    """
    batches = [dataset.read([path]) for path in tables.batches(paths.RAW)]
    rows = pd.concat(batches, ignore_index=True)
    rows = rows[validation.read_target(rows).notna()]
    train, holdout = data.split(rows, load_params().featurize.holdout_share)
    dataset.require_parts(train, holdout)
    table = dataset.inputs_and_target(train)
    few = table.sample(min(len(table), MOST_ROWS), random_state=0)
    modules = {name: importlib.import_module(f"{PACKAGE}.model_{name}") for name in families}
    models = {
        name: made.build_model(made.Params(**families[name])) for name, made in modules.items()
    }
    group = getattr(schema, "GROUP", OptionalSchema.GROUP)
    groups = train.loc[few.index, group] if group else None
    losses = {
        name: cross_validated(model, few, metric, groups)
        for name, model in progress(models.items(), "try")
    }
    found: dict[str, Any] = {}
    for name in sorted(losses, key=losses.__getitem__):
        simple = modules[name].build_baselines()
        found[name] = scored(models[name], simple, table, holdout, metric)
        found[name]["apart"] = apart(models[name], batches)
        found[name]["learns"] = learns(models[name], next(iter(simple.values())), metric)
        if found[name]["metric"] < min(found[name]["baselines"].values()):
            break
    return found


def apart(fitted: BaseEstimator, batches: list[pd.DataFrame]) -> float:
    """Return how far the predictions for a batch are from those for the others, at most.

    As section `drift` of params.yaml measures it: in standard deviations of the others.
    """
    few = [rows.sample(min(len(rows), BATCH_ROWS), random_state=0) for rows in batches]
    if len(few) < 2:
        return 0.0
    inputs = [dataset.inputs_and_target(rows).drop(columns=schema.TARGET) for rows in few]
    found = [outcome.predict(fitted, rows, schema.LABELS) for rows in inputs]
    columns = list(found[0])[1:] if schema.LABELS else list(found[0])
    distances = []
    for place, one in enumerate(found):
        others = pd.concat([other for at, other in enumerate(found) if at != place])
        distances += [wasserstein(others[name], one[name]) for name in columns]
    return max(distances)


def learns(model: BaseEstimator, constant: BaseEstimator, metric: str) -> bool:
    """Say whether a model beats the same answer for every row, on the sample that tests take.

    Some tables say nothing about their target; a test that claims otherwise would fail for ever.
    """
    rows = dataset.read([paths.SAMPLE])
    parts = data.split(rows[validation.read_target(rows).notna()], SHARE)
    train, test = map(dataset.inputs_and_target, parts)
    inputs, y_true = test.drop(columns=schema.TARGET), test[schema.TARGET]
    model_loss, constant_loss = (
        metrics.score(y_true, scoring.fit_and_predict(clone(one), train, inputs))[metric]
        for one in (model, constant)
    )
    return bool(model_loss < constant_loss)


def cross_validated(
    model: BaseEstimator, table: pd.DataFrame, metric: str, groups: pd.Series | None
) -> float:
    """Return the mean loss on parts that the model was not fitted to; each group is in one part."""
    inputs, target = table.drop(columns=schema.TARGET), table[schema.TARGET]
    few = schema.LABELS and target.value_counts().min() < FOLDS
    kind = KFold if few or not schema.LABELS else StratifiedKFold
    folds = kind(FOLDS, shuffle=True, random_state=0)
    if groups is not None and groups.nunique() >= FOLDS:
        folds = GroupKFold(FOLDS)
    losses = []
    for train, test in folds.split(inputs, target, groups):
        y_pred = scoring.fit_and_predict(clone(model), table.iloc[train], inputs.iloc[test])
        losses.append(metrics.score(target.iloc[test], y_pred)[metric])
    return float(np.mean(losses))


def scored(
    model: BaseEstimator,
    baselines: dict[str, Any],
    table: pd.DataFrame,
    holdout: pd.DataFrame,
    metric: str,
) -> dict[str, Any]:
    """Return `metric` on the hold-out with its interval, and those of simple models and slices."""
    test = dataset.inputs_and_target(holdout)
    inputs, y_true = test.drop(columns=schema.TARGET), test[schema.TARGET]

    def loss(estimator: BaseEstimator) -> float:
        return metrics.score(y_true, scoring.fit_and_predict(estimator, table, inputs))[metric]

    y_pred = scoring.fit_and_predict(model, table, inputs)
    parts = scoring.by_slice(holdout, y_true, y_pred, load_contract().slices)
    return {
        "metric": metrics.score(y_true, y_pred)[metric],
        "interval": scoring.intervals(y_true, y_pred, RESAMPLES)[metric],
        "baselines": {name: loss(simple) for name, simple in baselines.items()},
        "slices": [part[metric] for part in parts],
        "off": farthest(holdout, y_true, y_pred),
    }


if __name__ == "__main__":
    try:
        print(json.dumps(compare(json.loads(sys.argv[2]), sys.argv[1])))
    except Problem as problem:
        print(problem, file=sys.stderr)
        sys.exit(problem.exit_code)
