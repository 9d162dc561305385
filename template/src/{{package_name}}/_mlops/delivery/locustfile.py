# The template's. What load the service has to bear is yours, in contract.yaml: delivery.
"""What the load test does: each user posts one row after another at a steady pace."""

import itertools
import json
import os
from pathlib import Path

from locust import FastHttpUser, constant_throughput, task

BODIES = json.loads(Path(os.environ["LOAD_BODIES"]).read_text(encoding="utf-8"))
PACE = float(os.environ["LOAD_PACE"])  # requests a second of one user
turn = itertools.cycle(BODIES)


class Caller(FastHttpUser):
    """A consumer that asks for one row at a time."""

    wait_time = constant_throughput(PACE)

    @task
    def predict(self) -> None:
        """Ask for the next row; any answer but 200 is a failure."""
        self.client.post("/predict", json=next(turn))
