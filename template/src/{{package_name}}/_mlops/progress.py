# The template's. Nothing of yours belongs here; use it from a command of yours.
"""A bar or seconds for what takes longer than two; none in CI, in a pipe or in a file."""

import os
import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
Part = TypeVar("Part", bound=Sized)
AFTER = 2  # seconds


def progress(items: Collection[T], what: str) -> Iterator[T]:
    """Give each item in turn, and show on the terminal how many are done."""
    from tqdm import tqdm

    yield from tqdm(items, desc=what, delay=AFTER, leave=False, disable=hidden())


def rows_of(pieces: Iterable[Part], what: str) -> Iterator[Part]:
    """Give each piece of a table in turn, and show on the terminal how many rows are done."""
    from tqdm import tqdm

    with tqdm(desc=what, unit=" rows", delay=AFTER, leave=False, disable=hidden()) as bar:
        for piece in pieces:
            yield piece
            bar.update(len(piece))


def hidden() -> bool | None:
    """Return what tells tqdm to be silent: in CI, and (None) where nobody looks."""
    return True if os.environ.get("CI") else None


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show on the terminal for how many seconds something lasts whose end nobody knows."""
    if os.environ.get("CI") or not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()
    line = threading.Thread(target=count, args=(what, ended), daemon=True)
    line.start()
    try:
        yield
    finally:
        ended.set()
        line.join()


def count(what: str, ended: threading.Event) -> None:
    """Write the seconds into one line, from the second on at which it is long, and clear it."""
    began, pause, width = time.monotonic(), float(AFTER), 0
    while not ended.wait(pause):
        said = f"{what}: {time.monotonic() - began:.0f} s"
        width, pause = len(said), 1
        print(f"\r{said}", end="", file=sys.stderr, flush=True)
    if width:
        print(f"\r{' ' * width}\r", end="", file=sys.stderr, flush=True)
