# The template's. Addresses of yours are in .env.
"""When the MLflow server does not start, and what it says then."""

import configparser

import pytest

from ..fixtures import Done, Repo
from ..package import local_service, paths, server


@pytest.fixture
def start(repo: Repo, monkeypatch: pytest.MonkeyPatch):
    """Return a function that starts the server with an address, and says how that ended."""

    def started(address: str | None, *options: object) -> Done:
        monkeypatch.delenv(server.DATABASE, raising=False)
        if address is not None:
            monkeypatch.setenv(server.DATABASE, address)
        return repo.run("server", *options)

    return started


@pytest.fixture
def free_port() -> int:
    """Return a port on which nothing listens."""
    (port,) = local_service.free_ports(1)
    return port


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (None, "DATABASE_URL is not set"),
        ("", "DATABASE_URL is not set"),
        ("mlflow", "no address of a database"),
        ("sqlite:///mlflow.db", "is sqlite:///mlflow.db, expected postgresql://"),
        ("postgresql://me:secret@127.0.0.1:5432", "and a database's name"),
        ("postgresql://me:secret@127.0.0.1:port/mlflow", "no address of a database"),
    ],
)
def test_an_address_that_is_none_is_wrong_input(start, address: str | None, found: str) -> None:
    done = start(address)

    assert (done.code, found in done.err) == (2, True), done.err
    assert server.FORM in done.err
    assert "secret" not in done.err


def test_a_database_that_is_away_is_an_outside_failure(start, free_port: int) -> None:
    done = start(f"postgresql://me:secret@127.0.0.1:{free_port}/mlflow")

    assert done.code == 3
    assert f"postgresql://me:***@127.0.0.1:{free_port}/mlflow does not answer" in done.err
    assert "secret" not in done.err


def test_others_may_call_it_only_when_somebody_answers_for_it(start, own_repo: Repo) -> None:
    own_repo.change(paths.CONTRACT, "owners", to={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(server.DATABASE, "postgresql://me:secret@127.0.0.1:1/mlflow")
        done = own_repo.run("server", "--host", "0.0.0.0")

    assert (done.code, "names no owner" in done.err) == (1, True)


@pytest.mark.parametrize("password", ["", "password1234"[:8]])
def test_with_auth_there_is_no_default_and_no_short_password(
    start, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(server.ADMIN_PASSWORD, password)
    done = start("postgresql://me:secret@127.0.0.1:1/mlflow", "--auth")

    assert (done.code, server.ADMIN_PASSWORD in done.err) == (2, True), done.err
    assert "at least 12" in done.err
    assert "password1" not in done.err


def test_what_basic_auth_reads_is_for_its_user_alone(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    monkeypatch.setenv(server.ADMIN_PASSWORD, "chosen-by-a-person")  # pragma: allowlist secret
    address = "postgresql://me:password@127.0.0.1:1/a%40b"
    environment = server.authentication(address)
    settings = configparser.ConfigParser()
    settings.read(environment["MLFLOW_AUTH_CONFIG_PATH"])

    assert settings["mlflow"]["database_uri"] == address
    assert server.SETTINGS.stat().st_mode & 0o777 == 0o600
    assert "chosen" not in server.SETTINGS.read_text("utf-8")
    assert len(environment[server.SESSIONS]) == 64
