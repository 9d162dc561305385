# The template's. Yours is service.py.
"""Serve the champion over HTTP."""

import os
import time

import click

from .. import PACKAGE, access, evidence
from ..errors import Problem
from ..local_service import require_free, require_owner

RECORDED = False  # what a service did, and for whom, is in its own log; a refused start has none


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, help="Port to listen on.")
def command(host: str, port: int) -> None:
    """Run `bentoml serve` until it is interrupted; the page at / lists the endpoints.

    Who calls it has to show a token when SERVICE_TOKEN or SERVICE_TOKEN_FILE is set.
    """
    began = time.time()
    try:
        require_start(host, port)
    except Problem as problem:
        evidence.keep("serve", problem.exit_code, began)
        raise
    # two servers with one home wipe each other's metrics
    home = os.path.join(os.environ["BENTOML_HOME"], f"serve-{port}")
    os.makedirs(home, exist_ok=True)
    os.environ["BENTOML_HOME"] = home
    from bentoml_cli.cli import cli  # looks for its home when it is imported

    # in this process: another would import all of this once more, a second of each start
    cli.main(["serve", service(), "--host", host, "--port", str(port)], prog_name="bentoml")


def require_start(host: str, port: int) -> None:
    """Raise a `Problem` for an owner, a token or a port with which nothing is served."""
    require_owner(host)
    for name in (access.SERVICE, access.METRICS):
        access.tokens(name)
    require_free(host, port)


def service() -> str:
    """Return the name under which BentoML finds the service."""
    return f"{PACKAGE}.service:Service"
