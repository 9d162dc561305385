# The template's. The bars are yours, in contract.yaml.
"""May this package go to its target? A table of checks; each can say no by itself."""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from .. import config
from ..data import batch_files
from ..errors import Problem, counted, first_of
from ..interface import Contract
from ..registry.gate_checks import Check, reaches
from . import bundle

SYSTEMS = ("Linux", "Darwin")  # where services of BentoML run
SAME = 1e-9  # of an answer: what the order of a sum may change


@dataclass(frozen=True)
class Target:
    """What a host offers to a package.

    Args:
        system: As `platform.system` calls it.
        python: Full version.
        features_sha256: Of the code that makes features there.
        contract: That of the host.
    """

    system: str
    python: str
    features_sha256: str
    contract: Contract


def this_host(package: Path) -> Target:
    """Return what this machine and this checkout offer."""
    return Target(
        system=platform.system(),
        python=platform.python_version(),
        features_sha256=batch_files.features_sha256(package),
        contract=config.load_contract(),
    )


def whole() -> Check:
    """Is each file of the package as it was made?"""
    return same("files", bundle.changed(), [], "files changed since it was made")


def compatible(target: Target, made: bundle.Package, bento: Path) -> list[Check]:
    """Does the package fit the host: Python, system, locked packages, feature code, contract?"""
    return [
        Check(
            "python",
            target.python in SpecifierSet(made.requires_python),
            target.python,
            made.requires_python,
            f"Python {target.python}; expected {made.requires_python}",
        ),
        Check(
            "system",
            target.system in SYSTEMS,
            target.system,
            SYSTEMS,
            f"{target.system}; expected {' or '.join(SYSTEMS)}",
        ),
        same(
            "packages",
            unlike(pins((bento / "env/python/requirements.txt").read_text(encoding="utf-8"))),
            [],
            "packages unlike the lock",
        ),
        same("features", made.features_sha256, target.features_sha256, "code that makes features"),
        same_contract(target.contract, bento / "src/contract.yaml"),
    ]


def same(name: str, found: Any, expected: Any, what: str) -> Check:
    """Hold one thing against another; a list should be empty, a hash is shown by its head."""
    if isinstance(found, list):
        things, _, rest = what.partition(" ")
        some = f"{counted(len(found), things[:-1])} {rest}: {first_of(found, ', ')}"
        reason = some if found else f"no {what}"
    else:
        reason = f"{what}: {found[:12]}…; expected {expected[:12]}…"
    return Check(name, found == expected, found, expected, reason)


def pins(requirements: str) -> dict[str, str]:
    """Return the locked version of each package that this machine needs."""
    lines = requirements.replace("\\\n", " ").splitlines()
    written = [line.partition(" --hash")[0].partition(" #")[0].strip() for line in lines]
    found = [Requirement(line) for line in written if line and not line.startswith(("#", "-"))]
    needed = [pin for pin in found if pin.marker is None or pin.marker.evaluate()]
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in needed}


def unlike(locked: Mapping[str, str]) -> list[str]:
    """Name the packages that are installed in another version than the locked one, or not."""
    found = {name: installed(name) for name in locked}
    return [
        f"{name} {found[name] or 'is missing'} (locked {locked[name]})"
        for name in locked
        if found[name] != locked[name]
    ]


def installed(name: str) -> str:
    """Return the version of an installed package; nothing when it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def same_contract(expected: Contract, path: Path) -> Check:
    """Say whether the package was made under the host's contract, and all its keys are known."""
    try:
        found = config.load_contract(path)
    except Problem as problem:
        return Check("contract", False, None, None, str(problem))
    theirs, ours = found.model_dump(), expected.model_dump()
    differ = [name for name in ours if theirs[name] != ours[name]]
    return same("contract", differ, [], "sections of contract.yaml unlike the package's")


def answers(expected: Mapping[str, Any], answer: Mapping[str, Any], made: str) -> list[Check]:
    """Hold what the service answers to expected inputs against what the model predicts.

    Args:
        expected: `predictions`, and for labels `probabilities`, of the same rows.
        answer: Of the service.
        made: Version that should answer.
    """
    rows = len(expected["predictions"])
    wrong = [
        row
        for row in range(rows)
        for name in expected
        if not alike(list(answer.get(name, []))[row : row + 1], [expected[name][row]])
    ]
    version = str(answer.get("model_version"))
    return [
        same("answers", sorted(set(wrong)), [], f"rows of {rows} answered unlike the model"),
        Check("version", version == made, version, made, f"answers by {version}; expected {made}"),
    ]


def alike(found: Any, expected: Any) -> bool:
    """Say whether two answers are one: labels as they are, numbers but for their last bits.

    A linear model may sum a row otherwise when it stands among others.
    """
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(alike, found, expected))
    if isinstance(expected, Mapping):
        return found.keys() == expected.keys() and all(
            alike(found[name], told) for name, told in expected.items()
        )
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(found, expected, rel_tol=SAME, abs_tol=SAME)
    return bool(found == expected)


def refusal(status: int, what: str) -> Check:
    """Say whether a request that no row fits was refused as the caller's fault."""
    said = f"{what} was answered {status}; expected 4xx"
    return Check(f"refuses {what}", 400 <= status < 500, status, "4xx", said)


def data(problems: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Check]:
    """Say for each batch whether it fits the schema."""
    return [
        same(name, [problem["message"] for problem in found], [], "problems in the batch")
        for name, found in problems.items()
    ]


def quality(evaluation: Mapping[str, Any], contract: Contract, made: bundle.Package) -> Check:
    """Hold the contract's metric against its bar; a model of the sample is only shown."""
    bar = contract.quality
    found = reaches("quality", dict(evaluation["metrics"]), bar, bar.accept)
    if made.version:
        return found
    reason = f"{found.reason}, of a model of real data: smoke only"
    return Check(found.name, True, found.found, found.expected, reason)
