# The template's. Which distance, and how far is drift, is yours: section drift of params.yaml.
"""How far apart are two samples of a column? The numbers of Evidently, without its pages."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

FEW = 20  # different numbers, up to which each is compared by itself
NONE = 1e-4  # share that stands for nothing where one is divided by it
SMALLEST = 1e-3  # standard deviation by which a distance is divided


def distance(method: str, reference: pd.Series, current: pd.Series, text: bool) -> float:
    """Return the distance of two samples; what is missing or endless is left out.

    Args:
        method: As section `drift` of params.yaml names it.
        reference: (n,) values, one or more that count.
        current: (m,) values, the same.
        text: Whether they are names, and no numbers.
    """
    before, after = counted(reference, text), counted(current, text)
    if method == "wasserstein":
        return wasserstein(before, after)
    found = METHODS[method](*shares(before, after, text, every=method == "hellinger"))
    return float(found)


def counted(values: pd.Series, text: bool) -> pd.Series:
    """Return the values that count."""
    if text:
        return values.dropna()
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    return pd.Series(numbers[np.isfinite(numbers)])


def shares(
    reference: pd.Series, current: pd.Series, text: bool, every: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return which share of each sample lies in each bin, or has each value.

    Args:
        reference: (n,) values.
        current: (m,) values.
        text: Whether they are names.
        every: Whether few numbers are binned as well, by their different values.
    """
    if text or (reference.nunique() <= FEW and not every):
        parts = [side.value_counts(normalize=True) for side in (reference, current)]
        before, after = parts[0].align(parts[1], fill_value=0.0)
        return before.to_numpy(dtype=float), after.to_numpy(dtype=float)
    both = pd.concat([reference, current])
    edges = np.histogram_bin_edges(both.unique() if every else both, bins="sturges")
    before, after = (np.histogram(side, edges)[0] / len(side) for side in (reference, current))
    return before, after


def wasserstein(reference: pd.Series, current: pd.Series) -> float:
    """Return how far values moved on average, in standard deviations of the reference."""
    moved = wasserstein_distance(reference.to_numpy(), current.to_numpy())
    return float(moved) / max(float(reference.to_numpy().std()), SMALLEST)


def hellinger(before: np.ndarray, after: np.ndarray) -> float:
    """Return 0 for the same shares, 1 for samples that have nothing in common."""
    return float(np.sqrt(1 - np.clip(np.sum(np.sqrt(before * after)), 0, 1)))


def psi(before: np.ndarray, after: np.ndarray) -> float:
    """Return the population stability index."""
    before, after = (np.where(part == 0, smallest(part), part) for part in (before, after))
    return float(np.sum((before - after) * np.log(before / after)))


def smallest(part: np.ndarray) -> float:
    """Return what stands for a share of nothing."""
    least = float(part[part > 0].min())
    return least / 10**6 if least <= NONE else NONE


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "jensenshannon": jensenshannon,
    "hellinger": hellinger,
    "psi": psi,
}
