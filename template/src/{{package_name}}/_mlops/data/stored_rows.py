# The template's. How batches are read is yours, in data.py.
"""Where a subject's rows are stored, and how they are taken out, file by file."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ... import data, schema
from .. import paths
from ..errors import Problem, WrongInput
from ..files import whole_file
from . import dataset, dialect, tables
from .subject import Subject, is_long

PARQUET = b"PAR1"
OBJECTS = "files/md5"  # in which a cache or a remote of DVC keeps bytes by their hash
PACKAGES = {".git", ".venv", "__pycache__", "node_modules"}
DERIVED = {dataset.TRAIN, dataset.HOLDOUT_ROWS}  # of data/features: rows without their names
BATCHES = (paths.RAW, paths.INCOMING)


@dataclass(frozen=True)
class Place:
    """A file with rows of a subject.

    Args:
        path: Of the file.
        own: For each row as stored, whether it is theirs.
        texts: What these rows hold that is found again in a report.
    """

    path: Path
    own: list[bool]
    texts: set[str]

    @property
    def rows(self) -> int:
        """How many rows are theirs."""
        return sum(self.own)

    @property
    def is_object(self) -> bool:
        """Whether it is named by its hash, so that it is removed and never changed."""
        return OBJECTS in str(self.path)


def find(subject: Subject) -> list[Place]:
    """Return the tables in the repo that hold a subject's rows; only packages are not looked at.

    Raises:
        WrongInput: If a batch cannot be read: nobody knows whose rows it holds.
    """
    found = []
    for path in files():
        try:
            own, texts = owned(path, subject)
        except (Problem, ValueError, OSError) as error:
            if path.parent in BATCHES:
                message = f"{path} cannot be looked into, so nothing was changed: {error}"
                raise WrongInput(message, "mend or remove it first") from error
            continue
        if any(own):
            found.append(Place(path, own, texts))
    return found


def files(root: Path = Path()) -> Iterator[Path]:
    """Yield the files below a folder in order of name, packages and git's own apart."""
    for folder, inside, names in os.walk(root):
        inside[:] = sorted(set(inside) - PACKAGES)
        yield from (
            Path(folder, name) for name in sorted(names) if not Path(folder, name).is_symlink()
        )


def owned(path: Path, subject: Subject) -> tuple[list[bool], set[str]]:
    """Say for each row of a file as it is stored whether it is theirs, and what texts those hold.

    A file that is no table has no rows.
    """
    stored = native(path)
    if stored is None:
        return [], set()
    rows = stored
    if not set(subject.columns) <= set(rows) and (path.parent in BATCHES or OBJECTS in str(path)):
        rows = as_batch(path)  # where data.read_batch gives columns their names
        if len(rows) != len(stored):
            raise WrongInput("data.read_batch gives other rows than the file has")
    if not set(subject.columns) <= set(rows):
        return [], set()
    own = subject.owns(rows)
    cells = stored[own.to_numpy()].to_numpy("object").ravel()
    return [bool(one) for one in own], {
        cell for cell in cells if isinstance(cell, str) and is_long(cell)
    }


def is_parquet(path: Path) -> bool:
    """Say whether a file is one of Parquet, whatever its name."""
    with path.open("rb") as file:
        return file.read(4) == PARQUET


def native(path: Path) -> pd.DataFrame | None:
    """Return a file's rows as they are stored, CSV as text; nothing for what is no table."""
    if is_parquet(path):
        import pyarrow.parquet as pq

        return pq.read_table(path, partitioning=None).to_pandas(integer_object_nulls=True)
    if path.suffix not in tables.TEXTS and OBJECTS not in str(path):
        return None
    written = dialect.detect(path, (column.name for column in schema.COLUMNS))
    texts = {"dtype": "str", "keep_default_na": False, "na_values": [""]}
    try:
        found: pd.DataFrame = pd.read_csv(path, **written.read_csv_options(), **texts)
    except (ValueError, UnicodeError):
        if path.suffix in tables.TEXTS:
            raise
        return None  # an object that is a model or a picture
    return found


def as_batch(path: Path) -> pd.DataFrame:
    """Return a file's rows through your `data.read_batch`, which goes by the ending of a name."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder, "batch.parquet" if is_parquet(path) else "batch.csv")
        link.symlink_to(path.resolve())
        return tables.read(link, schema, data)


def take_out(place: Place) -> None:
    """Remove the subject's rows from a file, or the file when no other row is in it."""
    if place.is_object or all(place.own):
        place.path.unlink(missing_ok=True)
        return
    with whole_file(place.path) as part:
        if is_parquet(place.path):
            import pyarrow.parquet as pq

            kept = [not one for one in place.own]
            pq.write_table(pq.read_table(place.path, partitioning=None).filter(kept), part)
        else:
            write_lines(place, part)


def write_lines(place: Place, part: Path) -> None:
    """Write a CSV file without a subject's rows; each other line stays as it is, byte by byte."""
    written = dialect.detect(place.path, (column.name for column in schema.COLUMNS))
    with (
        place.path.open("r", encoding=written.encoding, newline="") as source,
        part.open("w", encoding=written.encoding, newline="") as target,
    ):
        lines: list[str] = []

        def heard() -> Iterator[str]:
            for line in source:
                lines.append(line)
                yield line

        own, head = iter(place.own), True
        for _, cells in dialect.rows_of(heard(), written.separator, escaped=written.escaped):
            if head or not cells or not next(own):
                target.writelines(lines)
            head = head and not cells
            lines.clear()


def drop_features(gone: set[str]) -> set[str]:
    """Remove data/features, here and in a cache: inputs of a model do not say whose they are.

    With it goes each list of files that names bytes which are gone.

    Args:
        gone: Hashes of the bytes that were removed from a cache.

    Returns:
        The hashes of what was removed from a cache too.
    """
    shutil.rmtree(paths.FEATURES, ignore_errors=True)
    also: set[str] = set()
    for listed in [path for path in files() if path.suffix == ".dir" and OBJECTS in str(path)]:
        held = listing(listed)
        derived = held if {one["relpath"] for one in held} >= DERIVED else []
        if derived or gone & {one["md5"] for one in held}:
            inside = [listed.parents[1] / one["md5"][:2] / one["md5"][2:] for one in derived]
            for path in [path for path in (*inside, listed) if path.exists()]:
                path.unlink()
                also.add(hash_in(path))
    return also


def hash_in(path: Path) -> str:
    """Return the hash by which a cache names a file."""
    return path.parent.name + path.name


def listing(path: Path) -> list[dict[str, Any]]:
    """Return the files of a folder that DVC keeps, by `md5` and `relpath`."""
    try:
        return list(json.loads(path.read_bytes()))
    except (ValueError, TypeError):
        return []
