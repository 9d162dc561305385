# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Ask a database for a table, without changing it."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import OutsideFailed, WrongInput, first_cause
from ...files import require_file
from .raw import Raw

POSTGRESQL = ("psycopg2", "psycopg")  # drivers, the one of the tracking server first
COLON = re.compile(r"(?<![:\w\\]):(?=\w)")


def query(sql: str, url: str | None) -> Raw:
    """Return what a database answers; PostgreSQL refuses a query that would change it.

    Raises:
        WrongInput: If the address or the query is wrong.
        OutsideFailed: If PostgreSQL does not let us in.
    """
    import sqlalchemy

    if not url:
        raise WrongInput("--sql needs --url", "such as --url sqlite:///shop.db")
    wrong = (sqlalchemy.exc.SQLAlchemyError, pd.errors.DatabaseError, ImportError, ValueError)
    try:
        where = address(url)
        if where.drivername.startswith("sqlite") and where.database not in (None, "", ":memory:"):
            require_file(Path(where.database))  # SQLite would make an empty one
        engine = sqlalchemy.create_engine(where)
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(postgresql_readonly=True)
        try:
            connection = engine.connect()
        except sqlalchemy.exc.OperationalError as error:
            if engine.dialect.name == "sqlite":
                raise
            raise OutsideFailed(f"the database cannot be asked: {first_cause(error)}") from error
        with connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
            asked = sqlalchemy.text(COLON.sub(r"\\:", sql))  # nothing is bound here
            return Raw(pd.read_sql_query(asked, connection))
    except sqlalchemy.exc.ResourceClosedError as error:
        raise WrongInput("the query gives no rows", 'ask for some: "select * from …"') from error
    except wrong as error:
        reason, hint = first_cause(error), ""
        if isinstance(error, ImportError):
            hint = "uv add --dev the package of this driver"
        if isinstance(error, sqlalchemy.exc.ArgumentError):
            hint = "such as --url sqlite:///shop.db"
        raise WrongInput(f"the query failed: {reason}", hint) from error


def address(url: str) -> Any:
    """Return an address with a driver that is installed; `WrongInput` when PostgreSQL has none."""
    import sqlalchemy

    found = sqlalchemy.make_url(url)
    if found.drivername not in ("postgres", "postgresql"):
        return found
    installed = [driver for driver in POSTGRESQL if find_spec(driver)]
    if not installed:
        message = f"PostgreSQL is asked by {' or '.join(POSTGRESQL)}; neither is installed"
        raise WrongInput(message, "uv add --dev psycopg2-binary")
    return found.set(drivername=f"postgresql+{installed[0]}")
