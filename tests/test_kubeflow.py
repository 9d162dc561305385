"""The part of Kubeflow's pipeline that needs no kfp, at each level that has it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rendering import LEVELS, LOWEST, clean_environment

TESTS = "tests/_mlops/project/test_kubeflow.py"


@pytest.mark.e2e
@pytest.mark.parametrize("level", [level for level in LEVELS if level >= LOWEST["kubeflow"]])
def test_what_needs_no_kfp_is_as_its_own_tests_say(
    generate: Callable[..., Path], level: int
) -> None:
    """Its own tests run here: beside pytest they need a reader of YAML alone."""
    repo = generate(maturity_level=level, extras=["kubeflow"])
    command = [sys.executable, "-m", "pytest", "--noconftest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, TESTS], cwd=repo, env=clean_environment(), capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_both_adapters_read_one_graph(generate: Callable[..., Path]) -> None:
    repo = generate(maturity_level=1, extras=["airflow", "kubeflow"])

    both = [repo / "ops" / name for name in ("airflow/dags/graph.py", "kubeflow/graph.py")]

    assert both[0].read_bytes() == both[1].read_bytes()


def test_hadolint_has_nothing_to_say_about_the_image(generate: Callable[..., Path]) -> None:
    file = generate(maturity_level=1, extras=["kubeflow"]) / "ops/kubeflow/Containerfile"
    tool = Path(sys.executable).with_name("hadolint")

    def lint() -> str:
        command = [str(tool), file.name]  # in the locale C it reads no other letters than ASCII's
        return subprocess.run(command, cwd=file.parent, capture_output=True, text=True).stdout

    assert lint() == ""
    file.write_text(file.read_text().replace("uv:0.13.9", "uv:latest"))
    assert "DL3007" in lint()
