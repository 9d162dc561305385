# The template's. The budget and the prices are yours, in contract.yaml.
"""Add up what training cost, and check the budget."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import click

from .. import PROJECT
from ..config import load_contract
from ..errors import Refused, WrongInput, counted, did_you_mean
from ..interface import Budget, Prices
from ..tracking import runs
from ..tracking.pricing import amount, price

COUNTED = "train"  # the stage whose seconds and memory a run in MLflow holds
NONE = "(none)"


@dataclass(frozen=True)
class Run:
    """One training run: when it started (UTC), what it used, its tags and its price."""

    run_id: str
    name: str
    started: str
    wall_seconds: float
    cpu_seconds: float
    peak_memory_mb: float
    tags: dict[str, str]
    cost: float


@click.command()
@click.option("--by", metavar="TAG", help="Add up by a tag: commit, data_sha256, python, user, …")
@click.option("--json", "as_json", is_flag=True, help="Print the bill as JSON.")
def command(by: str | None, as_json: bool) -> None:
    """Add up what the training runs in the tracking store cost, at the contract's prices.

    Exit code 1 when a run, or this calendar month (UTC), is over the contract's budget.
    """
    budget = load_contract().budget
    runs, unpriced = read_runs(budget.prices)
    found = {
        **bill(runs, budget, datetime.now(UTC)),
        "not_counted": unpriced,
        "groups": grouped(runs, by) if by else {},
    }
    click.echo(json.dumps(found) if as_json else as_text(found, by))
    if found["over"]:
        message = "; ".join(found["over"])
        raise Refused(message, "budget.per_training_run and budget.per_month are in contract.yaml")
    click.echo(f"cost: {counted(len(runs), 'run')}, all within the budget", err=True)


def read_runs(prices: Prices) -> tuple[list[Run], int]:
    """Return the priced runs, oldest first, and how many have no costs to price.

    Raises:
        WrongInput: If the experiment has no run with costs.
    """
    client = runs.client()
    experiment = client.get_experiment_by_name(PROJECT)
    found: list[Any] = []
    token: str | None = None
    while experiment and (token or not found):
        page = client.search_runs(
            [experiment.experiment_id], order_by=["attributes.start_time ASC"], page_token=token
        )
        found += page
        token = page.token
        if not token:
            break
    priced = [run for run in found if "wall_seconds" in run.data.metrics]
    if not priced:
        message = f"experiment {PROJECT} in {runs.shown_store()} has no training run with its costs"
        raise WrongInput(message, "uv run just repro trains and logs one")
    return [read_run(run, prices) for run in priced], len(found) - len(priced)


def read_run(run: Any, prices: Prices) -> Run:
    """Return what a run of MLflow used, and its price."""
    used = {
        name: float(run.data.metrics.get(name, 0.0))
        for name in ("wall_seconds", "cpu_seconds", "peak_memory_mb")
    }
    started = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    return Run(
        run_id=run.info.run_id,
        name=run.info.run_name or "",
        started=started.isoformat(timespec="seconds"),
        tags=dict(run.data.tags),
        cost=price(**used, prices=prices),
        **used,
    )


def bill(runs: Sequence[Run], budget: Budget, now: datetime) -> dict[str, Any]:
    """Add runs up and name what is over the budget.

    Args:
        runs: With their prices.
        budget: Of a run, and of a month if there is one.
        now: The moment, in UTC, whose calendar month is added up.
    """
    month = now.strftime("%Y-%m")
    spent = sum(run.cost for run in runs if run.started.startswith(month))
    over = [
        f"run {run.run_id} cost {amount(run.cost, budget)}, the budget is "
        f"{amount(budget.per_training_run, budget)} a run"
        for run in runs
        if run.cost > budget.per_training_run
    ]
    if budget.per_month is not None and spent > budget.per_month:
        over.append(
            f"{month} cost {amount(spent, budget)}, the budget is "
            f"{amount(budget.per_month, budget)} a month"
        )
    return {
        "counted": COUNTED,
        "currency": budget.currency,
        "month": month,
        "month_cost": spent,
        "cost": sum(run.cost for run in runs),
        "budget": {"per_training_run": budget.per_training_run, "per_month": budget.per_month},
        "runs": [asdict(run) for run in runs],
        "over": over,
    }


def grouped(runs: Sequence[Run], tag: str) -> dict[str, dict[str, float]]:
    """Add runs up by the values of a tag; `user` stands for MLflow's own `mlflow.user`.

    Raises:
        WrongInput: If no run has the tag.
    """
    known = {name for run in runs for name in run.tags}
    found = next((name for name in (tag, f"mlflow.{tag}") if name in known), None)
    if found is None:
        shown = {name.removeprefix("mlflow.") for name in known}
        raise WrongInput(f"no run has a tag {tag!r}", did_you_mean(tag, shown))
    groups: dict[str, dict[str, float]] = defaultdict(lambda: {"runs": 0, "cost": 0.0})
    for run in runs:
        group = groups[run.tags.get(found, NONE)]
        group["runs"] += 1
        group["cost"] += run.cost
    return dict(sorted(groups.items(), key=lambda item: -item[1]["cost"]))


def as_text(found: dict[str, Any], by: str | None) -> str:
    """Return the bill as tables for people."""
    currency = found["currency"]
    lines = [f"{'started':<26} {'run':<14} {'wall s':>8} {'cpu s':>8} {'MB':>7} {currency:>10}"]
    lines += [
        f"{run['started']:<26} {run['name']:<14} {run['wall_seconds']:>8.1f} "
        f"{run['cpu_seconds']:>8.1f} {run['peak_memory_mb']:>7.0f} {run['cost']:>10.6f}"
        for run in found["runs"]
    ]
    if by:
        lines += ["", f"{by:<49} {'runs':>8} {'':>7} {currency:>10}"]
        lines += [
            f"{name:<49.49} {group['runs']:>8.0f} {'':>7} {group['cost']:>10.6f}"
            for name, group in found["groups"].items()
        ]
    lines += [
        "",
        f"{found['month']}: {found['month_cost']:.6f} {currency}; all runs: "
        f"{found['cost']:.6f} {currency}; counted is the stage {found['counted']}",
    ]
    if found["not_counted"]:
        lines.append(f"{counted(found['not_counted'], 'run says', 'runs say')} nothing about costs")
    return "\n".join(lines)
