# The template's. Yours is service.py.
"""Serve the champion over HTTP."""

import os
import sys

import click

from .. import PACKAGE, access
from ..local_service import require_free, require_owner


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, help="Port to listen on.")
def command(host: str, port: int) -> None:
    """Run `bentoml serve` until it is interrupted; the page at / lists the endpoints.

    Who calls it has to show a token when SERVICE_TOKEN or SERVICE_TOKEN_FILE is set.
    """
    require_owner(host)
    for name in (access.SERVICE, access.METRICS):
        access.tokens(name)
    require_free(host, port)
    # two servers with one home wipe each other's metrics
    home = os.path.join(os.environ["BENTOML_HOME"], f"serve-{port}")
    os.makedirs(home, exist_ok=True)
    serve = ["-m", "bentoml", "serve", service(), "--host", host, "--port", str(port)]
    os.execve(sys.executable, [sys.executable, *serve], {**os.environ, "BENTOML_HOME": home})


def service() -> str:
    """Return the name under which BentoML finds the service."""
    return f"{PACKAGE}.service:Service"
