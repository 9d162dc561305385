# The template's. Claims about your own features go into tests/test_features.py.
"""What reaches the model: nothing known too late, nothing twice."""

from typing import Any

import pandas as pd
import pytest

from ..broken import LATE
from ..fixtures import Repo
from ..package import data, dataset, features, outcome, paths, schema, tables


def table(repo: Repo, name: str) -> pd.DataFrame:
    """Return one table of data/features."""
    return pd.read_parquet(repo.folder / paths.FEATURES / name)


def test_every_row_with_a_target_is_learned_from_or_held_out(
    repo: Repo, sample: pd.DataFrame
) -> None:
    train, holdout = table(repo, dataset.TRAIN), table(repo, dataset.HOLDOUT)
    dropped = repo.read(paths.FEATURES / dataset.SUMMARY)["dropped"]

    assert not set(train.index) & set(holdout.index)
    assert len(train) + len(holdout) + dropped["rows"] == len(sample)
    assert train[schema.TARGET].notna().all()
    assert holdout[schema.TARGET].notna().all()


def test_the_hold_out_is_later_than_the_training_part(repo: Repo, sample: pd.DataFrame) -> None:
    train, holdout = table(repo, dataset.TRAIN), table(repo, dataset.HOLDOUT)

    assert sample.loc[train.index, schema.TIME].max() < sample.loc[holdout.index, schema.TIME].min()


def test_features_are_offered_only_what_is_known_in_time(
    sample: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(features, "build_features", lambda rows: seen.extend(rows) or rows)
    dataset.inputs_and_target(sample)

    assert seen
    assert not set(seen) & {*LATE, schema.TARGET}


def test_a_feature_of_a_column_known_too_late_is_refused(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not LATE:
        pytest.skip("every column of this schema is known in time")
    monkeypatch.setattr(features, "build_features", lambda rows: rows[[LATE[0]]])
    before = table(repo, dataset.TRAIN)
    done = repo.run("featurize")

    assert done.code == 2
    assert LATE[0] in done.err
    assert "leak" in done.err
    pd.testing.assert_frame_equal(table(repo, dataset.TRAIN), before)


def test_features_that_drop_rows_are_refused(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "build_features", lambda rows: rows.iloc[1:])
    done = repo.run("featurize")

    assert (done.code, "features.py changed the rows" in done.err) == (2, True)


def test_a_target_that_never_varies_is_refused(own_repo: Repo, sample: pd.DataFrame) -> None:
    target = schema.read_target(sample)
    same = sample[target == target.dropna().iloc[0]]
    for path in (own_repo.folder / paths.RAW).iterdir():
        path.unlink()
    same.to_parquet(own_repo.folder / paths.RAW / "same.parquet")
    done = own_repo.run("featurize")

    assert done.code == 1
    assert f"the target {schema.TARGET!r} is " in done.err


def test_no_batch_is_wrong_input(own_repo: Repo) -> None:
    for path in (own_repo.folder / paths.RAW).iterdir():
        path.unlink()
    done = own_repo.run("featurize")

    assert done.code == 2
    assert "dvc pull" in done.err


def test_rows_of_a_request_become_the_features_that_training_saw(
    sample: pd.DataFrame, repo: Repo
) -> None:
    trained = table(repo, dataset.TRAIN).drop(columns=schema.TARGET)
    known = tables.known_rows(sample.loc[trained.index], schema)
    served = features.build_features(tables.from_records(tables.as_records(known), schema))

    pd.testing.assert_frame_equal(served, trained.reset_index(drop=True))


def test_the_split_is_the_same_whatever_the_order_of_rows(sample: pd.DataFrame) -> None:
    rows = sample[schema.read_target(sample).notna()]
    train, holdout = data.split(rows, 0.3)
    again = data.split(rows.sample(frac=1, random_state=0), 0.3)

    pd.testing.assert_frame_equal(again[0], train)
    pd.testing.assert_frame_equal(again[1], holdout)


def test_the_target_of_the_sample_can_be_learned(sample: pd.DataFrame) -> None:
    assert outcome.check_target(schema.read_target(sample).dropna(), schema.LABELS) == ""


@pytest.mark.parametrize(
    ("stored", "shown"),
    [(55.939998626708984, 55.94), (0.123456789012, 0.123456789012), (3, 3), ("x", "x")],
)
def test_an_example_shows_single_precision_as_people_write_it(stored: Any, shown: Any) -> None:
    assert dataset.shortest(stored) == shown
