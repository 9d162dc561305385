# The template's. Claims about how good your model is go into tests/test_model.py.
"""What `evaluate` reports, and what it cannot judge."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ..broken import KNOWN
from ..fixtures import Repo
from ..package import (
    artifact,
    dataset,
    diagnosis,
    metrics,
    outcome,
    paths,
    plots,
    runs,
    schema,
    scoring,
)


def refused(repo: Repo) -> tuple[int, str]:
    """Run an evaluation that has to fail, and see that the old report is still there."""
    before = (repo.folder / paths.METRICS).read_bytes(), repo.files()
    done = repo.run("evaluate")
    assert ((repo.folder / paths.METRICS).read_bytes(), repo.files()) == before
    return done.code, done.err


def test_the_report_says_what_metrics_py_says_of_the_hold_out(repo: Repo) -> None:
    report = repo.read(paths.METRICS)
    model = artifact.load(repo.folder / paths.CANDIDATE).model
    holdout = pd.read_parquet(repo.folder / paths.FEATURES / dataset.HOLDOUT)
    y_pred = outcome.predict(model, holdout.drop(columns=schema.TARGET), schema.LABELS)

    assert report["metrics"] == pytest.approx(metrics.score(holdout[schema.TARGET], y_pred))


def test_a_plot_shows_names_as_the_data_spell_them(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "slices.png"
    names = [("price", "up to $5^$"), ("city", "\u5317\u4eac")]
    slices = [{"column": one, "value": value, "rows": 20, "loss": 1.0} for one, value in names]
    report = {"metric": "loss", "better": "lower", "slices": slices, "metrics": {"loss": 1.0}}
    plots.save_slices(path, report, accept=None)

    assert path.read_bytes().startswith(b"\x89PNG")
    assert [str(one.message) for one in recwarn] == []


def test_baselines_and_importance_stand_beside_the_score(repo: Repo) -> None:
    report = repo.read(paths.METRICS)
    features = repo.read(paths.CANDIDATE / artifact.MANIFEST)["features"]

    assert all(report["metric"] in scores for scores in report["baselines"].values())
    assert set(report["importance"]) == {feature["name"] for feature in features}


def test_one_table_holds_a_copy_for_each_shuffled_feature() -> None:
    inputs = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]}, index=[7, 8, 9])
    found = scoring.shuffled(inputs, [("b", np.array([2, 0, 1])), ("a", np.array([1, 2, 0]))])

    assert found["a"].tolist() == [1, 2, 3, 2, 3, 1]
    assert found["b"].fillna("-").tolist() == ["z", "x", "-", "x", "-", "z"]
    assert found.dtypes.equals(inputs.dtypes)


def test_importance_is_measured_on_as_many_rows_as_params_yaml_says(own_repo: Repo) -> None:
    before = own_repo.read(paths.METRICS)
    if len(pd.read_parquet(own_repo.folder / paths.FEATURES / dataset.HOLDOUT)) <= 10:
        pytest.skip("your sample has too few rows held out to draw some")
    own_repo.change(paths.PARAMS, "evaluate", "importance_rows", to=10)
    own_repo.must("evaluate")
    after = own_repo.read(paths.METRICS)

    assert after["metrics"] == before["metrics"]
    assert after["importance"].keys() == before["importance"].keys()
    assert after["importance"] != before["importance"]


def test_plots_are_pictures(repo: Repo) -> None:
    plots = list((repo.folder / paths.REPORTS).glob("*.png"))

    assert len(plots) == 3
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in plots)


@pytest.mark.parametrize("labels", [(), ("no", "yes")])
def test_a_model_that_answers_the_same_to_every_row_has_a_diagnosis(
    labels: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(schema, "LABELS", labels)
    monkeypatch.setattr(schema, "POSITIVE", "yes" if labels else "", raising=False)
    places = pd.Series(range(20))
    y_true = places.map(lambda place: labels[place % 2] if labels else float(place))
    constant = {"no": 0.4, "yes": 0.6} if labels else {outcome.NUMBER: 7.5}
    y_pred = pd.DataFrame(constant, index=places.index)
    found = diagnosis.diagnose(y_true, y_pred, 10, schema)
    diagnosis.save(tmp_path / "diagnosis.png", found, schema)

    assert [(one["rows"], one["predicted"]) for one in found] == [(20, 0.6 if labels else 7.5)]


def test_a_slice_is_judged_when_it_is_large_enough(own_repo: Repo) -> None:
    column = schema.KEY[-1]
    own_repo.change(paths.CONTRACT, "slices", to={"columns": [column], "min_rows": 1})
    own_repo.must("evaluate")
    report = own_repo.read(paths.METRICS)
    rows = pd.read_parquet(own_repo.folder / paths.FEATURES / dataset.HOLDOUT_ROWS)

    assert {found["column"] for found in report["slices"]} == {column}
    assert sum(found["rows"] for found in report["slices"]) == len(rows)


def test_half_a_file_that_a_killed_evaluation_left_in_its_run_is_removed(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    run_id = own_repo.read(paths.CANDIDATE / artifact.MANIFEST)["run_id"]
    kept = Path(runs.client().get_run(run_id).info.artifact_uri, "evaluation")
    half = kept / f"{runs.UPLOADING}x"
    half.write_bytes(b"")
    own_repo.must("evaluate")

    assert not half.exists()
    assert (kept / paths.METRICS.name).is_file()


def test_a_metric_that_nobody_computes_gets_a_suggestion(own_repo: Repo) -> None:
    metric = own_repo.read(paths.METRICS)["metric"]
    own_repo.change(paths.CONTRACT, "quality", "metric", to=f"{metric}_")
    code, said = refused(own_repo)

    assert code == 2
    assert f"quality.metric is '{metric}_', which metrics.py does not return" in said
    assert f"did you mean {metric!r}?" in said


def test_a_slice_of_no_column_is_wrong_input(own_repo: Repo) -> None:
    own_repo.change(paths.CONTRACT, "slices", "columns", to=["no_such_column"])
    code, said = refused(own_repo)

    assert (code, "slices.columns names 'no_such_column'" in said) == (2, True)


def test_a_model_that_gives_a_group_no_number_is_refused_by_the_group(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pd.read_parquet(own_repo.folder / paths.FEATURES / dataset.HOLDOUT_ROWS)
    column = next(one.name for one in KNOWN if one.kind == "text" and rows[one.name].notna().all())
    own_repo.change(paths.CONTRACT, "slices", "columns", to=[column])
    value, predict = rows[column].iloc[0], outcome.predict

    def without(*arguments: Any) -> pd.DataFrame:
        y_pred = predict(*arguments)
        return y_pred.mask((rows[column] == value).reindex(y_pred.index))

    monkeypatch.setattr(outcome, "predict", without)
    code, said = refused(own_repo)

    assert (code, f"get no number, all with {column}={value}" in said) == (1, True), said


def test_a_tampered_candidate_is_refused(own_repo: Repo) -> None:
    with (own_repo.folder / paths.CANDIDATE / artifact.MODEL).open("ab") as file:
        file.write(b"x")
    code, said = refused(own_repo)

    assert (code, "SHA-256" in said) == (1, True)
