# The template's. Owners of yours stand in contract.yaml, addresses in the environment.
"""An alert reaches the owner that the contract names, and no secret leaves build/."""

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import ROOT
from ..package import config, errors, interface, routes
from .alerting import answering, until, watching
from .conftest import free_ports, needs

HOOK, HOST = "http://127.0.0.1:9/a-secret-path", "mail.example.com:587"
# pragma: allowlist nextline secret
MAIL = {"SMTP_SMARTHOST": HOST, "SMTP_USERNAME": "robot", "SMTP_PASSWORD": "a-secret-word"}
MEANS = {
    "nothing": {},
    "webhook": {"ALERT_WEBHOOK": HOOK},
    "mail": MAIL,
    "both": {"ALERT_WEBHOOK": HOOK, **MAIL},
}
OWNERS = interface.Owners(
    model=interface.Owner(name="Mo", email="mo@example.com"),
    data=interface.Owner(name="Da", email="da@example.com"),
    service=interface.Owner(name='Se "Ops" Vice', email="se@example.com"),
)


@pytest.fixture(autouse=True)
def nobody_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the addresses of this machine."""
    for name in ("ALERT_WEBHOOK", "SMTP_SMARTHOST", "SMTP_FROM", "SMTP_USERNAME", "SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def contract() -> interface.Contract:
    """Return the contract with an owner for each role."""
    return config.load_contract(ROOT / "contract.yaml").model_copy(update={"owners": OWNERS})


def rendered(
    contract: interface.Contract, folder: Path, patch: pytest.MonkeyPatch, **environment: str
) -> Path:
    """Return the file that Alertmanager reads in such an environment."""
    for name, value in environment.items():
        patch.setenv(name, value)
    routes.render(folder, contract)
    return folder / routes.FILE


def amtool(*arguments: object) -> str:
    """Return what amtool prints; it has to accept what it is given."""
    done = subprocess.run(["amtool", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@needs("amtool")
@pytest.mark.parametrize("means", MEANS)
def test_alertmanager_accepts_every_way_to_tell(
    means: str, contract: interface.Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = rendered(contract, tmp_path, monkeypatch, **MEANS[means])

    assert "SUCCESS" in amtool("check-config", file)


@needs("amtool")
@pytest.mark.parametrize("role", dict(OWNERS))
@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_an_alert_goes_to_the_owner_of_its_role(
    role: str,
    severity: str,
    contract: interface.Contract,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = rendered(contract, tmp_path, monkeypatch, **MEANS["both"])
    labels = (f"owner={role}", f"severity={severity}")

    assert amtool("config", "routes", "test", f"--config.file={file}", *labels) == (
        routes.addressee(role, dict(OWNERS)[role])
    )


def test_a_page_is_said_again_sooner_than_a_ticket(contract: interface.Contract) -> None:
    found = routes.routes(contract, {})["route"]["routes"]
    pace = {one["matchers"][1]: (one["group_wait"], one["repeat_interval"]) for one in found}

    assert pace == {'severity="page"': ("10s", "1h"), 'severity="ticket"': ("1m", "1d")}


def test_the_file_with_secrets_is_for_its_owner_alone(
    contract: interface.Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = rendered(contract, tmp_path, monkeypatch, **MEANS["both"])
    text = file.read_text(encoding="utf-8")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert HOOK in text
    assert "a-secret-word" in text
    assert "/build/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"ALERT_WEBHOOK": "file:///a-secret-path"}, "ALERT_WEBHOOK is not an address of the web"),
        ({"SMTP_SMARTHOST": "mail.example.com"}, "expected host:port"),
    ],
)
def test_an_address_that_cannot_be_used_is_wrong_input_and_kept_secret(
    environment: dict[str, str], found: str, contract: interface.Contract
) -> None:
    with pytest.raises(errors.WrongInput, match=found) as caught:
        routes.routes(contract, environment)
    assert "a-secret-path" not in str(caught.value)


def test_without_a_way_to_tell_there_is_a_warning(
    contract: interface.Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    routes.render(tmp_path, contract)

    assert "an alert reaches nobody" in capsys.readouterr().err


@needs("prometheus")
@needs("prometheus-alertmanager")
def test_a_real_alert_arrives_and_names_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = config.load_contract(ROOT / "contract.yaml").owners.service
    told: list[dict[str, Any]] = []

    def page(path: str, body: bytes) -> str:
        if path == "/hook":
            told.append(json.loads(body))
        return 'monitor_alarm{check="errors",says="withdraw",owner="service"} 1\n'

    with answering(page) as port:
        ports = {**free_ports(), "STATUS_PORT": str(port)}
        for name, value in ports.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ALERT_WEBHOOK", f"http://127.0.0.1:{port}/hook")
        with watching(tmp_path, ports, alerts=True):
            until(lambda: told)
    (alert,) = [one for one in told[0]["alerts"] if one["labels"]["alertname"] == "MonitorWithdraw"]

    assert alert["annotations"]["owner"] == f"{owner.name} <{owner.email}>"
    assert (alert["labels"]["severity"], alert["labels"]["owner"]) == ("page", "service")
    assert alert["annotations"]["summary"] == "errors: the monitor says withdraw"
