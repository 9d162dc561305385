"""A generated repo, run as its owner would run it."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser import DARK, barriers, chromium, look_at
from first_run import (
    ONE_TASK,
    FirstRun,
    copied,
    missing_of_its_tests,
    patient,
    run,
    try_to_run,
)
from postgres import free_port
from records import FILES, RECORDS, copied_code, python, unlike, unlike_files, unlike_printed
from rendering import LEVELS, ROOT, TASKS, clean_environment, commit_all, git, update
from stability import DECLARED

pytestmark = pytest.mark.e2e

# what a right answer looks like for the starter data: (worst, best) of the contract's metric
PLAUSIBLE = {"classification": (0.70, 0.80), "regression": (50.0, 57.5)}


def test_the_demo_trains_a_model_that_beats_both_baselines(first_run: FirstRun) -> None:
    report = first_run.json("reports/metrics.json")
    metric, scores = report["metric"], report["metrics"]
    worst, best = sorted(PLAUSIBLE[first_run.task])

    assert worst < scores[metric] < best
    assert first_run.beats_baselines()
    assert {found["column"] for found in report["slices"]} == {"origin", "carrier"}
    for plot in ("diagnosis", "importance", "slices"):
        assert (first_run.repo / f"reports/{plot}.png").read_bytes().startswith(b"\x89PNG")


def test_the_demo_serves_the_bytes_that_were_trained(first_run: FirstRun) -> None:
    pointer = first_run.json("models/champion/pointer.json")
    served = first_run.repo / "models/champion" / pointer["model_sha256"] / "model.skops"
    manifest = first_run.json("models/candidate/manifest.json")

    assert pointer["version"] == first_run.served["model_version"] == "1"
    assert hashlib.sha256(served.read_bytes()).hexdigest() == pointer["model_sha256"]
    assert manifest["model_sha256"] == pointer["model_sha256"]
    assert manifest["dirty"] is False, manifest["dirty_reasons"]
    assert manifest["commit"] == git(first_run.repo, "rev-parse", "HEAD").strip()


def test_the_demo_answers_a_flight_of_august(first_run: FirstRun) -> None:
    assert "data/incoming/2013-08.parquet" in first_run.said
    assert first_run.served["request_id"] == "demo"
    if first_run.task == "classification":
        assert first_run.served["predictions"][0] in ("on_time", "late")
        assert sum(first_run.served["probabilities"][0].values()) == pytest.approx(1)
    else:
        assert -60 < first_run.served["predictions"][0] < 600
        assert "probabilities" not in first_run.served


@ONE_TASK
def test_the_readme_shows_what_a_first_run_prints(first_run: FirstRun) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- output:begin -->\n```\n")[2].partition("```")[0].splitlines()
    same = [line for line in shown if "…" not in line]

    assert len(same) > 15
    assert [line for line in same if line not in first_run.said] == []


def test_the_demo_leaves_a_run_and_a_champion_in_mlflow(first_run: FirstRun) -> None:
    pointer = first_run.json("models/champion/pointer.json")
    report = first_run.json("reports/metrics.json")
    with sqlite3.connect(first_run.repo / "mlflow.db") as store:
        tags = dict(store.execute("SELECT key, value FROM model_version_tags WHERE version = 1"))
        alias = store.execute("SELECT alias, version FROM registered_model_aliases").fetchall()
        metrics = dict(store.execute("SELECT key, value FROM latest_metrics"))
        params = dict(store.execute("SELECT key, value FROM params"))

    assert sorted(alias) == [("candidate", 1), ("champion", 1)]
    assert tags["model_sha256"] == pointer["model_sha256"]
    assert tags["commit"] == git(first_run.repo, "rev-parse", "HEAD").strip()
    assert metrics[report["metric"]] == pytest.approx(report["metrics"][report["metric"]])
    assert params["learning_rate"] == "0.05"


def test_the_demo_commits_a_start_and_leaves_the_results_to_the_owner(first_run: FirstRun) -> None:
    changed = {line[3:] for line in git(first_run.repo, "status", "--porcelain").splitlines()}

    assert git(first_run.repo, "log", "--format=%s").splitlines() == [
        "Lock the environment and the data",
        "Start from the template",
    ]
    assert changed == {"dvc.lock", "models/", "reports/"}


@ONE_TASK
def test_level_0_ships_what_its_tests_import_and_ask_for(first_run: FirstRun) -> None:
    assert missing_of_its_tests(first_run.repo) == ""


def test_a_second_demo_changes_nothing(first_run: FirstRun) -> None:
    before = first_run.json("models/champion/pointer.json")
    done = run(first_run.repo, "uv", "run", "just", "demo")

    assert first_run.json("models/champion/pointer.json") == before
    assert "train:" not in done.stderr


def test_predict_writes_every_row_of_a_month_in_order(first_run: FirstRun) -> None:
    source, output = "data/incoming/2013-09.parquet", "build/september.csv"
    run(
        first_run.repo,
        *("uv", "run", "late-flights", "predict", "--input", source, "--output", output),
    )
    lines = (first_run.repo / output).read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")

    assert len(lines) == 1 + 4000
    assert lines[1].startswith("2013-09-01")
    extra = ["prediction", "probability_on_time", "probability_late"]
    assert header[23:] == (extra if first_run.task == "classification" else extra[:1])


@contextmanager
def server(
    folder: Path, *command: str, ready: str = "/readyz", **environment: str
) -> Iterator[str]:
    """Start a service in a folder on a free port; stop it by its process id."""
    port = free_port()
    server = subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=folder,
        env=clean_environment(BENTOML_DO_NOT_TRACK="true", **environment),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            assert server.poll() is None, "the service ended"
            try:
                urllib.request.urlopen(f"{address}{ready}", timeout=5).close()
                break
            except OSError:
                time.sleep(0.3)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


@ONE_TASK
def test_a_bento_serves_elsewhere_without_the_repo_s_code_data_or_secrets(
    first_run: FirstRun, tmp_path: Path
) -> None:
    (first_run.repo / ".env").write_text("PASSWORD=secret\n")
    run(first_run.repo, "uv", "run", "just", "build")
    built = next((first_run.repo / ".bentoml/bentos/late-flights").glob("*/bento.yaml")).parent
    elsewhere = Path(shutil.copytree(built, tmp_path / "elsewhere"))
    names = {path.name for path in elsewhere.rglob("*")}
    row = {
        "time_hour": "2013-08-01T09:00:00",
        "sched_dep_time": 516,
        "sched_arr_time": 800,
        "carrier": "UA",
        "flight": 1545,
        "origin": "EWR",
        "dest": "IAH",
        "distance": 1400,
    }
    hidden = (first_run.repo / "src").rename(tmp_path / "src")
    try:
        bento = (str(first_run.repo / ".venv/bin/python"), "-m", "bentoml", "serve", str(elsewhere))
        with server(elsewhere, *bento, BENTOML_HOME=str(tmp_path / "home")) as address:
            request = urllib.request.Request(
                f"{address}/predict",
                json.dumps({"rows": [row]}).encode(),
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=30) as response:
                answer = json.load(response)
    finally:
        hidden.rename(first_run.repo / "src")
        (first_run.repo / ".env").unlink()

    assert answer["model_version"] == "1"
    assert answer["predictions"][0] in ("on_time", "late")
    assert not any(name == ".env" or name.endswith((".parquet", ".csv", ".db")) for name in names)


@ONE_TASK
def test_the_page_of_the_service_can_be_read_and_tried(first_run: FirstRun, tmp_path: Path) -> None:
    chromium()
    command = ("uv", "run", "--frozen", "python", "-m", "late_flights", "serve")
    with server(first_run.repo, *command) as address:
        page = look_at(f"{address}/#/Predictions/late-flights__predict", tmp_path / "profile")

    assert page.startswith("late-flights ")
    assert "Model version 1 answers" in page
    assert "POST /predict Predict each row, in order." in page.replace("\u200b", "")
    assert "Execute" in page
    assert '"probabilities"' in page


def test_the_table_of_runs_shows_the_metric_beside_its_baselines(
    first_run: FirstRun, tmp_path: Path
) -> None:
    chromium()
    metric = first_run.json("reports/metrics.json")["metric"]
    shown = run(first_run.repo, "uv", "run", "just", "--show", "ui").stdout
    (place,) = re.findall(r"http://127\.0\.0\.1:5000(\S+)\"", shown)
    with server(first_run.repo, "uv", "run", "just", "ui", ready="/health") as address:
        page = look_at(address + place, tmp_path / "profile", "--window-size=1920,1080")

    assert "Runs" in page
    assert f" {metric} " in page
    assert f" linear_{metric} " in page
    assert "cpu_seconds" not in page


@pytest.mark.parametrize(
    "first_run",
    [TASKS[0], *(pytest.param(task, marks=pytest.mark.all) for task in TASKS[1:])],
    indirect=True,
)
def test_what_it_writes_and_prints_has_the_keys_of_the_page(
    first_run: FirstRun, tmp_path: Path
) -> None:
    copy = copied_code(first_run.repo, tmp_path / "late-flights")
    printed = unlike_printed(first_run.repo, copy, level=0)

    assert printed + unlike_files([copy], FILES[0]) == []
    output = copy / "build/out.csv"
    verb = ("-m", "late_flights", "predict", "--input", "tests/data/sample.parquet")
    python(first_run.repo, copy, *verb, "--output", str(output))
    with output.open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    columns = re.findall(r'Column\(\s*"(\w+)"', (copy / "src/late_flights/schema.py").read_text())
    added = {name: value for name, value in row.items() if name not in columns}
    numbers = {name: float(value) for name, value in added.items() if name != "prediction"}
    assert unlike(RECORDS["predict --output"], added | numbers) == []


def test_the_service_answers_as_the_page_says(first_run: FirstRun, tmp_path: Path) -> None:
    copy = copied_code(first_run.repo, tmp_path / "late-flights")
    (manifest,) = copy.glob("models/champion/*/manifest.json")
    asked = {"rows": [json.loads(manifest.read_text(encoding="utf-8"))["data"]["example"]]}
    command = (str(first_run.repo / ".venv/bin/python"), "-m", "late_flights", "serve")
    with server(copy, *command, PYTHONPATH=str(copy / "src")) as address:
        statuses = {request: ask(address, request, asked) for request in DECLARED["requests"]}
        refused, problem = ask(address, "POST /predict", {"rows": []})

    assert {status for status, _ in statuses.values()} == {200}
    described = json.loads(statuses["GET /docs.json"][1])
    assert set(described["paths"]) <= {request.split()[1] for request in statuses}
    assert unlike(RECORDS["request of POST /predict"], asked) == []
    answer = json.loads(statuses["POST /predict"][1])
    assert unlike(RECORDS["answer of POST /predict"], answer) == []
    assert refused == 400
    assert unlike(RECORDS["error of the service"], json.loads(problem)) == []


def ask(address: str, request: str, content: dict[str, Any]) -> tuple[int, str]:
    """Return status and body of the answer to a request such as `GET /`."""
    method, path = request.split()
    body = json.dumps(content).encode() if method == "POST" else None
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{address}{path}", body, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_page_about_the_model_shows_each_part(first_run: FirstRun, tmp_path: Path) -> None:
    chromium()
    report = first_run.json("reports/metrics.json")
    page = look_at((first_run.repo / "reports/index.html").as_uri(), tmp_path / "profile")
    diagnosis = "Residuals" if first_run.task == "regression" else "Calibration"

    assert f"late-flights: {report['metric']} {report['metrics'][report['metric']]:#.4g}" in page
    assert "It reaches the bar of the contract" in page
    assert "origin = JFK" in page
    for part in (diagnosis, "Importance", "Cost of the run", "Model card: Late flights"):
        assert part in page
    assert page.count("Not recorded yet") <= 1  # of drift, before somebody asked for it


@pytest.mark.parametrize("options", [(), (DARK,)], ids=["light", "dark"])
def test_the_pages_can_be_used_by_everybody(
    options: tuple[str, ...], first_run: FirstRun, tmp_path: Path
) -> None:
    copy = copied_code(first_run.repo, tmp_path / "late-flights")
    python(first_run.repo, copy, "-m", "late_flights", "readiness")

    for name in ("index", "readiness"):
        page = copy / f"reports/{name}.html"
        assert barriers(page, tmp_path / "profile", *options) == []


@ONE_TASK
def test_the_page_about_drift_says_what_drifted(first_run: FirstRun, tmp_path: Path) -> None:
    chromium()
    with pytest.raises(pytest.fail.Exception, match="exit code 1"):
        run(first_run.repo, "uv", "run", "late-flights", "drift", "data/incoming/2013-09.parquet")
    page = look_at((first_run.repo / "reports/drift.html").as_uri(), tmp_path / "profile")

    assert page.startswith("late-flights: drift in data/incoming/2013-09.parquet ")
    assert "6 of 17 columns drifted (temp, dewp, " in page
    assert "predictions drifted (probability_late)" in page
    assert "temp num Detected" in page
    assert "humid num Not Detected" in page


@ONE_TASK
def test_a_clone_pulls_the_champion_and_predicts_with_it(
    first_run: FirstRun, tmp_path: Path
) -> None:
    origin, clone = copied(first_run.repo, tmp_path / "origin"), tmp_path / "clone"
    commit_all(origin, "First model")
    run(origin, "uv", "run", "just", "push")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    copied(first_run.repo / ".venv", clone / ".venv")
    remote = str(origin / ".dvc/remote")
    dvc = ("uv", "run", "--frozen", "python", "-m", "dvc")
    run(clone, *dvc, "remote", "modify", "--local", "storage", "url", remote)
    sample = ("--input", "tests/data/sample.parquet", "--output", "build/sample.csv")
    before = try_to_run(clone, "uv", "run", "late-flights", "predict", *sample)
    run(clone, *dvc, "pull", "--quiet")
    done = run(clone, "uv", "run", "late-flights", "predict", *sample)

    assert before.returncode == 2
    assert "hint: uv run --frozen python -m dvc pull brings back the champion" in before.stderr
    assert "by version 1" in done.stderr
    assert (clone / "build/sample.csv").read_text(encoding="utf-8").count("\n") == 801
    assert sorted(path.name for path in (clone / "data/raw").iterdir())[0] == "2013-01.parquet"


def steps_that_run(repo: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each step of each workflow that runs a command, with the name of its job.

    One that another workflow calls comes where it is called: what it leaves behind is used there.
    """
    files = sorted((repo / ".github" / "workflows").glob("*.yml"))
    jobs = {path.name: yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"] for path in files}
    every = [job for each in jobs.values() for job in each.values()]
    called = {Path(job["uses"]).name for job in every if "uses" in job}
    for name in sorted(jobs.keys() - called):
        yield from steps_of(name, jobs)


def steps_of(
    workflow: str, jobs: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the steps of one workflow; a job comes after those that it needs, as it is written."""
    seen: set[str] = set()
    for name, job in jobs[workflow].items():
        assert seen.issuperset(needed(job)), f"{workflow}: {name} stands before a job that it needs"
        seen.add(name)
        if "uses" in job:
            yield from steps_of(Path(job["uses"]).name, jobs)
        for step in job.get("steps", []):
            if "run" in step:
                yield f"{workflow}: {name}", step


def needed(job: dict[str, Any]) -> list[str]:
    """Return the jobs that have to end before this one."""
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def on_a_fork(value: str) -> str:
    """Return a step's variable as a fork sees it: secrets, variables and inputs are not set."""
    return re.sub(r"\$\{\{ (secrets|vars|inputs)\.\w+ \}\}|\$\{\{ github\.token \}\}", "", value)


HIGHEST = max(LEVELS)
# Every test of one task runs where a repo has been raised to the highest level, with all that are
# there; here, in the short run, those of the other task in which its numbers pass through a model.
ABOUT_THE_TASK = "tests/test_*.py tests/_mlops/training tests/_mlops/serving"
WORKFLOWS = [
    pytest.param(task, level, marks=[] if (task, level) == (TASKS[1], 0) else pytest.mark.all)
    for level in (0, HIGHEST)
    for task in TASKS
]


@pytest.mark.parametrize(("first_run", "level"), WORKFLOWS, indirect=["first_run"])
def test_every_command_of_every_workflow_runs(
    first_run: FirstRun, level: int, osv: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Run them as a hosted runner does: a fresh clone, no data, no secrets, steps in order."""
    repo = tmp_path / "repo"
    git(tmp_path, "clone", "--quiet", str(first_run.repo), str(repo))
    copied(first_run.repo / ".venv", repo / ".venv")  # as a runner does from its cache of packages
    update(repo, "HEAD", maturity_level=level)
    run(repo, "uv", "lock")
    patient(repo)
    with (repo / "contract.yaml").open("a", encoding="utf-8") as contract:
        contract.write("\ndelivery: {throughput_rps: 0.1, load_seconds: 4}\n")
    commit_all(repo, "Raise the level")
    steps = list(steps_that_run(repo))
    commands = {step["run"].strip() for _, step in steps}
    assert commands >= {"uv run just check", "uv run just test-all"}
    assert commands >= {"uv run just retrain", "uv run just scheduled-monitor"} or level == 0
    assert commands >= {"uv run just package", "uv run just release production"} or level < 2

    which = "" if request.node.get_closest_marker("all") else f" {ABOUT_THE_TASK}"
    for job, step in steps:
        command = step["run"].strip()
        tests = command == "uv run just test-all"
        summary = tmp_path / f"{job.partition('.')[0]}.md"
        summary.touch()
        given = {key: on_a_fork(str(value)) for key, value in step.get("env", {}).items()}
        assert not any("${{" in value for value in given.values()), f"{job}: set it here: {given}"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", command + which * tests],
            cwd=repo,
            env=clean_environment(
                CI="true",
                GITHUB_ACTIONS="true",
                GITHUB_STEP_SUMMARY=str(summary),
                GITHUB_OUTPUT=str(tmp_path / "output"),
                GITHUB_ENV=str(tmp_path / "env"),
                **given | {"OSV_URL": osv},
            ),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{job}: {command}\n{done.stdout}{done.stderr}"
        if tests:
            assert " passed" in done.stdout
            assert " skipped" not in done.stdout, done.stdout
    if level:
        assert "smoke only" in (tmp_path / "mlops-train.md").read_text(encoding="utf-8")
    if level == HIGHEST:
        page = (tmp_path / "mlops-deliver.md").read_text(encoding="utf-8")
        assert page.count(": accepted\n") == 5
        assert page.count("smoke only: a model of the sample is not released") == 3
        assert "next=production\n" in (tmp_path / "output").read_text(encoding="utf-8")
        assert git(repo, "status", "--porcelain") == ""


@pytest.mark.all
@ONE_TASK
def test_a_baseline_that_is_as_good_as_the_model_can_be_made_the_model(
    first_run: FirstRun, tmp_path: Path
) -> None:
    """The refusal says what to do; done, the demo serves it."""
    repo = copied(first_run.repo, tmp_path / "late-flights")
    code = repo / "src/late_flights/model.py"
    linear = "\n\n_all = build_baselines()\n\n\ndef build_model(params: Params) -> Pipeline:\n"
    linear += '    """Return the linear baseline."""\n    return _all["linear"]\n'
    code.write_text(code.read_text(encoding="utf-8") + linear, encoding="utf-8")
    commit_all(repo, "The simple model")
    refused = try_to_run(repo, "uv", "run", "just", "demo")
    without = "\n\ndef build_baselines() -> dict[str, Pipeline]:\n"
    without += '    """Return the one that is left."""\n    return {"majority": _all["majority"]}\n'
    code.write_text(code.read_text(encoding="utf-8") + without, encoding="utf-8")
    commit_all(repo, "No baseline is the model itself")
    served = try_to_run(repo, "uv", "run", "just", "demo")

    assert refused.returncode == 1, refused.stderr
    assert "in model.py return it from build_model and take it out" in refused.stderr
    assert served.returncode == 0, served.stderr
    assert '"model_version": "3"' in served.stdout
