"""Run a command beside a Ray cluster of two nodes on this machine, one of which may be lost.

In the environment of a generated repo with Ray: WORD COMMAND…. A node ends when the command has
said the word, as at a terminal; with an empty word there is no cluster, and Ray is not needed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

CORES = 2  # of each node; the head has none, for no piece to be done there


def main(word: str, command: list[str]) -> int:
    """Return the exit code of the command; say what it took, and when a node was lost."""
    cluster: Any
    cluster, nodes = cluster_of_two() if word else (None, [])
    given = {**os.environ, **({"RAY_ADDRESS": cluster.address} if cluster else {}), "CI": ""}
    terminal, end = os.openpty()
    process = subprocess.Popen(command, env=given, stderr=end)
    os.close(end)
    said = b""
    for part in read(terminal):
        said += part
        if nodes and word.encode() in said:
            running = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
            cluster.remove_node(nodes.pop(), allow_graceful=False)
            nodes.clear()
            print("a node was lost while it ran" if running else "it was done before", flush=True)
    sys.stderr.write(said.decode(errors="replace"))
    _, status, used = os.wait4(process.pid, 0)
    print(f"took {used.ru_utime + used.ru_stime:.2f} {used.ru_maxrss / 1024:.0f}", flush=True)
    if cluster:
        cluster.shutdown()
    return os.waitstatus_to_exitcode(status)


def read(terminal: int) -> Iterator[bytes]:
    """Yield what a command writes to its terminal until it ends."""
    with suppress(OSError):  # as Linux says that nobody has the other end any more
        while part := os.read(terminal, 4096):
            yield part


def cluster_of_two() -> tuple[Any, list[Any]]:
    """Return a cluster and its two nodes."""
    from ray.cluster_utils import Cluster  # type: ignore[import-not-found]

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=CORES) for _ in range(2)]
    cluster.wait_for_nodes()
    return cluster, nodes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
