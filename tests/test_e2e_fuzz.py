"""A public tool reads what the service says of itself, and finds nothing to hold against it."""

import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from first_run import FirstRuns
from postgres import free_port
from rendering import TASKS, clean_environment

pytestmark = pytest.mark.e2e

# of its own environment, as for somebody who tests our service
TOOL = ("uv", "tool", "run", "--quiet", "--from", "schemathesis>=4.32,<5", "schemathesis")
PATIENCE = 120  # seconds until the service is ready
SEED = "20130901"


@contextmanager
def served(repo: Path, log: Path, **environment: str) -> Iterator[str]:
    """Run the service of a repo as its user would; give the address."""
    port = free_port()
    command = ["uv", "run", "late-flights", "serve", "--port", str(port)]
    given = clean_environment(**environment)
    with log.open("w") as file:
        server = subprocess.Popen(
            command, cwd=repo, env=given, stdout=file, stderr=file, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            end = time.monotonic() + PATIENCE
            while not is_ready(address):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.2)
            yield address
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def is_ready(address: str) -> bool:
    """Say whether the service answers."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5):
            return True
    except OSError:
        return False


def fuzz(address: str, cases: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """Send generated requests, with every check of the tool."""
    command = [*TOOL, "run", f"{address}/docs.json", "--checks", "all", "--seed", SEED]
    command += ["--max-examples", str(cases), "--no-color", "--continue-on-failure"]
    given = clean_environment(PYTHONUTF8="1", PYTHONIOENCODING="utf-8")
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True)


def sent(said: str) -> int:
    """Return how many requests the tool says that it sent."""
    return max(
        [0, *(int(number) for number in re.findall(r"(\d+) (?:generated|test cases)", said))]
    )


@pytest.mark.parametrize("cases", [1000, pytest.param(5000, marks=pytest.mark.all)])
def test_no_generated_request_is_answered_otherwise_than_documented(
    first_runs: FirstRuns, tmp_path: Path, cases: int
) -> None:
    repo = first_runs(TASKS[0]).repo
    with served(repo, tmp_path / "log") as address:
        done = fuzz(address, cases, tmp_path)

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert sent(done.stdout) >= cases, done.stdout


def test_the_tool_says_no_when_the_service_takes_what_it_refuses_by_its_word(
    first_runs: FirstRuns, tmp_path: Path
) -> None:
    """The same run against a service behind a token that the document does not mention."""
    repo = first_runs(TASKS[0]).repo
    token = "t" * 32
    with served(repo, tmp_path / "log", SERVICE_TOKEN=token) as address:
        document = tmp_path / "docs.json"
        asked = urllib.request.Request(
            f"{address}/docs.json", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            document.write_bytes(answer.read())
        command = [*TOOL, "run", str(document), "--url", address, "--checks", "all"]
        given = clean_environment(PYTHONUTF8="1")
        done = subprocess.run(
            [*command, "--max-examples", "20", "--no-color"],
            cwd=tmp_path,
            env=given,
            capture_output=True,
            text=True,
        )

    assert done.returncode == 1
    assert "401" in done.stdout
