# The template's. Claims about how your own columns move go into a file beside this folder.
"""What `drift` calls drift, what it does not compare, and which files it refuses."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ..broken import KNOWN, SAMPLE, plant, wrong_values
from ..fixtures import Repo
from ..package import artifact, comparison, dataset, drift, interface, paths, schema

# quiet enough for halves of a few hundred rows; what is measured here is who is told, and when
CALM = {"number": {"method": "wasserstein", "threshold": 0.5}, "min_rows": 20}


def report_on(repo: Repo, rows: pd.DataFrame, *options: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the report about a batch."""
    path = repo.folder / paths.INCOMING / "batch.parquet"
    path.parent.mkdir(exist_ok=True, parents=True)
    rows.to_parquet(path)
    done = repo.run("drift", "--json", *options)
    assert done.out, done.err
    return done.code, json.loads(done.out)


def columns(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what was found about each column."""
    return {found["column"]: found for found in report["columns"]}


def numeric(**wanted: bool) -> interface.Column:
    """Return a number that is compared and fits the wish; without one, skip the test.

    Of several the one with the most values: others may hold only one where the model learned.
    """
    found = [
        column
        for column in KNOWN
        if column.kind in ("integer", "number")
        and not (column.personal or column.names)
        and not (column.kind == "integer" and column.name in schema.KEY)
        and all(getattr(column, name) == value for name, value in wanted.items())
        and SAMPLE[column.name].nunique() > 1
    ]
    if not found:
        pytest.skip(f"you declare no number that is compared and has {wanted}")
    return max(found, key=lambda column: SAMPLE[column.name].nunique())


@pytest.fixture
def drawing(own_repo: Repo) -> Repo:
    """Return a repo that learned from the sample, and minds only what is far off."""
    own_repo.change(paths.PARAMS, "drift", to=CALM)
    return own_repo


@pytest.fixture
def calm(drawing: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return the same repo without Evidently's drawing, which takes seconds."""
    monkeypatch.setattr(drift, "page", lambda compared, params: "<html></html>")
    return drawing


@pytest.fixture
def learned(repo: Repo, sample: pd.DataFrame) -> pd.DataFrame:
    """Return rows that the model was trained on."""
    train = pd.read_parquet(repo.folder / paths.FEATURES / dataset.TRAIN)
    return sample.loc[train.index]


def moved(rows: pd.DataFrame, columns: list[interface.Column]) -> pd.DataFrame:
    """Return rows in which these columns hold the value furthest from their mean everywhere."""
    values = [rows[column.name].dropna() for column in columns]
    far = {str(one.name): one[(one - one.mean()).abs().idxmax()] for one in values}
    return rows.assign(**far)


@pytest.mark.parametrize(("time", "expected"), [("at", range(6)), ("", [*range(6), 7, 9])])
def test_new_rows_are_compared_also_with_known_ones_that_have_no_target(
    monkeypatch: pytest.MonkeyPatch, time: str, expected: Sequence[int]
) -> None:
    rows = pd.DataFrame({"at": range(10), "y": [1.0, np.nan] * 5})
    monkeypatch.setattr(comparison.schema, "TIME", time)
    monkeypatch.setattr(comparison.validation, "read_target", lambda rows: rows["y"])
    monkeypatch.setattr(comparison.data, "split", lambda rows, _: (rows[:3], rows[3:]))

    found = comparison.beside_training(rows, 0.4)

    assert sorted(found.index) == list(expected)


def test_the_training_part_is_not_drift_from_itself(drawing: Repo, learned: pd.DataFrame) -> None:
    code, report = report_on(drawing, learned)

    assert (code, report["drifted"], report["drifted_columns"]) == (0, False, 0)
    assert drawing.read(paths.DRIFT) == report
    assert "<html" in (drawing.folder / paths.DRIFT_PAGE).read_text(encoding="utf-8").lower()


def test_columns_that_moved_are_named_with_method_score_and_threshold(
    calm: Repo, learned: pd.DataFrame
) -> None:
    column = numeric(missing=False)
    code, report = report_on(calm, moved(learned, [column]))
    found = columns(report)[column.name]

    assert found["drifted"]
    assert found["method"] == "wasserstein"
    assert found["score"] > found["threshold"] == 0.5
    assert code == (1 if report["drifted"] else 0)


@pytest.mark.slow
def test_a_batch_drifts_when_enough_columns_do(drawing: Repo, learned: pd.DataFrame) -> None:
    column = numeric(missing=False)
    drawing.change(paths.PARAMS, "drift", "share", to=0.01)
    code, report = report_on(drawing, moved(learned, [column]))
    done = drawing.run("drift")
    page = (drawing.folder / paths.DRIFT_PAGE).read_text(encoding="utf-8")

    assert (code, report["drifted"]) == (1, True)
    assert column.name in done.err
    assert "drift in data/incoming/batch.parquet</title>" in page
    assert f"columns drifted ({column.name}" in page
    assert f"hint: {paths.DRIFT_PAGE}" in done.err


def test_predictions_that_moved_are_drift(calm: Repo, learned: pd.DataFrame) -> None:
    calm.change(paths.PARAMS, "drift", "share", to=1.0)
    calm.change(
        paths.PARAMS, "drift", "prediction", to={"method": "wasserstein", "threshold": 0.001}
    )
    code, report = report_on(calm, learned.head(len(learned) // 2))

    assert (code, report["prediction_drifted"]) == (1, True)


def test_without_a_champion_the_columns_are_compared(calm: Repo, learned: pd.DataFrame) -> None:
    (calm.folder / paths.CHAMPION / artifact.POINTER).unlink()
    code, report = report_on(calm, learned)

    assert (code, report["predictions"]) == (0, [])
    assert report["columns"]


def test_values_that_go_missing_are_drift_of_their_column(
    calm: Repo, learned: pd.DataFrame
) -> None:
    column = numeric(missing=True)
    every_second = np.arange(len(learned)) % 2 == 0
    _, report = report_on(
        calm, learned.assign(**{column.name: learned[column.name].where(every_second)})
    )
    before, after = columns(report)[column.name]["missing"]

    assert after > before
    assert columns(report)[column.name]["drifted"]


def test_where_nothing_could_be_compared_it_is_not_called_no_drift(
    drawing: Repo, learned: pd.DataFrame
) -> None:
    drawing.change(paths.PARAMS, "drift", "min_rows", to=len(learned) + 1)
    code, report = report_on(drawing, learned)
    done = drawing.run("drift")
    page = (drawing.folder / paths.DRIFT_PAGE).read_text(encoding="utf-8")

    assert (code, report["compared"]) == (2, 0)
    assert "error: drift: nothing was compared: " in done.err
    assert "nothing compared in data/incoming/batch.parquet</title>" in page


def test_an_empty_column_does_not_kill_the_report(drawing: Repo, learned: pd.DataFrame) -> None:
    empty = [column.name for column in KNOWN if column.missing]
    if not empty:
        pytest.skip("every column of yours has to hold a value")
    _, report = report_on(drawing, learned.assign(**{empty[0]: None}))

    assert len(report["columns"]) > 1
    if empty[0] in columns(report):
        assert columns(report)[empty[0]]["score"] is None


def test_what_names_rows_is_personal_or_a_time_is_not_compared(
    calm: Repo, learned: pd.DataFrame
) -> None:
    _, report = report_on(calm, learned)
    late = {column.name for column in schema.COLUMNS} - {column.name for column in KNOWN}
    numbers = {c.name for c in KNOWN if c.name in schema.KEY and c.kind == "integer"}
    hidden = {c.name for c in KNOWN if c.personal or c.names or c.kind == "timestamp"}

    assert not (late | numbers | hidden) & set(columns(report))
    assert numbers | hidden <= set(report["skipped"])


def test_a_column_is_ignored_when_params_say_so(calm: Repo, learned: pd.DataFrame) -> None:
    column = numeric(missing=False)
    calm.change(paths.PARAMS, "drift", "ignore", to=[column.name])
    _, report = report_on(calm, moved(learned, [column]))

    assert column.name not in columns(report)
    assert report["skipped"][column.name] == "ignored in params.yaml"


def test_a_column_may_have_a_rule_of_its_own(calm: Repo, learned: pd.DataFrame) -> None:
    column = numeric(missing=False)
    rule = {"method": "jensenshannon", "threshold": 0.99}
    calm.change(paths.PARAMS, "drift", "columns", to={column.name: rule})
    _, report = report_on(calm, learned)
    found = columns(report)[column.name]

    assert (found["method"], found["threshold"]) == ("jensenshannon", 0.99)


def test_a_bounded_sample_is_the_same_each_time(calm: Repo, learned: pd.DataFrame) -> None:
    calm.change(paths.PARAMS, "drift", "max_rows", to=100)
    _, once = report_on(calm, learned)
    _, again = report_on(calm, learned)

    assert once == again
    assert once["rows"] == min(100, len(learned))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("ignore", ["no_such_column"], "section drift names 'no_such_column'"),
        ("text", {"method": "wasserstein", "threshold": 0.1}, "cannot be measured"),
        ("number", {"method": "ks", "threshold": 0.1}, "drift.number.method"),
        ("columns", {"x": {"threshol": 0.1}}, "drift.columns.x"),
    ],
)
def test_a_wrong_parameter_is_wrong_input(calm: Repo, key: str, value: Any, said: str) -> None:
    calm.change(paths.PARAMS, "drift", key, to=value)
    done = calm.run("drift", calm.folder / paths.SAMPLE)

    assert (done.code, said in done.err) == (2, True), done.err


def test_a_batch_that_breaks_the_schema_is_refused_before_it_is_measured(
    calm: Repo, sample: pd.DataFrame, tmp_path: Path
) -> None:
    column = next(column for column in KNOWN if wrong_values(column))
    value = next(iter(wrong_values(column).values()))
    rows = plant(sample, column.name, value)
    path = tmp_path / "batch.csv"
    rows.to_csv(path, index=False)
    done = calm.run("drift", path)

    assert done.code == 1
    assert f"error: {path}: column {column.name!r}" in done.err
    assert not (calm.folder / paths.DRIFT).exists()


def test_no_batch_or_an_unreadable_one_is_wrong_input(calm: Repo, tmp_path: Path) -> None:
    (tmp_path / "batch.parquet").write_bytes(b"")

    assert calm.run("drift").code == 2
    assert calm.run("drift", tmp_path / "batch.parquet").code == 2
    assert calm.run("drift", tmp_path / "none.parquet").code == 2


def test_batches_without_outcomes_are_compared(calm: Repo, learned: pd.DataFrame) -> None:
    names = [column.name for column in KNOWN]

    assert report_on(calm, learned[names])[0] == 0
