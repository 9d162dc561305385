# The template's. Nothing of yours is needed here.
"""A real Prometheus and a real Alertmanager, on this machine alone, by this repo's own files."""

import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from typing import Any

from ..fixtures import ROOT, StandIn, standing_in
from ..package import config, host, interface, rules

PATIENCE = 60  # seconds


@contextmanager
def answering(handle: Callable[[str, bytes], str]) -> Iterator[int]:
    """Answer each request with what a function makes of its path and body; give the port."""

    class Handler(StandIn):
        def respond(self) -> None:
            content = handle(self.path, self.body()).encode()
            self.answer(content, kind="text/plain; version=0.0.4")

    with standing_in(Handler) as server:
        yield server.server_port


@contextmanager
def watching(folder: Path, ports: dict[str, str], alerts: bool = False) -> Iterator[None]:
    """Run Prometheus, perhaps with Alertmanager, on what `stack` renders; `ports` are set already.

    Raises:
        AssertionError: If one of them does not get ready; with the end of its log.
    """
    contract = config.load_contract(ROOT / "contract.yaml")
    quick = contract.model_copy(
        update={"rollout": interface.Rollout(wait_seconds=4, patience_seconds=60)}
    )
    with chdir(ROOT):
        for name, text in host.filled_in(quick).items():
            (folder / name).write_text(text, encoding="utf-8")
        rules.render(folder)
    with ExitStack() as running:
        listen = f"--web.listen-address=127.0.0.1:{ports['PROMETHEUS_PORT']}"
        command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", listen]
        running.enter_context(process(command, folder, ports["PROMETHEUS_PORT"]))
        if alerts:
            program = shutil.which("prometheus-alertmanager") or "alertmanager"
            listen = f"--web.listen-address=127.0.0.1:{ports['ALERTMANAGER_PORT']}"
            command = [program, "--config.file=alertmanager.yml", "--storage.path=told", listen]
            command += ["--cluster.listen-address="]
            running.enter_context(process(command, folder, ports["ALERTMANAGER_PORT"]))
        yield


@contextmanager
def process(command: list[str], folder: Path, port: str) -> Iterator[None]:
    """Run a program in a folder, and wait until it is ready."""
    log = folder / f"{port}.log"
    with log.open("w") as file:
        started = subprocess.Popen(command, cwd=folder, stdout=file, stderr=file)
    try:
        until(lambda: ready(port), lambda: log.read_text(encoding="utf-8")[-2000:])
        yield
    finally:
        started.terminate()
        started.wait()


def ready(port: str) -> bool:
    """Say whether what listens on a port can be used."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5):
            return True
    except OSError:
        return False


def until(condition: Callable[[], Any], why: Callable[[], object] = lambda: "") -> None:
    """Wait until something is so; fail with a reason when it never is."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, why()
        time.sleep(0.2)
