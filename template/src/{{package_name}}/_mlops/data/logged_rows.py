# The template's. Which columns are logged is yours, in schema.py.
"""Which lines of the prediction log are about a subject, and how they are emptied.

A line is overwritten in its place and keeps its hashes: the chain holds, lines after it stay where
they are, and a service that writes to the file goes on.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from . import prediction_log
from .prediction_log import BEFORE, HASH, REMOVED, logged_as
from .subject import Subject


@dataclass(frozen=True)
class Logged:
    """A file of the log with lines about a subject.

    Args:
        path: Of the file.
        lines: By the place of its first byte, each line as it was written.
    """

    path: Path
    lines: dict[int, bytes]

    @property
    def rows(self) -> int:
        """How many lines are about it."""
        return len(self.lines)

    @property
    def hashes(self) -> list[str]:
        """By which the lines cover themselves, where they do."""
        found = (json.loads(line).get(HASH) for line in self.lines.values())
        return [one for one in found if one]


def find(subject: Subject) -> list[Logged]:
    """Return the files of the log with lines about a subject.

    The log has no personal column: where one names the subject, no line can be told to be its.
    """
    found = []
    for path in sorted(prediction_log.folder().glob(prediction_log.FILES)):
        lines = read(path, subject)
        if not lines:
            continue
        held = pd.DataFrame([values for _, values in lines.values()], columns=subject.columns)
        own = subject.owns(held.astype("object"))
        kept = [
            (place, text)
            for (place, (text, _)), theirs in zip(lines.items(), own, strict=True)
            if theirs
        ]
        if kept:
            found.append(Logged(path, dict(kept)))
    return found


def read(path: Path, subject: Subject) -> dict[int, tuple[bytes, list[Any]]]:
    """Return the lines that can be about a subject: their text, and the values that name one."""
    found, place = {}, 0
    with path.open("rb") as file:
        for text in file:
            try:
                line = json.loads(text)
                values = [line[logged_as(name)] for name in subject.columns]
            except (ValueError, TypeError, KeyError, RecursionError):
                values = [None]
            if None not in values:
                found[place] = (text, values)
            place += len(text)
    return found


def take_out(logged: Logged) -> None:
    """Empty the lines of a file, each by one write: a kill leaves none of them half."""
    with logged.path.open("r+b", buffering=0) as file:
        for place, text in logged.lines.items():
            line = json.loads(text)
            kept = {REMOVED: True} | {name: line[name] for name in (BEFORE, HASH) if name in line}
            end = b"\n" if text.endswith(b"\n") else b""
            emptied = json.dumps(kept, separators=(",", ":")).encode()
            os.pwrite(file.fileno(), emptied.ljust(len(text) - len(end)) + end, place)
