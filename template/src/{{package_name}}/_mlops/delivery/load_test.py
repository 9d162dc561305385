# The template's. What load the service has to bear is yours, in contract.yaml: delivery.
"""How many requests a second does a service answer, and how fast, while they keep coming?"""

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import access
from ..errors import OutsideFailed
from ..interface import Contract
from ..registry.gate_checks import Check, at_most

HEADROOM = 1.1  # offered of what is promised, so that a service that keeps up is seen to
USERS = 100  # at most; each of them asks more often then
PATIENCE = 60  # seconds beyond the test itself
LAST = "10"  # seconds for what was asked at the end: slow answers count too
LOCUSTFILE = Path(__file__).with_name("locustfile.py")


@dataclass(frozen=True)
class Load:
    """What a load test measured.

    Args:
        requests: That were answered or failed.
        failures: Without an answer, or with another status than 200.
        seconds: In which they came.
        p95_ms: Within which 95 of 100 were answered; infinite when none was.
    """

    requests: int
    failures: int
    seconds: float
    p95_ms: float

    @property
    def rps(self) -> float:
        """Answered requests a second."""
        return (self.requests - self.failures) / self.seconds if self.seconds else 0.0


def offer(address: str, bodies: Sequence[Mapping[str, Any]], contract: Contract) -> Load:
    """Let Locust post the bodies in turn, a tenth faster than promised, for `load_seconds`.

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
            done = subprocess.run(
                [sys.executable, *command],
                env={**os.environ, **own},
                capture_output=True,
                text=True,
                timeout=seconds + PATIENCE,
            )
            return read(json.loads(done.stdout), seconds)
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise OutsideFailed(f"locust gave no figures: {error}") from error


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
    """Hold what was measured against the contract."""
    promised = contract.delivery.throughput_rps
    said = f"{found.rps:.1f} requests a second answered, expected at least {promised:g}"
    return [
        Check("throughput", found.rps >= promised, round(found.rps, 2), promised, said),
        at_most("latency", found.p95_ms, contract.service.latency_p95_ms, "p95 under load", " ms"),
        at_most("failures", found.failures, 0, f"of {found.requests} requests, failed"),
    ]
