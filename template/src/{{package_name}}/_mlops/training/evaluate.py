# The template's. Yours are metrics.py and the bars in contract.yaml.
"""Score the candidate on the hold-out, beside baselines."""

from typing import Any

import click
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance

from ... import metrics, model, schema
from .. import paths
from ..config import load_contract, load_params
from ..data import outcome
from ..data.dataset import HOLDOUT, HOLDOUT_ROWS, TRAIN
from ..errors import WrongInput, did_you_mean
from ..files import write_json
from ..interface import Contract, EvaluateParams, Slices
from ..tracking import artifact, runs
from . import diagnosis, plots
from .evaluation import require_metric


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON too.")
def command(as_json: bool) -> None:
    """Score models/candidate on the hold-out; writes reports/metrics.json and plots."""
    contract, params = load_contract(), load_params().evaluate
    candidate = artifact.load(paths.CANDIDATE)
    train = pd.read_parquet(paths.FEATURES / TRAIN)
    holdout = pd.read_parquet(paths.FEATURES / HOLDOUT)
    rows = pd.read_parquet(paths.FEATURES / HOLDOUT_ROWS)
    inputs, y_true = holdout.drop(columns=schema.TARGET), holdout[schema.TARGET]
    y_pred = outcome.predict(candidate.model, inputs, schema.LABELS)
    scores = metrics.score(y_true, y_pred)
    metric = require_metric(contract, scores)
    report = {
        "model_sha256": candidate.manifest["model_sha256"],
        "data_sha256": candidate.manifest["data_sha256"],
        "target": schema.TARGET,
        "metric": metric,
        "better": contract.quality.better,
        "metrics": scores,
        "intervals": intervals(y_true, y_pred, params.bootstrap_resamples),
        "baselines": {
            name: metrics.score(y_true, fit_and_predict(baseline, train, inputs))
            for name, baseline in model.build_baselines().items()
        },
        "slices": by_slice(rows, y_true, y_pred, contract.slices),
        "labels": diagnosis.by_label(y_true, y_pred),
        diagnosis.name(schema): diagnosis.diagnose(y_true, y_pred, params.calibration_bins, schema),
        "importance": importance(candidate.model, holdout, contract, params),
    }
    draw(report, contract.slices.accept)
    write_json(paths.METRICS, report)
    runs.try_to_log_evaluation(candidate.manifest["run_id"], report)
    others = ", ".join(f"{name} {found[metric]:.3f}" for name, found in report["baselines"].items())
    click.echo(
        f"evaluate: {metric} {scores[metric]:.3f} on {len(rows):,} rows ({others})", err=True
    )
    if as_json:
        click.echo(paths.METRICS.read_text(encoding="utf-8"), nl=False)


def fit_and_predict(
    estimator: BaseEstimator, train: pd.DataFrame, inputs: pd.DataFrame
) -> pd.DataFrame:
    """Fit a simple model on the training part and predict the hold-out."""
    fitted = estimator.fit(train.drop(columns=schema.TARGET), train[schema.TARGET])
    return outcome.predict(fitted, inputs, schema.LABELS)


def intervals(
    y_true: pd.Series, y_pred: pd.DataFrame, resamples: int
) -> dict[str, tuple[float, float]]:
    """Return the 95 % bootstrap interval of each metric: rows drawn anew, with replacement."""
    random, rows, scores = np.random.default_rng(0), len(y_true), []
    for _ in range(resamples):
        drawn = random.integers(rows, size=rows)
        again = (part.iloc[drawn].reset_index(drop=True) for part in (y_true, y_pred))
        scores.append(metrics.score(*again))
    limits = pd.DataFrame(scores).quantile([0.025, 0.975])
    return {str(name): (float(low), float(high)) for name, (low, high) in limits.items()}


def by_slice(
    rows: pd.DataFrame, y_true: pd.Series, y_pred: pd.DataFrame, slices: Slices
) -> list[dict[str, Any]]:
    """Score each group of rows that the contract names, when it is large enough to judge."""
    found: list[dict[str, Any]] = []
    for column in slices.columns:
        if column not in rows:
            message = f"{paths.CONTRACT}: slices.columns names {column!r}, not a column of the data"
            raise WrongInput(message, did_you_mean(column, list(rows)))
        for value, group in rows.groupby(column).groups.items():
            if len(group) >= slices.min_rows:
                scores = metrics.score(y_true.loc[group], y_pred.loc[group])
                found.append({"column": column, "value": str(value), "rows": len(group), **scores})
    return found


def importance(
    fitted: BaseEstimator, holdout: pd.DataFrame, contract: Contract, params: EvaluateParams
) -> dict[str, float]:
    """Return how much worse the metric gets when one feature is shuffled, for each feature."""
    drawn = holdout.sample(min(params.importance_rows, len(holdout)), random_state=0)
    sign = 1 if contract.quality.better == "higher" else -1

    def scorer(estimator: BaseEstimator, inputs: pd.DataFrame, y_true: pd.Series) -> float:
        y_pred = outcome.predict(estimator, inputs, schema.LABELS)
        return sign * metrics.score(y_true, y_pred)[contract.quality.metric]

    inputs, repeats = drawn.drop(columns=schema.TARGET), params.importance_repeats
    result = permutation_importance(
        fitted, inputs, drawn[schema.TARGET], scoring=scorer, n_repeats=repeats, random_state=0
    )
    losses = zip(inputs.columns, result["importances_mean"], strict=True)
    return {name: float(loss) for name, loss in sorted(losses, key=lambda pair: -pair[1])}


def draw(report: dict[str, Any], slice_bar: float | None) -> None:
    """Write the plots beside the numbers."""
    diagnosis.save(paths.REPORTS / "diagnosis.png", report[diagnosis.name(schema)], schema)
    plots.save_importance(paths.REPORTS / "importance.png", report["importance"], report["metric"])
    plots.save_slices(paths.REPORTS / "slices.png", report, slice_bar)
