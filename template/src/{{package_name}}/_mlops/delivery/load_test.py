# The template's. What load the service has to bear is yours, in contract.yaml: delivery.
"""How many requests a second does a service answer, and how fast, while they keep coming?"""

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from .. import access
from ..errors import OutsideFailed
from ..interface import Contract
from ..registry.gate_checks import Check, at_most
from .analysis import percent

HEADROOM = 1.1  # offered of what is promised, so that a service that keeps up is seen to
USERS = 100  # at most; each of them asks more often then
PATIENCE = 60  # seconds beyond the test itself
LAST = "10"  # seconds for what was asked at the end: slow answers count too
FULL = 0.9  # share of the cores' time from which on they have no room for more
HOST = "host"  # the check that says no for the version when it was not to be heard
LOCUSTFILE = Path(__file__).with_name("locustfile.py")


@dataclass(frozen=True)
class Load:
    """What a load test measured.

    Args:
        requests: That were answered or failed.
        failures: Without an answer, or with another status than 200.
        seconds: In which they came.
        p95_ms: Within which 95 of 100 were answered; infinite when none was.
        service: Share of the cores' time that the service took meanwhile.
        maker: That of the load test itself.
        others: That of everything else, on other machines of this host too.
    """

    requests: int
    failures: int
    seconds: float
    p95_ms: float
    service: float = 0.0
    maker: float = 0.0
    others: float = 0.0

    @property
    def crowded(self) -> bool:
        """Say whether the cores were full, and the service had less than half of them."""
        around = self.maker + self.others
        return self.service + around >= FULL and around > self.service

    @property
    def rps(self) -> float:
        """Answered requests a second."""
        return (self.requests - self.failures) / self.seconds if self.seconds else 0.0


def offer(
    address: str,
    bodies: Sequence[Mapping[str, Any]],
    contract: Contract,
    service: int | None = None,
) -> Load:
    """Let Locust post the bodies in turn, a tenth faster than promised, for `load_seconds`.

    Args:
        address: Of the service.
        bodies: Requests.
        contract: What is promised.
        service: Its process id, to know what it took of the cores.

    Raises:
        OutsideFailed: If Locust cannot run.
    """
    offered = contract.delivery.throughput_rps * HEADROOM
    users = min(USERS, math.ceil(offered))
    seconds = max(1, round(contract.delivery.load_seconds))
    command = ["-m", "locust", "--headless", "--json", "--only-summary", "--host", address]
    command += ["--locustfile", str(LOCUSTFILE), "--run-time", f"{seconds}s"]
    command += ["--users", str(users), "--spawn-rate", str(users), "--exit-code-on-error", "0"]
    command += ["--stop-timeout", LAST]
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "bodies.json")
        file.write_text(json.dumps(list(bodies)), encoding="utf-8")
        own = {
            "LOAD_BODIES": str(file),
            "LOAD_PACE": str(offered / users),
            "LOAD_USERS": str(users),
            "LOAD_HEADERS": json.dumps(access.headers()),
        }
        try:
            before = cores(service)
            done = subprocess.run(
                [sys.executable, *command],
                env={**os.environ, **own},
                capture_output=True,
                text=True,
                timeout=seconds + PATIENCE,
            )
            taken = shares(before, cores(service))
            found = read(json.loads(done.stdout), seconds)
            return replace(
                found, service=taken["service"], maker=taken["maker"], others=taken["others"]
            )
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise OutsideFailed(f"locust gave no figures: {error}") from error


def cores(service: int | None) -> dict[str, float]:
    """Return the seconds that the cores were there for, and who has had them until now."""
    host = psutil.cpu_times()._asdict()
    for counted_in_user in ("guest", "guest_nice"):
        host.pop(counted_in_user, None)
    idle = host["idle"] + host.get("iowait", 0.0)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "there": sum(host.values()),
        "busy": sum(host.values()) - idle,
        "maker": children.ru_utime + children.ru_stime,
        "service": sum(map(seconds_of, processes(service))) if service else 0.0,
    }


def processes(service: int) -> Iterable[psutil.Process]:
    """Return the process of a service and those that it started."""
    main = psutil.Process(service)
    return [main, *main.children(recursive=True)]


def seconds_of(process: psutil.Process) -> float:
    """Return the seconds of a core that a process has had."""
    taken = process.cpu_times()
    return float(taken.user + taken.system)


def shares(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return who had which share of the cores between two looks, as `Load` holds it."""
    spent = {name: max(0.0, after[name] - before[name]) for name in after}
    there = spent["there"] or 1.0
    known = {name: spent[name] / there for name in ("service", "maker")}
    return {**known, "others": max(0.0, spent["busy"] / there - sum(known.values()))}


def read(stats: Sequence[Mapping[str, Any]], planned: float) -> Load:
    """Return what Locust's figures say.

    Args:
        stats: An entry for each page, with response times in milliseconds.
        planned: Seconds that the test was to last; the answers to late requests come after.
    """
    if not stats:
        return Load(0, 0, planned, math.inf)
    times: dict[float, int] = {}
    for entry in stats:
        for time, count in entry["response_times"].items():
            times[float(time)] = times.get(float(time), 0) + count
    begin = min(entry["start_time"] for entry in stats)
    end = max(entry["last_request_timestamp"] or entry["start_time"] for entry in stats)
    return Load(
        requests=sum(entry["num_requests"] for entry in stats),
        failures=sum(entry["num_failures"] for entry in stats),
        seconds=max(planned, end - begin),
        p95_ms=percentile(times, 0.95),
    )


def percentile(times: Mapping[float, int], share: float) -> float:
    """Return the time within which a share of the requests was answered."""
    left = share * sum(times.values())
    for time in sorted(times):
        left -= times[time]
        if left <= 0:
            return time
    return math.inf


def judge(found: Load, contract: Contract) -> list[Check]:
    """Hold what was measured against the contract; a full machine is not the version's fault."""
    promised = contract.delivery.throughput_rps
    said = f"{found.rps:.1f} requests a second answered, expected at least {promised:g}"
    checks = [
        Check("throughput", found.rps >= promised, round(found.rps, 2), promised, said),
        at_most("latency", found.p95_ms, contract.service.latency_p95_ms, "p95 under load", " ms"),
        at_most("failures", found.failures, 0, f"of {found.requests} requests, failed"),
    ]
    late = [check for check in checks if not check.ok]
    if not late or found.failures or not found.crowded:
        return checks
    around = round(found.maker + found.others, 3)
    reason = (
        f"the machine was full, so this says nothing of the version: other work had "
        f"{percent(found.others)} of its cores, the load test {percent(found.maker)}, the "
        f"service {percent(found.service)}; {'; '.join(check.reason for check in late)}"
    )
    fine = [check for check in checks if check.ok]
    return [*fine, Check(HOST, False, around, round(found.service, 3), reason)]
