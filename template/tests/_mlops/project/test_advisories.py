# The template's. What you accept, and why, is yours: advisories.accepted in contract.yaml.
"""A flaw that somebody knows of, and a package that nobody could check, are a no."""

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import Repo, StandIn, standing_in
from ..package import advisories, local_service, paths

INDEX = '{ registry = "https://pypi.org/simple" }'
FIXED = [{"introduced": "0"}, {"fixed": "2.0"}]
NOW = datetime.now(UTC)


def lock(repo: Repo, **packages: str) -> None:
    """Let the lock name packages by version, or by where they come from instead."""
    entries = ['[[package]]\nname = "own"\nversion = "1"\nsource = { editable = "." }\n']
    for name, said in packages.items():
        version, source = ("1.0", said) if said.startswith("{") else (said, INDEX)
        entries.append(f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {source}\n')
    (repo.folder / advisories.LOCK).write_text("version = 1\n" + "\n".join(entries), "utf-8")


def database(folder: Path, modified: datetime = NOW, **more: Any) -> Path:
    """Write a file as OSV offers it, with one advisory about `flawed` below 2.0."""
    affected = {"package": {"ecosystem": "PyPI", "name": "Flawed"}}
    affected |= {"ranges": [{"type": "ECOSYSTEM", "events": FIXED}]}
    advisory = {"id": "TEST-1", "modified": modified.isoformat(), "affected": [affected], **more}
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("TEST-1.json", json.dumps(advisory))
    return path


class Service(StandIn):
    """Knows that every version of `flawed` is vulnerable; of `silent` it forgets to answer."""

    def respond(self) -> None:
        """Answer one question about many packages."""
        asked = json.loads(self.body())["queries"]
        names = [query["package"]["name"] for query in asked]
        known = [{"vulns": [{"id": "TEST-1"}]} if name == "flawed" else {} for name in names]
        found = known[: len(names) - names.count("silent")]
        self.answer(json.dumps({"results": found}).encode())


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Answer in the place of OSV, on this machine."""
    with standing_in(Service) as server:
        monkeypatch.setenv(advisories.SERVICE, server.address)
        yield server.address


def test_the_service_is_asked_for_every_package(own_repo: Repo, service: str) -> None:
    lock(own_repo, fine="1.0", good="2.0")
    fine = own_repo.run("advisories")
    lock(own_repo, fine="1.0", flawed="1.0")
    flawed = own_repo.run("advisories")

    assert (fine.code, f"2 packages, none open, by {service}" in fine.err) == (0, True), fine.err
    assert flawed.code == 1
    assert flawed.out == "flawed 1.0: TEST-1 https://osv.dev/TEST-1\n"
    assert "1 of 2 packages are vulnerable or not checked: flawed" in flawed.err


def test_an_answer_that_lacks_a_package_and_no_answer_are_no_yes(
    own_repo: Repo, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(own_repo, fine="1.0", silent="1.0")
    short = own_repo.run("advisories")
    (port,) = local_service.free_ports(1)
    monkeypatch.setenv(advisories.SERVICE, f"http://127.0.0.1:{port}")
    away = own_repo.run("advisories")

    assert (short.code, "answered for 1 of 2 packages" in short.err) == (3, True), short.err
    assert (away.code, "does not answer" in away.err) == (3, True), away.err


@pytest.mark.parametrize(
    "source", ['{ git = "https://example.org/x?rev=1#2" }', '{ path = "x.whl" }']
)
def test_a_package_of_no_index_is_named_until_somebody_accepts_it(
    own_repo: Repo, service: str, source: str
) -> None:
    lock(own_repo, fine="1.0", ours=source)
    refused = own_repo.run("advisories")
    own_repo.change(paths.CONTRACT, "advisories", to={"accepted": {"ours": "we wrote it"}})
    accepted = own_repo.run("advisories")

    assert refused.code == 1
    assert "ours 1.0: not checked: it comes from " in refused.out
    assert (accepted.code, "accepted: we wrote it" in accepted.out) == (0, True), accepted.err


def test_an_advisory_is_accepted_with_a_reason_and_no_other(own_repo: Repo, service: str) -> None:
    lock(own_repo, flawed="1.0")
    own_repo.change(paths.CONTRACT, "advisories", to={"accepted": {"TEST-2": "not used"}})
    other = own_repo.run("advisories")
    own_repo.change(paths.CONTRACT, "advisories", to={"accepted": {"TEST-1": "not used"}})
    accepted = own_repo.run("advisories")

    assert (other.code, accepted.code) == (1, 0)
    assert "TEST-1 accepted: not used" in accepted.out


@pytest.mark.parametrize(
    ("version", "code"), [("0.1a1", 1), ("1.9", 1), ("2.0rc1", 1), ("2.0", 0), ("3", 0)]
)
def test_a_file_of_all_advisories_needs_no_network(
    own_repo: Repo, tmp_path: Path, version: str, code: int
) -> None:
    lock(own_repo, flawed=version)

    assert own_repo.run("advisories", "--database", database(tmp_path)).code == code


def test_a_file_that_is_old_empty_or_none_is_relied_on_by_nobody(
    own_repo: Repo, tmp_path: Path
) -> None:
    lock(own_repo, fine="1.0")
    old = database(tmp_path, NOW - timedelta(days=8))
    asked = ("advisories", "--database", old)
    stale, known = own_repo.run(*asked), own_repo.run(*asked, "--max-age", 9)
    old.write_bytes(b"PK")
    broken = own_repo.run(*asked)
    with zipfile.ZipFile(old, "w"):
        pass
    empty = own_repo.run(*asked)

    assert (stale.code, known.code, broken.code, empty.code) == (2, 0, 2, 2)
    assert "8 days ago" in stale.err


def test_a_version_that_no_range_can_be_compared_with_is_not_checked(
    own_repo: Repo, tmp_path: Path
) -> None:
    lock(own_repo, flawed="what-we-built")
    done = own_repo.run("advisories", "--database", database(tmp_path))

    assert (done.code, "TEST-1 (not checked)" in done.out) == (1, True), done.out


def test_what_was_withdrawn_is_no_flaw(own_repo: Repo, tmp_path: Path) -> None:
    lock(own_repo, flawed="1.0")
    file = database(tmp_path, withdrawn=NOW.isoformat())

    assert own_repo.run("advisories", "--database", file).code == 0


@pytest.mark.parametrize("text", ["", "package = 1", "[[package]]\nname = 'x'\n"])
def test_a_lock_that_cannot_be_read_is_wrong_input(own_repo: Repo, text: str) -> None:
    (own_repo.folder / advisories.LOCK).write_text(text, encoding="utf-8")

    assert own_repo.run("advisories").code == 2


def test_this_repo_s_own_lock_is_read_whole() -> None:
    listed = {one.name for one in advisories.locked()}

    assert {"pandas", "scikit-learn", "bentoml", "packaging"} <= listed
