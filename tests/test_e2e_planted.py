"""What is secret stays where it was put, and nothing of a first run leaves the machine."""

import socket
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from first_run import ONE_TASK, PLANTED, FirstRun, guarded, try_to_run

pytestmark = pytest.mark.e2e

PASSWORD = "planted-in-an-address"  # pragma: allowlist secret
NOWHERE = f"http://somebody:{PASSWORD}@127.0.0.1:1"


def holding(repo: Path, *words: str) -> list[str]:
    """Return the files that hold one of these words, also inside of archives; packages apart."""
    files = {path.relative_to(repo): path for path in repo.rglob("*") if path.is_file()}
    return [
        str(name)
        for name, path in files.items()
        if ".venv" not in name.parts
        and any(word.encode() in part for part in parts(path) for word in words)
    ]


def parts(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, and of each file that is packed in it."""
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            yield from map(packed.read, packed.namelist())


def test_secrets_of_the_environment_are_in_nothing_that_a_first_run_leaves(
    first_run: FirstRun,
) -> None:
    assert holding(first_run.repo, *PLANTED.values()) == []
    assert not [name for name, value in PLANTED.items() if value in first_run.said]


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text(f"token: {PASSWORD}")
    with zipfile.ZipFile(tmp_path / "model.skops", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("schema.json", f"{PASSWORD} " * 100)

    assert sorted(holding(tmp_path, PASSWORD)) == ["model.skops", "plain.txt"]


def test_a_first_run_reaches_for_nothing_outside_of_this_machine(first_run: FirstRun) -> None:
    log = first_run.repo.parents[1] / "network"

    assert not log.exists(), log.read_text()


@pytest.mark.parametrize("asked", ["('192.0.2.1', 80)", "('example.org', 80)"])
def test_the_guard_refuses_and_writes_down_what_would_leave(tmp_path: Path, asked: str) -> None:
    program = f"import socket; socket.create_connection({asked})"
    done = try_to_run(tmp_path, sys.executable, "-c", program, **guarded(tmp_path / "log"))

    assert "would leave this machine" in done.stderr
    assert "by -c" in (tmp_path / "log").read_text()


def test_the_guard_lets_this_machine_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('localhost', {port}))"
        done = try_to_run(tmp_path, sys.executable, "-c", program, **guarded(tmp_path / "log"))

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "log").exists()


@ONE_TASK
@pytest.mark.parametrize(
    "command",
    [
        ["register"],
        ["trace"],
        ["start-from", "--sql", "select 1", "--url", "", "--target", "late"],
    ],
    ids=lambda command: command[0],
)
def test_a_password_in_an_address_is_not_said(first_run: FirstRun, command: list[str]) -> None:
    url = f"postgresql://somebody:{PASSWORD}@127.0.0.1:1/shop"
    given = [word or url for word in command]
    program = [str(first_run.repo / ".venv/bin/late-flights"), *given]
    done = try_to_run(first_run.repo, *program, MLFLOW_TRACKING_URI=NOWHERE)

    assert done.returncode in (2, 3), done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert holding(first_run.repo, PASSWORD) == []
