# The template's. Yours are metrics.py and the bars in contract.yaml.
"""The contract's metric: is it computed, and which of two values is better?"""

from typing import Any

from .. import paths
from ..errors import WrongInput, did_you_mean
from ..interface import Contract, Quality


def require_metric(contract: Contract, scores: dict[str, float]) -> str:
    """Return the contract's metric; `WrongInput` when metrics.py does not compute it."""
    metric = contract.quality.metric
    if metric not in scores:
        message = (
            f"{paths.CONTRACT}: quality.metric is {metric!r}, which metrics.py does not return"
        )
        raise WrongInput(message, did_you_mean(metric, scores))
    return metric


def better(found: float | None, than: float | None, quality: Quality, by: float = 0.0) -> bool:
    """Say whether one number of the contract's metric is at least as good as another plus `by`."""
    if found is None or than is None:
        return False
    return found - than >= by if quality.better == "higher" else than - found >= by


def no_better(evaluation: dict[str, Any], quality: Quality) -> list[str]:
    """Name the baselines that the model does not beat."""
    found = evaluation["metrics"].get(quality.metric)
    return [
        f"{quality.metric} {shown(found)} against {shown(than)} ({name})"
        for name, scores in evaluation["baselines"].items()
        if not better(found, than := scores.get(quality.metric), quality) or found == than
    ]


def shown(score: float | None) -> str:
    """Return a score for people; one that could not be computed is none."""
    return "none" if score is None else f"{score:.4f}"
