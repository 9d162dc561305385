# The template's. How often it looks is yours, in the environment: CHAMPION_POLL_SECONDS.
"""A running service follows the pointer: a new champion takes over between two requests."""

import logging
import os
import threading
import time
from typing import Any

from ...errors import Problem
from ...tracking import artifact
from ..champion import WARM_UP, Champion

AGAIN = 30  # seconds until a champion that could not be loaded is tried once more
log = logging.getLogger("bentoml.champion")


def attach(service: Any, champion: Champion) -> None:
    """Start to follow once the first champion was loaded, in each worker by itself."""
    champion.on_load.append(lambda: start(champion))


def start(champion: Champion) -> None:
    """Follow in a thread that ends with the process."""
    every = float(os.environ.get("CHAMPION_POLL_SECONDS") or 1)
    follower = Follower(champion)
    threading.Thread(target=follower.run, args=(every,), name="follow", daemon=True).start()


class Follower:
    """Looks at the pointer; loads in its own thread, so requests go on by the old model."""

    def __init__(self, champion: Champion) -> None:
        self.champion = champion
        self.seen = champion.served.pointer if champion.served else {}
        self.tried = 0.0
        self.gauge = loaded_gauge()
        self.count(champion.version, 1)

    def run(self, every: float) -> None:
        """Look again and again."""
        while True:
            time.sleep(every)
            self.look()

    def look(self) -> None:
        """Take the champion that the pointer names; one that cannot be loaded changes nothing.

        Only a withdrawal takes the old model out of service: then each request gets a 503.
        """
        try:
            pointer = artifact.read_pointer(self.champion.folder())
        except Problem:
            return  # there is none yet
        if pointer == self.seen and (self.champion.ready or time.monotonic() - self.tried < AGAIN):
            return
        before, self.seen, self.tried = self.champion.version, pointer, time.monotonic()
        try:
            self.champion.load_or_raise(warm_up=WARM_UP)
        except Problem as problem:
            if pointer.get("withdrawn") or not self.champion.served:
                self.champion.problem = problem
            log.warning("version %s is not taken: %s", pointer.get("version"), problem)
            return
        self.count(before, 0)
        self.count(self.champion.version, 1)
        log.warning("version %s took over from %s", self.champion.version, before or "none")

    def count(self, version: str, workers: int) -> None:
        """Say in /metrics whether this worker serves a version."""
        if version:
            self.gauge.labels(version=version).set(workers)


def loaded_gauge() -> Any:
    """Return the number of workers that serve each version."""
    from bentoml.metrics import Gauge

    return Gauge(
        "model_version_workers",
        "Workers that serve this version of the model",
        ["version"],
        multiprocess_mode="livesum",
    )
