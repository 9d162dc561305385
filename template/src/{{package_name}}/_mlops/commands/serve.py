# The template's. Yours is service.py.
"""Serve the champion over HTTP."""

import os
import socket
import sys

import click

from ... import schema
from ..errors import OutsideFailed


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=3000, show_default=True)
def command(host: str, port: int) -> None:
    """Run `bentoml serve` until it is interrupted; the page at / lists the endpoints."""
    require_free(host, port)
    # two servers with one home wipe each other's metrics
    home = os.path.join(os.environ["BENTOML_HOME"], f"serve-{port}")
    os.makedirs(home, exist_ok=True)
    serve = ["-m", "bentoml", "serve", service(), "--host", host, "--port", str(port)]
    os.execve(sys.executable, [sys.executable, *serve], {**os.environ, "BENTOML_HOME": home})


def service() -> str:
    """Return the name under which BentoML finds the service."""
    return f"{schema.__package__}.service:Service"


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
