# The template's. What is searched is yours: section tune of params.yaml.
"""What `tune` tries, what it leaves alone, and when it writes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from ruamel.yaml import YAML

from ..fixtures import Repo, killing
from ..package import NAME, data, errors, model, paths, runs, schema, search, tables, tune

NUMBERS = [
    name
    for name, field in model.Params.model_fields.items()
    if field.annotation in (int, float) and name != "seed"
]
KEY = NUMBERS[0] if NUMBERS else "seed"


def present(repo: Repo) -> Any:
    """Return the value of the key that is searched here."""
    train = YAML(typ="safe").load(repo.folder / paths.PARAMS).get("train") or {}
    return train.get(KEY, model.Params().model_dump()[KEY])


@pytest.fixture
def searched(own_repo: Repo) -> Repo:
    """Return a repo with a small space around the value of one key."""
    value = present(own_repo)
    more = value * 2 if isinstance(value, int) else value * 1.5  # a threshold is below 1
    space = {KEY: {"low": value, "high": more or 1}}
    yaml = YAML()
    content = yaml.load(own_repo.folder / paths.PARAMS)
    content["tune"] = {"trials": 2, "space": space}
    yaml.dump(content, own_repo.folder / paths.PARAMS)
    return own_repo


def scores(repo: Repo) -> list[float | None]:
    """Return the score of each trial, in order."""
    import optuna

    address = f"sqlite:///{repo.folder / search.FOLDER / 'studies.db'}"
    (name,) = optuna.get_all_study_names(address)
    found = optuna.load_study(study_name=name, storage=address).get_trials()
    return [trial.value for trial in found if trial.state.is_finished()]


def test_trials_have_scores_a_page_and_runs_inside_one_run(
    searched: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (searched.folder / paths.PARAMS).read_bytes()
    done = searched.must("tune", "--trials", 2)
    page = (searched.folder / paths.TUNE_PAGE).read_text(encoding="utf-8")
    monkeypatch.chdir(searched.folder)
    log = runs.client()
    found = log.search_runs([e.experiment_id for e in log.search_experiments()])
    inner = [run for run in found if "mlflow.parentRunId" in run.data.tags]

    assert len(scores(searched)) == 2
    assert "data:image/png" in page
    assert 'src="http' not in page
    assert len({run.data.tags["mlflow.parentRunId"] for run in inner}) == 1
    assert len(inner) == 2
    assert "\r" not in done.err
    assert (searched.folder / paths.PARAMS).read_bytes() == before


def test_the_sum_of_trials_counts_what_was_made_before(searched: Repo) -> None:
    searched.must("tune", "--trials", 1)
    first = scores(searched)
    done = searched.must("tune", "--trials", 3)

    assert "1 trial was made before" in done.err
    assert len(scores(searched)) == 3
    assert scores(searched)[:1] == first


@pytest.mark.slow
def test_a_search_goes_on_after_a_kill(searched: Repo) -> None:
    command = [sys.executable, "-m", NAME, "tune", "--trials", "1000"]
    environment = {**os.environ, "PYTHONPATH": str(searched.folder / "src")}
    process = subprocess.Popen(command, cwd=searched.folder, env=environment)
    database = searched.folder / search.FOLDER / "studies.db"
    for _ in range(6000):  # one trial on many rows takes its time where others are at work
        if process.poll() is not None:
            break
        if database.exists() and database.stat().st_size and made(searched):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = made(searched)
    searched.must("tune", "--trials", kept + 1)

    assert kept >= 1
    assert len(scores(searched)) == kept + 1


def test_a_run_that_a_kill_left_open_is_ended_by_the_next_search(
    searched: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killing(MlflowClient, "set_terminated"):
        searched.run("tune", "--trials", 2)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "lives", lambda number: False)
        searched.must("tune", "--trials", 2)
    monkeypatch.chdir(searched.folder)
    log = runs.client()
    found = log.search_runs([e.experiment_id for e in log.search_experiments()])

    assert "RUNNING" not in {run.info.status for run in found}


def made(repo: Repo) -> int:
    """Return how many trials ended, while another process may be at work."""
    database = (repo.folder / search.FOLDER / "studies.db").as_uri()
    try:
        with closing(sqlite3.connect(f"{database}?mode=ro", uri=True)) as found:
            asked = "SELECT count(*) FROM trials WHERE state != 'RUNNING'"
            return int(found.execute(asked).fetchone()[0])
    except sqlite3.OperationalError:  # its tables are being made
        return 0


@pytest.mark.slow
def test_two_processes_share_one_search(searched: Repo) -> None:
    command = [sys.executable, "-m", NAME, "tune", "--trials", "6"]
    environment = {**os.environ, "PYTHONPATH": str(searched.folder / "src")}
    both = [subprocess.Popen(command, cwd=searched.folder, env=environment) for _ in range(2)]

    assert [process.wait() for process in both] == [0, 0]
    assert 6 <= len(scores(searched)) <= 7


def test_the_hold_out_has_no_say(searched: Repo) -> None:
    searched.must("tune", "--trials", 2)
    before = scores(searched)
    path = searched.folder / paths.RAW / paths.SAMPLE.name
    rows = tables.read(path, schema, data)
    known = rows[schema.read_target(rows).notna()]
    _, holdout = data.split(known, 0.2)
    rng = np.random.default_rng(0)
    # rows stay where the split put them: by time, by key, or each label by itself
    known_now = {column.name for column in tables.known_columns(schema)}
    fixed = {schema.TIME, *schema.KEY} | (set() if schema.TIME else set(rows) - known_now)
    for column in [name for name in rows if name not in fixed]:
        values = rows.loc[holdout.index, column]
        if values.notna().all():
            rows.loc[holdout.index, column] = values.to_numpy()[rng.permutation(len(values))]
    rows.to_parquet(path)
    searched.must("tune", "--trials", 2)

    assert before == scores_of_newest(searched)


def scores_of_newest(repo: Repo) -> list[float | None]:
    """Return the scores of the study that was begun last."""
    import optuna

    address = f"sqlite:///{repo.folder / search.FOLDER / 'studies.db'}"
    found = optuna.get_all_study_summaries(address)
    newest = max(found, key=lambda one: one._study_id)
    study = optuna.load_study(study_name=newest.study_name, storage=address)
    assert len(found) == 2
    return [trial.value for trial in study.get_trials()]


def test_pretend_tries_nothing(searched: Repo) -> None:
    done = searched.must("tune", "--pretend")

    assert KEY in done.out
    assert not (searched.folder / search.FOLDER).exists()


@pytest.mark.parametrize(
    ("tuned", "said"),
    [
        ({}, "tune.space is missing"),
        ({"space": {KEY: {"low": 3, "high": 1}}}, f"tune.space.{KEY}: expected low below high"),
        ({"space": {KEY: {"low": 0, "high": 1, "log": True}}}, "expected low above 0"),
        ({"space": {KEY: {"choices": [1]}}}, "expected choices, two or more"),
        ({"space": {KEY: {"low": 1}}}, "expected low and high, or choices"),
        ({"space": {f"{KEY}_": {"low": 1, "high": 2}}}, f"did you mean '{KEY}'?"),
        ({"space": {KEY: {"choices": ["many", "few"]}}}, f"tune.space.{KEY}: input should be"),
        ({"trials": 0}, "tune.trials: input should be greater than or equal to 1"),
    ],
)
def test_a_space_that_cannot_be_searched_is_one_line(
    own_repo: Repo, tuned: dict[str, Any], said: str
) -> None:
    own_repo.change(paths.PARAMS, "tune", to=tuned)
    done = own_repo.run("tune")

    assert done.code == 2
    assert said in done.err
    assert len(done.err.partition("\n\nhint:")[0].strip().splitlines()) == 1


@pytest.mark.parametrize("option", ["--trials", "--time"])
def test_a_search_of_nothing_is_one_line(searched: Repo, option: str) -> None:
    done = searched.run("tune", option, 0)

    assert (done.code, done.err) == (2, f"error: {option} is 0; expected more than 0\n")


def test_values_that_are_not_better_are_not_written(
    searched: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.Search, "score", lambda self, values: 1.0)
    before = (searched.folder / paths.PARAMS).read_bytes()
    done = searched.must("tune", "--trials", 1, "--yes")

    assert "no better than what params.yaml holds" in done.err
    assert (searched.folder / paths.PARAMS).read_bytes() == before


def test_better_values_are_written_and_nothing_else(
    searched: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = present(searched)
    sign = 1 if "better: higher" in (searched.folder / paths.CONTRACT).read_text() else -1
    monkeypatch.setattr(search.Search, "score", lambda self, values: sign * values[KEY])
    before = (searched.folder / paths.PARAMS).read_text(encoding="utf-8")
    shown = searched.must("tune", "--trials", 4)
    unchanged = (searched.folder / paths.PARAMS).read_text(encoding="utf-8")
    searched.must("tune", "--trials", 4, "--yes")
    after = (searched.folder / paths.PARAMS).read_text(encoding="utf-8")

    assert unchanged == before
    assert f"-  {KEY}: {tune.scalar(value)}" in shown.out
    assert present(searched) > value
    assert len(set(before.splitlines()) ^ set(after.splitlines())) == 2


TEXTS = {
    "with comments": (
        "train:\n  # first\n  a: 1  # why\n  b: 2\n",
        "train:\n  # first\n  a: 3  # why\n  b: 2\n",
    ),
    "in one line": ("train: {a: 1, b: 2}  # c\n", "train: {a: 3, b: 2}  # c\n"),
    "another key": ("train:\n  b: 2  # c\n", "train:\n  a: 3\n  b: 2  # c\n"),
    "empty": ("train: {}  # c\nx: 1\n", "train: {a: 3}  # c\nx: 1\n"),
    "none": ("x: 1  # c\n", "x: 1  # c\n\ntrain:\n  a: 3\n"),
}


@pytest.mark.parametrize(("before", "after"), TEXTS.values(), ids=TEXTS)
def test_comments_and_all_other_letters_stay(before: str, after: str) -> None:
    assert tune.edited(before, {"a": 3}) == after


def test_a_value_that_others_share_is_for_a_person_to_change() -> None:
    text = "x: &v 1\ntrain: {a: *v}\n"

    with pytest.raises(errors.WrongInput, match="write this into section train: a: 3"):
        tune.edited(text, {"a": 3})


def test_scalars_are_read_back_as_they_were() -> None:
    values = [1, 1e-05, 0.1, True, None, "balanced", "no"]

    assert [YAML(typ="safe").load(tune.scalar(value)) for value in values] == values
    assert [json.loads(tune.scalar(value)) for value in values] == values
