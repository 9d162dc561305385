# The template's. Claims about your own model go into tests/test_model.py.
"""Candidates that do well on the whole, and are refused all the same, each by its own reason."""

import re
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ..broken import KNOWN
from ..fixtures import Repo
from ..package import (
    artifact,
    benchmark,
    dataset,
    gate_checks,
    interface,
    outcome,
    paths,
    probes,
    schema,
    tables,
    versions,
)

Numbers = NDArray[np.float64]
FAST = gate_checks.Running(p95_ms=10.0, memory_mb=300.0)
MAY_BE_MISSING = [column for column in KNOWN if column.missing]


LABELLED = pytest.mark.skipif(not schema.LABELS, reason="your target is a number")


class Faulty:
    """A model whose answers are changed on their way out."""

    def __init__(self, model: Any, change: Callable[[pd.DataFrame, Numbers], Numbers]) -> None:
        self.model, self.change = model, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["model"], name)

    def predict(self, rows: pd.DataFrame) -> Numbers:
        return self.change(rows, self.model.predict(rows))

    def predict_proba(self, rows: pd.DataFrame) -> Numbers:
        return self.change(rows, self.model.predict_proba(rows))


def turned(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Swap the labels, or the large numbers and the small ones."""
    return found[:, ::-1] if schema.LABELS else found.max() + found.min() - found


def by_chance(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Answer a few rows otherwise each time."""
    few = np.random.default_rng().permutation(len(found))[: 1 + len(found) // 50]
    changed = found.copy()
    changed[few] = found[few][:, ::-1] if schema.LABELS else 2 * found[few] + 1
    return changed


def by_neighbour(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Answer the first row of a table, whichever it is, otherwise."""
    changed = found.copy()
    changed[0] = found[0][::-1] if schema.LABELS else 2 * found[0] + 1
    return changed


def some_without_number(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Say nothing of one row in ten."""
    changed = found.copy()
    changed[::10] = np.nan
    return changed


def more_than_all(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Let the probabilities of some rows add up to more than 1."""
    changed = found.copy()
    changed[::10] *= 1.05
    return changed


def below_zero(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Let a probability be below 0 where it is least."""
    changed, least = found.copy(), found[:, 0].min() + 0.01
    changed[:, 0] -= least
    changed[:, 1] += least
    return changed


def too_few(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Answer one row, however many there are."""
    return found[:1]


def texts(rows: pd.DataFrame, found: Numbers) -> Any:
    """Answer with words."""
    return np.full(found.shape, "much")


def no_missing(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Take no table in which a whole column is missing, which no hold-out has."""
    if rows.isna().all().any():
        raise ValueError("Input contains NaN")
    return found


def constant(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Say the same of every row."""
    return np.broadcast_to(found.mean(axis=0), found.shape)


def quiet_on_missing(rows: pd.DataFrame, found: Numbers) -> Numbers:
    """Say nothing where a whole column is missing."""
    return found * np.nan if rows.isna().all().any() else found


def plant(
    repo: Repo,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pd.DataFrame, Numbers], Numbers],
) -> None:
    """Let version 2 have a fault, and services be fast: starting two takes many seconds."""
    with chdir(repo.folder):
        planted = versions.find("2").model_sha256
    load = artifact.load

    def loaded(folder: Path) -> artifact.Artifact:
        found = load(folder)
        if folder.name != planted:
            return found
        return artifact.Artifact(Faulty(found.model, change), found.manifest)

    monkeypatch.setattr(artifact, "load", loaded)
    monkeypatch.setattr(benchmark, "serve", lambda contenders, rows, limit: [FAST] * 2)


def refusal(
    repo: Repo,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pd.DataFrame, Numbers], Numbers],
) -> str:
    """Return what the gate says against version 2 with a fault."""
    plant(repo, monkeypatch, change)
    done = repo.run("gate")
    assert done.code == 1, done.err
    return done.err


def test_without_a_fault_it_is_accepted(own_rivals: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(own_rivals, monkeypatch, lambda rows, found: found)

    assert own_rivals.run("gate").code == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (turned, "it was evaluated as"),
        (by_chance, "of the rows get another answer when asked again"),
        (by_neighbour, "of the rows get another answer when asked again"),
        (some_without_number, "rows of the hold-out get no number"),
        pytest.param(more_than_all, "do not add up to 1", marks=LABELLED),
        pytest.param(below_zero, "probabilities that are none", marks=LABELLED),
        (constant, "it was evaluated as"),
        (too_few, "it cannot answer the hold-out"),
        (texts, "it cannot answer the hold-out: could not convert string to float"),
    ],
)
def test_a_candidate_with_a_fault_is_refused_by_its_cause(
    own_rivals: Repo,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pd.DataFrame, Numbers], Numbers],
    reason: str,
) -> None:
    assert reason in refusal(own_rivals, monkeypatch, change)


def test_a_group_of_rows_without_a_number_is_named(
    own_rivals: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pd.read_parquet(own_rivals.folder / paths.FEATURES / dataset.HOLDOUT_ROWS)
    column = next(one.name for one in KNOWN if one.kind == "text" and rows[one.name].notna().all())
    own_rivals.change(paths.CONTRACT, "slices", "columns", to=[column])
    value = rows[column].iloc[0]

    def without(inputs: pd.DataFrame, found: Numbers) -> Numbers:
        changed = found.copy()
        changed[(rows[column] == value).reindex(inputs.index).to_numpy(dtype=bool)] = np.nan
        return changed

    said = refusal(own_rivals, monkeypatch, without)

    assert f"get no number, all with {column}={value}" in said


@pytest.mark.parametrize("kind", ["integer", "number", "text", "boolean", "timestamp"])
def test_a_column_of_each_kind_is_missing_as_in_a_request(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = interface.Column("x", kind, "", "", missing=True)
    values = {"integer": 1, "number": 1.5, "text": "a", "boolean": True}
    rows = pd.DataFrame({"x": [values.get(kind, pd.Timestamp("2013-01-01"))] * 2})
    monkeypatch.setattr(tables, "known_columns", lambda schema: [column])
    (missing, *others) = probes.edges(rows)

    assert (missing[0], missing[1]["x"].isna().all()) == ("x missing", True)
    assert [what for what, _ in others] == (["x never seen"] if kind == "text" else [])


@pytest.mark.skipif(not MAY_BE_MISSING, reason="no column of yours may be missing")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (no_missing, "missing: it fails, Input contains NaN"),
        (quiet_on_missing, r"missing: (\d+) of \1 rows get no number"),
    ],
)
def test_what_the_schema_lets_in_and_no_row_of_the_hold_out_shows_is_tried(
    own_rivals: Repo,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pd.DataFrame, Numbers], Numbers],
    reason: str,
) -> None:
    said = refusal(own_rivals, monkeypatch, change)

    assert re.search(reason, said)
    assert "complete" in said


def test_the_edges_of_a_number_are_tried() -> None:
    column = interface.Column("x", "integer", "", "", low=0, high=2359)
    found = probes.values(column)

    assert found == {"at its lowest": 0, "at its highest": 2359}


def test_a_number_outside_the_range_of_the_target_cannot_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = interface.Column("y", "number", "", "", low=0)
    monkeypatch.setattr(schema, "TARGET", "y")
    monkeypatch.setattr(schema, "COLUMNS", (target,))
    y_true = pd.Series([0.0] * 20)

    def share(*found: float) -> float:
        return probes.impossible(y_true, pd.DataFrame({outcome.NUMBER: [*found, *y_true[3:], 1.0]}))

    assert share(-9.0, 5e9) == 0.05
    assert share(-0.2, 0.2) == 0.0  # as far below as some are off elsewhere


def test_a_service_is_compared_with_what_its_version_predicts(
    own_rivals: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_rivals.folder)
    rows = pd.read_parquet(paths.FEATURES / dataset.HOLDOUT_ROWS)
    known = tables.known_rows(rows, schema).iloc[benchmark.asked(len(rows))]
    with benchmark.contender(versions.find("2")) as by:
        alone = [outcome.as_answer(benchmark.predict(by, known.iloc[[0]]))]
        alone += [outcome.as_answer(benchmark.predict(by, known.iloc[[n]])) for n in range(1, 170)]
        first, *others = map(probes.numbers, alone)
        farthest = max(range(1, 170), key=lambda n: abs(others[n - 1] - first).max())
        other = [alone[farthest], *alone[1:]]

        assert probes.unlike(by, rows, alone) == 0
        assert probes.unlike(by, rows, other) == 1 / len(alone)
