# The template's. Yours are metrics.py and the bars in contract.yaml.
"""Score the candidate on the hold-out, beside baselines."""

from typing import Any

import click
import pandas as pd

from ... import metrics, model, schema
from .. import paths
from ..config import load_contract, load_params
from ..data import outcome
from ..data.dataset import HOLDOUT, HOLDOUT_ROWS, TRAIN, read_summary
from ..files import write_json
from ..progress import progress
from ..tracking import artifact, runs
from . import diagnosis, plots, report_page
from .evaluation import require_metric
from .scoring import by_slice, fit_and_predict, importance, intervals, require_numbers


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON too.")
def command(as_json: bool) -> None:
    """Score models/candidate on the hold-out; writes reports/metrics.json and plots.

    reports/index.html shows it all on one page.
    """
    contract, params = load_contract(), load_params().evaluate
    candidate = artifact.load(paths.CANDIDATE)
    read_summary()  # and no table is another than it says
    train = pd.read_parquet(paths.FEATURES / TRAIN)
    holdout = pd.read_parquet(paths.FEATURES / HOLDOUT)
    rows = pd.read_parquet(paths.FEATURES / HOLDOUT_ROWS)
    inputs, y_true = holdout.drop(columns=schema.TARGET), holdout[schema.TARGET]
    y_pred = outcome.predict(candidate.model, inputs, schema.LABELS)
    require_numbers(rows, y_pred, contract.slices)
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
            for name, baseline in progress(model.build_baselines().items(), "baselines")
        },
        "slices": by_slice(rows, y_true, y_pred, contract.slices),
        "labels": diagnosis.by_label(y_true, y_pred),
        diagnosis.name(schema): diagnosis.diagnose(y_true, y_pred, params.calibration_bins, schema),
        "importance": importance(candidate.model, holdout, contract, params),
    }
    draw(report, contract.slices.accept)
    write_json(paths.METRICS, report)
    report_page.write()
    runs.try_to_log_evaluation(candidate.manifest["run_id"], report)
    others = ", ".join(f"{name} {found[metric]:.3f}" for name, found in report["baselines"].items())
    click.echo(
        f"evaluate: {metric} {scores[metric]:.3f} on {len(rows):,} rows ({others})", err=True
    )
    if as_json:
        click.echo(paths.METRICS.read_text(encoding="utf-8"), nl=False)


def draw(report: dict[str, Any], slice_bar: float | None) -> None:
    """Write the plots beside the numbers."""
    diagnosis.save(paths.REPORTS / "diagnosis.png", report[diagnosis.name(schema)], schema)
    plots.save_importance(paths.REPORTS / "importance.png", report["importance"], report["metric"])
    plots.save_slices(paths.REPORTS / "slices.png", report, slice_bar)
