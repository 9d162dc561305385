# The template's. Yours are data.py, which reads one batch, schema.py and features.py.
"""Which files are batches, and which make features of them; to name them takes no table."""

import hashlib
from pathlib import Path

from .. import paths
from ..errors import WrongInput
from ..files import joined, sha256
from . import own_modules

SUFFIXES = (".parquet", ".csv")  # of what is written
TEXTS = (".csv", ".tsv", ".tab", ".dat", ".data")  # .txt is as often a note
READ = (".parquet", *TEXTS)
FEATURE_CODE = ("schema.py", "features.py")


def batches(folder: Path) -> list[Path]:
    """List the files of a data folder in order of name; `WrongInput` when there are none."""
    found = sorted(path for path in folder.glob("*") if path.suffix in READ)
    if not found:
        message = f"{folder} holds no batch; expected .parquet or .csv files"
        raise WrongInput(message, "uv run --frozen python -m dvc pull brings back tracked data")
    return found


def raw_sha256() -> str:
    """Return the hash of data/raw as it is now; nothing when it holds no batch."""
    return whole(raw_sums())


def raw_sums() -> dict[str, str]:
    """Return the hash of each batch in data/raw, by name."""
    try:
        return {path.name: sha256(path) for path in batches(paths.RAW)}
    except WrongInput:
        return {}


def whole(sums: dict[str, str]) -> str:
    """Return the one hash of batches by the hash of each, as `sha256_of` gives it; or nothing."""
    return joined(sums.items()) if sums else ""


def features_sha256(package: Path) -> str:
    """Return the hash of the code that makes features: a model fits this code and no other.

    Modules of the package that schema.py and features.py import make features as well.
    """
    return feature_hashes(own_modules.in_folder(package))[0]


def makes_features_of(model_of: str, package: Path) -> bool:
    """Say whether a model fits the code of a package.

    Args:
        model_of: The hash that was recorded with the model.
        package: The folder of the package.
    """
    return model_of in feature_hashes(own_modules.in_folder(package))


def feature_hashes(read: own_modules.Read) -> list[str]:
    """Return the hash of code that makes features, and those that older versions made of it.

    The same code with other line ends is the same code; older versions counted the bytes as they
    lie in the folder, and the oldest counted no imports.

    Args:
        read: Gives the bytes of a file of the package; without one of them there is no hash.
    """
    code = own_modules.with_imported(FEATURE_CODE, read)
    if None in code.values():
        return []
    bytes_of = {name: part or b"" for name, part in code.items()}
    now = [part.replace(b"\r\n", b"\n") for part in bytes_of.values()]
    before = bytes_of.values(), [bytes_of[name] for name in FEATURE_CODE]
    return [hashlib.sha256(b"".join(parts)).hexdigest() for parts in (now, *before)]
