# The template's. Ports of yours are chosen the same way: local_service.free_ports.
"""A service of this machine: ports that stay free, and what listens but speaks no HTTP."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from ..fixtures import Repo
from ..no_http import no_http
from ..package import files, local_service


def test_free_ports_differ_and_are_below_those_that_systems_hand_out() -> None:
    ports = local_service.free_ports(20)
    handed_out = Path("/proc/sys/net/ipv4/ip_local_port_range")  # Linux alone has it

    assert len(set(ports)) == 20
    if handed_out.exists():
        assert max(ports) < int(handed_out.read_text(encoding="ascii").split()[0])


def test_a_port_in_use_is_not_a_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (free,) = local_service.free_ports(1)
        monkeypatch.setattr(local_service, "CHOSEN_FROM", [free, port])
        found = {local_service.free_ports(1)[0] for _ in range(20)}

    assert found == {free}


def test_what_speaks_no_http_is_no_service() -> None:
    with no_http() as address:
        with pytest.raises(http.client.HTTPException), urllib.request.urlopen(address):
            pass
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3)"]) as ends:
            assert not local_service.wait_for(address, ends)


SERVER = """
import os, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), worker.pid, file=open("started.part", "w"), flush=True)
os.rename("started.part", "started")
time.sleep(600)
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_ends_with_the_command_that_started_it_however_that_ends(
    tmp_path: Path, sign: signal.Signals
) -> None:
    (tmp_path / "serves.py").write_text(SERVER, encoding="utf-8")
    name = local_service.__name__
    code = f"from {name} import started; import time\nwith started(['serves']): time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) as command:
        until((tmp_path / "started").exists)
        pids = list(map(int, (tmp_path / "started").read_text(encoding="ascii").split()))
        command.send_signal(sign)
    try:
        until(lambda: not any(map(files.lives, pids)))
    finally:
        for pid in filter(files.lives, pids):
            os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds, for as long as a busy machine may need."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_tracking_store_that_speaks_no_http_is_an_outside_failure(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with no_http() as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        done = own_repo.run("register")

    assert done.code == 3
    assert f"the tracking store {address} does not answer" in done.err
