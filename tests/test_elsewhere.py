"""Does a generated repo work where it was not made: moved, copied, cloned, without a network?"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from first_run import ONE_TASK, FirstRun, copied, run, try_to_run
from rendering import git

pytestmark = [pytest.mark.e2e, ONE_TASK]

SEPTEMBER = ("--input", "data/incoming/2013-09.parquet", "--output", "build/september.csv")
SAMPLE = ("--input", "tests/data/sample.parquet", "--output", "build/sample.csv")
DVC_PULL = "hint: uv run --frozen python -m dvc pull brings back tracked data"
CUT_OFF = ("unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "-")
OFFLINE = "import urllib.request; urllib.request.urlopen('https://pypi.org', timeout=5)"


@pytest.fixture
def copy(first_run: FirstRun, tmp_path: Path) -> Path:
    """Return a copy of the repo with all that it had, `.venv`, store and models included."""
    return copied(first_run.repo, tmp_path / "copy")


@contextmanager
def away(repo: Path) -> Iterator[None]:
    """Hide a repo: its copy is then a repo that was moved."""
    hidden = repo.rename(repo.with_name("hidden"))
    try:
        yield
    finally:
        hidden.rename(repo)


def test_a_moved_repo_predicts_serves_traces_and_checks(first_run: FirstRun, copy: Path) -> None:
    with away(first_run.repo):
        predicted = run(copy, "uv", "run", "late-flights", "predict", *SEPTEMBER)
        served = run(copy, "uv", "run", "late-flights", "demo")
        traced = run(copy, "uv", "run", "late-flights", "trace")
        run(copy, "uv", "run", "just", "check")

    assert "4,000 rows to build/september.csv by version 1" in predicted.stderr
    assert '"model_version": "1"' in served.stdout
    assert "trace: version 1, all 17 claims hold" in traced.stderr


def test_a_moved_repo_commits_after_set_up(first_run: FirstRun, copy: Path) -> None:
    (copy / "src/late_flights/ours.py").write_text("import os\n")
    with away(first_run.repo):
        before = try_to_run(copy, "git", "commit", "--quiet", "--allow-empty", "--message=Lost")
        said = run(copy, "uv", "run", "just", "set-up").stderr
        git(copy, "add", "src")
        refused = try_to_run(copy, "git", "commit", "--quiet", "--message=Not linted")
        (copy / "src/late_flights/ours.py").write_text('"""Ours."""\n')
        git(copy, "add", "src")
        run(copy, "git", "commit", "--quiet", "--message=Linted")
        run(copy, "uv", "run", "pytest", "--version")

    assert before.returncode == 1
    assert f"scripts of .venv anew; they belonged to {first_run.repo}/.venv" in said
    assert "git runs the checks" in said
    assert refused.returncode == 1
    assert "F401" in refused.stdout + refused.stderr


def test_a_copy_beside_the_original_never_runs_its_code(first_run: FirstRun, copy: Path) -> None:
    features = copy / "src/late_flights/features.py"
    features.write_text(features.read_text(encoding="utf-8") + '\nOF = "the copy"\n')
    (copy / "tests/test_copy.py").write_text(
        "import pytest\nfrom late_flights import features\n\n\ndef test_it() -> None:\n"
        '    assert features.OF == "the copy"\n\n\n@pytest.mark.slow\n'
        "def test_what_takes_long() -> None:\n    test_it()\n"
    )
    by_script = try_to_run(copy, "uv", "run", "pytest", "tests/test_copy.py")
    by_recipe = run(copy, "uv", "run", "just", "test", "tests/test_copy.py")
    all_of_them = run(copy, "uv", "run", "just", "test-all", "tests/test_copy.py")
    predicted = try_to_run(copy, "uv", "run", "late-flights", "predict", *SAMPLE)
    original = run(first_run.repo, "uv", "run", "late-flights", "predict", *SAMPLE)
    run(copy, "uv", "run", "just", "set-up")
    again = run(copy, "uv", "run", "just", "set-up").stderr
    after_set_up = run(copy, "uv", "run", "pytest", "tests/test_copy.py")

    assert by_script.returncode == 2
    assert (
        f"runs the code of {first_run.repo}, not of {copy}" in by_script.stdout + by_script.stderr
    )
    assert "1 passed, 1 deselected" in by_recipe.stdout
    assert "2 passed" in all_of_them.stdout
    assert predicted.returncode == 1
    assert "other code than this: schema.py and features.py, or" in predicted.stderr
    assert "by version 1" in original.stderr
    assert [line for line in again.splitlines() if "placeholder" not in line] == []
    assert "2 passed" in after_set_up.stdout
    for file in (".git/hooks/pre-commit", ".venv/bin/pytest"):
        assert str(copy) in (copy / file).read_text(encoding="utf-8")
        assert str(copy) not in (first_run.repo / file).read_text(encoding="utf-8")


def test_in_a_clone_without_data_each_command_that_needs_it_says_what_to_do(
    first_run: FirstRun, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", str(first_run.repo), "clone")
    clone = tmp_path / "clone"
    copied(first_run.repo / ".venv", clone / ".venv")
    # tests of the generated repo have the other stages
    hints = {
        ("just", "repro"): DVC_PULL,
        ("late-flights", "drift", "tests/data/sample.parquet"): DVC_PULL,
        ("late-flights", "train"): "hint: uv run just repro makes it",
        ("late-flights", "register"): "hint: uv run just repro trains a model",
        ("late-flights", "predict", *SAMPLE): "hint: uv run just repro && ",
    }
    done = {command: try_to_run(clone, "uv", "run", *command) for command in hints}

    for command, hint in hints.items():
        said = done[command].stderr.partition("error: ")[2].splitlines()
        assert done[command].returncode == 2, (command, done[command].stderr)
        assert said[2].startswith(hint), (command, said)
        assert "Traceback" not in done[command].stderr
    assert git(clone, "status", "--porcelain") == ""


def test_a_command_by_its_path_needs_no_environment_and_no_root(copy: Path, tmp_path: Path) -> None:
    """As cron calls it, from a folder below the root, beside another environment."""
    run(copy, "uv", "run", "just", "set-up")
    other = tmp_path / "other"
    other.mkdir()
    python = other / "python"
    python.write_text("#!/bin/sh\necho the wrong python >&2\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    another = {"PATH": f"{other}:{os.defpath}", "VIRTUAL_ENV": str(other)}
    metrics = copy / "src/late_flights/metrics.py"
    environments: tuple[dict[str, str], ...] = ({}, another)
    for environment in environments:
        metrics.write_text(metrics.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
        command = [str(copy / ".venv/bin/late-flights"), "repro"]
        done = subprocess.run(
            command, cwd=copy / "notebooks", env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "evaluate: " in done.stderr


def require_cut_off() -> None:
    """Skip where a process cannot be cut off from the network; fail where it must be possible."""
    if sys.platform != "linux" or shutil.which("ip") is None:
        pytest.skip("cutting a process off takes Linux, unshare and ip")
    if try_to_run(Path.cwd(), *CUT_OFF, "true").returncode:
        reason = "unshare may not make a network namespace here"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def test_without_a_network_another_model_is_trained_registered_and_served(
    first_run: FirstRun, copy: Path
) -> None:
    require_cut_off()
    before = set((first_run.repo / "mlruns").rglob("*"))
    assert try_to_run(copy, *CUT_OFF, sys.executable, "-c", OFFLINE).returncode
    params = copy / "params.yaml"
    params.write_text(params.read_text().replace("learning_rate: 0.05", "learning_rate: 0.06"))
    commit = ("git", "commit", "--quiet", "--all", "--message=Learn faster")
    said = run(copy, *CUT_OFF, "uv", "run", "just", "set-up").stderr
    run(copy, *CUT_OFF, *commit)
    done = run(copy, *CUT_OFF, "uv", "run", "just", "demo")

    assert "made the scripts of .venv anew" in said
    assert "train: " in done.stderr
    assert "register: version 2" in done.stderr
    assert '"model_version": "2"' in done.stdout
    assert set((first_run.repo / "mlruns").rglob("*")) == before
