# The template's. Processes of yours go into a compose file of yours, or another supervisor's.
"""Which processes does ops/host/compose.yaml describe, and how do they run without containers?"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ..errors import OutsideFailed, WrongInput, first_cause
from ..files import read_text

COMPOSE = Path("ops/host/compose.yaml")
INSIDE = "/app"  # the repo's root in every container
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
ADDRESS = re.compile(r"http://[^'\"\s]+")
PACKAGES = {"nginx": "nginx", "prometheus": "prometheus", "alertmanager": "prometheus-alertmanager"}


@dataclass(frozen=True)
class Process:
    """One process of a serving host.

    Args:
        name: As in ops/host/compose.yaml.
        command: Program and arguments.
        environment: Variables of its own.
        health: Address that answers 200 when it can be used.
        starts: Whether `stack up` starts it; the candidate waits for a rollout.
        again: Whether it is started again when it ends.
        signal: What asks it to end.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    health: str
    starts: bool
    again: bool
    signal: str


def processes(environment: Mapping[str, str] = os.environ) -> list[Process]:
    """Return what runs without containers, in the file's order.

    Raises:
        WrongInput: If the file cannot be read.
        OutsideFailed: If a program is not installed.
    """
    described = services(environment)
    try:
        return [local(name, service) for name, service in described.items() if "x-local" in service]
    except (LookupError, TypeError, AttributeError) as error:
        raise WrongInput(f"{COMPOSE} describes a service without {first_cause(error)}") from error


def services(environment: Mapping[str, str] = os.environ) -> dict[str, dict[str, Any]]:
    """Return the services of ops/host/compose.yaml with variables filled in, as compose does."""
    text = read_text(COMPOSE)
    try:
        filled = VARIABLE.sub(lambda found: environment.get(found[1]) or found[2], text)
        described: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(filled)["services"]
    except (KeyError, TypeError, ValueError, YAMLError) as error:
        raise WrongInput(f"{COMPOSE} describes no services: {first_cause(error)}") from error
    return described


def local(name: str, service: Mapping[str, Any]) -> Process:
    """Return a service as a process of this machine: its paths lie in this repo."""
    arguments = [outside(str(word)) for word in service["command"]]
    test = " ".join(service["healthcheck"]["test"])
    return Process(
        name=name,
        command=[program(name, service["x-local"]), *arguments],
        environment={
            variable: outside(str(value))
            for variable, value in service.get("environment", {}).items()
        },
        health=ADDRESS.findall(test)[0],
        starts="profiles" not in service,
        again=service["restart"] != "no",
        signal=str(service.get("stop_signal", "SIGTERM")).removeprefix("SIG"),
    )


def outside(word: str) -> str:
    """Return a path in a container as the same path in this repo."""
    return re.sub(rf"(?:^|(?<==)){INSIDE}(?=/)", lambda found: str(Path.cwd()), word)


def program(name: str, known: list[str]) -> str:
    """Return where a program is: the first of its names that is installed."""
    if known == ["python"]:
        return sys.executable
    for word in known:
        if found := shutil.which(word):
            return found
    package = PACKAGES.get(name, PACKAGES.get(known[0], known[0]))
    raise OutsideFailed(f"{known[0]} is not installed", f"apt-get install {package}")


def supervised(found: list[Process], socket: Path, folder: Path) -> str:
    """Return the configuration of supervisord for these processes.

    Args:
        found: What it runs.
        socket: By which it is asked.
        folder: For logs and its process id.
    """
    head = f"""\
[supervisord]
directory = {Path.cwd()}
logfile = {folder / "supervisord.log"}
logfile_maxbytes = 1MB
pidfile = {folder / "supervisord.pid"}

[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl = unix://{socket}
"""
    return head.replace("%", "%%") + "".join(program_section(one, folder) for one in found)


def program_section(process: Process, folder: Path) -> str:
    """Return one process as a section of supervisord's configuration, where `%` is `%%`."""
    variables = ",".join(f'{name}="{value}"' for name, value in process.environment.items())
    text = f"""
[program:{process.name}]
command = {shlex.join(process.command)}
directory = {Path.cwd()}
environment = {variables}
autostart = {str(process.starts).lower()}
autorestart = {str(process.again).lower()}
startsecs = {1 if process.again else 0}
startretries = 1000
stopsignal = {process.signal}
stopwaitsecs = 30
killasgroup = true
redirect_stderr = true
stdout_logfile = {folder / f"{process.name}.log"}
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 3
"""
    return text.replace("%", "%%")
