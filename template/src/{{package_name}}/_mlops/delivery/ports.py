# The template's. Your own ports go into the environment, for example into .env.
"""Where the processes of a serving host listen; only the public address is not of this machine."""

import os

from ..errors import WrongInput
from ..local_service import authority

HOST = "PROXY_HOST"
LOCAL = "127.0.0.1"
EVERY = {"0.0.0.0": LOCAL, "::": "::1"}  # who listens everywhere is asked here

DEFAULTS = {
    "PROXY_PORT": 8080,
    "MIRROR_PORT": 8081,
    "STATUS_PORT": 8082,
    "CHAMPION_PORT": 3001,
    "CANDIDATE_PORT": 3002,
    "PROMETHEUS_PORT": 9090,
    "ALERTMANAGER_PORT": 9093,
}


def ports() -> dict[str, int]:
    """Return the port of each name, from the environment or by default.

    Raises:
        WrongInput: If one is no port, or two are the same.
    """
    found = {name: _port(name, default) for name, default in DEFAULTS.items()}
    for name, port in found.items():
        others = [other for other in found if other != name and found[other] == port]
        if others:
            raise WrongInput(f"{name} and {others[0]} are both {port}", "give each its own port")
    return found


def door() -> str:
    """Return on which of this machine's addresses the proxy listens to users."""
    return (os.environ.get(HOST) or LOCAL).strip("[]")


def host(name: str) -> str:
    """Return where a port, such as `STATUS_PORT`, is to be asked from this machine."""
    return EVERY.get(door(), door()) if name == "PROXY_PORT" else LOCAL


def address(name: str) -> str:
    """Return the address of what listens on a port, such as `STATUS_PORT`."""
    return f"http://{authority(host(name), ports()[name])}"


def _port(name: str, default: int) -> int:
    given = os.environ.get(name) or str(default)
    if not given.isdecimal() or not 1 <= int(given) <= 65535:
        raise WrongInput(f"{name} is {given!r}; expected a port from 1 to 65535")
    return int(given)
