# The template's. The slices are yours, in contract.yaml.
"""Where two versions disagree, and that two who agree do not."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..broken import STRICT, plant, wrong_values
from ..fixtures import Repo
from ..package import (
    artifact,
    compare,
    dataset,
    interface,
    outcome,
    paths,
    schema,
    tables,
    versions,
)

SLICE = schema.KEY[-1]


@pytest.fixture(scope="module")
def held_out(repo: Repo) -> pd.DataFrame:
    """Return the hold-out as the schema has it."""
    return pd.read_parquet(repo.folder / paths.FEATURES / dataset.HOLDOUT_ROWS)


@pytest.fixture(scope="module")
def predicted(repo: Repo) -> pd.DataFrame:
    """Return what the model says of the hold-out."""
    inputs = pd.read_parquet(repo.folder / paths.FEATURES / dataset.HOLDOUT)
    model = artifact.load(repo.folder / paths.CANDIDATE).model
    return outcome.predict(model, inputs.drop(columns=schema.TARGET), tuple(schema.LABELS))


def test_the_same_predictions_are_no_distance_apart(held_out, predicted) -> None:
    found = compare.compare(held_out, predicted, predicted, interface.Slices())

    assert (found["rows"], found["changed"], found["max"]) == (len(held_out), 0, 0)


def test_the_rows_and_the_slice_that_changed_stand_first(held_out, predicted) -> None:
    far = predicted.iloc[:, -1].argsort().iloc[[0, -1]]
    predicted, other = predicted.copy(), predicted.copy()
    if schema.LABELS:  # of which a model may give one and the same to all rows
        predicted.iloc[far] = np.eye(len(schema.LABELS))[:2]
    other.iloc[far] = predicted.iloc[far[::-1]]  # the two extremes change places
    slices = interface.Slices(columns=[SLICE], min_rows=1)
    found = compare.compare(held_out, predicted, other, slices)
    extremes = tables.as_records(held_out.iloc[far][list(schema.KEY)])

    assert found["changed"] == pytest.approx(2 / len(held_out))
    assert found["mean"] == pytest.approx(2 * found["max"] / len(held_out))
    assert [row["key"] in extremes for row in found["largest"][:3]] == [True, True, False]
    assert found["slices"][0]["value"] in {str(row[SLICE]) for row in extremes}
    assert [part["changed"] for part in found["slices"]] == sorted(
        (part["changed"] for part in found["slices"]), reverse=True
    )
    assert sum(part["rows"] for part in found["slices"]) == len(held_out)


def test_the_newest_version_stands_beside_the_champion_on_the_hold_out(
    rivals: Repo, held_out
) -> None:
    found = json.loads(rivals.must("compare", "--json").out)
    text = rivals.must("compare").out

    assert (found["reference"], found["version"], found["rows"]) == ("1", "2", len(held_out))
    assert (found["changed"], found["mean"]) == (0, 0)
    assert text.startswith(f"version 2 beside version 1, {len(held_out):,} rows of ")
    means = outcome.difference_means(tuple(schema.LABELS))
    assert f"{means['changed']}: 0.0 % of the rows" in text


def test_the_rows_may_come_from_a_file(rivals: Repo, known, tmp_path: Path) -> None:
    known.head(7).to_csv(tmp_path / "rows.csv", index=False)
    found = json.loads(rivals.must("compare", "--input", tmp_path / "rows.csv", "--json").out)

    assert (found["rows"], found["source"]) == (7, str(tmp_path / "rows.csv"))


def test_a_file_that_breaks_the_schema_is_refused(rivals: Repo, known, tmp_path: Path) -> None:
    value = next(iter(wrong_values(STRICT).values()))
    plant(known.head(7), STRICT.name, value).to_csv(tmp_path / "rows.csv", index=False)
    done = rivals.run("compare", "--input", tmp_path / "rows.csv")

    assert (done.code, STRICT.name in done.err) == (1, True)


def test_a_version_is_not_compared_with_itself(rivals: Repo) -> None:
    done = rivals.run("compare", "1")

    assert (done.code, "version 1 would be compared with itself" in done.err) == (2, True)
    assert rivals.run("compare", "2", "--with", "2").code == 2
    assert json.loads(rivals.must("compare", "1", "--with", "2", "--json").out)["version"] == "1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["7"], "version '7' is not registered"),
        (["--with", "7"], "version '7' is not registered"),
        (["--input", "no.csv"], "no.csv does not exist"),
    ],
)
def test_wrong_use_says_what_is_wrong(rivals: Repo, arguments: list[str], said: str) -> None:
    done = rivals.run("compare", *arguments)

    assert (done.code, said in done.err) == (2, True)


def test_without_a_champion_somebody_has_to_name_the_other(
    rivals: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "by_alias", lambda name: None)
    done = rivals.run("compare")

    assert (done.code, "--with VERSION" in done.err) == (2, True)
