# The template's. Which cluster is yours to say: RAY_ADDRESS; without it, the cores of this machine.
"""Do the pieces of a large work on the nodes of a Ray cluster."""

import importlib
import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from .errors import OutsideFailed, WrongInput

ADDRESS = "RAY_ADDRESS"
AGAIN = 5  # times that a piece is tried whose node was lost
AHEAD = 2  # pieces for each core: one is done, one waits
CONNECT_SECONDS = 10
QUIET = {
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # it would copy this folder, data and all, to each node
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
held: dict[str, Callable[[Any], Any]] = {}


def spread(work: Callable[[Any], Any], pieces: Iterable[Any]) -> Iterator[Any]:
    """Yield what `work` makes of each piece, in order; a piece of a lost node is done again.

    Raises:
        WrongInput: If Ray is not installed.
        OutsideFailed: If there is no cluster, or a piece is lost again and again.
    """
    ray = connected()
    task = ray.remote(num_cpus=1, max_retries=AGAIN, scheduling_strategy="SPREAD")(do)
    box, root, waiting = [ray.put(work)], str(Path.cwd()), deque[Any]()
    room = max(1, int(ray.cluster_resources().get("CPU", 1))) * AHEAD
    try:
        for piece in pieces:
            waiting.append(task.remote(root, box, piece))
            if len(waiting) >= room:
                yield result(ray, waiting.popleft())
        while waiting:
            yield result(ray, waiting.popleft())
    finally:
        for left in waiting:
            ray.cancel(left, force=True)


def connected() -> Any:
    """Return Ray, with a cluster behind it."""
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        hint = "put `just ray` before the verb: uv run just ray predict --engine ray …"
        raise WrongInput("Ray is not installed here", hint) from None
    if not ray.is_initialized():
        address = os.environ.get(ADDRESS) or "local"
        here = {"include_dashboard": False} if address == "local" else {}
        try:
            answers(address)
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **here)
        except (OSError, RuntimeError, ValueError) as error:
            said = str(error).strip().splitlines()[0]
            hint = f"{ADDRESS} names a cluster; without it, this machine is one"
            raise OutsideFailed(f"no Ray cluster at {address}: {said}", hint) from error
    return ray


def answers(address: str) -> None:
    """Raise `OSError` when nobody listens at HOST:PORT: Ray itself would try for many minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()


def do(root: str, box: list[Any], piece: Any) -> Any:
    """Do one piece in a process of a node, which keeps the work for the next one."""
    (ref,) = box
    if ref.hex() not in held:
        os.chdir(root)
        held.clear()
        held[ref.hex()] = importlib.import_module("ray").get(ref)
    return held[ref.hex()](piece)


def result(ray: Any, ref: Any) -> Any:
    """Return what a piece became; its own error is raised as it was."""
    try:
        return ray.get(ref)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        said = str(error).strip().splitlines()[0]
        raise OutsideFailed(f"Ray lost a piece {AGAIN + 1} times: {said}", "ray status") from error
