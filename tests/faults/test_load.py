"""A service at the contract's rate: versions change, a worker is killed, callers are slow or gone.

Every request that was accepted is answered once, memory stays, and readiness is said in time.
LOAD_SECONDS says how long it lasts.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from first_run import FirstRuns, run, with_candidate
from postgres import free_port
from rendering import clean_environment, commit_all, update

pytestmark = [pytest.mark.e2e, pytest.mark.all]

SECONDS = float(os.environ.get("LOAD_SECONDS", "40"))
RATE = 20  # requests a second: delivery.throughput_rps of the contract
CALLERS = 4
HALF_OPEN = 50
PATIENCE = 60  # seconds that a caller, or who asks for readiness, waits on a busy machine
GROWTH_MB = 60  # of all processes, from the first third to the last: what a leak passes soon
WORKER = "_bentoml_impl.worker"
MOUNTED = 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"'
PROBLEMS = """
import json
from late_flights._mlops.data import prediction_log
print(json.dumps(prediction_log.problems()))
"""
ROWS = """
import json
from late_flights import data, schema
from late_flights._mlops import paths
from late_flights._mlops.data import tables
rows = tables.known_rows(tables.read(paths.SAMPLE, schema, data), schema)
print(json.dumps(tables.as_records(rows.head(100))))
"""


@dataclass
class Running:
    """A service of the repo, and what its callers saw."""

    repo: Path
    port: int
    process: "subprocess.Popen[bytes]"
    rows: list[dict[str, Any]]
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    ready: list[tuple[int, float]] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def call(self, caller: int) -> None:
        """Ask at a share of the rate, each request once, over a connection that stays open."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        number, due = 0, time.monotonic()
        while not self.stopped.wait(max(0.0, due - time.monotonic())):
            due += CALLERS / RATE
            number += 1
            name, row = f"{caller}-{number}", self.rows[number % len(self.rows)]
            began = time.perf_counter()
            try:
                headers = {"Content-Type": "application/json", "X-Request-ID": name}
                line.request("POST", "/predict", json.dumps({"rows": [row]}), headers)
                answer = line.getresponse()
                content = json.loads(answer.read())
                assert content["request_id"] == name
                self.answers[name] = answer.status, content.get("model_version", "")
                self.seconds.append(time.perf_counter() - began)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.lost.append(f"{name}: {error!r}")
                line.close()
        line.close()

    def look(self) -> None:
        """Ask for readiness, and see how much memory all processes hold."""
        while not self.stopped.wait(0.5):
            began = time.perf_counter()
            status = ask(self.port, "/readyz")
            self.ready.append((status, time.perf_counter() - began))
            self.memory.append(sum(map(resident_mb, family(self.process.pid))))

    def dawdle(self) -> None:
        """Send a request byte by byte, and never its end."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)) as line:
            line.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n")
            while not self.stopped.wait(1):
                line.sendall(b" ")


def ask(port: int, path: str) -> int:
    """Return the status of an answer; 0 when there is none in time."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        line.request("GET", path)
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    with suppress(OSError):
        return [pid, *(one for child in children.read_text().split() for one in family(int(child)))]
    return []


def resident_mb(pid: int) -> float:
    """Return the memory of a process."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def workers(pid: int) -> list[int]:
    """Return the processes that predict."""
    found = []
    for one in family(pid):
        with suppress(OSError):
            if WORKER in Path(f"/proc/{one}/cmdline").read_text():
                found.append(one)
    return found


@pytest.fixture(scope="module")
def repo(first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo of level 1 with two versions, of which the first is champion."""
    made = with_candidate(tmp_path_factory.mktemp("load"), first_runs)
    run(made, "uv", "run", "late-flights", "register")
    commit_all(made, "Second version")
    update(made, "HEAD", maturity_level=1)
    run(made, "uv", "lock")
    run(made, "uv", "sync", "--quiet")
    commit_all(made, "Raise the level")
    return made


@contextmanager
def serving(repo: Path, *words: str, **environment: str) -> Iterator[Running]:
    """Run the service, perhaps by other words before it; end it by its process group."""
    rows = json.loads(run(repo, "uv", "run", "python", "-c", ROWS).stdout)
    port, log = free_port(), repo.parent / "service.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*words, str(repo / ".venv/bin/late-flights"), "serve", "--port", str(port)],
            cwd=repo,
            env=clean_environment(**environment),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + 5 * PATIENCE
        while ask(port, "/readyz") != 200:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.5)
        yield Running(repo, port, process, rows)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def test_every_accepted_request_is_answered_once_whatever_happens(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(repo) as service:
        open_lines = [
            socket.create_connection(("127.0.0.1", service.port)) for _ in range(HALF_OPEN)
        ]
        work = [
            *(threading.Thread(target=service.call, args=(n,)) for n in range(CALLERS)),
            *(threading.Thread(target=service.dawdle) for _ in range(5)),
            threading.Thread(target=service.look),
        ]
        for thread in work:
            thread.start()
        swaps, killed = change(service)
        service.stopped.set()
        for thread in work:
            thread.join()
        for line in open_lines:
            line.close()
    statuses = Counter(status for status, _ in service.answers.values())
    logged = logged_ids(repo)
    slowest = max(seconds for _, seconds in service.ready)
    third = len(service.memory) // 3
    before, after = (statistics.median(part) for part in thirds(service.memory, third))
    p99 = statistics.quantiles(service.seconds, n=100)[98]
    with capsys.disabled():
        print(
            f"\n{SECONDS:.0f} s, {RATE} requests a second, {swaps} swaps, {killed} workers killed: "
            f"{len(service.answers)} answered {dict(statuses)}, {len(service.lost)} lost with a "
            f"worker; p99 {p99 * 1000:.0f} ms; readiness at most {slowest * 1000:.0f} ms; "
            f"memory {before:.0f} MB, then {after:.0f} MB"
        )

    assert set(statuses) == {200}
    assert len(service.lost) <= killed * CALLERS, service.lost  # what was in a killed worker
    assert {version for _, version in service.answers.values()} == {"1", "2"}
    assert [name for name, count in logged.items() if count != 1] == []
    assert set(service.answers) <= set(logged)
    assert [one for one in service.ready if one[0] not in (200, 503)] == [] or killed
    assert after - before < GROWTH_MB


def test_a_full_disk_of_the_log_is_no_affair_of_callers(repo: Path, tmp_path: Path) -> None:
    words = ("unshare", "--mount", "sh", "-c", MOUNTED, "sh", str(tmp_path))
    if not shutil.which("unshare") or subprocess.run(["unshare", "--mount", "true"]).returncode:
        pytest.skip("a namespace of mounts cannot be made here")
    with serving(repo, *words, PREDICTION_LOG=str(tmp_path)) as service:
        disk = Path(f"/proc/{service.process.pid}/root{tmp_path}")
        statuses = [post(service, "before")]
        assert soon(lambda: "before" in logged_by(disk))
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(b"0" * 512):
                pass
        statuses += [post(service, f"full-{number}") for number in range(6)]
        assert soon(lambda: lost(service) > 0), lost(service)
        (disk / "filler").unlink()
        statuses.append(post(service, "after"))
        assert soon(lambda: "after" in logged_by(disk))
        wrong = run(repo, "uv", "run", "python", "-c", PROBLEMS, PREDICTION_LOG=str(disk)).stdout
        said = (repo.parent / "service.log").read_text(encoding="utf-8")
        served_by = len(workers(service.process.pid))

    assert set(statuses) == {200}
    assert json.loads(wrong) == []
    assert 1 <= said.count("calls are answered, but not logged") <= served_by
    assert "No space left on device" in said
    assert "Traceback" not in said


def post(service: Running, name: str) -> int:
    """Ask for some rows at once, and return the status of the answer."""
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "X-Request-ID": name}
    line.request("POST", "/predict", json.dumps({"rows": service.rows[:20]}), headers)
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer.status


def lost(service: Running) -> float:
    """Return how many calls are not in the log, by the service's own count."""
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    line.request("GET", "/metrics")
    said = line.getresponse().read().decode()
    line.close()
    found = [one for one in said.splitlines() if one.startswith("prediction_log_lost_total")]
    return sum(float(one.rpartition(" ")[2]) for one in found)


def logged_by(disk: Path) -> set[str]:
    """Return the requests that are in a log; each of its lines is whole."""
    paths = disk.rglob("data.*.log")
    return {json.loads(line)["call.id"] for path in paths for line in path.read_text().splitlines()}


def soon(true: Callable[[], bool]) -> bool:
    """Wait until something is true, for it follows the answer; say whether it became so."""
    end = time.monotonic() + PATIENCE
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def thirds(values: list[float], third: int) -> tuple[list[float], list[float]]:
    """Return the middle third and the last one: before, models and caches are loaded."""
    return values[third : 2 * third], values[2 * third :]


def change(service: Running) -> tuple[int, int]:
    """Switch the champion to and fro, and kill a worker once, until the time is over."""
    end, swaps, killed = time.monotonic() + SECONDS, 0, 0
    while time.monotonic() < end or swaps < 2:
        command = ["deploy", "2", "--force", "a test"] if swaps % 2 == 0 else ["rollback"]
        run(service.repo, str(service.repo / ".venv/bin/late-flights"), *command)
        swaps += 1
        if swaps == 2 and (found := workers(service.process.pid)):
            os.kill(found[0], signal.SIGKILL)
            killed += 1
    return swaps, killed


def logged_ids(repo: Path) -> Counter[str]:
    """Count the lines of the prediction log by request."""
    found: Counter[str] = Counter()
    for path in (repo / "monitoring/predictions").rglob("data.*.log"):
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                name = json.loads(line).get("call.id", "")
                found[name] += name.count("-") == 1
    return +found
