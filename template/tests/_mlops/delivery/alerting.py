# The template's. Nothing of yours is needed here.
"""A real Prometheus and a real Alertmanager, on this machine alone, by this repo's own files."""

import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ..fixtures import ROOT
from ..package import config, host, interface, rules

PATIENCE = 60  # seconds


@contextmanager
def answering(handle: Callable[[str, bytes], str]) -> Iterator[int]:
    """Answer each request with what a function makes of its path and body; give the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            content = handle(self.path, body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


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
