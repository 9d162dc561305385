# The template's. What load the service has to bear is yours, in contract.yaml: delivery.
"""What the load test does: each user posts one row after another at a steady pace."""

import itertools
import json
import os
import time
from pathlib import Path

from locust import FastHttpUser, constant_throughput, task

BODIES = json.loads(Path(os.environ["LOAD_BODIES"]).read_text(encoding="utf-8"))
PACE = float(os.environ["LOAD_PACE"])  # requests a second of one user
USERS = int(os.environ["LOAD_USERS"])
HEADERS = json.loads(os.environ["LOAD_HEADERS"])
turn = itertools.cycle(BODIES)
beginning = itertools.cycle(number / (USERS * PACE) for number in range(USERS))


class Caller(FastHttpUser):
    """A consumer that asks for one row at a time."""

    wait_time = constant_throughput(PACE)

    def on_start(self) -> None:
        """Begin one after the other: users who ask at the same moment are another load."""
        time.sleep(next(beginning))

    @task
    def predict(self) -> None:
        """Ask for the next row; any answer but 200 is a failure."""
        self.client.post("/predict", json=next(turn), headers=HEADERS)
