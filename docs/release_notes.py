"""What does a tag change? Prints its section of CHANGELOG.md; refuses a tag that may not exist."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[1]
CHANGELOG = ROOT / "CHANGELOG.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag", help="for example v1.2.0")
    tag = parser.parse_args().tag
    notes = section(CHANGELOG.read_text(encoding="utf-8"), tag)
    problem = tag_problem(tag, existing_tags()) or ("" if notes else missing(tag))
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    print(notes)
    return 0


def existing_tags() -> list[str]:
    command = ["git", "tag", "--list"]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()


def tag_problem(tag: str, tags: list[str]) -> str:
    """Say why Copier could not order or find this tag, or nothing when it can."""
    try:
        version = Version(tag)
    except InvalidVersion:
        return f"{tag} is no version by PEP 440, so no update would find it. Type one like v1.2.0"
    if tag != f"v{version}":
        return f"{tag} is written v{version}: one version has one name"
    newer = [other for other in tags if known(other) > version]
    if newer:
        return f"{tag} is older than {newer[0]}, and an update never goes back"
    return ""


def known(tag: str) -> Version:
    """Return the version of a tag; one that is none is older than all."""
    try:
        return Version(tag)
    except InvalidVersion:
        return Version("0.dev0")


def section(changelog: str, tag: str) -> str:
    """Return the text under the tag's heading, empty when there is none."""
    heading = rf"^## {re.escape(tag)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)"
    found = re.search(heading, changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def missing(tag: str) -> str:
    return f"CHANGELOG.md has no text under '## {tag}': say what an update changes in a repo"


if __name__ == "__main__":
    sys.exit(main())
