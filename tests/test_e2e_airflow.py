"""Airflow runs the pipeline of a generated repo: the same result, a no is a skipped task."""

import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from first_run import FirstRun, FirstRuns, copied, patient, run
from rendering import UV, clean_environment, commit_all, once, render

pytestmark = [pytest.mark.e2e, pytest.mark.all]

DAGS = Path("ops/airflow/dags")
NEWEST = "SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1"
STATES = f"SELECT task_id, state FROM task_instance WHERE dag_id = ? AND run_id = ({NEWEST})"
EVERY = ["validate", "featurize", "train", "evaluate", "register", "gate", "deploy"]
DELIVERED = ["package", "accept", "release_test", "release_staging", "release_production"]


@dataclass(frozen=True)
class Airflow:
    """An environment of Airflow, with a database of its own, that reads the DAGs of a repo."""

    program: Path
    home: Path
    repo: Path

    def __call__(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run Airflow's command line."""
        given = clean_environment(
            AIRFLOW_HOME=str(self.home),
            AIRFLOW__CORE__DAGS_FOLDER=str(self.repo / DAGS),
            AIRFLOW__CORE__LOAD_EXAMPLES="False",
            COLUMNS="400",
            **variables,
        )
        command = [str(self.program), *words]
        return subprocess.run(command, cwd=self.home, env=given, capture_output=True, text=True)

    def test(self, dag: str, **variables: str) -> tuple[dict[str, str], str]:
        """Run a DAG once; return the state of each task, and what was logged."""
        done = self("dags", "test", dag, **variables)
        with sqlite3.connect(self.home / "airflow.db") as base:
            return dict(base.execute(STATES, (dag, dag))), done.stdout + done.stderr

    def broken(self, **variables: str) -> str:
        """Return why a DAG cannot be made, nothing when it can."""
        said = self(
            "dags", "list-import-errors", "--local", "--output", "plain", **variables
        ).stdout
        return "" if "No data found" in said else said


@pytest.fixture(scope="module")
def repo(template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo of level 1 with its data and without a model; no model is good enough."""
    folder = tmp_path_factory.mktemp("airflow") / "late-flights"
    made = first_runs.equip(render(template, folder, maturity_level=1, extras=["airflow"]))
    patient(made)
    run(made, "uv", "run", "just", "set-up")
    commit_all(made, "Begin")
    return made


@pytest.fixture(scope="module")
def by_hand(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """Return a copy in which the verbs ran, one after the other."""
    mine = copied(repo, tmp_path_factory.mktemp("by-hand") / "late-flights")
    run(mine, "uv", "run", "just", "set-up")
    done = run(mine, "uv", "run", "just", "pipeline")
    return FirstRun("classification", mine, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def airflow(
    repo: Path, by_hand: FirstRun, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Airflow:
    """Return Airflow in the environment that the extra names, with nothing of the repo in it."""
    assert by_hand.said, "the copy is made before Airflow works in the repo"

    def install(folder: Path) -> None:
        given = clean_environment()
        words = [UV, "pip", "install", "--quiet", "--python", str(folder)]
        wanted = ["--requirements", str(repo / "ops/airflow/requirements.txt")]
        subprocess.run([UV, "venv", "--quiet", str(folder)], env=given, check=True)
        subprocess.run([*words, *wanted], env=given, check=True)

    program = once(shared / "environment-of-airflow", install) / "bin/airflow"
    made = Airflow(program, tmp_path_factory.mktemp("home"), repo)
    done = made("db", "migrate")
    assert done.returncode == 0, done.stderr
    return made


def accept(repo: Path, bar: float) -> None:
    """Set the bar of the contract's metric, and commit."""
    contract = repo / "contract.yaml"
    content: dict[str, Any] = yaml.safe_load(contract.read_text(encoding="utf-8"))
    content["quality"]["accept"] = bar
    contract.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    commit_all(repo, f"Accept from {bar}")


def test_airflow_s_environment_holds_none_of_the_repo_s_packages(airflow: Airflow) -> None:
    python = airflow.program.with_name("python")
    listed = run(airflow.repo, UV, "pip", "list", "--python", str(python)).stdout
    names = {line.split()[0] for line in listed.splitlines() if line}

    assert "apache-airflow" in names
    assert names & {"late-flights", "dvc", "mlflow", "scikit-learn", "pandas", "bentoml"} == set()


def test_a_refused_gate_is_a_skipped_task_with_its_reason(airflow: Airflow) -> None:
    accept(airflow.repo, 0.99)

    states, said = airflow.test("late-flights")

    assert set(states) == set(EVERY)
    assert [states.pop("gate"), states.pop("deploy")] == ["skipped", "skipped"], said
    assert set(states.values()) == {"success"}
    assert "gate says no: version 1 is refused: " in said
    assert not (airflow.repo / "models/champion/pointer.json").exists()


def test_the_result_is_that_of_the_verbs_run_by_hand(airflow: Airflow, by_hand: FirstRun) -> None:
    accept(airflow.repo, 0.68)

    states, said = airflow.test("late-flights")

    assert set(states.values()) == {"success"}, said
    mine, theirs = FirstRun("", airflow.repo, ""), by_hand
    report, expected = (one.json("reports/metrics.json") for one in (mine, theirs))
    for key in ("metrics", "baselines", "slices"):
        assert report[key] == expected[key]
    served, wanted = (one.json("models/champion/pointer.json") for one in (mine, theirs))
    assert served["version"] == wanted["version"] == "1"
    assert "error" not in run(airflow.repo, "uv", "run", "late-flights", "trace").stdout


def test_a_run_that_was_done_is_done_again_without_a_change(airflow: Airflow) -> None:
    before = (airflow.repo / "models/champion/pointer.json").read_bytes()

    states, said = airflow.test("late-flights")

    assert set(states.values()) == {"success"}, said
    assert "gate: version 1 is champion already" in said
    assert "rows, 18 features" not in said, "nothing was trained"
    assert (airflow.repo / "models/champion/pointer.json").read_bytes() == before


def test_unreadable_input_fails_at_once_and_is_not_tried_again(airflow: Airflow) -> None:
    broken = airflow.repo / "contract.yaml"  # which `validate` reads: DVC runs it again
    text = broken.read_text(encoding="utf-8")
    broken.write_text(f"{text}\nunknown: 3\n", encoding="utf-8")

    states, said = airflow.test("late-flights")
    broken.write_text(text, encoding="utf-8")

    assert "failed" in states.values(), said
    assert "ended with exit code 2: " in said
    assert "up_for_retry" not in states.values()


def test_without_uv_a_task_fails_in_one_line(airflow: Airflow, tmp_path: Path) -> None:
    for name in ("git", "sh"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))

    states, said = airflow.test("late-flights", PATH=str(tmp_path))

    assert states["validate"] == "failed"
    assert "uv is not on the PATH of this worker: https://" in said


def test_a_look_at_other_data_is_an_event_and_at_the_same_a_skipped_task(airflow: Airflow) -> None:
    first, said = airflow.test("late-flights-data")
    second, again = airflow.test("late-flights-data")

    assert (first, second) == ({"look": "success"}, {"look": "skipped"}), said + again
    assert "data/raw.dvc names the same data as before" in again


BROKEN = [
    ("stages: [", {}, "dvc.yaml cannot be read: "),
    ("stages: {'two words': {cmd: x}}\n", {}, "stage 'two words' of dvc.yaml cannot be a task"),
    ("", {"PIPELINE_CRON": "every monday"}, "PIPELINE_CRON is 'every monday'"),
]


@pytest.mark.parametrize(("text", "variables", "told"), BROKEN)
def test_what_cannot_be_a_dag_is_told_in_one_line(
    airflow: Airflow, text: str, variables: dict[str, str], told: str
) -> None:
    graph = airflow.repo / "dvc.yaml"
    before = graph.read_text(encoding="utf-8")
    graph.write_text(text or before, encoding="utf-8")

    said = airflow.broken(**variables)
    graph.write_text(before, encoding="utf-8")

    assert told in said
    assert not airflow.broken()


def test_a_stage_that_is_added_is_a_task(airflow: Airflow) -> None:
    graph = airflow.repo / "dvc.yaml"
    before = graph.read_text(encoding="utf-8")
    graph.write_text(f"{before}\n  explain: {{cmd: 'true', deps: [models/candidate]}}\n")

    done = airflow("dags", "reserialize")
    listed = airflow("tasks", "list", "late-flights").stdout.split()
    graph.write_text(before, encoding="utf-8")

    assert done.returncode == 0, done.stderr
    assert {*EVERY, "explain"} <= set(listed)


def test_a_clock_is_added_by_the_environment(airflow: Airflow) -> None:
    assert not airflow.broken(PIPELINE_CRON="23 4 * * 1", DATA_CRON="@hourly")
    assert os.environ.get("PIPELINE_CRON") is None


def test_at_level_2_what_passes_the_gate_is_delivered(
    template: Path, first_runs: FirstRuns, airflow: Airflow, tmp_path: Path
) -> None:
    folder = tmp_path / "late-flights"
    repo = first_runs.equip(render(template, folder, maturity_level=2, extras=["airflow"]))
    patient(repo)
    with (repo / "contract.yaml").open("a", encoding="utf-8") as contract:
        contract.write("\nrollout: {autonomy: act}\ndelivery: {throughput_rps: 1}\n")
    run(repo, "uv", "run", "just", "set-up")
    commit_all(repo, "Begin")
    delivering = replace(airflow, repo=repo)

    states, said = delivering.test("late-flights")

    assert set(states) == {*EVERY[:-1], *DELIVERED}
    assert set(states.values()) == {"success"}, said
    for environment in ("test", "staging", "production"):
        assert f"release: {environment}: version 1" in said
    assert (repo / "build/package").is_dir()
