# The template's. Nothing of yours belongs here; `uv run just stack status` shows what it knows.
"""supervisord, asked over its socket: what runs, start this, stop that."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

from .. import PROJECT, errors
from ..errors import OutsideFailed
from ..files import lives

FOLDER = Path("build/deploy/run")  # logs and process ids
CONFIG = Path("build/deploy/supervisord.conf")
PATIENCE = 60  # seconds for a process to end: a request in flight is answered first
DEAD = ("STOPPED", "EXITED", "FATAL", "BACKOFF", "UNKNOWN")


def socket() -> Path:
    """Return where supervisord listens: a short path, for a socket's may have no more than 100."""
    name = hashlib.sha256(str(Path.cwd()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"{PROJECT}-{name}.sock"


def call(method: str, *arguments: Any) -> Any:
    """Call a method of supervisord.

    Raises:
        OutsideFailed: If it is not running, or refuses.
    """
    from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

    transport = SupervisorTransport(None, None, f"unix://{socket()}")
    try:
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)
    except OSError as error:
        raise OutsideFailed("the stack is not up", "uv run just stack up") from error
    except xmlrpc.client.Fault as fault:
        raise OutsideFailed(f"supervisord says {fault.faultString.lower()}") from fault


def running() -> bool:
    """Say whether supervisord answers."""
    try:
        call("getState")
    except OutsideFailed:
        return False
    return True


def pid() -> int:
    """Return the process id of supervisord."""
    return int(call("getPID"))


def states() -> dict[str, dict[str, Any]]:
    """Return what supervisord knows of each process, by name: `statename`, `pid`, `exitstatus`."""
    return {found["name"]: found for found in call("getAllProcessInfo")}


def alive(name: str) -> bool:
    """Say whether a process runs or is about to."""
    return states()[name]["statename"] not in DEAD


def start(name: str) -> None:
    """Start a process, unless it runs."""
    if not alive(name):
        call("startProcess", name, False)


def stop(name: str) -> None:
    """Ask a process to end and wait until it has; one that does not run stays as it is."""
    if alive(name):
        call("stopProcess", name, True)


def hang_up(name: str) -> None:
    """Let a process read its configuration anew."""
    call("signalProcess", name, "HUP")


def last_words(name: str) -> str:
    """Return the last line that a process wrote."""
    try:
        text = (FOLDER / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def launch() -> None:
    """Start supervisord in the background; `OutsideFailed` when it ends at once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    begun = [sys.executable, "-m", "supervisor.supervisord", "-c", str(CONFIG)]
    done = subprocess.run(begun, capture_output=True, text=True)
    end = time.monotonic() + 10
    while not running():
        if done.returncode or time.monotonic() > end:
            words = errors.cause_of(done.stderr or done.stdout)
            raise OutsideFailed(f"supervisord does not start: {words}")
        time.sleep(0.1)


def end() -> None:
    """End supervisord and all that it runs, by its process id; wait until it is gone."""
    os.kill(number := pid(), 15)
    patience = time.monotonic() + PATIENCE
    while time.monotonic() < patience:
        if not lives(number):
            return
        time.sleep(0.1)
    raise OutsideFailed(f"process {number} (supervisord) does not end", f"its log is in {FOLDER}")
