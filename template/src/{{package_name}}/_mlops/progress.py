# The template's. Nothing of yours belongs here; use it from a command of yours.
"""A bar for what takes longer than two seconds; none in CI, in a pipe or in a file."""

import os
from collections.abc import Collection, Iterator
from typing import TypeVar

T = TypeVar("T")
AFTER = 2  # seconds


def progress(items: Collection[T], what: str) -> Iterator[T]:
    """Give each item in turn, and show on the terminal how many are done."""
    from tqdm import tqdm

    hidden = True if os.environ.get("CI") else None  # None: where nobody looks
    yield from tqdm(items, desc=what, delay=AFTER, leave=False, disable=hidden)
