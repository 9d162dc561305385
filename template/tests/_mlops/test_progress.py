# The template's. Nothing of yours is needed here.
"""Somebody at a terminal sees how far it is; a log and a pipe stay as they are."""

import io
import sys

import pytest

from .package import progress


class Terminal(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True


@pytest.mark.parametrize(
    ("screen", "ci", "seen"),
    [(Terminal(), "", True), (Terminal(), "true", False), (io.StringIO(), "", False)],
)
def test_only_a_terminal_shows_a_bar(
    screen: io.StringIO, ci: str, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "AFTER", 0)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("CI", ci)

    assert list(progress.progress([1, 2, 3], "read")) == [1, 2, 3]
    assert ("read:" in screen.getvalue()) is seen


def test_what_ends_at_once_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(progress, "AFTER", 3600)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.delenv("CI", raising=False)

    assert list(progress.progress([1], "read")) == [1]
    assert "read" not in screen.getvalue()
