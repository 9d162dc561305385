# The template's. Traffic of yours comes by itself; this is for demonstrations.
"""Callers who ask one row at a time, for as long as something else goes on."""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .. import access
from ..errors import NO_ANSWER

THREADS = 2
PAUSE = 0.01  # seconds between an answer and the next question, and at least
AT_REST = 2  # times as long as the answer took: what they ask for fits the machine
CALLERS = 1000  # names that they go by: each stays on its side
MOST = 50_000  # requests
LONGEST = 0.5  # seconds of an answer that count: they go on asking a machine that is too slow
PATIENCE = 60  # seconds for an answer


@dataclass
class Asked:
    """What callers were answered.

    Args:
        statuses: Requests by status; 0 when the connection was lost.
        versions: Answered requests by the version that answered.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)

    def summary(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "requests": self.statuses.total(),
            "not_answered": self.statuses.total() - self.statuses[http.client.OK],
            "versions": dict(self.versions),
        }


@contextmanager
def asking(address: str, rows: Sequence[dict[str, Any]]) -> Iterator[Asked]:
    """Let callers ask `POST /predict` at an address until the block ends."""
    asked, over, turns = Asked(), threading.Event(), itertools.count()
    threads = [
        threading.Thread(target=ask, args=(address, rows, asked, over, turns), daemon=True)
        for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        over.set()
        for thread in threads:
            thread.join()


def ask(
    address: str,
    rows: Sequence[dict[str, Any]],
    asked: Asked,
    over: threading.Event,
    turns: Iterator[int],
) -> None:
    """Ask row after row over one connection that stays open."""
    parts = urlsplit(address)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    known = {"Content-Type": "application/json", **access.headers()}
    took = 0.0
    while not over.wait(max(PAUSE, AT_REST * took)) and (turn := next(turns)) < MOST:
        began = time.perf_counter()
        headers = {**known, "X-Caller-Id": str(turn % CALLERS)}
        body = json.dumps({"rows": [rows[turn % len(rows)]]})
        try:
            line.request("POST", "/predict", body, headers)
            answer = line.getresponse()
            content = json.loads(answer.read())
        except (*NO_ANSWER, ValueError):
            line.close()
            asked.statuses[0] += 1
            continue
        took = min(time.perf_counter() - began, LONGEST)
        asked.statuses[answer.status] += 1
        if answer.status == http.client.OK:
            asked.versions[content["model_version"]] += 1
    line.close()
