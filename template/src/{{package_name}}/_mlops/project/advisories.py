# The template's. What you accept, and why, is yours: advisories.accepted in contract.yaml.
"""Audit the locked packages: which are known to be vulnerable?"""

import json
import os
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from packaging.version import InvalidVersion, Version

from ..config import load_contract
from ..errors import NO_ANSWER, OutsideFailed, Refused, WrongInput, counted, first_cause
from ..tracking.provenance import LOCK, canonical

SERVICE, OSV = "OSV_URL", "https://api.osv.dev"
MANY = 500  # packages in one question; the service takes 1000
HINT = f"{SERVICE} names another service, --database a file of https://osv.dev/ for PyPI"


@dataclass(frozen=True)
class Package:
    """A package of the lock; `odd` says why nobody can know of it."""

    name: str
    version: str
    odd: str = ""


@click.command()
@click.option("--database", type=Path, metavar="ZIP", help="OSV's file of all advisories for PyPI.")
@click.option("--max-age", default=7.0, show_default=True, help="Days that it may be old.")
def command(database: Path | None, max_age: float) -> None:
    """Say which packages of uv.lock have a known vulnerability, asking OSV by name and version.

    Exit code 1 when one has, or could not be checked, and the contract does not accept it; 2 when
    lock or database cannot be relied on; 3 when the service does not answer for every package.
    """
    every = locked()
    named = [one for one in every if not one.odd]
    found = by_file(database, named, max_age) if database else by_service(named)
    found |= {one: [f"not checked: it comes from {one.odd}"] for one in every if one.odd}
    accepted = load_contract().advisories.accepted
    open_ones = []
    for one, advisories in found.items():
        for advisory in advisories:
            reason = accepted.get(advisory) or accepted.get(one.name if one.odd else "")
            said = f"accepted: {reason}" if reason else link(advisory)
            click.echo(f"{one.name} {one.version}: {advisory} {said}".rstrip())
            open_ones += [] if reason else [one.name]
    if open_ones:
        message = f"{len(set(open_ones))} of {len(every)} packages are vulnerable or not checked"
        hint = (
            "uv lock --upgrade-package NAME, or advisories.accepted in contract.yaml with a reason"
        )
        raise Refused(f"{message}: {', '.join(dict.fromkeys(open_ones))}", hint)
    source = database or os.environ.get(SERVICE) or OSV
    click.echo(f"advisories: {len(every)} packages, none open, by {source}", err=True)


def link(advisory: str) -> str:
    """Return where one can read about an advisory."""
    return "" if " " in advisory else f"https://osv.dev/{advisory}"


def locked() -> list[Package]:
    """Return what the lock names, but for this project itself.

    Raises:
        WrongInput: If it cannot be read.
    """
    try:
        listed = tomllib.loads(LOCK.read_text(encoding="utf-8"))["package"]
        return [
            Package(canonical(one["name"]), one.get("version", ""), odd(one["source"]))
            for one in listed
            if one["source"] not in ({"editable": "."}, {"virtual": "."})
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongInput(f"{LOCK} cannot be read: {error}", "uv lock writes it") from error


def odd(source: dict[str, str]) -> str:
    """Return where a package comes from when it is from no index; nothing for others."""
    kind, place = next(iter(source.items()))
    return "" if kind == "registry" and "://" in place else f"{kind} {place}"


def by_service(packages: Sequence[Package]) -> dict[Package, list[str]]:
    """Ask the service for all packages; `OutsideFailed` unless it answers for each."""
    found: dict[Package, list[str]] = {}
    for start in range(0, len(packages), MANY):
        asked = packages[start : start + MANY]
        for one, answer in zip(asked, answers(asked), strict=True):
            if known := [vulnerability["id"] for vulnerability in answer.get("vulns", [])]:
                found[one] = known
    return found


def answers(packages: Sequence[Package]) -> list[dict[str, Any]]:
    """Return what the service says about each package."""
    service = (os.environ.get(SERVICE) or OSV).rstrip("/")
    queries = [
        {"package": {"ecosystem": "PyPI", "name": one.name}, "version": one.version}
        for one in packages
    ]
    request = urllib.request.Request(
        f"{service}/v1/querybatch",
        json.dumps({"queries": queries}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            results: list[dict[str, Any]] = json.load(answer)["results"]
    except (*NO_ANSWER, ValueError, KeyError, TypeError) as error:
        raise OutsideFailed(f"{service} does not answer: {first_cause(error)}", HINT) from error
    if len(results) != len(queries):
        message = f"{service} answered for {len(results)} of {len(queries)} packages"
        raise OutsideFailed(message, HINT)
    return results


def by_file(database: Path, packages: Sequence[Package], days: float) -> dict[Package, list[str]]:
    """Look the packages up in OSV's file.

    Raises:
        WrongInput: If it cannot be read, or is too old to know what is known.
    """
    found: dict[Package, list[str]] = {}
    newest = ""
    for advisory in advisories(database):
        newest = max(newest, str(advisory.get("modified", "")))
        for affected in [] if "withdrawn" in advisory else advisory.get("affected", []):
            package = affected.get("package", {})
            name = canonical(package.get("name", "")) if package.get("ecosystem") == "PyPI" else ""
            for one in packages:
                if one.name == name and (hit := hits(one, affected)):
                    found.setdefault(one, []).append(advisory["id"] + hit.removeprefix("yes"))
    age = datetime.now(UTC) - datetime.fromisoformat(newest or "1970-01-01T00:00:00Z")
    if age.total_seconds() > days * 86400:
        message = (
            f"{database} knows nothing newer than {newest[:10]}, {counted(age.days, 'day')} ago"
        )
        raise WrongInput(
            message, f"fetch it anew, or --max-age says that {days:g} days are too few"
        )
    return {one: sorted(set(ids)) for one, ids in found.items()}


def advisories(database: Path) -> Iterator[dict[str, Any]]:
    """Yield each advisory of the file; `WrongInput` when one cannot be read."""
    try:
        with zipfile.ZipFile(database) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    yield json.loads(archive.read(name))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WrongInput(f"{database} cannot be read: {error}", HINT) from error


def hits(one: Package, affected: dict[str, Any]) -> str:
    """Say `yes` when a version is affected, ` (not checked)` when that cannot be told."""
    if one.version in affected.get("versions", []):
        return "yes"
    ranges = [each for each in affected.get("ranges", []) if each.get("type") == "ECOSYSTEM"]
    try:
        return "yes" if any(inside(Version(one.version), each["events"]) for each in ranges) else ""
    except (InvalidVersion, KeyError):
        return " (not checked)"


def inside(version: Version, events: list[dict[str, str]]) -> bool:
    """Say whether a range of OSV has a version: the last event at or before it decides."""
    affected = False
    pairs = [(kind, least(text)) for event in events for kind, text in event.items()]
    for kind, bound in sorted(pairs, key=lambda pair: pair[1]):
        if kind == "introduced":
            affected = affected or version >= bound
        elif kind == "fixed":
            affected = affected and version < bound
        elif kind == "last_affected":
            affected = affected and version <= bound
    return affected


def least(text: str) -> Version:
    """Return a version of an event; `0` is before all."""
    return Version("0.dev0" if text == "0" else text)
