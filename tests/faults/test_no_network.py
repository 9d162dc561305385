"""A whole life after the installation, in a network namespace that has no way out."""

import shutil
import subprocess
from pathlib import Path

import pytest
from first_run import FirstRuns, copied, guarded, run
from rendering import TASKS, render

pytestmark = [pytest.mark.e2e, pytest.mark.all]

ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


def isolated() -> tuple[str, ...]:
    """Return words that run a command without a network, none where that is not allowed."""
    tried = (
        subprocess.run([*ALONE, "true"], capture_output=True) if shutil.which("unshare") else None
    )
    return ALONE if tried and tried.returncode == 0 else ()


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_life_after_the_installation_needs_no_network(
    template: Path, first_runs: FirstRuns, tmp_path: Path, level: int
) -> None:
    """Where no namespace can be made, the guard of all Python processes stands alone."""
    repo = render(template, tmp_path / "late-flights", maturity_level=level)
    copied(first_runs(TASKS[0]).repo / ".venv", repo / ".venv")
    run(repo, "uv", "sync", "--quiet")
    log = tmp_path / "network"
    run(repo, *isolated(), "uv", "run", "--offline", "just", "demo", **guarded(log))

    assert not log.exists(), log.read_text()
