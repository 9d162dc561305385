# The template's. Tokens of yours are in .env or in a file, never here.
"""Who gets in when tokens are asked for, and who does not."""

import json
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import httpx
import pandas as pd
import pytest

from ..fixtures import LIMITS, Repo
from ..package import access, local_service, paths, tables

CALLER, NEXT, READER = "c" * 32, "n" * 32, "r" * 32
OPEN = ("/livez", "/readyz")
BEHIND = (
    "/",
    "/docs.json",
    "/metrics",
    "/metrics/",
    "//metrics",
    "/predict",
    "/nothing",
    "/readyz/",
)


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the files with the tokens of callers and of who reads metrics."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "service").write_text(f"{CALLER}\n", encoding="utf-8")
    (folder / "metrics").write_text(f"{READER}\n", encoding="utf-8")
    return folder / "service", folder / "metrics"


@pytest.fixture(scope="module")
def locked(repo: Repo, files: tuple[Path, Path]) -> Iterator[httpx.Client]:
    """Return a client of a service that asks for tokens."""
    own = {
        "SERVICE_TOKEN_FILE": str(files[0]),
        "METRICS_TOKEN_FILE": str(files[1]),
        "CHAMPION_DIR": str(repo.folder / paths.CHAMPION),
    }
    with (
        chdir(repo.folder),
        local_service.running_server(**own) as (address, _),
        httpx.Client(base_url=address, timeout=30, limits=LIMITS) as client,
    ):
        yield client


@pytest.fixture
def body(known: pd.DataFrame) -> str:
    """Return a good request."""
    return json.dumps({"rows": tables.as_records(known.head(1))})


def test_whoever_has_no_token_reaches_nothing_but_the_probes(locked: httpx.Client) -> None:
    assert {path: locked.get(path).status_code for path in OPEN} == dict.fromkeys(OPEN, 200)
    for path in BEHIND:
        for method in ("GET", "POST", "PUT", "HEAD", "OPTIONS"):
            answer = locked.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        f"Basic {CALLER}",
        CALLER,
        f"Bearer {CALLER[:-1]}",
        f"Bearer {CALLER}c",
        f"Bearer {READER}",
        f"Bearer {CALLER.upper()}",
    ],
)
def test_a_wrong_token_is_refused_in_the_one_form_of_errors(
    locked: httpx.Client, body: str, header: str
) -> None:
    answer = locked.post("/predict", content=body, headers={"Authorization": header})

    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "detail", "hint"}
    assert CALLER not in answer.text


def test_two_tokens_at_once_are_refused(locked: httpx.Client, body: str) -> None:
    twice = [("Authorization", f"Bearer {CALLER}"), ("Authorization", "Bearer other")]

    assert locked.post("/predict", content=body, headers=twice).status_code == 401


def test_callers_and_readers_of_metrics_each_have_their_own(
    locked: httpx.Client, body: str
) -> None:
    asked = locked.post("/predict", content=body, headers=bearer(CALLER))

    assert asked.status_code == 200
    assert asked.json()["model_version"] == "1"
    assert locked.get("/", headers=bearer(CALLER)).status_code == 200
    assert "bentoml" in locked.get("/metrics", headers=bearer(READER)).text
    assert locked.get("/metrics", headers=bearer(CALLER)).status_code == 401
    assert locked.post("/predict", content=body, headers=bearer(READER)).status_code == 401


def test_a_token_is_rotated_without_a_restart(
    locked: httpx.Client, body: str, files: tuple[Path, Path]
) -> None:
    def asked(token: str) -> int:
        return locked.post("/predict", content=body, headers=bearer(token)).status_code

    try:
        assert (asked(CALLER), asked(NEXT)) == (200, 401)
        files[0].write_text(f"{CALLER}\n{NEXT}\n", encoding="utf-8")
        assert (asked(CALLER), asked(NEXT)) == (200, 200)
        files[0].write_text(f"{NEXT}\n", encoding="utf-8")
        assert (asked(CALLER), asked(NEXT)) == (401, 200)
        files[0].unlink()
        assert (asked(CALLER), asked(NEXT)) == (503, 503)
        assert locked.get("/livez").status_code == 200
    finally:
        files[0].write_text(f"{CALLER}\n", encoding="utf-8")


def test_without_a_variable_nobody_is_asked() -> None:
    assert [access.required(path) for path in ("/predict", "/metrics", "/")] == [[], [], []]
    assert access.headers() == {}


def test_metrics_ask_for_the_callers_token_where_they_have_none_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(access.SERVICE, CALLER)

    assert access.required("/metrics") == [CALLER]
    assert access.headers() == bearer(CALLER)


@pytest.mark.parametrize(
    "token", ["short", "with a space in it, though long", "ü" * 20, "x\n" * 20]
)
def test_a_token_that_is_weak_or_cannot_be_sent_does_not_start(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv(access.SERVICE, token)
    done = repo.run("serve")

    assert done.code == 2
    assert "SERVICE_TOKEN holds a token of" in done.err
    assert token not in done.err


@pytest.mark.parametrize("content", [None, "", "\n \n", "\xff"])
def test_a_file_without_a_token_does_not_start(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content.encode("latin-1"))
    monkeypatch.setenv(f"{access.METRICS}_FILE", str(tmp_path / "token"))
    done = repo.run("serve")

    assert (done.code, "METRICS_TOKEN_FILE" in done.err) == (2, True)
