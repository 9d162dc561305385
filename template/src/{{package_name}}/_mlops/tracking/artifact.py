# The template's. Yours is model.py; trusted here are the estimators that it may use.
"""A model as bytes on disk, with its manifest; loaded only when the hash is right."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Refused, WrongInput
from ..files import read_json, sha256

MODEL = "model.skops"
MANIFEST = "manifest.json"
FEATURE_CODE = ("schema.py", "features.py")

# skops builds what the file names, so the file must not name just anything
TRUSTED_PACKAGES = ("sklearn.", "lightgbm.", "xgboost.")
TRUSTED_TYPES = ("functools.partial", "numpy.dtype")

POINTER = "pointer.json"
FIRST_CHAMPION = "uv run just repro && uv run just register && uv run just promote"


@dataclass(frozen=True)
class Artifact:
    """A model and the record of how it was made."""

    model: Any
    manifest: dict[str, Any]


def features_sha256(package: Path) -> str:
    """Return the hash of the code that makes features: a model fits this code and no other."""
    code = b"".join((package / name).read_bytes() for name in FEATURE_CODE)
    return hashlib.sha256(code).hexdigest()


def save(model: Any, folder: Path) -> str:
    """Write `model.skops` into a folder and return its SHA-256."""
    import skops.io

    skops.io.dump(model, folder / MODEL)
    return sha256(folder / MODEL)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest beside a model, after comparing the model's bytes with it.

    Raises:
        WrongInput: If a file is missing.
        Refused: If the bytes are not those that the manifest was written for.
    """
    if not (folder / MODEL).is_file():
        raise WrongInput(f"{folder / MODEL} does not exist", "uv run just repro trains a model")
    manifest: dict[str, Any] = read_json(folder / MANIFEST)
    found, expected = sha256(folder / MODEL), manifest.get("model_sha256")
    if found != expected:
        message = (
            f"{folder / MODEL} has SHA-256 {found[:12]}…, its manifest says {str(expected)[:12]}…"
        )
        raise Refused(message, "the file was changed after training; train again or restore it")
    return manifest


def load(folder: Path) -> Artifact:
    """Load a model whose bytes match its manifest; errors as in `read_manifest`.

    Raises:
        Refused: Also if the file names a type outside the trusted packages.
    """
    manifest = read_manifest(folder)
    import skops.io

    return Artifact(skops.io.load(folder / MODEL, trusted=named_types(folder)), manifest)


def named_types(folder: Path) -> list[str]:
    """Return the types that a model file names, beyond those that skops knows to be harmless.

    Raises:
        Refused: If one is outside the trusted packages.
    """
    import skops.io

    named: list[str] = skops.io.get_untrusted_types(file=folder / MODEL)
    if strange := [name for name in named if not trusted(name)]:
        raise Refused(f"{folder / MODEL} holds types that are not trusted: {', '.join(strange)}")
    return named


def trusted(name: str) -> bool:
    """Say whether a type named in a model file may be built."""
    return name.startswith(TRUSTED_PACKAGES) or name in TRUSTED_TYPES
