"""The graph of dvc.yaml when nobody watches: repeated, killed, tried with other numbers."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from first_run import FirstRuns
from rendering import clean_environment, git, render

pytestmark = pytest.mark.e2e

DVC = ("uv", "run", "--frozen", "python", "-m", "dvc")
PACKAGE = "src/late_flights"


def run(repo: Path, *command: str) -> str:
    """Run one command in the repo and return all it said; a failure shows it."""
    done = subprocess.run(
        command,
        cwd=repo,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def repo(template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo of level 1 that was trained on the sample, with version 1 registered."""
    folder = tmp_path_factory.mktemp("graph") / "late-flights"
    made = first_runs.equip(render(template, folder, maturity_level=1))
    shutil.rmtree(made / "data/raw")
    (made / "data/raw").mkdir()
    shutil.copy(made / "tests/data/sample.parquet", made / "data/raw")
    run(made, "uv", "run", "just", "set-up")
    assert "train: " in run(made, "uv", "run", "just", "repro")
    run(made, "uv", "run", "just", "register")
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--no-verify", "--message", "First model")
    return made


def runs(repo: Path) -> int:
    """Return how many runs the repo's store holds."""
    with sqlite3.connect(repo / "mlflow.db") as store:
        count: int = store.execute("SELECT count(*) FROM runs").fetchone()[0]
    return count


def registry(repo: Path) -> list[tuple[object, ...]]:
    """Return versions and aliases, and the files of registered models."""
    with sqlite3.connect(repo / "mlflow.db") as store:
        versions = store.execute("SELECT version, run_id FROM model_versions").fetchall()
        aliases = store.execute("SELECT alias, version FROM registered_model_aliases").fetchall()
    files = sorted(str(path) for path in (repo / "models/registered").rglob("*"))
    return [*versions, *aliases, *[(name,) for name in files]]


def test_a_second_repro_does_nothing(repo: Path) -> None:
    before, lock = runs(repo), (repo / "dvc.lock").read_bytes()
    said = run(repo, "uv", "run", "just", "repro")

    assert "train: " not in said
    assert (runs(repo), (repo / "dvc.lock").read_bytes()) == (before, lock)


def test_a_run_that_was_killed_is_finished_by_the_next(repo: Path) -> None:
    model = (repo / PACKAGE / "model.py").read_text(encoding="utf-8")
    slow = "    import time\n\n    print('fitting', flush=True)\n    time.sleep(600)\n"
    head, sign, body = model.partition("def build_model(")
    end = body.index('"""', body.index('"""') + 3) + 4
    (repo / PACKAGE / "model.py").write_text(f"{head}{sign}{body[:end]}{slow}{body[end:]}")
    killed = subprocess.Popen(
        ["uv", "run", "just", "repro"],
        cwd=repo,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert killed.stdout
    while "fitting" not in (line := killed.stdout.readline()):
        assert line, "it ended"
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not (repo / "models/candidate/model.skops").exists()
    (repo / PACKAGE / "model.py").write_text(f"{model}# changed\n", encoding="utf-8")
    said = run(repo, "uv", "run", "just", "repro")
    report = json.loads((repo / "reports/metrics.json").read_text(encoding="utf-8"))
    manifest = json.loads((repo / "models/candidate/manifest.json").read_text(encoding="utf-8"))

    assert "validate: " not in said
    assert "train: " in said
    assert "evaluate: " in said
    assert report["model_sha256"] == manifest["model_sha256"]
    git(repo, "checkout", "--", PACKAGE)


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "runs"])
def test_a_note_of_dvc_holds_only_while_who_wrote_it_runs(repo: Path, ended: bool) -> None:
    other = subprocess.Popen(["sleep", "0" if ended else "600"])
    if ended:  # and nobody waits for it, as in a container without an init
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    note = {"write": {str(repo / "data/features"): {"pid": other.pid, "cmd": "dvc repro"}}}
    (repo / ".dvc/tmp/rwlock").write_text(json.dumps(note), encoding="utf-8")
    text = (repo / PACKAGE / "features.py").read_text(encoding="utf-8")
    (repo / PACKAGE / "features.py").write_text(f"{text}# changed\n", encoding="utf-8")
    done = subprocess.run(
        ["uv", "run", "just", "repro"],
        cwd=repo,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    other.kill()
    other.wait()
    git(repo, "checkout", "--", PACKAGE)

    if ended:
        assert (done.returncode, "featurize: " in done.stdout + done.stderr) == (0, True)
    else:
        assert done.returncode == 3
        assert f"it is being blocked by: (PID {other.pid}): dvc repro\n" in done.stderr
        (repo / ".dvc/tmp/rwlock").unlink()


def test_an_experiment_with_another_number_leaves_the_registry_alone(repo: Path) -> None:
    before, known = registry(repo), runs(repo)
    said = run(repo, *DVC, "exp", "run", "-S", "featurize.holdout_share=0.25")

    assert "featurize: " in said
    assert registry(repo) == before
    assert runs(repo) == known + 1
    run(repo, *DVC, "exp", "run")  # forget the change


@pytest.mark.all
def test_experiments_at_once_in_folders_of_their_own_log_to_the_repo_s_store(repo: Path) -> None:
    git(repo, "checkout", "--", "params.yaml")
    before, known = registry(repo), runs(repo)
    both = [
        subprocess.Popen(
            [*DVC, "exp", "run", "--temp", "-S", f"featurize.holdout_share={share}"],
            cwd=repo,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for share in (0.3, 0.35)
    ]
    said = [process.communicate()[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert runs(repo) == known + 2
    assert registry(repo) == before
    assert not list((repo / ".dvc/tmp/exps").rglob("mlflow.db"))
    with sqlite3.connect(repo / "mlflow.db") as store:
        scored = "SELECT count(DISTINCT run_uuid) FROM latest_metrics WHERE key = 'wall_seconds'"
        assert store.execute(scored).fetchone()[0] == runs(repo)


@pytest.mark.all
def test_queued_experiments_log_to_the_repo_s_store(repo: Path) -> None:
    known = runs(repo)
    for share in (0.4, 0.45):
        run(repo, *DVC, "exp", "run", "--queue", "-S", f"featurize.holdout_share={share}")
    run(repo, *DVC, "queue", "start", "--jobs", "2")
    for _ in range(600):
        status = run(repo, *DVC, "queue", "status")
        if "Queued" not in status and "Running" not in status:
            break
        time.sleep(1)
    run(repo, *DVC, "queue", "stop")

    assert status.count("Success") == 2, status
    assert runs(repo) == known + 2
