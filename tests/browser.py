"""What does a person see who opens a page? Headless Chromium says, with no other host in reach."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update"
).split()
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
UNSEEN = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)


def chromium() -> str:
    """Return the browser; without one a test is skipped, but on a CI machine it fails."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    reason = "there is no Chromium: install your system's package `chromium`"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def look_at(address: str, profile: Path, *options: str) -> str:
    """Open a page, let its scripts run, and return its title and the words on it.

    Args:
        address: Of a page on this machine, file:// or 127.0.0.1.
        profile: An empty folder for the browser's own files.
        options: More of the browser's.
    """
    done = subprocess.run(
        [
            *(chromium(), *QUIET, OFFLINE, f"--user-data-dir={profile}"),
            *("--virtual-time-budget=20000", *options, "--dump-dom", address),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return " ".join(UNSEEN.sub(" ", done.stdout).split())
