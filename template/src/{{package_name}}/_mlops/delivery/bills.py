# The template's. Purpose and owners are yours, in contract.yaml.
"""Do the bills of materials say what the package holds?"""

import json
from pathlib import Path
from typing import Any

from ... import schema
from ..config import load_contract
from ..errors import Refused, first_of
from ..files import read_text
from ..registry.model_card import described
from . import bundle, sbom

BILLS = Path("build")


def of(made: bundle.Package) -> dict[str, dict[str, Any]]:
    """Return both bills by name; they are the same whenever they are made."""
    run = described(made.version or bundle.SMOKE, made.model_sha256, made.model)
    return {
        "sbom.json": sbom.packages(bundle.PACKAGE / bundle.LOCKED),
        "ml-bom.json": sbom.model(run, load_contract(), made.model, schema.COLUMNS),
    }


def require_true(path: Path, expected: str) -> None:
    """Raise `Refused` when a written bill breaks the schema, or says something else.

    Raises:
        WrongInput: If it was not written.
    """
    found = read_text(path, "uv run just bom writes it")
    if breach := sbom.breach(found):
        raise Refused(f"{path} {breach}", "uv run just bom writes it anew")
    if differ := differences(json.loads(found), json.loads(expected)):
        message = f"{path} does not fit the package: {first_of(differ, ', ')}"
        raise Refused(message, "uv run just bom writes it anew")


def differences(found: Any, expected: Any, where: str = "") -> list[str]:
    """Name the places at which two JSON documents differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        names = dict.fromkeys([*expected, *found])
        pairs = [(found.get(name), expected.get(name), f"{where}.{name}") for name in names]
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        both = zip(found, expected, strict=True)
        pairs = [(one, other, f"{where}[{i}]") for i, (one, other) in enumerate(both)]
    else:
        return [] if found == expected else [where.lstrip(".")]
    return [place for pair in pairs for place in differences(*pair)]
