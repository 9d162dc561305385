# The template's. Your name and password for a server are in .env.
"""What commands say when a tracking server does not let them in."""

from collections.abc import Iterator
from typing import Any

import pytest

from ..fixtures import Repo, StandIn, standing_in
from ..package import access, errors


class Guarded(StandIn):
    """Refuse each request with the server's status, as MLflow's basic-auth does."""

    def respond(self) -> None:
        """Read a request and refuse it."""
        self.body()
        self.answer(b"Permission denied", self.server.status)  # type: ignore[attr-defined]


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a server that lets nobody in, to which commands are sent."""
    monkeypatch.delenv(access.USER, raising=False)
    monkeypatch.delenv(access.PASSWORD, raising=False)
    with standing_in(Guarded, status=401) as server:
        monkeypatch.setenv(access.TRACKING, server.address)
        yield server


@pytest.mark.parametrize("command", [("trace", "1"), ("register", "--force", "a test")])
def test_without_a_name_and_a_password_they_are_asked_for(
    own_repo: Repo, guarded: Any, command: tuple[str, ...]
) -> None:
    done = own_repo.run(*command)

    assert done.code == 3, done.err
    assert f"(401): {access.USER} and {access.PASSWORD} are not set" in done.err
    assert done.err.count("error:") == 1


def test_wrong_ones_are_wrong_and_not_shown(
    repo: Repo, guarded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(access.USER, "somebody")
    monkeypatch.setenv(access.PASSWORD, "not-this-one")  # pragma: allowlist secret
    done = repo.run("trace", "1")

    assert (done.code, "are wrong" in done.err, "not-this-one" in done.err) == (3, True, False)


def test_who_may_not_do_it_is_named_with_what_to_ask_for(
    repo: Repo, guarded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.status = 403
    monkeypatch.setenv(access.USER, "reader")
    done = repo.run("trace", "1")

    assert (done.code, "does not let reader do this (403)" in done.err) == (3, True), done.err
    assert "permission EDIT" in done.err


def test_a_refusal_in_the_middle_of_a_command_is_one_too() -> None:
    class Refusal(Exception):
        error_code = "PERMISSION_DENIED"

    with pytest.raises(errors.OutsideFailed, match="403"), access.asking():
        raise ValueError("no run") from Refusal("Permission denied")
    with pytest.raises(ValueError, match="another"), access.asking():
        raise ValueError("another")


def test_a_training_is_not_lost_because_it_may_not_be_logged(own_repo: Repo, guarded: Any) -> None:
    done = own_repo.must("train")

    assert "warning: the tracking server" in done.err
    assert "`register` will log the run" in done.err
