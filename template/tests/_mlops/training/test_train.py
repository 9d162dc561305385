# The template's. Claims about your own model go into tests/test_model.py.
"""What `train` leaves behind: a model, and the record of how it was made."""

import fcntl
import hashlib
import json
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from ..fixtures import Repo, rewrite
from ..package import (
    artifact,
    batch_files,
    dataset,
    model,
    outcome,
    paths,
    provenance,
    runs,
    schema,
)


def manifest(repo: Repo) -> dict:
    """Return the candidate's manifest."""
    return repo.read(paths.CANDIDATE / artifact.MANIFEST)


def predictions(repo: Repo) -> pd.DataFrame:
    """Return what the candidate says about the hold-out."""
    model = artifact.load(repo.folder / paths.CANDIDATE).model
    holdout = pd.read_parquet(repo.folder / paths.FEATURES / dataset.HOLDOUT)
    return outcome.predict(model, holdout.drop(columns=schema.TARGET), schema.LABELS)


def test_a_clean_run_names_its_commit_data_and_lock(repo: Repo) -> None:
    found = manifest(repo)

    assert (found["dirty"], found["dirty_reasons"]) == (False, [])
    assert found["commit"] == repo.git("rev-parse", "HEAD")
    assert all(found[name] for name in runs.TAGS if name != "dirty")


def test_the_run_is_in_the_store_with_its_parameters_and_cost(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.folder)
    found = manifest(repo)
    run = runs.client().get_run(found["run_id"])

    (used,) = run.inputs.dataset_inputs

    assert run.info.run_name == f"{found['created'][:16]} {found['commit'][:7]}"
    assert (used.dataset.name, used.dataset.digest) == ("data/raw", found["data_sha256"][:12])
    assert run.data.tags["data_sha256"] == found["data_sha256"]
    assert set(run.data.params) == set(found["params"])
    assert {"wall_seconds", "cpu_seconds"} <= set(run.data.metrics)


def test_two_runs_on_the_same_inputs_give_the_same_predictions(
    repo: Repo, own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "try_to_log", lambda manifest: "")
    own_repo.must("featurize")
    own_repo.must("train")

    pd.testing.assert_frame_equal(predictions(own_repo), predictions(repo))


@pytest.mark.parametrize("change", ["code", "data", "git"])
def test_inputs_that_git_does_not_hold_make_a_run_dirty(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    if change == "code":
        (own_repo.folder / "src" / "new.py").write_text("")
    if change == "data":
        (own_repo.folder / paths.RAW / "new.csv").write_text("one more batch")
    if change == "git":
        own_repo.git("update-ref", "-d", "HEAD")
    monkeypatch.chdir(own_repo.folder)
    reason = {
        "code": "src/new.py is not committed",
        "data": "data/raw is unlike data/raw.dvc",
        "git": "there is no git commit",
    }

    assert reason[change] in provenance.record()["dirty_reasons"]


def test_other_line_ends_are_no_edit_and_make_no_run_dirty(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    Path(".git/info").mkdir(exist_ok=True)
    Path(".git/info/attributes").write_text("* text=auto eol=lf\n")
    before = provenance.record()["dirty_reasons"]
    params = Path("params.yaml")
    params.write_bytes(params.read_bytes().replace(b"\n", b"\r\n"))

    assert own_repo.git("status", "--porcelain", "--", "params.yaml")
    assert provenance.record()["dirty_reasons"] == before


def test_a_batch_that_dvc_takes_for_whole_and_is_not_makes_a_run_dirty(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(provenance.BY_PIPELINE, "train")  # DVC has looked already
    monkeypatch.chdir(own_repo.folder)
    before = provenance.record()["dirty_reasons"]
    batch = min(paths.RAW.glob("*"))
    whole = batch.read_bytes()
    batch.unlink()  # it may be a link into the cache
    batch.write_bytes(whole[:-1] + b"x")

    assert before == []
    expected = f"{batch} is not the file that {provenance.POINTER} names"
    assert provenance.record()["dirty_reasons"] == [expected]


def test_a_model_is_kept_when_the_store_does_not_answer(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{own_repo.folder}/params.yaml/no.db")
    done = own_repo.must("train")

    assert "warning: the tracking store" in done.err
    assert manifest(own_repo)["run_id"] == ""


def test_a_refused_parameter_leaves_the_old_candidate(own_repo: Repo) -> None:
    before = (own_repo.folder / paths.CANDIDATE / artifact.MODEL).read_bytes()
    own_repo.change(paths.PARAMS, "train", to={"no_such_parameter": 1})
    done = own_repo.run("train")

    assert done.code == 2
    assert "unknown key 'no_such_parameter' in section train" in done.err
    assert (own_repo.folder / paths.CANDIDATE / artifact.MODEL).read_bytes() == before


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (paths.FEATURES / dataset.HOLDOUT, 1),
        (paths.FEATURES / dataset.HOLDOUT_ROWS, 1),
        (paths.RAW / paths.SAMPLE.name, 1),
        (paths.FEATURES / dataset.TRAIN, 0),
        (paths.SAMPLE, 0),
    ],
    ids=str,
)
def test_a_model_that_reads_the_rows_held_out_is_refused_before_it_is_kept(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch, read: Path, code: int
) -> None:
    before = manifest(own_repo)["created"]
    build = model.build_model

    def build_model(params: Any) -> Any:
        pd.read_parquet(own_repo.folder / read)
        return build(params)

    monkeypatch.setattr(model, "build_model", build_model)
    done = own_repo.run("train")

    assert done.code == code, done.err
    assert (f"reads {read}, which holds rows" in done.err) is bool(code)
    assert (manifest(own_repo)["created"] == before) is bool(code)


def test_a_model_that_reads_them_while_it_is_imported_is_refused_too(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reads:
        """Finds no module, and reads the rows when model.py is asked for."""

        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == model.__name__:
                pd.read_parquet(own_repo.folder / paths.FEATURES / dataset.HOLDOUT)

    monkeypatch.setattr(sys, "meta_path", [Reads, *sys.meta_path])
    monkeypatch.delitem(sys.modules, model.__name__)
    monkeypatch.delattr(sys.modules[str(model.__package__)], "model")
    done = own_repo.run("train")

    assert done.code == 1
    assert "which holds rows that the model is judged on" in done.err


def test_features_that_were_not_made_are_wrong_input(own_repo: Repo) -> None:
    (own_repo.folder / paths.FEATURES / dataset.SUMMARY).unlink()
    done = own_repo.run("train")

    assert (done.code, "just repro" in done.err) == (2, True)


@pytest.mark.parametrize("stage", ["train", "evaluate"])
@pytest.mark.parametrize("name", [dataset.TRAIN, dataset.HOLDOUT, dataset.HOLDOUT_ROWS])
def test_a_table_that_featurize_did_not_write_is_named(
    own_repo: Repo, name: str, stage: str
) -> None:
    path = own_repo.folder / paths.FEATURES / name
    table = pd.read_parquet(path)
    table.iloc[::-1].to_parquet(path)
    done = own_repo.run(stage)

    assert (done.code, f"{name} has SHA-256" in done.err) == (2, True), done.err


def test_tables_of_other_batches_or_code_are_not_recorded_as_of_those_of_now(
    own_repo: Repo,
) -> None:
    shutil.copy(own_repo.folder / paths.SAMPLE, own_repo.folder / paths.RAW / "another.parquet")
    batch = own_repo.run("train")
    (own_repo.folder / paths.RAW / "another.parquet").unlink()
    path = own_repo.folder / paths.FEATURES / dataset.SUMMARY
    summary = own_repo.read(path)
    rewrite(path, **{dataset.MADE: {**summary[dataset.MADE], "code": "0" * 64}})
    code = own_repo.run("train")

    assert (batch.code, "made of other batches in data/raw than" in batch.err) == (2, True)
    assert (code.code, "made of other schema.py or features.py than" in code.err) == (2, True)


def test_tables_from_before_imports_counted_are_trained_on(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(str(schema.__file__)).parent
    before = b"".join((folder / name).read_bytes() for name in batch_files.FEATURE_CODE)
    path = own_repo.folder / paths.FEATURES / dataset.SUMMARY
    made = own_repo.read(path)[dataset.MADE]
    rewrite(path, **{dataset.MADE: {**made, "code": hashlib.sha256(before).hexdigest()}})
    now = [*batch_files.FEATURE_CODE, "data.py"]  # as if they imported that
    found = {name: (folder / name).read_bytes() for name in now}
    monkeypatch.setattr(batch_files.own_modules, "with_imported", lambda *_: found)

    assert own_repo.run("train").code == 0


def test_tables_from_before_their_code_was_recorded_are_trained_on(own_repo: Repo) -> None:
    path = own_repo.folder / paths.FEATURES / dataset.SUMMARY
    summary = own_repo.read(path)
    del summary[dataset.MADE]
    path.write_text(json.dumps(summary), encoding="utf-8")

    assert own_repo.run("train").code == 0


def test_what_a_killed_training_left_open_is_ended_by_the_next(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    log = runs.client()
    experiment = log.get_experiment_by_name(runs.PROJECT).experiment_id
    left = {
        number: log.create_run(experiment, tags={runs.PROCESS: f"{host} {number}"}).info.run_id
        for number, host in {
            os.getpid(): socket.gethostname(),
            2**31 - 1: socket.gethostname(),  # no process has that number
            2**31 - 2: "another-machine",
        }.items()
    }
    runs.end_killed(log)

    ended = {number: log.get_run(run_id).info.status for number, run_id in left.items()}
    assert ended == {os.getpid(): "RUNNING", 2**31 - 1: "KILLED", 2**31 - 2: "RUNNING"}


def test_one_process_at_a_time_makes_the_tables(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several at once, MLflow makes them in each, and all but one fail."""
    monkeypatch.chdir(own_repo.folder)
    make, held = mlflow.set_experiment, []

    def making(name: str) -> Any:
        with Path(runs.LOCK).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(name)
        return make(name)

    monkeypatch.setattr(mlflow, "set_experiment", making)
    runs.client()

    assert len(held) == 1
