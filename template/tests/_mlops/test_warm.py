# The template's. Nothing of yours is needed here.
"""A stage that a process with all packages becomes does what it would do by itself."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from .fixtures import Repo
from .package import NAME, warm


@pytest.fixture
def address() -> Iterator[str]:
    """Return where the process listens; nothing but on Linux."""
    with warm.offered():
        yield os.environ.get(warm.ADDRESS, "")
    assert warm.ADDRESS not in os.environ


def asked(address: str, *arguments: str, folder: Path) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command of a stage."""
    environment = {**os.environ, warm.ADDRESS: address}
    main = [sys.executable, "-m", NAME, *arguments]
    done = subprocess.run(main, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "arguments", [["validate", "--help"], ["validat"], ["card", "--json", "9"]]
)
def test_code_and_words_are_the_same(own_repo: Repo, address: str, arguments: list[str]) -> None:
    alone = asked("", *arguments, folder=own_repo.folder)

    assert asked(address, *arguments, folder=own_repo.folder) == alone


def test_the_process_does_it(
    address: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stage", "validat"])

    assert warm.ask(address) == (2 if sys.platform == "linux" else None)
    assert ("no command 'validat'" in capfd.readouterr().err) == (sys.platform == "linux")


def test_without_the_process_a_stage_runs_by_itself(own_repo: Repo) -> None:
    assert warm.ask("") is None
    assert warm.ask("/nowhere/socket") is None
    assert asked("/nowhere/socket", "validate", "--help", folder=own_repo.folder)[0] == 0


def test_it_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    code = (
        f"import os; from {warm.__name__} import offered\n"
        "with offered(): print(os.environ.get('MLOPS_WARM', '')); os._exit(9)"  # as if killed
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    end = time.monotonic() + 60
    while listening(done.stdout.strip()) and time.monotonic() < end:
        time.sleep(0.05)

    assert done.returncode == 9
    assert not listening(done.stdout.strip())


def listening(address: str) -> bool:
    """Say whether a process listens at the address."""
    found = psutil.net_connections("unix") if address else []
    return any(one.laddr == address for one in found)
