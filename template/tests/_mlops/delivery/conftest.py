# The template's. Fixtures of yours go into tests/conftest.py.
"""What a serving host needs: free ports, and programs that a machine may not have."""

import os
import shutil
import socket
from pathlib import Path

import pytest

from . import ports


@pytest.fixture(autouse=True)
def ports_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the ports of this machine's own stack."""
    for name in ports.DEFAULTS:
        monkeypatch.delenv(name, raising=False)


# where every write fails for lack of space; Linux alone has it
FULL = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL.exists(), reason=f"there is no {FULL}")


def free_ports() -> dict[str, str]:
    """Return a free port for each name; they differ."""
    probes = {name: socket.socket() for name in ports.DEFAULTS}
    for probe in probes.values():
        probe.bind(("127.0.0.1", 0))
    found = {name: str(probe.getsockname()[1]) for name, probe in probes.items()}
    for probe in probes.values():
        probe.close()
    return found


def needs(program: str) -> pytest.MarkDecorator:
    """Skip tests where a program is not installed, but not in CI: there they fail."""
    missing = not os.environ.get("CI") and not shutil.which(program)
    return pytest.mark.skipif(missing, reason=f"{program} is not installed")
