# The template's. Yours is the database's address, in the environment: DATABASE_URL.
"""Run the MLflow server on PostgreSQL."""

import os
import secrets
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from ..access import TRACKING
from ..errors import OutsideFailed, WrongInput, first_cause
from ..files import whole_file
from ..local_service import authority, require_free, require_owner

DATABASE = "DATABASE_URL"
FORM = f"{DATABASE}=postgresql://user:password@127.0.0.1:5432/mlflow"
# relative, and handed out by the server: links to files survive a move of this folder
FILES = "mlartifacts"
ADMIN = "MLFLOW_AUTH_ADMIN_USERNAME"
ADMIN_PASSWORD = "MLFLOW_AUTH_ADMIN_PASSWORD"  # pragma: allowlist secret
SESSIONS = "MLFLOW_FLASK_SERVER_SECRET_KEY"
LONG = 12  # letters of a password
SETTINGS = Path("build/mlflow-auth.ini")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16))
@click.option(
    "--allowed-hosts", metavar="NAMES", help="Names by which clients may call it, with commas."
)
@click.option("--auth", is_flag=True, help="Let in only who has a user's name and password.")
def command(host: str, port: int, workers: int, allowed_hosts: str | None, auth: bool) -> None:
    """Run `mlflow server` until it is interrupted; clients set MLFLOW_TRACKING_URI.

    The database's address comes from the environment, DATABASE_URL; files lie in mlartifacts/.
    With --auth the first administrator's password does too, MLFLOW_AUTH_ADMIN_PASSWORD; there is
    no default. Clients say who they are by MLFLOW_TRACKING_USERNAME and _PASSWORD.
    """
    database = read_address(os.environ.get(DATABASE, ""))
    require_owner(host)
    asked = authentication(database) if auth else {}
    require_answer(database)
    require_free(host, port)
    names = allowed_hosts or ",".join(
        authority(name, port) for name in ("localhost", "127.0.0.1", host)
    )
    click.echo(f"server: http://{authority(host, port)} on {shown(database)}", err=True)
    serve = ["--host", host, "--port", str(port), "--workers", str(workers)]
    serve += ["--serve-artifacts", "--artifacts-destination", f"./{FILES}"]
    serve += ["--allowed-hosts", names]
    serve += ["--app-name", "basic-auth"] if auth else []
    environment = {name: value for name, value in os.environ.items() if name != TRACKING} | asked
    environment["MLFLOW_BACKEND_STORE_URI"] = database  # arguments are seen by everybody
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # its jobs are not about models
    os.execve(sys.executable, [sys.executable, "-m", "mlflow", "server", *serve], environment)


def authentication(database: str) -> dict[str, str]:
    """Write what MLflow's basic-auth reads, for this user alone to read; return its environment.

    Raises:
        WrongInput: If nobody chose an administrator's password, or a short one.
        OutsideFailed: If a package of the group `server` is missing.
    """
    password = os.environ.get(ADMIN_PASSWORD, "")
    if len(password) < LONG:
        found = f"has {len(password)} letters" if password else "is not set"
        message = f"{ADMIN_PASSWORD} {found}; expected at least {LONG}"
        raise WrongInput(message, "put one into .env; only the first start with --auth uses it")
    if find_spec("flask_wtf") is None:
        raise OutsideFailed("Flask-WTF is not installed", "uv add --group server 'Flask-WTF<2'")
    settings = {
        "default_permission": "READ",
        "database_uri": database,
    }
    lines = [f"{name} = {value.replace('%', '%%')}" for name, value in settings.items()]
    with whole_file(SETTINGS, mode=0o600) as part:
        part.write_text("\n".join(["[mlflow]", *lines, ""]), encoding="utf-8")
    key = os.environ.get(SESSIONS) or secrets.token_hex()  # the same for all workers
    who = os.environ.get(ADMIN) or "admin"
    return {"MLFLOW_AUTH_CONFIG_PATH": str(SETTINGS.resolve()), SESSIONS: key, ADMIN: who}


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
