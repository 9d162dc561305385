# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Read a table that nobody described: find out how it is written, and say so."""

import bz2
import gzip
import hashlib
import json
import lzma
import re
import shutil
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import pandas as pd

from ...data.dialect import Dialect
from ...errors import OutsideFailed, Problem, WrongInput, counted, did_you_mean, first_of
from ...files import require_file
from .arff import arff
from .database import query
from .naming import LONGEST_NAME, as_pandas, clean_names, listed, shown
from .raw import (
    Raw,
    header_line,
    require_one_table,
    without_kinds,
    without_notes,
    without_total,
    without_units,
)
from .separated import LINE_END, SEPARATED, require_header, text
from .values import Written, column

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".dat", ".data")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
# first bytes of files that hold no table as they are, and what to do about it
NO_TABLE = {
    b"(\xb5/\xfd": ("is packed with zstandard", "unpack it"),
    b"SQLite": ("is a database", 'ask it: --sql "select * from …" --url sqlite:///PATH'),
    b"\xd0\xcf\x11\xe0": ("is an old Excel file", "save it as .xlsx"),
    b"%PDF": ("is a PDF", "export the table as CSV"),
    b"<!DOCTYPE": ("is a web page", "was it downloaded without signing in?"),
    b"<!doctype": ("is a web page", "was it downloaded without signing in?"),
    b"<html": ("is a web page", "was it downloaded without signing in?"),
    b"<?xml": ("is XML", "export the table as CSV"),
    b"\xff\xfe\0\0": ("is written in UTF-32", "save it as UTF-8"),
}
UNPACK: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
PACKED = (".gz", ".bz2", ".xz")
READERS = {".feather": pd.read_feather, ".dta": pd.read_stata}
# a formula and no result; an empty text is one
UNSOLVED = re.compile(
    rb'<c r="([A-Z]+)\d+"(?![^>]*t="str")[^>]*><f\b[^<]*(?:</f>)?(?:<v ?/>|<v></v>)?</c>'
)
LEAST_ROOM = 4  # times the size of a text that reading it takes, with few and long values
MOST = 1 << 36  # bytes, where the system does not say how much memory is free


@dataclass(frozen=True)
class Source:
    """A table as it was found.

    Args:
        rows: Typed, with cleaned names.
        names: Original by cleaned name, where they differ.
        written: How each column is written.
        dialect: How the file is written; nothing for a format that has types.
        notes: What was detected, a phrase each.
        origin: What to call it.
        indexed: Whether some columns were the index of a data frame.
    """

    rows: pd.DataFrame
    names: dict[str, str]
    written: dict[str, Written]
    dialect: Dialect | None
    notes: tuple[str, ...]
    origin: str
    indexed: bool = False

    @property
    def sha256(self) -> str:
        """Return a hash of the rows in order, with their names, whatever file they came from."""
        values = pd.util.hash_pandas_object(self.rows, index=False).to_numpy()
        return hashlib.sha256(values.tobytes() + "\0".join(self.rows).encode()).hexdigest()


def read(path: Path | None, sql: str | None = None, url: str | None = None) -> Source:
    """Read a file, a folder of files, a query, or a data set of scikit-learn.

    Raises:
        WrongInput: If it cannot be read, or holds no table.
    """
    if (path is None) == (sql is None):
        raise WrongInput(
            "expected a PATH or --sql, and not both", "start-from PATH --target COLUMN"
        )
    if sql is not None:
        return typed(query(sql, url), "the query")
    assert path is not None
    name = path.name
    if name.startswith("sklearn:"):
        return typed(toy(name.removeprefix("sklearn:")), name)
    if name.startswith("openml:"):
        hint = "sklearn.datasets.fetch_openml(…).frame.to_parquet(PATH) saves one as a file"
        raise WrongInput(f"{name} is a data set in the network; expected a file", hint)
    if re.match(r"[a-z][a-z0-9]+:/", str(path)):  # pathlib made one slash of two
        address = str(path).replace(":/", "://", 1)
        raise WrongInput(f"{address} is an address; expected a file", "download it first")
    try:
        if path.is_dir():
            return typed(folder(path), name)
        require_file(path)
    except PermissionError as error:
        raise WrongInput(f"{path} may not be read by you", "ask for the permission") from error
    return typed(one_file(path), name)


def folder(path: Path) -> Raw:
    """Read the files of a folder one below the other; they have the same columns."""
    files = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
    if not files:
        folders = sum(one.is_dir() for one in path.iterdir())
        more = f" but {counted(folders, 'folder')}" if folders else ""
        raise WrongInput(f"{path} holds no file{more}", "give a folder that holds the files")
    parts = [one_file(one) for one in files]
    first, written = list(parts[0].rows), [part.dialect for part in parts if part.dialect]
    for one, part in zip(files, parts, strict=True):
        if Counter(part.rows) != Counter(first):
            other = sorted(set(first) ^ set(map(str, part.rows))) or ["how often"]
            message = f"{one} has other columns than {files[0].name}: {first_of(other, ', ')}"
            raise WrongInput(message, "the files of a folder are batches of one table")
        if part.dialect and way(part.dialect) != way(written[0]):
            message = f"{one} is written with {part.dialect}; another file here with {written[0]}"
            raise WrongInput(message, "write the files of a folder in the same way")
    if len(set(first)) == len(first):
        for part in parts:
            part.rows = part.rows[first]
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    notes = [*dict.fromkeys(note for part in parts for note in part.notes)]
    plain = [one for one in written if one.encoding != "utf-8"] or written
    dialect = plain[0] if plain else None
    return Raw(
        rows, dialect, [f"{counted(len(files), 'file')}", *notes], any(one.indexed for one in parts)
    )


def way(written: Dialect) -> Dialect:
    """Return how a file is written, but for what its own letters and lines decide."""
    return replace(written, encoding="", below=(), again=False, noted=False, foot=())


def one_file(path: Path) -> Raw:
    """Read one file by its content and ending."""
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            head = file.read(16)
        if not head:
            raise WrongInput(f"{path} is empty")
        for magic, unpack in UNPACK.items():
            if head.startswith(magic):
                with unpack(path, "rb") as file:
                    return unpacked(path, file, path.stem if suffix in PACKED else path.name)
        for magic, (what, hint) in NO_TABLE.items():
            if head.startswith(magic):
                raise WrongInput(f"{path} {what}; expected a table", hint)
        if head[:4] == b"PAR1" or suffix == ".parquet":
            return parquet(path)
        if head[:2] == b"PK" and suffix in (".xlsx", ".xlsm"):
            with zipfile.ZipFile(path) as archive:
                require_room(path, sum(one.file_size for one in archive.infolist()))
            return sheet(path)
        if suffix in (".xlsx", ".xlsm"):
            raise WrongInput(f"{path} is no Excel file", "name it after what it holds, as .csv")
        if head[:4] == b"PK\x03\x04" and suffix == ".zip":
            return zipped(path)
        if head[:4] == b"PK\x03\x04":
            hint = "unpack it; an Excel file ends with .xlsx"
            raise WrongInput(f"{path} is packed with zip; expected a table", hint)
        if suffix in READERS:
            return Raw(READERS[suffix](path))
        if suffix in (*TEXT_SUFFIXES, *JSON_SUFFIXES, ".arff"):
            require_room(path, path.stat().st_size)
        if suffix in JSON_SUFFIXES:
            return records(path)
        if suffix == ".arff":
            return arff(path)
        if suffix in TEXT_SUFFIXES:
            return text(path)
    except Problem:
        raise
    except PermissionError as error:
        raise WrongInput(f"{path} may not be read by you", "ask for the permission") from error
    except MemoryError as error:
        raise OutsideFailed(f"{path} does not fit into memory", "take a part of it") from error
    except Exception as error:  # whatever a reader raises for a damaged file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        hints = [hint for word, hint in HINTS.items() if word in reason]
        hint = (hints or ["is it what its name says?"])[0]
        raise WrongInput(f"{path} cannot be read: {reason}", hint) from error
    known = (*TEXT_SUFFIXES, ".parquet", *JSON_SUFFIXES, ".xlsx", ".arff", *READERS, ".gz", ".zip")
    message = f"{path} ends with {path.suffix!r}; expected one of {', '.join(known)}"
    raise WrongInput(message, "name a file after what it holds, or leave it out")


def unpacked(path: Path, file: IO[bytes], name: str) -> Raw:
    """Read what stands in a packed file as if it lay in a folder under this name."""
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / name
        room = min(free_memory() // LEAST_ROOM or MOST, shutil.disk_usage(folder).free // 2)
        with inner.open("wb") as out:
            for piece in iter(lambda: file.read(1 << 20), b""):
                if out.tell() + len(piece) > room:
                    message = f"{path} unpacks to more than {room / 1e9:.1f} GB: there is no room"
                    raise OutsideFailed(message, "unpack it, and take a part of it")
                out.write(piece)
        try:
            return one_file(inner)
        except Problem as problem:
            said = str(problem).replace(str(inner), f"{name} of {path}")
            raise type(problem)(said, problem.hint) from problem


def zipped(path: Path) -> Raw:
    """Read the one file of an archive."""
    with zipfile.ZipFile(path) as archive:
        names = [one.filename for one in archive.infolist() if not one.is_dir()]
        names = [name for name in names if not name.startswith("__MACOSX/")]
        if len(names) != 1:
            raise WrongInput(f"{path} holds {len(names)} files; expected one table", "unpack it")
        with archive.open(names[0]) as file:
            return unpacked(path, file, Path(names[0]).name.removesuffix(".zip"))


HINTS = {
    "EOF inside string": "a quote is opened there, and closed nowhere: is the file complete?",
    "Expected ": SEPARATED,
    "codec can't decode": "save it as UTF-8",
}


def require_room(path: Path, size: int) -> None:
    """Raise `OutsideFailed` for texts of this size that cannot fit into the memory that is free.

    A file of 253 MB, five million rows of six columns, took seven times its size; a system that
    has no more ends the process without a word.
    """
    needed, free = LEAST_ROOM * size, free_memory()
    if free and needed > free:
        message = f"{path} needs {needed / 1e9:.1f} GB of memory or more; {free / 1e9:.1f} are free"
        text = path.suffix.lower() in TEXT_SUFFIXES  # others are no files of rows, line by line
        how = f": head -n 1000001 {path.name} > part.csv" if text else ", such as its first rows"
        raise OutsideFailed(message, f"take a part of it{how}")


def free_memory() -> int:
    """Return how many bytes of memory can be had; 0 where the system does not say."""
    try:
        said = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", said, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def parquet(path: Path) -> Raw:
    """Read a Parquet file; the index of a data frame, unless it only counts, becomes columns."""
    import pyarrow.parquet as pq

    found = pq.ParquetFile(path)
    names = found.schema_arrow.names
    if again := [name for name, times in Counter(names).items() if times > 1]:
        raise WrongInput(f"{path} has two columns named {again[0]!r}", "rename one")
    rows = found.read().to_pandas()
    if isinstance(rows.index, pd.RangeIndex):
        return Raw(rows)
    return Raw(rows.reset_index(), indexed=True)


def toy(name: str) -> Raw:
    """Return a data set that scikit-learn carries, labels by their names."""
    from sklearn import datasets

    known = ["iris", "wine", "breast_cancer", "diabetes", "digits", "linnerud"]
    if name not in known:
        raise WrongInput(f"scikit-learn carries no data set {name!r}", did_you_mean(name, known))
    found = getattr(datasets, f"load_{name}")(as_frame=True)
    rows = found.frame
    if "target" in rows and "target_names" in found and name != "diabetes":
        rows["target"] = rows["target"].map(lambda place: str(found.target_names[place]))
    return Raw(rows)


def records(path: Path) -> Raw:
    """Read JSON lines, or one list of records; a record within a record becomes columns."""
    content = path.read_bytes()
    rows, notes = parsed(path, content.decode(json.detect_encoding(content)).lstrip("\ufeff"))
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise WrongInput(f"{path} holds something else than records", '{"column": value} a line')
    if any(isinstance(value, dict) for one in rows for value in one.values()):
        table = pd.json_normalize(rows, sep="_")
        notes.append("records within records became columns")
    else:
        table = pd.DataFrame(rows)
    nested = [str(name) for name in table if table[name].map(type).isin([dict, list]).any()]
    notes += [f"{', '.join(nested)} holds lists, taken as text"] if nested else []
    for name in nested:
        table[name] = table[name].map(json.dumps, na_action="ignore")
    return Raw(table, None, notes)


def parsed(path: Path, content: str) -> tuple[Any, list[str]]:
    """Return the records of a text of JSON, and notes; those of a list that one record holds."""
    number, rows = 0, list[Any]()
    try:
        if content.lstrip()[:1] == "[":
            return json.loads(content), []
        for line in LINE_END.split(content):
            number += 1
            rows += [json.loads(line)] if line.strip() else []
    except ValueError as error:
        try:
            rows = [json.loads(content)]
        except ValueError:
            place = str(error)
            if rows and isinstance(error, json.JSONDecodeError):
                place = f"{error.msg}: line {number} column {error.colno}"
            message = f"{path} is not JSON: {place}"
            raise WrongInput(message, "one record a line, or a list") from error
    if len(rows) == 1 and isinstance(rows[0], dict):
        whole = rows[0]
        lists = [
            name
            for name, value in whole.items()
            if value and isinstance(value, list) and all(isinstance(one, dict) for one in value)
        ]
        if len(lists) == 1:
            return whole[lists[0]], [f"the records stand under {lists[0]!r}"]
        if whole and all(isinstance(value, dict | list) for value in whole.values()):
            message = f"{path} holds columns, or several tables; expected records"
            raise WrongInput(message, 'pandas writes records by to_json(path, orient="records")')
    return rows, []


def sheet(path: Path) -> Raw:
    """Read the sheet of a workbook that holds most, of those to be seen; the first one alike."""
    quiet = warnings.catch_warnings(action="ignore", category=UserWarning)  # styles hold no value
    with quiet, pd.ExcelFile(path, engine="openpyxl") as book:
        names = list(map(str, book.sheet_names))
        tables = {name: book.parse(name, header=None, dtype="object") for name in names}
        inside = {one.title: one._worksheet_path.lstrip("/") for one in book.book.worksheets}
        seen = {one.title for one in book.book.worksheets if one.sheet_state == "visible"}
    name = max(
        names,
        key=lambda one: (min(tables[one].shape) > 1, one in seen, int(tables[one].count().sum())),
    )
    table = tables[name]
    if table.empty:
        raise WrongInput(f"{path} holds no table: sheet {name!r} is empty")
    others = [repr(one) for one in names if one != name]
    notes = [f"sheet {name!r}, not {', '.join(others)}"] if others else []
    head, names_here = headed(table)
    if alike := [
        repr(one) for one in names if one != name and headed(tables[one])[1] == names_here
    ]:
        have = "has" if len(alike) == 1 else "have"
        hint = "to take all, save each as a file of one folder"
        notes.append(f"{first_of(alike, ', ')} {have} the same columns: {hint}")
    require_header(path, names_here, as_written(table.iloc[head + 1 :]))
    cells = table.astype("object").where(table.notna(), None)
    if head:
        notes.append(f"header in line {head + 1}")
    if downwards := [one for one in merged(path, inside[name]) if one[1] > head + 1]:
        for place, first, last in downwards:
            cells.iloc[first:last, place] = cells.iat[first - 1, place]
        notes.append("a cell that is merged over several rows stands in each of them")
    rows = cells.iloc[head + 1 :].reset_index(drop=True)
    above = cells.iloc[head - 1] if head else cells.iloc[head]  # of merged cells
    named = cells.iloc[head].fillna(above) if above.notna().sum() > 1 else cells.iloc[head]
    rows.columns = ["" if pd.isna(one) else str(one) for one in named]
    unsolved = sorted(
        place for place in without_results(path, inside[name]) if place < rows.shape[1]
    )
    if unsolved:
        hint = "open the file in Excel and save it"
        columns = listed([str(rows.columns[place]) for place in unsolved])
        notes.append(f"results of formulas in {columns} are not stored: {hint}")
    raw = Raw(rows.dropna(how="all").reset_index(drop=True), None, notes)
    found = without_total(without_units(without_notes(without_kinds(raw))))
    found.rows = found.rows.infer_objects()
    return found


def as_written(table: pd.DataFrame) -> list[list[str]]:
    """Return the first rows of a sheet as texts."""
    return [["" if pd.isna(one) else str(one) for one in row] for row in table.head(50).to_numpy()]


def headed(table: pd.DataFrame) -> tuple[int, list[str]]:
    """Return the place of a sheet's header, and the names there."""
    cells = as_written(table)
    if not any(map(any, cells)):
        return 0, []
    place = header_line(cells)
    return place, cells[place]


def without_results(path: Path, sheet: str) -> set[int]:
    """Return the columns, from 0, with formulas whose results a program did not store."""
    with zipfile.ZipFile(path) as archive:
        content = archive.read(sheet)
    return {place_of(one.decode()) for one in UNSOLVED.findall(content)}


def merged(path: Path, sheet: str) -> list[tuple[int, int, int]]:
    """Return the column, from 0, and the first and last row, from 1, of cells over several rows."""
    with zipfile.ZipFile(path) as archive:
        below = archive.read(sheet).rpartition(b"</sheetData>")[2].decode()
    found = re.findall(r'<mergeCell ref="([A-Z]+)(\d+):[A-Z]+(\d+)"', below)
    return [(place_of(left), int(top), int(end)) for left, top, end in found if int(end) > int(top)]


def place_of(letters: str) -> int:
    """Return the place of a column of Excel, from 0: A is 0, AA is 26."""
    place = 0
    for one in letters:
        place = 26 * place + ord(one) - ord("A") + 1
    return place - 1


def typed(raw: Raw, name: str) -> Source:
    """Give columns clean names and types; the source's own name stands in comments of yours."""
    origin = re.sub(r"[^\w .,:()+-]", "_", name)[:LONGEST_NAME]
    if raw.rows.shape[1] == 0 or raw.rows.empty:
        raise WrongInput(f"{origin} holds no rows")
    originals = [str(name) for name in raw.rows.columns]
    names = clean_names(originals)
    comma = bool(raw.dialect and raw.dialect.separator != ",")
    columns, written, notes = {}, {}, list(raw.notes)
    alike: dict[str, list[str]] = {}
    parts = [raw.rows.iloc[:, place] for place in range(len(names))]
    raw.rows = raw.rows.iloc[:0]
    for name in names:  # one at a time: of millions of rows, twice is a lot
        columns[name], written[name], said = column(parts.pop(0), name, comma)
        for one in said:
            alike.setdefault(one, []).append(name)
    require_one_table([columns[name] for name in columns if written[name].kind == "text"], origin)
    notes += [f"{listed(names)}: {one}" for one, names in alike.items()]
    spelled = as_pandas(originals) if raw.dialect else originals
    renamed = {new: old for new, old in zip(names, spelled, strict=True) if new != old}
    rows = pd.DataFrame(columns).reset_index(drop=True)
    if renamed:
        noun = "name" if len(renamed) == 1 else "names"
        notes.append(f"{len(renamed)} {noun} cleaned, such as {shown(next(iter(renamed.items())))}")
    return Source(rows, renamed, written, raw.dialect, tuple(notes), origin, raw.indexed)
