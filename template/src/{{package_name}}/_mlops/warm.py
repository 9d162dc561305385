# The template's. Which packages are imported ahead is all that there is to choose; yours come too.
"""A process that has imported the large packages, and becomes any stage of a pipeline by a fork.

Four stages that each start Python import pandas, scikit-learn and MLflow four times: more work than
the stages have with a small table. Whatever goes wrong here, a stage runs as it would without.
"""

import atexit
import importlib
import json
import os
import random
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from . import PACKAGE

ADDRESS = "MLOPS_WARM"  # variable in which a stage finds the process
# in the order in which the stages need them; the first stage waits for the first group only
PACKAGES = (
    ("click", "pydantic", "ruamel.yaml", "pandas", "pandera.pandas", "pyarrow.dataset"),
    ("sklearn.ensemble", "sklearn.linear_model"),
    ("sklearn.compose", "sklearn.inspection", "sklearn.metrics", "skops.io"),
    ("sqlalchemy.dialects.sqlite", "sqlalchemy.orm", "alembic.command", "git"),
    ("mlflow",),
    ("mlflow.store.tracking.sqlalchemy_store", "mlflow.data.code_dataset_source"),
    ("matplotlib.figure", "matplotlib.backends.backend_agg"),
)
BEGUN = b"+"
Request = dict[str, Any]


@contextmanager
def offered() -> Iterator[None]:
    """Let the stages that start meanwhile find the process; it stays for as long as this one."""
    if address := start():
        os.environ[ADDRESS] = address
    try:
        yield
    finally:
        os.environ.pop(ADDRESS, None)


@cache
def start() -> str:
    """Start the process, once; it imports nothing before the first stage asks, and ends with this.

    Returns:
        Where it listens: in a folder that no other user may enter. Nothing where it cannot run.
    """
    if sys.platform != "linux":  # elsewhere libraries do not live through a fork
        return ""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address = str(Path(folder, "socket"))
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(address)
        except OSError:  # a path may be too long for a socket
            return ""
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listener.fileno())],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,  # never written to: it ends when this process does
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    atexit.register(end, process)  # which also keeps its stdin open until then
    return address


def end(process: "subprocess.Popen[bytes]") -> None:
    """Close the stdin of the process, and wait until it has ended."""
    process.communicate()


def run() -> None:
    """Run the command line: in a process that has imported the packages, where one is offered."""
    code = ask(os.environ.pop(ADDRESS, ""))
    if code is None:
        from .cli import main

        main()
    elif code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def ask(address: str) -> int | None:
    """Have this command done, with these streams; return its exit code.

    Returns:
        None when nobody has begun it; below zero the signal that ended it, as `subprocess` has it.
    """
    if not address:
        return None
    request = {
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "path": sys.path,
    }
    content = json.dumps(request).encode()
    answer = b""
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
        line.connect(address)
        socket.send_fds(line, [len(content).to_bytes(8)], [0, 1, 2])
        line.sendall(content)
        while part := line.recv(64):
            answer += part
    if not answer.startswith(BEGUN):
        return None
    return int(answer.removeprefix(BEGUN) or 4)


def serve(listener: socket.socket) -> Request | None:
    """Import packages, and fork for each request.

    Returns:
        In a fork what it has to do; nothing in the process itself, when the one that started it
        has ended.
    """
    waiting, children = list(PACKAGES), dict[int, socket.socket]()
    awake, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())  # by a child that has ended
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a fork gets it too, and says so
    asked = False
    while True:
        idle = None if not (asked and waiting) else 0
        known = [sys.stdin, listener, awake, *children.values()]
        ready, _, _ = select.select(known, [], [], idle)
        if sys.stdin in ready:
            for child in children:
                os.kill(child, signal.SIGTERM)
            return None
        if awake in ready:
            awake.recv(64)
        for child, line in list(children.items()):
            if line in ready:  # who asked is gone
                os.kill(child, signal.SIGTERM)
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                with children.pop(child) as line, suppress(OSError):
                    line.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        if waiting and (asked or listener in ready):
            asked = True
            for package in waiting.pop(0):
                with suppress(Exception):  # the stage that needs it says what is wrong
                    importlib.import_module(package)
        if listener in ready:
            line, _ = listener.accept()
            found = read(line)
            if threading.active_count() > 1 or not found:  # a fork has one thread, and no locks
                line.close()
            elif child := os.fork():
                for stream in found["streams"]:
                    os.close(stream)
                children[child] = line
                line.sendall(BEGUN)
            else:
                for other in (listener, awake, wakes, line, *children.values()):
                    other.close()
                return found


def read(line: socket.socket) -> Request:
    """Return what is asked for, and `streams`; nothing when it does not come whole."""
    line.settimeout(10)
    try:
        head, streams, _, _ = socket.recv_fds(line, 8, 3)
        content = b""
        while len(content) < int.from_bytes(head) and (part := line.recv(1 << 16)):
            content += part
        request: Request = json.loads(content)
    except (OSError, ValueError):
        return {}
    line.settimeout(None)
    return {**request, "streams": streams}


def become(request: Request) -> None:
    """Run what was asked for as if Python had just started with it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(request["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv[1:], sys.path[:] = request["arguments"], request["path"]
    random.seed()  # or all forks would draw the same
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    runpy.run_module(PACKAGE, run_name="__main__", alter_sys=True)


def main() -> None:
    """Serve on the socket whose number is the first argument."""
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        request = serve(listener)
    if request:
        become(request)


if __name__ == "__main__":
    main()
