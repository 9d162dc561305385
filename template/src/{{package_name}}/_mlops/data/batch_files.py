# The template's. Yours is data.py, which reads one batch.
"""Which files of a folder are batches; to list them takes no table."""

from pathlib import Path

from .. import paths
from ..errors import WrongInput
from ..files import sha256_of

SUFFIXES = (".parquet", ".csv")  # of what is written
TEXTS = (".csv", ".tsv", ".tab", ".dat", ".data")  # .txt is as often a note
READ = (".parquet", *TEXTS)


def batches(folder: Path) -> list[Path]:
    """List the files of a data folder in order of name; `WrongInput` when there are none."""
    found = sorted(path for path in folder.glob("*") if path.suffix in READ)
    if not found:
        message = f"{folder} holds no batch; expected .parquet or .csv files"
        raise WrongInput(message, "uv run --frozen python -m dvc pull brings back tracked data")
    return found


def raw_sha256() -> str:
    """Return the hash of data/raw as it is now; nothing when it holds no batch."""
    try:
        return sha256_of(batches(paths.RAW))
    except WrongInput:
        return ""
