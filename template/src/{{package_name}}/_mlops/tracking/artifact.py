# The template's. Yours is model.py; trust.py says which estimators it may use.
"""A model as bytes on disk, with its manifest; loaded only when the hash is right."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from ..errors import DVC, Problem, Refused, WrongInput, first_cause
from ..files import SEAL, read_json, sha256, sha256_if_there, write_json
from . import trust

MODEL = "model.skops"
MANIFEST = "manifest.json"
POINTER = "pointer.json"
COVERED = "manifest_sha256"  # key of a pointer
RESTORES = f"{DVC} checkout --force models/champion"
FIRST_CHAMPION = "uv run just repro && uv run just register && uv run just promote"
Found = TypeVar("Found")

NUMBER = (int, float, type(None))
PART = {"rows": int, "first": str, "last": str}
KINDS = {  # of a manifest
    "model_sha256": str,
    "features_sha256": str,
    "data_sha256": str,
    "created": str,
    "by_hand": bool,
    "commit": str,
    "dirty": bool,
    "dirty_reasons": [str],
    "params": dict,
    "packages": {"*": str},
    "cost": {"*": NUMBER},
    "run_id": str,
    "features": [{"name": str, "dtype": str}],
    "data": {
        "batches": [str],
        "target": str,
        "labels": [str],
        "dropped": {"rows": int, "because": str},
        "train": PART,
        "holdout": PART,
        "seen": [{"column": str, "*": NUMBER}],
        "unread": [str],
        "example": dict,
    },
}
SCORES = {"*": NUMBER}
EVALUATED = {  # of an evaluation
    "model_sha256": str,
    "data_sha256": str,
    "target": str,
    "metric": str,
    "better": str,
    "metrics": SCORES,
    "intervals": {"*": [NUMBER]},
    "baselines": {"*": SCORES},
    "slices": [{"column": str, "value": object, "*": NUMBER}],
    "importance": SCORES,
}


@dataclass(frozen=True)
class Artifact:
    """A model and the record of how it was made."""

    model: Any
    manifest: dict[str, Any]


def save(model: Any, folder: Path) -> str:
    """Write `model.skops` into a folder and return its SHA-256; `Refused` if skops cannot."""
    try:
        skops_io().dump(model, folder / MODEL)
    except OSError:  # of the disk
        raise
    except Exception as error:  # whatever a part of a model raises when it is asked for its state
        message = f"skops cannot write the model: {error}".splitlines()[0]
        raise Refused(message, "take that part out of build_model in model.py") from error
    return sha256(folder / MODEL)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest beside a model, after comparing the model's bytes with it.

    Raises:
        WrongInput: If a file is missing.
        Refused: If the bytes are not those that the manifest was written for.
    """
    if not (folder / MODEL).is_file():
        raise WrongInput(f"{folder / MODEL} does not exist", "uv run just repro trains a model")
    manifest = read_record(folder)
    found, expected = sha256(folder / MODEL), manifest.get("model_sha256")
    if found != expected:
        message = (
            f"{folder / MODEL} has SHA-256 {found[:12]}…, its manifest says {str(expected)[:12]}…"
        )
        raise Refused(message, "the file was changed after training; train again or restore it")
    return manifest


def read_record(folder: Path) -> dict[str, Any]:
    """Return the manifest beside a model, without a look at the model."""
    manifest: dict[str, Any] = read_json(folder / MANIFEST, kinds=KINDS)
    return manifest


def write_pointer(folder: Path, pointer: dict[str, Any]) -> dict[str, Any]:
    """Name the model that a folder of champions serves, in one step; return the pointer.

    Args:
        folder: Holds a folder for each model, named by its hash.
        pointer: With `version` and `model_sha256`; the manifest's hash and a seal are added.
    """
    manifest = folder / str(pointer["model_sha256"]) / MANIFEST
    pointer = {name: value for name, value in pointer.items() if name != SEAL}
    write_json(folder / POINTER, {**pointer, COVERED: sha256(manifest)}, seal=True)
    return read_pointer(folder)


def read_pointer(folder: Path) -> dict[str, Any]:
    """Return which model a folder of champions serves.

    Raises:
        WrongInput: If the pointer is missing, names no model, or is not as it was written.
    """
    pointer = read_json(folder / POINTER, RESTORES)
    if not isinstance(pointer, dict) or not all(
        isinstance(pointer.get(name), str) for name in ("version", "model_sha256")
    ):
        raise WrongInput(f"{folder / POINTER} names no model", f"{RESTORES} makes it anew")
    if COVERED in pointer and SEAL not in pointer:
        message = f"{folder / POINTER} was changed after it was written: it has no seal"
        raise WrongInput(message, f"{RESTORES} makes it anew")
    return pointer


def of_champion(folder: Path, read: Callable[[dict[str, Any]], Found]) -> Found:
    """Return what is read of the model that the pointer names.

    A command may switch the champion meanwhile, and remove the one before: then of the next.

    Raises:
        Problem: As `read_pointer` and `read` do, while the pointer stays where it is.
    """
    while True:
        pointer = read_pointer(folder)
        try:
            return read(pointer)
        except (Problem, FileNotFoundError):
            if read_pointer(folder) == pointer:
                raise


def record_named(folder: Path, pointer: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest beside the model that a pointer names, without a look at the model.

    Raises:
        WrongInput: If it is missing, damaged, or not the one that the pointer was written for.
    """
    return read_record(covered(folder, pointer, WrongInput))


def load_named(folder: Path, pointer: dict[str, Any]) -> Artifact:
    """Load the model that a pointer names.

    Raises:
        WrongInput: If a file is missing or damaged.
        Refused: If the model, or what its manifest says, is not what the pointer was written for.
    """
    place = covered(folder, pointer, Refused)
    loaded = load(place)
    if loaded.manifest["model_sha256"] != pointer["model_sha256"]:
        raise Refused(f"{place} holds another model, {loaded.manifest['model_sha256'][:12]}…")
    return loaded


def covered(folder: Path, pointer: dict[str, Any], problem: type[Problem]) -> Path:
    """Return the folder of the named model; the problem where its manifest is another one."""
    place = folder / str(pointer["model_sha256"])
    found, expected = sha256_if_there(place / MANIFEST), pointer.get(COVERED)
    if found and expected and found != expected:
        message = f"{place / MANIFEST} has SHA-256 {found[:12]}…, {POINTER} says {expected[:12]}…"
        raise problem(message, f"{RESTORES} brings back the one that git knows")
    return place


def load(folder: Path) -> Artifact:
    """Load a model whose bytes match its manifest; errors as in `read_manifest`.

    Raises:
        Refused: Also if the file names a type that is not trusted, or holds no fitted model.
    """
    manifest, named = read_manifest(folder), named_types(folder)
    with readable(folder / MODEL):
        model = skops_io().load(folder / MODEL, trusted=named)
    if not hasattr(model, "predict"):
        kind = type(model).__name__
        raise Refused(f"{folder / MODEL} holds no model but a {kind}", "train again or restore it")
    return Artifact(model, manifest)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise `Refused` for a file that skops did not write, such as a pickle, or that was cut."""
    try:
        yield
    except (Problem, OSError, MemoryError):
        raise
    except Exception as error:  # of zip, of JSON, of a type that is built
        message = f"{path} is no model in the format of skops: {first_cause(error)}"
        raise Refused(message, "train again or restore it") from error


def named_types(folder: Path) -> list[str]:
    """Return the types that a model file names, beyond those that skops knows to be harmless.

    Raises:
        WrongInput, Refused: If one may not be built, as `trust.require` says, or none is read.
    """
    with readable(folder / MODEL):
        named: list[str] = skops_io().get_untrusted_types(file=folder / MODEL)
    trust.require(named)
    return named


def skops_io() -> Any:
    """Return skops, imported without its lists of scikit-learn's estimators and SciPy's functions.

    To make them, skops imports every module of scikit-learn, and looks for each function in every
    module of the process: a second of each start of a service. `trust.require` judges those that
    a file names.
    """
    if "skops.io" not in sys.modules:
        import scipy.special
        import sklearn.utils

        with (
            mock.patch.object(sklearn.utils, "all_estimators", list),
            mock.patch.object(scipy.special, "__dir__", list, create=True),
        ):
            import_module("skops.io")
    return import_module("skops.io")
