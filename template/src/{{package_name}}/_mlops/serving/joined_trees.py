# The template's. Yours is model.py; of what it learned nothing is changed here.
"""The trees of a model, asked without what scikit-learn does around each of them."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from sklearn.ensemble._hist_gradient_boosting._predictor import _predict_from_raw_data

FEW = 64  # rows; for more, a call per tree costs less than a copy of the rows per tree


class Forest:
    """The mean of a forest's trees, one after the other: to start threads takes longer.

    Args:
        forest: Fitted; one target, and of a classifier one list of labels.
    """

    def __init__(self, forest: Any) -> None:
        self.trees = [tree.tree_ for tree in forest.estimators_]

    def predict_proba(self, rows: Any) -> np.ndarray:
        """Return (n, k) probabilities of (n, width) rows."""
        given = np.ascontiguousarray(rows, "float32")
        sums = self.trees[0].predict(given)
        for tree in self.trees[1:]:
            sums += tree.predict(given)
        return np.asarray(sums / len(self.trees))

    def predict(self, rows: Any) -> np.ndarray:
        """Return (n,) numbers of (n, width) rows."""
        return self.predict_proba(rows)[:, 0]


class JoinedTrees:
    """The sum of a boosted model's trees, by one call of what scikit-learn calls for each tree.

    A row stands once for each tree, with the tree's number as one more column; nodes of our own,
    above all trees, send it to the tree of that number.

    Args:
        boosting: A fitted HistGradientBoosting model.
        width: Columns of the rows.
    """

    def __init__(self, boosting: Any, width: int) -> None:
        self.boosting = boosting
        trees = [tree for iteration in boosting._predictors for tree in iteration]
        self.numbers = np.arange(len(trees), dtype="float64")
        self.nodes = join([tree.nodes for tree in trees], sizes(trees), width)
        self.sets = np.concatenate([tree.raw_left_cat_bitsets for tree in trees])
        self.known, places = boosting._bin_mapper.make_known_categories_bitsets()
        self.places = np.append(places, np.zeros(1, places.dtype))

    def add(
        self, rows: np.ndarray, predictors: Any, sums: np.ndarray, is_binned: bool, n_threads: int
    ) -> None:
        """Add what the trees say of (n, width) rows to (n, k) sums, tree by tree.

        In place of the model's `_predict_iterations`, with its arguments.
        """
        if is_binned or len(rows) > FEW:
            self.boosting._predict_iterations(rows, predictors, sums, is_binned, n_threads)
            return
        count = len(self.numbers)
        each = np.empty((len(rows) * count, rows.shape[1] + 1))
        each[:, :-1] = np.repeat(rows, count, axis=0)
        each[:, -1] = np.tile(self.numbers, len(rows))
        said = np.empty(len(each))
        _predict_from_raw_data(self.nodes, each, self.sets, self.known, self.places, 1, said)
        steps = said.reshape(len(rows), -1, sums.shape[1])
        sums[:] = np.add.accumulate(np.concatenate([sums[:, None], steps], axis=1), axis=1)[:, -1]


def sizes(trees: Sequence[Any]) -> list[int]:
    """Return where the sets of categories of each tree begin among those of all."""
    return [0, *accumulate(len(tree.raw_left_cat_bitsets) for tree in trees[:-1])]


def join(trees: Sequence[np.ndarray], sets: Sequence[int], width: int) -> np.ndarray:
    """Return the nodes of all trees below nodes that ask for the tree's number.

    Args:
        trees: Nodes of each tree, its root first.
        sets: Where the sets of categories of each tree begin.
        width: The column that holds the number.
    """
    above = np.zeros(len(trees) - 1, trees[0].dtype)
    roots = list(accumulate(map(len, trees[:-1]), initial=len(above)))
    moved = []
    for nodes, root, first in zip(trees, roots, sets, strict=True):
        copied = nodes.copy()
        for side in ("left", "right"):
            copied[side] += np.where(copied["is_leaf"], 0, root).astype(copied.dtype[side])
        copied["bitset_idx"] += first
        moved.append(copied)
    free = iter(range(len(above)))

    def route(first: int, stop: int) -> int:
        """Return the node that leads to the trees from one number to before another."""
        if stop - first == 1:
            return roots[first]
        node, middle = next(free), (first + stop) // 2
        above[node]["feature_idx"], above[node]["num_threshold"] = width, middle - 0.5
        above[node]["left"], above[node]["right"] = route(first, middle), route(middle, stop)
        return node

    route(0, len(trees))
    return np.concatenate([above, *moved])
