# The template's. Your server's address goes into MLFLOW_TRACKING_URI; without it, mlflow.db.
"""Runs in MLflow: what was tried, with which inputs, and how it went."""

import json
import logging
import os
import socket
import sqlite3
import warnings
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import PROJECT, paths
from ..access import TRACKING, asking, refusal
from ..errors import OutsideFailed, first_cause, without_passwords
from ..files import lives, one_at_a_time

if TYPE_CHECKING:
    from mlflow import MlflowClient

LOCK = Path(".dvc/tmp/store-lock")  # who makes the store's tables
MODEL_TAG = "model_sha256"
PROCESS = "process"  # tag of a run: machine and number of the process that logs it
TAGS = (
    "commit",
    "dirty",
    "data_sha256",
    "lock_sha256",
    "features_sha256",
    MODEL_TAG,
    "python",
)
KIND, MAIN_METRIC = "mlflow.experimentKind", "mlflow.experiment.primaryMetric.name"
VIEW = "mlflow.sharedViewState.metrics"  # what `just ui` asks the page for by its last word
UPLOADING = ".artifact.uploading."  # MLflow's name of a file that is not whole yet
POINTS_NOWHERE = "PRAGMA foreign_key_check"
# where MLflow notes the full path of what lies in mlruns/
PLACES = (
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("experiments", "artifact_location"),
)


def store() -> str:
    """Return the address of the tracking store."""
    return os.environ.get(TRACKING) or f"sqlite:///{home() / 'mlflow.db'}"


def shown_store() -> str:
    """Return the address of the tracking store for people: without a password."""
    return without_passwords(store())


def own() -> bool:
    """Say whether the store is the repo's own file, and not a server."""
    return not os.environ.get(TRACKING)


def damage() -> list[str]:
    """Say what SQLite finds wrong with the repo's own store; of a server nothing is known."""
    if not own():
        return []
    path = home() / "mlflow.db"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as found:
            lines = [str(line) for (line,) in found.execute("PRAGMA integrity_check(3)")]
            lines += [f"a row of {row[0]} points nowhere" for row in found.execute(POINTS_NOWHERE)]
    except sqlite3.Error as error:
        return [f"mlflow.db: {error}"]
    return [f"mlflow.db: {line}" for line in lines if line != "ok"]


def home() -> Path:
    """Return the repo's folder, also from the folder in which DVC runs an experiment of it."""
    here = Path.cwd().resolve()
    above, inside, _ = here.as_posix().partition("/.dvc/tmp/exps/")
    return Path(above) if inside else here


def client() -> "MlflowClient":
    """Return a client on the store; the first call makes the tables and the experiment.

    Raises:
        OutsideFailed: If the store does not answer.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    # addresses of runs on a server go to stdout, where data goes
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="mlflow")
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    # a traceback of what is raised as well
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    alone = own()  # a workflow without the variable sets it to nothing
    mlflow.set_tracking_uri(store())
    if alone:  # MLflow sets it, and it would outlive a change of folder
        os.environ.pop(TRACKING, None)
    try:
        # MLflow's processes that make the tables of one file at once disturb each other
        with one_at_a_time(home() / LOCK) if alone else nullcontext():
            experiment = mlflow.set_experiment(PROJECT)
            if KIND not in experiment.tags:  # else MLflow's pages are about language models
                mlflow.set_experiment_tag(KIND, "custom_model_development")
        if alone:
            bring_home(home())
        return mlflow.MlflowClient()
    except OutsideFailed:  # of the disk
        raise
    except Exception as error:  # SQLAlchemy, requests and MLflow each have their own
        if problem := refusal(error):
            raise problem from error
        message = f"the tracking store {shown_store()} does not answer: {first_cause(error)}"
        raise OutsideFailed(message, f"is it running, and is {TRACKING} right?") from error


def bring_home(repo: Path) -> None:
    """Name the files beside the store when it was moved or copied here with its repo.

    MLflow would read and write those of the folder in which the store was made.
    """
    with closing(sqlite3.connect(repo / "mlflow.db")) as store, store:
        # the experiment that MLflow makes with the store; one of yours may lie where you like
        asked = "SELECT artifact_location FROM experiments WHERE experiment_id = 0"
        noted = (store.execute(asked).fetchone() or ("",))[0]
        was, inside, _ = noted.rpartition("/mlruns/")
        if not inside or not was.startswith("/") or was == str(repo):
            return
        for table, column in PLACES:
            store.execute(
                f"UPDATE {table} SET {column} = :here || substr({column}, length(:was) + 1)"
                f" WHERE substr({column}, 1, length(:was)) = :was",
                {"here": f"{repo}/mlruns/", "was": f"{was}/mlruns/"},
            )


@asking()
def log_run(manifest: dict[str, Any]) -> str:
    """Log one training run from its manifest and return the run's id."""
    end_killed(client())
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    data_sha256 = manifest["data_sha256"]
    source = CodeDatasetSource(tags={"mlflow.source.git.commit": manifest["commit"]})
    with mlflow.start_run(run_name=name_of(manifest), tags=this_process()) as run:
        dataset = MetaDataset(source, name=str(paths.RAW), digest=data_sha256[:12])
        mlflow.log_input(dataset, context="training")
        mlflow.log_params(manifest["params"])
        mlflow.log_metrics(manifest["cost"])
        mlflow.set_tags({name: str(manifest[name]) for name in TAGS})
        mlflow.log_dict(manifest, "manifest.json")
        run_id: str = run.info.run_id
    return run_id


def this_process() -> dict[str, str]:
    """Return the tag by which the next command knows that a run was left open."""
    return {PROCESS: f"{socket.gethostname()} {os.getpid()}"}


def end_killed(log: "MlflowClient") -> None:
    """End the runs that commands of this machine left open when they were killed."""
    experiment = log.get_experiment_by_name(PROJECT).experiment_id
    mine = f"tags.{PROCESS} LIKE '{socket.gethostname()} %' and attributes.status = 'RUNNING'"
    for run in log.search_runs([experiment], mine):
        if not lives(run.data.tags[PROCESS].rpartition(" ")[2]):
            log.set_terminated(run.info.run_id, "KILLED")


def settle(run_id: str, manifest: dict[str, Any]) -> None:
    """Let a run say the commit of its inputs, also when they were committed after it."""
    log = client()
    known = log.get_run(run_id).data.tags
    for name in ("commit", "dirty") if known.get(MODEL_TAG) == manifest[MODEL_TAG] else ():
        if known.get(name) != str(manifest[name]):
            log.set_tag(run_id, name, str(manifest[name]))


def name_of(manifest: dict[str, Any]) -> str:
    """Return how the run of a training is named."""
    return f"{manifest['created'][:16]} {manifest['commit'][:7] or 'uncommitted'}"


def logged_run(manifest: dict[str, Any]) -> str:
    """Return the run that a killed registration made of a manifest; nothing when there is none."""
    log = client()
    experiment = log.get_experiment_by_name(PROJECT).experiment_id
    asked = f"tags.model_sha256 = '{manifest['model_sha256']}' and attributes.status = 'FINISHED'"
    found = log.search_runs([experiment], asked)
    names = {run.info.run_id: run.info.run_name for run in found}
    return next((run_id for run_id, name in names.items() if name == name_of(manifest)), "")


def view(report: dict[str, Any]) -> str:
    """Return which columns MLflow's table of runs shows: the metric and that of each baseline."""
    metrics = [report["metric"], *(f"{name}_{report['metric']}" for name in report["baselines"])]
    columns = ["attributes.`Dataset`", *(f"metrics.`{name}`" for name in metrics)]
    return json.dumps({"selectedColumns": columns})


@asking()
def log_evaluation(run_id: str, report: dict[str, Any]) -> None:
    """Add the evaluation's numbers and plots to a run."""
    log = client()
    experiment = log.get_run(run_id).info.experiment_id
    log.set_experiment_tag(experiment, MAIN_METRIC, report["metric"])
    log.set_experiment_tag(experiment, VIEW, view(report))
    for name, value in report["metrics"].items():
        log.log_metric(run_id, name, value)
    for baseline, scores in report["baselines"].items():
        log.log_metric(run_id, f"{baseline}_{report['metric']}", scores[report["metric"]])
    with one_at_a_time(paths.METRICS):  # another evaluation would remove what is not whole yet
        keep(log, run_id, "evaluation", [paths.METRICS, *sorted(paths.REPORTS.glob("*.png"))])


def keep(log: "MlflowClient", run_id: str, folder: str, files: list[Path]) -> None:
    """Copy files into a folder of a run, where half a file of a killed command is removed."""
    if own():
        for part in Path(log.get_run(run_id).info.artifact_uri, folder).glob(f"{UPLOADING}*"):
            part.unlink(missing_ok=True)
    for path in files:
        log.log_artifact(run_id, str(path), folder)


def begin_search(name: str, begun: str = "") -> str:
    """Return the run under which the runs of a search stand; nothing when the store is away.

    Args:
        name: Of the search.
        begun: Its run, where it was begun before; a run that was killed then is ended.
    """
    try:
        log = client()
    except OutsideFailed as problem:
        click.echo(f"warning: {problem}; the trials are only in {paths.TUNE_PAGE}", err=True)
        return begun
    end_killed(log)
    return begun or _finished_run(log, name, {})


def log_trial(search: str, name: str, params: dict[str, Any], metric: str, score: float) -> None:
    """Log one trial as a run inside the run of its search, when there is one."""
    if not search:
        return
    try:
        log = client()
        run_id = _finished_run(log, name, {"mlflow.parentRunId": search})
        for key, value in params.items():
            log.log_param(run_id, key, value)
        log.log_metric(run_id, metric, score)
    except Exception as error:  # a trial is in the study, whatever a server says
        click.echo(f"warning: {name} is not in {shown_store()}: {first_cause(error)}", err=True)


def _finished_run(log: "MlflowClient", name: str, tags: dict[str, str]) -> str:
    experiment = log.get_experiment_by_name(PROJECT).experiment_id
    run = log.create_run(experiment, run_name=name, tags={**tags, **this_process()})
    log.set_terminated(run.info.run_id)
    run_id: str = run.info.run_id
    return run_id


def exists(run_id: str) -> bool:
    """Say whether the store holds this run: a cache or another machine may have made it."""
    from mlflow.exceptions import MlflowException

    try:
        return bool(run_id) and client().get_run(run_id).info.lifecycle_stage == "active"
    except MlflowException:
        return False


def try_to_log(manifest: dict[str, Any]) -> str:
    """Log a run, or warn: hours of training are not lost because a server is away."""
    try:
        return log_run(manifest)
    except OutsideFailed as problem:
        click.echo(f"warning: {problem}; `register` will log the run from its files", err=True)
        return ""


def try_to_log_evaluation(run_id: str, report: dict[str, Any]) -> None:
    """Add the evaluation to a run that the store holds; otherwise `register` will."""
    try:
        if exists(run_id):
            log_evaluation(run_id, report)
    except OutsideFailed as problem:
        click.echo(f"warning: {problem}; `register` will log the evaluation", err=True)
