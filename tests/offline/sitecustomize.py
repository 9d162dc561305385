"""Refuses, and writes down, every connection that leaves this machine; names of others too.

Python imports this module in each process that has its folder on PYTHONPATH. What is refused goes
into the file NETWORK_LOG.
"""

import ipaddress
import os
import sys
from typing import Any

ASKS = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0, "socket.gethostbyname": 0}
HERE = {"", "localhost", "0.0.0.0", "::"}


def look(event: str, given: tuple[Any, ...]) -> None:
    """See each event of Python before it happens."""
    if event not in ASKS:
        return
    asked = given[ASKS[event]]
    host = asked[0] if isinstance(asked, tuple) else asked
    local = host is None or (event == "socket.connect" and isinstance(asked, str | bytes))
    if local or stays(host.decode() if isinstance(host, bytes) else str(host)):
        return
    with open(os.environ["NETWORK_LOG"], "a") as log:  # noqa: PTH123
        log.write(f"{event} {asked} by {' '.join(sys.argv[:3])}\n")
    raise OSError(f"{event} {asked} would leave this machine")


def stays(host: str) -> bool:
    """Say whether a name or an address is of this machine."""
    if host in HERE:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == os.uname().nodename


if "NETWORK_LOG" in os.environ:
    sys.addaudithook(look)
