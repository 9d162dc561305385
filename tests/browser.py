"""What does a person see who opens a page? Headless Chromium says, with no other host in reach."""

import html
import json
import os
import re
import shutil
import subprocess
from importlib.resources import files
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
DARK = "--blink-settings=preferredColorScheme=0"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
ASK = """<pre id="axe"></pre><script>{program}</script><script>
axe.run({{exclude: [["#axe"]]}}, {{runOnly: {rules}}}).then(found => {{
  document.getElementById("axe").textContent = JSON.stringify(found.violations.map(
    rule => rule.id + ": " + rule.nodes.map(node => node.html.slice(0, 200)).join(" | ")))
}})</script>"""
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
    return " ".join(UNSEEN.sub(" ", opened(address, profile, *options)).split())


def opened(address: str, profile: Path, *options: str) -> str:
    """Return the page as it stands when its scripts have run."""
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
    return done.stdout


def barriers(page: Path, profile: Path, *options: str) -> list[str]:
    """Return the rules of axe-core that a page breaks, each with the elements that break it.

    They are those of WCAG 2.1, levels A and AA, and what axe-core calls best practice.

    Args:
        page: An HTML file; a copy with axe-core in it lies beside it for a moment.
        profile: An empty folder for the browser's own files.
        options: More of the browser's, as `DARK`.
    """
    program = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    content = page.read_text(encoding="utf-8")
    copy = page.with_name(f"axe-{page.name}")
    before, end, after = content.rpartition("</body>")
    asked = ASK.format(program=program, rules=RULES)
    copy.write_text((before or after) + asked + end + (after if before else ""), encoding="utf-8")
    try:
        dom = opened(copy.resolve().as_uri(), profile, *options)
    finally:
        copy.unlink()
    (said,) = re.findall(r'<pre id="axe">(.+?)</pre>', dom, re.DOTALL)
    found: list[str] = json.loads(html.unescape(said))
    return found
