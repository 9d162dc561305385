# The template's. Yours is service.py.
"""Serve the champion over HTTP."""

import os
import socket
import sys

import click

from ... import schema
from ..config import load_contract
from ..errors import OutsideFailed, Refused
from ..seam import Owner

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, help="Port to listen on.")
def command(host: str, port: int) -> None:
    """Run `bentoml serve` until it is interrupted; the page at / lists the endpoints."""
    require_owner(host)
    require_free(host, port)
    # two servers with one home wipe each other's metrics
    home = os.path.join(os.environ["BENTOML_HOME"], f"serve-{port}")
    os.makedirs(home, exist_ok=True)
    serve = ["-m", "bentoml", "serve", service(), "--host", host, "--port", str(port)]
    os.execve(sys.executable, [sys.executable, *serve], {**os.environ, "BENTOML_HOME": home})


def service() -> str:
    """Return the name under which BentoML finds the service."""
    return f"{schema.__package__}.service:Service"


def require_owner(host: str) -> None:
    """Raise `Refused` when others could call a service for which nobody answers."""
    if host not in LOOPBACK and load_contract().owners.service == Owner():
        message = f"--host {host} lets others call it, and the contract names no owner"
        raise Refused(message, "put who answers for the service into contract.yaml")


def require_free(host: str, port: int) -> None:
    """Raise `OutsideFailed` when another process listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"port {port} of {host} cannot be used: {(error.strerror or '').lower()}"
            raise OutsideFailed(
                message, "stop what listens there, or choose another --port"
            ) from error
