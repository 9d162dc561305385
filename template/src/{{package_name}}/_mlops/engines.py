# The template's. Engines of yours are files beside this one, as an extra's are: engine_NAME.py.
"""Where the pieces of a large work are done: in this process, or by an engine that was added."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from . import PACKAGE
from .errors import WrongInput

HERE = "here"
FILES = "engine_*.py"
Piece = TypeVar("Piece")
Done = TypeVar("Done")


def known() -> list[str]:
    """Return the names of all engines."""
    added = Path(__file__).parent.glob(FILES)
    return [HERE, *sorted(path.stem.removeprefix("engine_") for path in added)]


def require(engine: str) -> None:
    """Raise `WrongInput` when there is no such engine."""
    if engine not in known():
        found = f"--engine is {engine!r}; expected one of {', '.join(known())}"
        adds = "" if "ray" in known() else "uv run just update --data 'extras=[ray]' adds ray"
        raise WrongInput(found, adds)


def spread(engine: str, work: Callable[[Piece], Done], pieces: Iterable[Piece]) -> Iterator[Done]:
    """Yield what `work` makes of each piece, in the order of the pieces.

    Args:
        engine: Where it is done.
        work: May be pickled and sent to another process of the same code.
        pieces: Read one after the other, few ahead: their number does not matter.
    """
    require(engine)
    if engine == HERE:
        return map(work, pieces)
    module = importlib.import_module(f"{PACKAGE}._mlops.engine_{engine}")
    found: Iterator[Done] = module.spread(work, pieces)
    return found
