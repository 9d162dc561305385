# The template's. Yours is the database's address, in the environment: DATABASE_URL.
"""Run the MLflow server on PostgreSQL."""

import os
import sys

import click

from ..errors import OutsideFailed, WrongInput, first_cause
from ..local_service import require_free, require_owner
from .runs import ADDRESS

DATABASE = "DATABASE_URL"
FORM = f"{DATABASE}=postgresql://user:password@127.0.0.1:5432/mlflow"
# relative, and handed out by the server: links to files survive a move of this folder
FILES = "mlartifacts"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16))
@click.option(
    "--allowed-hosts", metavar="NAMES", help="Names by which clients may call it, with commas."
)
def command(host: str, port: int, workers: int, allowed_hosts: str | None) -> None:
    """Run `mlflow server` until it is interrupted; clients set MLFLOW_TRACKING_URI.

    The database's address comes from the environment, DATABASE_URL; files lie in mlartifacts/.
    """
    database = read_address(os.environ.get(DATABASE, ""))
    require_owner(host)
    require_answer(database)
    require_free(host, port)
    names = allowed_hosts or ",".join(f"{name}:{port}" for name in ("localhost", "127.0.0.1", host))
    click.echo(f"server: http://{host}:{port} on {shown(database)}", err=True)
    serve = ["--host", host, "--port", str(port), "--workers", str(workers)]
    serve += ["--serve-artifacts", "--artifacts-destination", f"./{FILES}"]
    serve += ["--allowed-hosts", names]
    environment = {name: value for name, value in os.environ.items() if name != ADDRESS}
    environment["MLFLOW_BACKEND_STORE_URI"] = database  # arguments are seen by everybody
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # its jobs are not about models
    os.execve(sys.executable, [sys.executable, "-m", "mlflow", "server", *serve], environment)


def read_address(address: str) -> str:
    """Return the address of a PostgreSQL database with its driver; `WrongInput` for any other."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    hint = f"put {FORM} into .env; without PostgreSQL: uv run just ui"
    if not address:
        raise WrongInput(f"{DATABASE} is not set", hint)
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise WrongInput(f"{DATABASE} is no address of a database", hint) from error
    if url.get_backend_name() != "postgresql" or not url.database:
        message = f"{DATABASE} is {shown(address)}, expected postgresql:// and a database's name"
        raise WrongInput(message, hint)
    # which driver is the default depends on SQLAlchemy's version
    named = url if "+" in url.drivername else url.set(drivername="postgresql+psycopg2")
    return named.render_as_string(hide_password=False)


def shown(address: str) -> str:
    """Return an address without its password."""
    from sqlalchemy.engine import make_url

    url = make_url(address)
    return url.set(drivername=url.get_backend_name()).render_as_string()


def require_answer(address: str) -> None:
    """Raise `OutsideFailed` when the database does not let us in."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(address, connect_args={"connect_timeout": 5})
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        message = f"the database {shown(address)} does not answer: {first_cause(error)}"
        raise OutsideFailed(message, f"is it running, and is {DATABASE} right?") from error
    finally:
        engine.dispose()
