# The template's. Certificate and key are yours, in the environment (.env).
"""With a certificate the public address speaks TLS alone; without one nobody else reaches it."""

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ..fixtures import ROOT, StandIn, standing_in
from ..package import errors, nginx, ports, tls
from .conftest import free_ports, needs
from .test_nginx import running

pytestmark = [pytest.mark.command, needs("nginx"), needs("openssl")]


class Champion(StandIn):
    """Answers in the place of the service."""

    def respond(self) -> None:
        """Answer, with what the proxy passed on."""
        self.answer(b"champion")


def certify(folder: Path, name: str = "tls") -> tuple[Path, Path]:
    """Make a certificate of this machine, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    made += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    made += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Move to a folder with ops/host, a certificate, and something that answers as champion."""
    shutil.copytree(ROOT / nginx.SOURCE.parent, tmp_path / nginx.SOURCE.parent)
    (tmp_path / "monitoring" / "rollout").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name, port in free_ports().items():
        monkeypatch.setenv(name, port)
    monkeypatch.delenv(ports.HOST, raising=False)
    certificate, key = certify(tmp_path)
    monkeypatch.setenv(tls.CERTIFICATE, str(certificate))
    monkeypatch.setenv(tls.KEY, str(key))
    with standing_in(Champion) as server:
        monkeypatch.setenv("CHAMPION_PORT", str(server.server_port))
        yield tmp_path


def door(scheme: str) -> str:
    """Return the public address."""
    return f"{scheme}://127.0.0.1:{nginx.ports()['PROXY_PORT']}/readyz"


def trusting(certificate: Path) -> ssl.SSLContext:
    """Return what trusts this certificate alone."""
    return ssl.create_default_context(cafile=str(certificate))


def test_the_door_answers_by_tls_and_refuses_plain_http(folder: Path) -> None:
    nginx.write([1, 100])
    with running():
        secret = httpx.get(door("https"), verify=trusting(folder / "tls.pem"))
        plain = httpx.get(door("http"), headers={"Authorization": "Bearer token"})

    assert (secret.status_code, secret.text) == (200, "champion")
    assert (plain.status_code, json.loads(plain.text)["error"]) == (400, "plain HTTP is refused")


def test_a_caller_who_does_not_know_the_certificate_and_an_old_protocol_are_refused(
    folder: Path,
) -> None:
    nginx.write([1, 100])
    old = trusting(folder / "tls.pem")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with running():
        for context in (ssl.create_default_context(), old):
            with pytest.raises(httpx.ConnectError):
                httpx.get(door("https"), verify=context)


def test_a_renewed_certificate_is_another_configuration(folder: Path) -> None:
    nginx.write([1, 100])
    assert not nginx.write([1, 100])
    certify(folder)

    assert nginx.write([1, 100])


def test_without_a_certificate_the_door_is_plain_and_for_this_machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(tls.CERTIFICATE)
    monkeypatch.delenv(tls.KEY)
    nginx.write([1, 100])
    with running():
        assert httpx.get(door("http")).text == "champion"
    assert f"listen 127.0.0.1:{nginx.ports()['PROXY_PORT']};" in nginx.LIVE.read_text("utf-8")


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_the_door_may_be_an_address_of_ipv6(
    folder: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv(ports.HOST, host)
    monkeypatch.delenv(tls.CERTIFICATE)
    monkeypatch.delenv(tls.KEY)
    nginx.write([1, 100])
    with running():
        answer = httpx.get(f"{ports.address('PROXY_PORT')}/readyz")

    assert ports.address("PROXY_PORT").startswith("http://[::1]:")
    assert answer.text == "champion"


@pytest.mark.parametrize(
    ("host", "asked"),
    [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("192.0.2.1", "192.0.2.1")],
)
def test_the_door_is_asked_where_it_listens_and_the_rest_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, host: str, asked: str
) -> None:
    monkeypatch.setenv(ports.HOST, host)
    monkeypatch.setenv("PROXY_PORT", "8080")

    assert ports.address("PROXY_PORT") == f"http://{asked}:8080"
    assert ports.address("STATUS_PORT").startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({tls.KEY: ""}, "TLS_KEY is not set"),
        ({tls.CERTIFICATE: ""}, "TLS_CERTIFICATE is not set"),
        ({tls.CERTIFICATE: "nowhere.pem"}, "nowhere.pem, which cannot be read"),
        ({tls.CERTIFICATE: "", tls.KEY: "", ports.HOST: "0.0.0.0"}, "there is no TLS"),
    ],
)
def test_half_of_it_is_refused_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], says: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(errors.WrongInput, match=says):
        nginx.write([1, 100])

    assert not nginx.LIVE.exists()


def test_a_key_for_everybody_to_read_is_refused(folder: Path) -> None:
    (folder / "tls.key").chmod(0o644)
    with pytest.raises(errors.WrongInput, match="everybody may read"):
        nginx.write([1, 100])


def test_a_key_of_another_certificate_is_refused_by_nginx(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, other = certify(folder, "other")
    monkeypatch.setenv(tls.KEY, str(other))
    with pytest.raises(errors.Refused, match="nginx rejects"):
        nginx.write([1, 100])
