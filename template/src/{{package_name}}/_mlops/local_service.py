# The template's. Nothing of yours belongs here; use it from a command of yours.
"""A service on this machine: start it on a free port, wait for it, ask it."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from . import PACKAGE, access
from .config import load_contract
from .errors import NO_ANSWER, OutsideFailed, Refused, WrongInput, cause_of
from .interface import Owner
from .programs import ended_with_us
from .progress import waiting

PATIENCE = 90  # seconds until the service must be ready; BentoML starts in about five

LOOPBACK = ("127.0.0.1", "localhost", "::1")

# below what systems hand out by themselves (Linux from 32768, others from 49152): no program that
# lets its system choose can get such a port between our choice and our listening
CHOSEN_FROM = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 on which nothing listens; they differ."""
    found: list[int] = []
    candidates = random.SystemRandom().sample(CHOSEN_FROM, len(CHOSEN_FROM))
    with ExitStack() as held:
        while len(found) < count:
            probe = held.enter_context(socket.socket())
            with suppress(OSError):
                probe.bind(("127.0.0.1", candidates[-1]))
                found.append(candidates[-1])
            candidates.pop()
    return found


@contextmanager
def running_service(until: str = "/readyz") -> Iterator[str]:
    """Start the service on a free port of this machine and give its address; stop it at the end.

    Args:
        until: Page that answers 200 when the service can be used.
    """
    with running_server(until) as (address, _):
        yield address


@contextmanager
def running_server(
    until: str = "/readyz", root: Path | None = None, **environment: str
) -> Iterator[tuple[str, int]]:
    """Do the same and give the process id too.

    Args:
        until: Page that answers 200 when the service can be used.
        root: Folder to run in, by default the current one.
        environment: Variables that this server alone sees.
    """
    with started(root=root, **environment) as server:
        server.wait(until)
        yield server.address, server.pid


@dataclass(frozen=True)
class Server:
    """A server that was started, and may not answer yet."""

    address: str
    process: subprocess.Popen[bytes]
    log: IO[str]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def wait(self, until: str = "/readyz") -> None:
        """Wait until this page of it answers 200.

        Raises:
            OutsideFailed: If it ends before, or patience does.
        """
        with waiting("the service starts"):
            ready = wait_for(self.address + until, self.process)
        if not ready:
            self.log.seek(0)
            raise OutsideFailed(f"the service did not become ready: {cause_of(self.log.read())}")


@contextmanager
def started(
    module: Sequence[str] = (PACKAGE, "serve"), root: Path | None = None, **environment: str
) -> Iterator[Server]:
    """Start `python -m MODULE --port PORT` on a free port of this machine; stop it at the end.

    Args:
        module: What serves, and its arguments; by default the service.
        root: Folder to run in, by default the current one.
        environment: Variables that this server alone sees.
    """
    (port,) = free_ports(1)
    main = [sys.executable, "-m", *module, "--port", str(port)]
    with (
        tempfile.TemporaryFile("w+") as log,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,  # of BentoML
        ended_with_us() as watch,
    ):
        variables = {**os.environ, "BENTOML_HOME": home, **environment}
        process = subprocess.Popen(
            main, stdout=log, stderr=log, start_new_session=True, cwd=root, env=variables
        )
        watch(process.pid)
        try:
            yield Server(f"http://127.0.0.1:{port}", process, log)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def wait_for(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Ask until the address answers 200; no when the server ends or patience does."""
    end = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except NO_ANSWER:
            time.sleep(0.2)
    return False


def ask(service: str, request: dict[str, Any], request_id: str = "") -> dict[str, Any]:
    """Post rows to a service and return its answer; it chooses a request's id if you do not."""
    named = {"X-Request-ID": request_id} if request_id else {}
    asked = urllib.request.Request(
        f"{service.rstrip('/')}/predict",
        json.dumps(request).encode(),
        {"Content-Type": "application/json", **named, **access.headers()},
    )
    with urllib.request.urlopen(asked, timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def require_owner(host: str) -> None:
    """Raise `Refused` when others could call a service for which nobody answers."""
    if host not in LOOPBACK and load_contract().owners.service == Owner():
        message = f"--host {host} lets others call it, and the contract names no owner"
        raise Refused(message, "put who answers for the service into contract.yaml")


def authority(host: str, port: int | str) -> str:
    """Return host and port as an address has them: of IPv6 the host stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def require_free(host: str, port: int) -> None:
    """Raise `OutsideFailed` when another process listens on the port, `WrongInput` for no port."""
    if not 1 <= port <= 65535:
        raise WrongInput(f"--port is {port}; expected a port from 1 to 65535")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"port {port} of {host} cannot be used: {(error.strerror or '').lower()}"
            raise OutsideFailed(
                message, "stop what listens there, or choose another --port"
            ) from error
