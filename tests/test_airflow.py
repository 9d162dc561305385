"""The part of the DAG that needs no Airflow: read from dvc.yaml, at each level that has it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rendering import LEVELS, LOWEST, clean_environment

TESTS = "tests/_mlops/project/test_airflow_graph.py"


@pytest.mark.e2e
@pytest.mark.parametrize("level", [level for level in LEVELS if level >= LOWEST["airflow"]])
def test_the_graph_is_read_from_dvc_yaml(generate: Callable[..., Path], level: int) -> None:
    """Its own tests run here: beside pytest they need a reader of YAML alone."""
    repo = generate(maturity_level=level, extras=["airflow"])
    command = [sys.executable, "-m", "pytest", "--noconftest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, TESTS], cwd=repo, env=clean_environment(), capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
