# The template's. Claims about what your service answers go into tests/test_service.py.
"""Starting the service: what it needs, and what it says before there is a model."""

import socket
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import httpx
import pytest

from ..fixtures import LIMITS, Repo
from ..package import (
    artifact,
    batch_files,
    errors,
    evidence,
    features,
    local_service,
    paths,
    schema,
    serving,
    tables,
)


@pytest.fixture(scope="module")
def empty_service(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Return a client of a service that has no champion yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAMPION_DIR", str(tmp_path_factory.mktemp("nothing")))
        with (
            chdir(repo.folder),
            local_service.running_service(until="/livez") as address,
            httpx.Client(base_url=address, timeout=30, limits=LIMITS) as client,
        ):
            yield client


def test_before_the_first_champion_it_lives_but_is_not_ready(empty_service: httpx.Client) -> None:
    assert empty_service.get("/livez").status_code == 200
    assert empty_service.get("/readyz").status_code == 503


def test_before_the_first_champion_a_request_is_told_what_to_run(
    empty_service: httpx.Client, known
) -> None:
    answer = empty_service.post("/predict", json={"rows": tables.as_records(known.head(1))})

    assert answer.status_code == 503
    assert answer.json()["error"] == "no model is served"
    assert answer.json()["hint"] == artifact.FIRST_CHAMPION


def test_before_the_first_champion_the_page_says_so(empty_service: httpx.Client) -> None:
    about = empty_service.get("/docs.json").json()["info"]

    assert about["version"] == "model none"
    assert artifact.FIRST_CHAMPION in about["description"]


@pytest.mark.parametrize("port", [-5, 0, 65_536])
def test_a_port_that_cannot_be_is_wrong_use(repo: Repo, port: int) -> None:
    done = repo.run("serve", f"--port={port}")

    assert (done.code, f"{port}; expected a port from 1 to 65535" in done.err) == (2, True)


def test_a_refused_start_leaves_a_record_and_a_service_none(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    before = evidence.read()[0]
    with local_service.running_service(until="/livez"):
        own_repo.run("serve", "--port=-5")
    since = evidence.read()[0][len(before) :]

    assert [(one["what"], one["exit_code"]) for one in since] == [("serve", 2)]


def test_a_port_in_use_is_an_outside_failure(repo: Repo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = repo.run("serve", "--port", port)

    assert done.code == 3
    assert f"port {port} of 127.0.0.1 cannot be used" in done.err
    assert "--port" in done.err


def test_an_address_of_ipv6_stands_in_brackets_and_its_port_is_tried() -> None:
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(errors.OutsideFailed, match=f"port {port} of ::1 cannot be used"):
            local_service.require_free("::1", port)
    local_service.require_free("::1", port)

    assert local_service.authority("::1", port) == f"[::1]:{port}"
    assert local_service.authority("127.0.0.1", port) == f"127.0.0.1:{port}"


def champion_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> serving.Champion:
    """Load the champion of a folder, as the service does when it starts."""
    monkeypatch.setenv("CHAMPION_DIR", str(folder))
    champion = serving.Champion(schema, features)
    champion.load()
    return champion


def test_a_champion_whose_bytes_were_changed_is_not_served(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own_repo.folder / paths.CHAMPION
    (model,) = folder.glob(f"*/{artifact.MODEL}")
    model.write_bytes(model.read_bytes() + b"x")
    champion = champion_in(folder, monkeypatch)

    assert not champion.ready
    assert "SHA-256" in str(champion.problem)


def test_a_champion_of_other_feature_code_is_not_served(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_files, "makes_features_of", lambda *_: False)
    champion = champion_in(repo.folder / paths.CHAMPION, monkeypatch)

    assert not champion.ready
    assert "schema.py and features.py" in str(champion.problem)


def test_a_pointer_that_is_damaged_leaves_the_service_not_ready(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own_repo.folder / paths.CHAMPION
    (folder / artifact.POINTER).write_text('{"version": ')

    assert not champion_in(folder, monkeypatch).ready
