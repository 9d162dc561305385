# The template's. The steps are yours, in contract.yaml: rollout.steps.
"""nginx takes what was rendered, and keeps what it has when it would not."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from ..fixtures import ROOT, Repo
from ..no_http import no_http
from ..package import config, errors, interface, nginx, paths, ports, traffic
from .conftest import FULL, free_ports, needs, needs_full_disk

pytestmark = needs("nginx")
HALF_A_BODY = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move to a folder that holds ops/host alone, with free ports."""
    shutil.copytree(ROOT / nginx.SOURCE.parent, tmp_path / nginx.SOURCE.parent)
    monkeypatch.chdir(tmp_path)
    for name, port in free_ports().items():
        monkeypatch.setenv(name, port)
    return tmp_path


@contextmanager
def running(log: Path = Path("nginx.log")) -> Iterator["subprocess.Popen[bytes]"]:
    """Run nginx on the written configuration."""
    command = [nginx.program(), "-e", "stderr", "-p", f"{Path.cwd()}/", "-c", str(nginx.LIVE)]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        while nginx.running() == "no answer":
            assert process.poll() is None, "it ended"
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()


def test_each_step_has_callers_of_its_own_and_a_switch(folder: Path) -> None:
    text = nginx.render([1, 20, 100])

    assert text.count("split_clients") == 3
    assert text.index("flags/1)") < text.index("flags/20)") < text.index("flags/100)")
    assert "* champion" not in next(line for line in text.splitlines() if "$side_100 {" in line)
    nginx.check(text)


def test_what_nginx_rejects_is_not_written_and_the_running_one_stays(folder: Path) -> None:
    nginx.write([1, 100])
    good = nginx.LIVE.read_text(encoding="utf-8")
    with running():
        before = nginx.running()
        source = folder / nginx.SOURCE
        source.write_text(source.read_text(encoding="utf-8").replace("max_fails=0", "max_fails=x"))
        with pytest.raises(errors.Refused, match="invalid parameter") as caught:
            nginx.write([1, 100])

        assert "the running one stays" in caught.value.hint
        assert nginx.LIVE.read_text(encoding="utf-8") == good
        assert nginx.running() == before


def test_a_reload_is_proved_by_what_answers(folder: Path) -> None:
    nginx.write([1, 100])
    with running() as process:
        before = nginx.running()
        assert nginx.write([50, 100])
        nginx.reload(lambda: process.send_signal(1))

        assert nginx.running() != before
        assert not nginx.write([50, 100])


def test_a_reload_that_nobody_took_is_an_outside_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nginx.write([1, 100])
    monkeypatch.setattr(nginx, "PATIENCE", 0.5)
    with running():
        nginx.write([50, 100])
        with pytest.raises(errors.OutsideFailed, match="did not take the new configuration"):
            nginx.reload(lambda: None)


def ask(port: str, path: str, **headers: str) -> httpx.Response:
    """Ask nginx."""
    return httpx.post(f"{ports.address(port)}{path}", headers=headers, content=b"{}")


def promised(**proxy: float) -> dict[str, str]:
    """Return the limits of a contract that promises ten requests a second."""
    return nginx.limits(interface.Proxy(**proxy), interface.Delivery(throughput_rps=10))


def test_another_program_on_the_port_of_its_status_is_no_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with no_http() as address:
        monkeypatch.setenv("STATUS_PORT", address.rsplit(":", 1)[1])

        assert nginx.running() == "no answer"


def test_more_than_the_contract_gives_one_address_is_refused_with_a_hint(folder: Path) -> None:
    nginx.write([1, 100], promised(requests_per_second=2))
    with running(), httpx.Client(base_url=ports.address("PROXY_PORT")) as caller:
        found = [caller.post("/predict", content=b"{}") for _ in range(20)]
    refused = [one for one in found if one.status_code == 429]

    assert found[0].status_code == 502  # no champion is up, but nginx let it through
    assert len(refused) >= 10
    assert "2 requests a second" in refused[0].json()["hint"]


def test_the_promised_load_meets_no_limit(folder: Path) -> None:
    nginx.write([1, 100], promised())
    with running(), httpx.Client(base_url=ports.address("PROXY_PORT")) as caller:
        found = {caller.post("/predict", content=b"{}").status_code for _ in range(100)}

    assert found == {502}


def test_a_body_above_the_contract_s_limit_is_refused(folder: Path) -> None:
    nginx.write([1, 100], promised(body_mb=0.01))
    with running():
        address = f"{ports.address('PROXY_PORT')}/predict"
        found = [httpx.post(address, content=b"x" * size).status_code for size in (9_000, 11_000)]

    assert found == [502, 413]


@pytest.mark.parametrize("half", [b"POST /predict HT", HALF_A_BODY], ids=["header", "body"])
def test_a_caller_who_never_ends_its_request_is_let_go(folder: Path, half: bytes) -> None:
    nginx.write([1, 100], promised(slow_seconds=1))
    port = int(ports.ports()["PROXY_PORT"])
    with running(), socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(half)
        with suppress(ConnectionResetError):
            while line.recv(1000):  # without the limit nothing comes within 30 seconds
                pass


@needs_full_disk
def test_without_a_champion_the_proxy_s_own_error_is_json_also_with_a_full_disk(
    folder: Path,
) -> None:
    nginx.write([1, 100])
    with running(FULL):
        answer = ask("PROXY_PORT", "/predict")

    assert answer.status_code == 502
    assert answer.json().keys() == {"error", "detail", "hint"}


def test_what_the_repo_knows_is_one_page_whether_files_are_there_or_not(folder: Path) -> None:
    nginx.write([1, 100])
    page = f"{ports.address('STATUS_PORT')}/repo-metrics"
    with running():
        empty = httpx.get(page)
        (folder / "monitoring/rollout").mkdir(parents=True)
        (folder / "monitoring/rollout/metrics.prom").write_text("rollout_step_percent 0\n")
        (folder / "monitoring/monitor.prom").write_text('monitor_alarm{check="age"} 0\n')
        both = httpx.get(page)

    assert (empty.status_code, empty.text) == (200, "")
    assert both.text == 'rollout_step_percent 0\nmonitor_alarm{check="age"} 0\n'


def test_a_name_that_is_not_known_is_named(folder: Path) -> None:
    source = folder / nginx.SOURCE
    source.write_text(source.read_text(encoding="utf-8").replace("$MIRROR_PORT", "$MIROR_PORT"))
    with pytest.raises(errors.WrongInput, match="MIROR_PORT"):
        nginx.render([100])


def test_new_flags_are_there_before_old_ones_go(folder: Path) -> None:
    traffic.switch_to(traffic.shadow(salt=9))
    shadow = traffic.present()
    traffic.switch_to(traffic.canary(20, salt=9))
    canary = traffic.present()
    traffic.all_to_champion()

    assert (shadow, canary, traffic.present()) == ({"shadow", "salt-1"}, {"20", "salt-1"}, set())


@pytest.mark.parametrize(
    "steps",
    ["[]", "[0, 100]", "[1, 20]", "[20, 1, 100]", "[20, 20, 100]", "[50, 150]", "[1.5, 100]"],
)
def test_a_contract_with_impossible_steps_is_refused(own_repo: Repo, steps: str) -> None:
    contract = own_repo.folder / paths.CONTRACT
    text = contract.read_text(encoding="utf-8")
    contract.write_text(f"{text}\nrollout: {{steps: {steps}}}\n", encoding="utf-8")
    done = own_repo.run("stack", "render")

    assert done.code == 2
    assert "contract.yaml: rollout.steps" in done.err
    assert not (own_repo.folder / nginx.LIVE).exists()


def test_a_step_that_is_given_up_before_it_may_end_is_refused(tmp_path: Path) -> None:
    quality = "quality: {metric: m, accept: 1, retrain: 1, withdraw: 1}"
    path = tmp_path / "contract.yaml"
    path.write_text(f"{quality}\nrollout: {{wait_seconds: 60, patience_seconds: 59}}\n")
    with pytest.raises(errors.WrongInput, match=r"rollout.patience_seconds: expected at least"):
        config.load_contract(path)


def test_the_default_steps_are_possible() -> None:
    assert interface.Rollout().steps == [1, 20, 50, 100]


@pytest.mark.parametrize("port", ["no", "0", "70000"])
def test_what_is_no_port_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY_PORT", port)
    with pytest.raises(errors.WrongInput, match=f"PROXY_PORT is '{port}'"):
        ports.ports()


def test_two_processes_do_not_share_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY_PORT", "3001")
    with pytest.raises(errors.WrongInput, match="are both 3001"):
        ports.ports()
