# The template's. Programs of yours that a test needs go into tests/conftest.py.
"""A program that listens and speaks no HTTP, as others on the same machine do."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

GREETING = b"\xff\0\0\0\0\0\0\0\x01\x7f"  # of a notebook's kernel, which may listen anywhere


@contextmanager
def no_http() -> Iterator[str]:
    """Yield the address of something that answers, and not in HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with suppress(OSError):
                while True:
                    with server.accept()[0] as line:
                        line.recv(1024)
                        line.sendall(GREETING)

        threading.Thread(target=greet, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
