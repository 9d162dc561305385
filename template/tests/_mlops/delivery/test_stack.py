# The template's. Processes of yours go into a compose file of yours.
"""What runs with containers runs without them: one description, held equal."""

import configparser
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import ROOT, Repo
from ..package import errors, files, host, nginx, paths, ports, processes
from .conftest import FULL, free_ports, needs, needs_full_disk

pytestmark = pytest.mark.command
OTHER = {name: str(port + 10_000) for name, port in ports.DEFAULTS.items()}
# a demo that is killed while its host is up; a process that sleeps stands for the host
KILLED = """
import os, subprocess, sys
from {package}._mlops.project import deliveries
host = subprocess.Popen(["sleep", "600"], stdout=-3, stderr=-3)
deliveries.host.up, deliveries.runner.pid = lambda: "up", lambda: host.pid
with deliveries.serving_host():
    print(host.pid, flush=True)
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move to the repo's root, where every program is."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(processes.shutil, "which", lambda name: f"/usr/bin/{name}")
    return ROOT


def supervised(environment: dict[str, str]) -> configparser.RawConfigParser:
    """Return what supervisord is given, as it reads it."""
    text = processes.supervised(
        processes.processes(environment), Path("socket"), Path("build/deploy/run")
    )
    parser = configparser.RawConfigParser()
    parser.read_string(text.replace("%%", "%"))
    return parser


def variables(text: str) -> dict[str, str]:
    """Return the variables of a section."""
    return dict(re.findall(r'(\w+)="([^"]*)"', text))


def inside(word: str) -> str:
    """Return a path of this machine as the same path in a container."""
    return word.replace(str(ROOT), processes.INSIDE)


@pytest.mark.parametrize("environment", [{}, OTHER])
def test_the_processes_are_those_of_compose(here: Path, environment: dict[str, str]) -> None:
    services = processes.services(environment)
    described = {name: one for name, one in services.items() if "x-local" in one}
    local = supervised(environment)
    sections = {name.removeprefix("program:") for name in local.sections() if "program:" in name}

    assert sections == set(described)
    assert set(services) - set(described) == {"grafana"}
    for name, service in described.items():
        section = local[f"program:{name}"]
        program, *arguments = shlex.split(section["command"])
        known = [sys.executable] if service["x-local"] == ["python"] else service["x-local"]
        assert Path(program).name in {Path(word).name for word in known}
        assert service["entrypoint"][0] in {*service["x-local"], "python"}
        assert [inside(word) for word in arguments] == [str(word) for word in service["command"]]
        assert {key: inside(word) for key, word in variables(section["environment"]).items()} == {
            key: str(value) for key, value in service.get("environment", {}).items()
        }
        assert section["autostart"] == str("profiles" not in service).lower()
        assert section["autorestart"] == str(service["restart"] != "no").lower()
        assert section["stopsignal"] == service.get("stop_signal", "SIGTERM").removeprefix("SIG")


def test_every_path_of_a_process_is_mounted_from_the_same_path(here: Path) -> None:
    for service in processes.services({}).values():
        if "x-local" not in service:
            continue
        mounts = service["volumes"]
        words = [*map(str, service["command"]), *map(str, service.get("environment", {}).values())]
        targets = [mount["target"] for mount in mounts]
        code = [f"{processes.INSIDE}/", f"{processes.INSIDE}/src"]  # of the image itself

        assert all(mount["source"] == f".{inside_out(mount)}" for mount in mounts)
        for path in re.findall(rf"{processes.INSIDE}/[\w./-]*", " ".join(words)):
            assert path in code or path.startswith(tuple(targets)), path


def inside_out(mount: dict[str, Any]) -> str:
    """Return where a mount lies in the repo."""
    return str(mount["target"]).removeprefix(processes.INSIDE)


def test_all_listen_on_this_machine_alone(here: Path) -> None:
    text = (ROOT / processes.COMPOSE).read_text(encoding="utf-8")
    proxy = (ROOT / "ops/host/nginx.conf").read_text(encoding="utf-8")

    assert "0.0.0.0" not in text + proxy
    assert set(re.findall(r"listen ([^:;]+)[:;]", proxy)) == {
        "127.0.0.1",
        "$listen$ssl",
    }  # its default
    assert all(one["network_mode"] == "host" for one in processes.services({}).values())
    for port in re.findall(r"\$\{(\w+_PORT):-(\d+)\}", text):
        assert port[0] == "GRAFANA_PORT" or ports.DEFAULTS[port[0]] == int(port[1])


def test_two_services_share_neither_metrics_nor_log(here: Path) -> None:
    services = processes.services({})
    for variable in ("BENTOML_HOME", "PREDICTION_LOG", "CHAMPION_DIR"):
        values = [services[name]["environment"][variable] for name in ("champion", "candidate")]
        assert len(set(values)) == 2


def test_every_image_has_a_tag_and_every_service_a_check(here: Path) -> None:
    for name, service in processes.services({}).items():
        assert "build" in service or re.search(r":v?\d+\.\d+\.\d+", service["image"]), name
        assert service["healthcheck"]["test"], name


def test_a_program_that_is_not_there_is_named_with_its_package(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes.shutil, "which", lambda name: None)
    with pytest.raises(errors.OutsideFailed, match="nginx is not installed") as caught:
        processes.processes({})
    assert caught.value.hint == "apt-get install nginx"


def test_a_percent_sign_in_a_path_is_no_variable(here: Path) -> None:
    odd = processes.Process("x", ["/a b/100%"], {"A": "50%"}, "", True, True, "TERM")
    text = processes.program_section(odd, Path("run"))

    assert "command = '/a b/100%%'" in text
    assert 'environment = A="50%%"' in text


@needs_full_disk
def test_a_full_disk_costs_log_lines_and_no_process(tmp_path: Path) -> None:
    count, end = tmp_path / "count", tmp_path / "end"
    (tmp_path / "chat.log").symlink_to(FULL)
    until, counted = (shlex.quote(str(path)) for path in (end, count))
    talk = f"until [ -e {until} ]; do echo many words; echo . >> {counted}; sleep 0.02; done"
    chat = processes.Process("chat", ["/bin/sh", "-c", talk], {}, "", True, False, "TERM")
    config = tmp_path / "supervisord.conf"
    config.write_text(processes.supervised([chat], Path(tmp_path.name[-8:]), tmp_path))
    command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(config)]
    supervisor = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        while not count.exists() or count.stat().st_size < 100:
            assert supervisor.poll() is None, "it ended"
            time.sleep(0.1)
    finally:
        end.touch()
        supervisor.terminate()
        supervisor.wait()


def test_without_a_stack_commands_say_how_to_start_it(own_repo: Repo) -> None:
    status, start = own_repo.run("stack", "status"), own_repo.run("rollout", "start", "1")

    assert (status.code, start.code) == (2, 2)
    assert "uv run just stack up" in status.err
    assert "the stack is not up" in start.err
    assert own_repo.must("stack", "down").err == "stack: down already\n"


@needs("nginx")
@needs("prometheus")
def test_a_port_that_is_taken_is_an_outside_failure(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "ops", own_repo.folder / "ops")
    for name, port in free_ports().items():
        monkeypatch.setenv(name, port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PROXY_PORT", str(taken.getsockname()[1]))
        done = own_repo.run("stack", "up")

    assert done.code == 3
    assert "cannot be used" in done.err


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"services: \xff",
        b"services: [",
        b"[]",
        b"services: {proxy: {x-local: [nginx]}}",
        b"services: {proxy: {x-local: [nginx], command: [], healthcheck: {test: []}}}",
    ],
)
def test_a_description_that_cannot_be_read_is_wrong_input(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        processes.COMPOSE.parent.mkdir(parents=True)
        processes.COMPOSE.write_bytes(content)
    with pytest.raises(errors.WrongInput, match="compose"):
        processes.processes({})


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_proxy_that_cannot_be_read_is_wrong_input(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        nginx.SOURCE.parent.mkdir(parents=True)
        nginx.SOURCE.write_bytes(content)
    with pytest.raises(errors.WrongInput, match="nginx"):
        nginx.render((100,), {})


@needs("promtool")
@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("scrape_timeout:", "scrape_timeot:", "scrape_timeot not found"),
        ("[rules.yml]", "[rulez.yml]", "rulez.yml"),
        ("job_name: repo", "job_name: [repo", "prometheus.yml"),
    ],
)
def test_what_prometheus_would_not_take_is_refused_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was: str, now: str, said: str
) -> None:
    shutil.copytree(ROOT / host.SOURCES, tmp_path / host.SOURCES)
    shutil.copy(ROOT / paths.CONTRACT, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nginx, "check", lambda text: None)
    monkeypatch.setattr(processes, "program", lambda name, known: name)
    host.render()
    source, good = host.SOURCES / host.PROMETHEUS.name, host.PROMETHEUS.read_bytes()
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace(was, now), encoding="utf-8")
    with pytest.raises(errors.Refused, match=said) as caught:
        host.render()

    assert text != source.read_text(encoding="utf-8")
    assert (host.PROMETHEUS.read_bytes(), "\n" in str(caught.value)) == (good, False)
    assert list(host.FOLDER.glob(".*")) == []


@pytest.mark.parametrize("damaged", [b"\xff", b""])
def test_a_configuration_that_was_damaged_is_written_anew(damaged: bytes, tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yml"
    path.write_bytes(damaged)

    assert host.write(path, "global: {}\n")
    assert path.read_text() == "global: {}\n"
    assert not host.write(path, "global: {}\n")


def test_a_demo_that_is_killed_leaves_no_host() -> None:
    program = KILLED.format(package=processes.__name__.partition("._mlops")[0])
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    pid, end = int(done.stdout), time.monotonic() + 60
    try:
        while files.lives(pid) and time.monotonic() < end:
            time.sleep(0.1)
        assert not files.lives(pid)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
