# The template's. Stages are yours, in dvc.yaml; a DAG of yours is a file in a folder of yours.
"""The repo's pipeline as a DAG of Airflow: a task is a verb, its exit code the verdict.

PIPELINE_CRON in Airflow's environment adds a schedule to the change of data.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, BaseOperator, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from croniter import croniter


def beside(name: str) -> Any:
    """Import a module of this folder, also where Airflow does not look for modules here."""
    file = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"{__name__}_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


graph = beside("graph")
REPO = graph.find_repo(Path(__file__))
PROJECT = graph.project(REPO)
DATA = Asset(name=f"{PROJECT}-data", uri=(REPO / "data/raw.dvc").as_uri())
BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - of Python 3.10 too
AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1)}


class Verb(BaseOperator):
    """Runs one recipe of the repo, in the repo's environment.

    Exit code 1 is a no: the task is skipped, and with it what waits for it. Where something
    outside failed (3), or the process was killed, it is tried again: every verb here does
    nothing when what it would do is done. Wrong input (2) and an error of the repo (4) fail at
    once.
    """

    def __init__(self, *, recipe: Sequence[str], **others: Any) -> None:
        super().__init__(**others)
        self.recipe = tuple(recipe)
        self.process: subprocess.Popen[str] | None = None

    def execute(self, context: Any) -> None:
        """Run it, and pass on what it says."""
        uv = shutil.which("uv")
        if not uv:
            where = "https://docs.astral.sh/uv/getting-started/installation"
            raise AirflowFailException(f"uv is not on the PATH of this worker: {where}")
        self.process = subprocess.Popen(
            graph.command(uv, REPO, self.recipe),
            cwd=REPO,
            env=graph.environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        said = []
        for line in self.process.stdout or ():
            said.append(line.rstrip("\n"))
            self.log.info("%s", said[-1])
        self.judge(self.process.wait(), graph.reason(said))

    def judge(self, code: int, reason: str) -> None:
        """Turn an exit code into the state of the task."""
        name = " ".join(self.recipe)
        if code == graph.NO:
            raise AirflowSkipException(f"{name} says no: {reason}")
        if code in graph.FINAL:
            raise AirflowFailException(f"{name} ended with exit code {code}: {reason}")
        if code != graph.DONE:
            raise AirflowException(f"{name} ended with exit code {code}: {reason}")

    def on_kill(self) -> None:
        """End the verb with the task; what it had not finished, it had not changed."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)


def clock(variable: str, default: str = "") -> str:
    """Return the schedule in a variable of Airflow's environment."""
    cron = os.environ.get(variable, "").strip() or default
    if cron and not croniter.is_valid(cron):
        raise graph.Unusable(f"{variable} is {cron!r}; expected five fields, such as 23 4 * * 1")
    return cron


def schedule() -> Any:
    """Return when the pipeline runs: when the data changed, and by the clock where one is set."""
    if not (cron := clock("PIPELINE_CRON")):
        return [DATA]
    return AssetOrTimeSchedule(timetable=CronTriggerTimetable(cron, timezone="UTC"), assets=[DATA])


with DAG(
    dag_id=PROJECT,
    description="dvc.yaml, then register, gate, and deploy or release",
    schedule=schedule(),
    start_date=BEGIN,
    catchup=False,
    max_active_runs=1,  # two would race for the candidate
    max_active_tasks=1,  # DVC lets one process at a time write dvc.lock
    default_args=AGAIN,
    tags=["mlops"],
) as pipeline:
    made: dict[str, Verb] = {}
    for one in graph.tasks(REPO):
        made[one.name] = Verb(task_id=one.name, recipe=one.recipe, do_xcom_push=False)
        for before in one.after:
            made[before] >> made[one.name]


with DAG(
    dag_id=f"{PROJECT}-data",
    description="whether data/raw.dvc names other data than at the last look",
    schedule=clock("DATA_CRON", "*/15 * * * *"),
    start_date=BEGIN,
    catchup=False,
    max_active_runs=1,
    default_args=AGAIN,
    tags=["mlops"],
) as watch:

    @task(inlets=[DATA], outlets=[DATA])
    def look(*, inlet_events: Any, outlet_events: Any) -> None:
        """Say that the data changed; skipped when it is as it was."""
        now, seen = graph.data_version(REPO), inlet_events[DATA]
        if len(seen) and (seen[-1].extra or {}).get("md5") == now:
            raise AirflowSkipException(f"data/raw.dvc names the same data as before: {now}")
        outlet_events[DATA].extra = {"md5": now}

    look()
