# The template's. Nothing of yours is needed here.
"""Somebody at a terminal sees how far it is; a log and a pipe stay as they are."""

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from .package import progress


class Terminal(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True


@pytest.mark.parametrize(
    ("screen", "ci", "seen"),
    [(Terminal, "", True), (Terminal, "true", False), (io.StringIO, "", False)],
)
@pytest.mark.parametrize("shown", [progress.progress, progress.rows_of])
def test_only_a_terminal_shows_a_bar(
    shown: Callable[[list[str], str], Iterator[str]],
    screen: type[io.StringIO],
    ci: str,
    seen: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at = screen()
    monkeypatch.setattr(progress, "AFTER", 0)
    monkeypatch.setattr(sys, "stderr", looked_at)
    monkeypatch.setenv("CI", ci)

    assert list(shown(["a", "b"], "read")) == ["a", "b"]
    assert ("read:" in looked_at.getvalue()) is seen


def test_what_ends_at_once_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(progress, "AFTER", 3600)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.delenv("CI", raising=False)

    assert list(progress.progress([1], "read")) == [1]
    assert "read" not in screen.getvalue()


@pytest.mark.parametrize(
    ("screen", "ci", "seen"),
    [(Terminal(), "", True), (Terminal(), "true", False), (io.StringIO(), "", False)],
)
def test_only_a_terminal_counts_the_seconds_of_what_has_no_end_in_sight(
    screen: io.StringIO, ci: str, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "AFTER", 0)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("CI", ci)

    with progress.waiting("fit"):
        for _ in range(1000):
            if not seen or screen.getvalue():
                break
            time.sleep(0.01)

    assert ("\rfit: 0 s" in screen.getvalue()) is seen
    assert screen.getvalue().endswith("\r" if seen else ""), "the line is cleared"


def test_the_seconds_of_what_fails_are_cleared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(progress, "AFTER", 3600)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.delenv("CI", raising=False)
    before = threading.active_count()

    with pytest.raises(ValueError, match="no"), progress.waiting("fit"):
        raise ValueError("no")
    assert (screen.getvalue(), threading.active_count()) == ("", before)
