# The template's. Claims about your own features go into tests/test_features.py.
"""What reaches the model: nothing known too late, nothing twice."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ..broken import KNOWN, LATE, STRICT, plant, wrong_values
from ..fixtures import Repo
from ..package import (
    data,
    dataset,
    errors,
    features,
    featurize,
    outcome,
    paths,
    records,
    schema,
    tables,
)


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


@pytest.mark.skipif(not schema.TIME, reason="this schema's rows have no time")
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


@pytest.mark.parametrize("ask", [lambda rows: rows["renamed"], lambda rows: rows[["renamed"]]])
def test_a_column_that_the_schema_does_not_name_is_no_leak(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, ask: Callable[[pd.DataFrame], Any]
) -> None:
    monkeypatch.chdir(own_repo.folder)
    monkeypatch.setattr(features, "build_features", ask)
    Path("tests/test_ours.py").write_text("ROW = {'renamed': 1}\n")
    sample = tables.read(paths.SAMPLE, schema, data)

    with pytest.raises(
        errors.WrongInput, match=r"\['renamed'\], which schema.py does not"
    ) as raised:
        dataset.inputs_and_target(sample)

    assert raised.value.hint.endswith("tests/test_ours.py")


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
    served = features.build_features(
        records.read(tables.as_records(known), tables.known_columns(schema))
    )

    pd.testing.assert_frame_equal(served, trained.reset_index(drop=True))


def test_the_split_is_the_same_whatever_the_order_of_rows(sample: pd.DataFrame) -> None:
    rows = sample[schema.read_target(sample).notna()]
    train, holdout = data.split(rows, 0.3)
    again = data.split(rows.sample(frac=1, random_state=0), 0.3)

    pd.testing.assert_frame_equal(again[0], train)
    pd.testing.assert_frame_equal(again[1], holdout)


def test_the_target_of_the_sample_can_be_learned(sample: pd.DataFrame) -> None:
    assert outcome.check_target(schema.read_target(sample).dropna(), schema.LABELS) == ""


def test_a_batch_that_breaks_the_schema_is_refused_here_too(
    own_repo: Repo, sample: pd.DataFrame
) -> None:
    column = STRICT.name
    value = next(iter(wrong_values(STRICT).values()))
    path = own_repo.folder / paths.RAW / paths.SAMPLE.name
    plant(sample, column, value).astype({column: "str"}).to_csv(
        path.with_suffix(".csv"), index=False
    )
    path.unlink()
    done = own_repo.run("featurize")

    assert done.code == 1, done.err
    assert f".csv: column {column!r}" in done.err
    assert "hint: uv run " in done.err


if schema.LABELS:  # a number has none

    def test_a_hold_out_with_labels_that_training_lacks_is_refused(
        own_repo: Repo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def by_label(rows: pd.DataFrame, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
            first = schema.read_target(rows) == schema.LABELS[0]
            return rows[first], rows[~first]

        monkeypatch.setattr(data, "split", by_label)
        done = own_repo.run("featurize")

        assert done.code == 1
        assert f"with labels that the training part lacks: {sorted(schema.LABELS[1:])}" in done.err


def test_a_split_without_a_hold_out_is_refused(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "split", lambda rows, share: (rows, rows.iloc[:0]))
    done = own_repo.run("featurize")

    assert done.code == 1
    assert "split cut off 0 of" in done.err


def test_a_split_that_leaves_rows_held_out_for_training_is_refused(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = data.split

    def trains_on_all(rows: pd.DataFrame, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
        _, holdout = split(rows, share)
        return rows.reset_index(drop=True), holdout.reset_index(drop=True)

    def draws_twice(rows: pd.DataFrame, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
        train, holdout = split(rows, share)
        return pd.concat([train, train], ignore_index=True), holdout.reset_index(drop=True)

    monkeypatch.setattr(data, "split", trains_on_all)
    done = own_repo.run("featurize")
    assert done.code == 1
    assert "of which it also left for training; expected each in one part" in done.err

    monkeypatch.setattr(data, "split", draws_twice)
    own_repo.must("featurize")


@pytest.mark.parametrize("answer", ["none", "short"])
def test_a_target_that_is_not_one_value_for_each_row_is_wrong_input(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    read = schema.read_target
    answers = {"none": lambda rows: None, "short": lambda rows: read(rows).iloc[1:]}
    monkeypatch.setattr(schema, "read_target", answers[answer])
    done = own_repo.run("featurize")

    assert done.code == 2
    assert "read_target gave no series with the index of its rows" in done.err


def test_groups_that_training_never_saw_are_warned_of(
    sample: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [c.name for c in KNOWN if c.kind == "text" and not (c.personal or c.names)]
    texts = [name for name in texts if name not in schema.KEY]
    texts = [one for one in texts if sample[one].nunique() <= sample[one].count() / 2]
    if not texts:
        pytest.skip("you declare no text beside the key")
    renamed = sample.assign(**{texts[0]: "another " + sample[texts[0]].fillna("")})
    featurize.warn_of_unseen(sample, sample)
    same = capsys.readouterr().err
    featurize.warn_of_unseen(sample, renamed)

    assert texts[0] not in same
    assert (
        f"100 % of the rows held out have a {texts[0]!r} not in training" in capsys.readouterr().err
    )


def test_a_wide_table_is_joined_with_its_target_in_one_piece(
    sample: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wide(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([pd.Series(0.5, rows.index, name=f"x{n}") for n in range(150)], axis=1)

    monkeypatch.setattr(features, "build_features", lambda rows: wide(rows).astype({"x0": "int"}))
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.PerformanceWarning)
        assert dataset.inputs_and_target(sample).shape == (len(sample), 151)


def test_few_values_among_missing_ones_are_no_groups(
    sample: pd.DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    column = schema.COLUMNS[0].__class__("fee", "text", schema.PREDICTION_MOMENT, "a month")
    monkeypatch.setattr(schema, "COLUMNS", (column,))
    none = pd.DataFrame({"fee": pd.Series([None] * 15, dtype="str")})
    featurize.warn_of_unseen(none, none.assign(fee=none["fee"].where(none.index > 0, "70 $")))

    assert capsys.readouterr().err == ""


def test_texts_that_mostly_differ_are_no_groups(
    sample: pd.DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    column = schema.COLUMNS[0].__class__
    free = column("said", "text", schema.PREDICTION_MOMENT, "in words")
    named = column("who", "text", schema.PREDICTION_MOMENT, "a customer", names=True)
    monkeypatch.setattr(schema, "COLUMNS", (*schema.COLUMNS, free, named))
    words = pd.Series([f"it is row {place}" for place in range(len(sample))], sample.index)
    rows = sample.assign(said=words.astype("str"), who="Ann")
    featurize.warn_of_unseen(rows, rows.assign(said="new " + rows["said"], who="Bob"))

    assert capsys.readouterr().err == ""
