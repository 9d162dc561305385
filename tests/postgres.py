"""A PostgreSQL of the test's own: its files in a temporary folder, its port on this machine."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PASSWORD = "only-for-this-test"  # pragma: allowlist secret


def free_port() -> int:
    """Return a port on which nothing listens; no program gets it that lets the system choose."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def programs() -> Path:
    """Return the folder of initdb and postgres; without it the test is skipped, in CI it fails."""
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    for folder in (*on_path, *known):
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready")):
            return folder
    reason = "PostgreSQL is not installed: apt-get install postgresql, or brew install postgresql"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def somebody() -> str | None:
    """Return who runs it: PostgreSQL refuses to be run by root."""
    return "nobody" if os.geteuid() == 0 else None


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start PostgreSQL with an empty database; yield its address; stop it by its process id."""
    folder, port, user = programs(), free_port(), somebody()
    # pytest's own temporary folders are closed to other users
    root = Path(tempfile.mkdtemp(prefix="postgres-"))
    data, password = root / "data", root / "password"
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    if user:
        shutil.chown(root, user)
        shutil.chown(password, user)
    login = ("--username", "mlflow", "--auth", "scram-sha-256", "--pwfile", str(password))
    init = [str(folder / "initdb"), "--pgdata", str(data), "--no-sync", *login]
    subprocess.run(init, check=True, user=user, cwd=root, stdout=subprocess.DEVNULL)
    server = subprocess.Popen(
        [
            *(str(folder / "postgres"), "-D", str(data), "-p", str(port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={root}"),
            *("-c", "fsync=off"),
        ],
        user=user,
        cwd=root,
        stderr=subprocess.DEVNULL,
    )
    try:
        ask = [str(folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        while subprocess.run(ask, check=False).returncode:
            assert server.poll() is None, "postgres ended"
            time.sleep(0.2)
        yield f"postgresql://mlflow:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        server.wait()
        shutil.rmtree(root)
