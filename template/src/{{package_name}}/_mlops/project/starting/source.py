# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Read a table that nobody described: find out how it is written, and say so."""

import codecs
import csv
import hashlib
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from ...data.dialect import LONGEST_FIELD, SEPARATORS, Dialect, short_line
from ...errors import OutsideFailed, Problem, WrongInput, did_you_mean, first_cause
from .values import Written, column

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".dat")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
# first bytes of files that hold no table as they are, and what to do about it
NO_TABLE = {
    b"\x1f\x8b": ("is packed with gzip", "unpack it"),
    b"BZh": ("is packed with bzip2", "unpack it"),
    b"\xfd7zXZ": ("is packed with xz", "unpack it"),
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
PACKED = ("is packed with zip", "unpack it; an Excel file ends with .xlsx")
POSTGRESQL = ("psycopg2", "psycopg")  # drivers, the one of the tracking server first
SNIFFED = 2_000_000  # letters from which the way of writing is found out
LINES = 500
LINE_END = re.compile(r"\r\n|\n|\r")
LEAST_ROOM = 4  # times the size of a text that reading it takes, with few and long values
MOST_NOTES = 10  # lines below a table
LONGEST_NAME = 60
SHOWN = 3  # names of columns of which the same is said
# names that an answer, a request or the table of a repo takes for itself
TAKEN = {"prediction", "row", "self"} | {name.lower() for name in dir(BaseModel)}


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


@dataclass
class Raw:
    """A table before its columns have types; texts may hold anything."""

    rows: pd.DataFrame
    dialect: Dialect | None = None
    notes: list[str] = field(default_factory=list)
    indexed: bool = False


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
    if re.match(r"[a-z][a-z0-9]+:/", str(path)):
        raise WrongInput(f"{path} is an address; expected a file", "download it first")
    try:
        if path.is_dir():
            return typed(folder(path), name)
        require_file(path)
    except PermissionError as error:
        raise WrongInput(f"{path} may not be read by you", "ask for the permission") from error
    return typed(one_file(path), name)


def require_file(path: Path) -> None:
    """Raise `WrongInput` for what is not there, and for what may never end, such as a pipe."""
    if not path.exists():
        more = "; it is a link to nothing" if path.is_symlink() else ""
        raise WrongInput(f"{path} does not exist{more}")
    if not path.is_file():
        raise WrongInput(f"{path} is no file", "save what it gives into a file first")


def folder(path: Path) -> Raw:
    """Read the files of a folder one below the other; they have the same columns."""
    files = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
    if not files:
        folders = sum(one.is_dir() for one in path.iterdir())
        more = f" but {folders} folders" if folders else ""
        raise WrongInput(f"{path} holds no file{more}", "give a folder that holds the files")
    parts = [one_file(one) for one in files]
    first, written = list(parts[0].rows), [part.dialect for part in parts if part.dialect]
    for one, part in zip(files, parts, strict=True):
        if Counter(part.rows) != Counter(first):
            other = sorted(set(first) ^ set(map(str, part.rows))) or ["how often"]
            message = f"{one} has other columns than {files[0].name}: {', '.join(other[:3])}"
            raise WrongInput(message, "the files of a folder are batches of one table")
        if part.dialect and replace(part.dialect, encoding="") != replace(written[0], encoding=""):
            message = f"{one} is written with {part.dialect}; another file here with {written[0]}"
            raise WrongInput(message, "write the files of a folder in the same way")
    if len(set(first)) == len(first):
        for part in parts:
            part.rows = part.rows[first]
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    notes = [*dict.fromkeys(note for part in parts for note in part.notes)]
    plain = [one for one in written if one.encoding != "utf-8"] or written
    dialect = plain[0] if plain else None
    return Raw(rows, dialect, [f"{len(files)} files", *notes], any(one.indexed for one in parts))


def one_file(path: Path) -> Raw:
    """Read one file by its content and ending."""
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            head = file.read(16)
        if not head:
            raise WrongInput(f"{path} is empty")
        for magic, (what, hint) in NO_TABLE.items():
            if head.startswith(magic):
                raise WrongInput(f"{path} {what}; expected a table", hint)
        if head[:4] == b"PAR1" or suffix == ".parquet":
            return parquet(path)
        if head[:2] == b"PK" and suffix in (".xlsx", ".xlsm"):
            return sheet(path)
        if suffix in (".xlsx", ".xlsm"):
            raise WrongInput(f"{path} is no Excel file", "name it after what it holds, as .csv")
        if head[:4] == b"PK\x03\x04":
            raise WrongInput(f"{path} {PACKED[0]}; expected a table", PACKED[1])
        if suffix in JSON_SUFFIXES:
            return records(path)
        if suffix in TEXT_SUFFIXES:
            require_room(path)
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
    known = (*TEXT_SUFFIXES, ".parquet", *JSON_SUFFIXES, ".xlsx")
    message = f"{path} ends with {path.suffix!r}; expected one of {', '.join(known)}"
    raise WrongInput(message, "name a file after what it holds, or leave it out")


HINTS = {
    "EOF inside string": "a quote is opened there, and closed nowhere: is the file complete?",
    "Expected ": "put a value that holds the separator between quotes",
    "codec can't decode": "save it as UTF-8",
}


def require_room(path: Path) -> None:
    """Raise `OutsideFailed` for a text that cannot fit into the memory that is free.

    A file of 253 MB, five million rows of six columns, took seven times its size; a system that
    has no more ends the process without a word.
    """
    needed, free = LEAST_ROOM * path.stat().st_size, free_memory()
    if free and needed > free:
        message = f"{path} needs {needed / 1e9:.1f} GB of memory or more; {free / 1e9:.1f} are free"
        raise OutsideFailed(message, f"take a part of it: head -n 1000001 {path.name} > part.csv")


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


def query(sql: str, url: str | None) -> Raw:
    """Return what a database answers; PostgreSQL refuses a query that would change it.

    Raises:
        WrongInput: If the address or the query is wrong.
        OutsideFailed: If PostgreSQL does not let us in.
    """
    import sqlalchemy

    if not url:
        raise WrongInput("--sql needs --url", "such as --url sqlite:///shop.db")
    wrong = (sqlalchemy.exc.SQLAlchemyError, pd.errors.DatabaseError, ImportError, ValueError)
    try:
        where = address(url)
        if where.drivername.startswith("sqlite") and where.database not in (None, "", ":memory:"):
            require_file(Path(where.database))  # SQLite would make an empty one
        engine = sqlalchemy.create_engine(where)
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(postgresql_readonly=True)
        try:
            connection = engine.connect()
        except sqlalchemy.exc.OperationalError as error:
            if engine.dialect.name == "sqlite":
                raise
            raise OutsideFailed(f"the database cannot be asked: {first_cause(error)}") from error
        with connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
            asked = sqlalchemy.text(COLON.sub(r"\\:", sql))  # nothing is bound here
            return Raw(pd.read_sql_query(asked, connection))
    except sqlalchemy.exc.ResourceClosedError as error:
        raise WrongInput("the query gives no rows", 'ask for some: "select * from …"') from error
    except wrong as error:
        reason, hint = first_cause(error), ""
        if isinstance(error, ImportError):
            hint = "uv add --dev the package of this driver"
        if isinstance(error, sqlalchemy.exc.ArgumentError):
            hint = "such as --url sqlite:///shop.db"
        raise WrongInput(f"the query failed: {reason}", hint) from error


COLON = re.compile(r"(?<![:\w\\]):(?=\w)")


def address(url: str) -> Any:
    """Return an address with a driver that is installed; `WrongInput` when PostgreSQL has none."""
    import sqlalchemy

    found = sqlalchemy.make_url(url)
    if found.drivername not in ("postgres", "postgresql"):
        return found
    installed = [driver for driver in POSTGRESQL if find_spec(driver)]
    if not installed:
        message = f"PostgreSQL is asked by {' or '.join(POSTGRESQL)}; neither is installed"
        raise WrongInput(message, "uv add --dev psycopg2-binary")
    return found.set(drivername=f"postgresql+{installed[0]}")


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
    try:
        if content.lstrip()[:1] == "[":
            return json.loads(content), []
        rows = [json.loads(line) for line in LINE_END.split(content) if line.strip()]
    except ValueError as error:
        try:
            rows = [json.loads(content)]
        except ValueError:
            message = f"{path} is not JSON: {error}"
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
    """Read the first sheet of a workbook that holds a table."""
    with pd.ExcelFile(path, engine="openpyxl") as book:
        names = list(map(str, book.sheet_names))
        tables = {name: book.parse(name, header=None, dtype="object") for name in names}
    name = next((one for one in names if min(tables[one].shape) > 1), names[0])
    table = tables[name]
    if table.empty:
        raise WrongInput(f"{path} holds no table: sheet {name!r} is empty")
    others = [repr(one) for one in names if one != name]
    notes = [f"sheet {name!r}, not {', '.join(others)}"] if others else []
    cells = table.astype("object").where(table.notna(), None)
    head = header_line(
        [[str(one) if one is not None else "" for one in row] for row in cells.head(50).to_numpy()]
    )
    if head:
        notes.append(f"header in line {head + 1}")
    rows = cells.iloc[head + 1 :].reset_index(drop=True)
    rows.columns = ["" if one is None else str(one) for one in cells.iloc[head]]
    found = without_total(Raw(rows.dropna(how="all").reset_index(drop=True), None, notes))
    found.rows = found.rows.infer_objects()
    return found


def text(path: Path) -> Raw:
    """Read separated text, every value as it is written.

    pandas keeps texts in Arrow's memory, about their bytes and eight more: flat, and fast enough
    for millions of rows, while other readers guess types before anybody can look.
    """
    encoding = encoding_of(path)
    with path.open("r", encoding=encoding, newline="") as file:
        begin = file.read(SNIFFED)
    lines = LINE_END.split(begin)[:LINES]
    separator, width = separator_of([line for line in lines if line.strip()])
    first = next((line.strip() for line in lines if line.strip()), "")[:40]
    if not first:
        raise WrongInput(f"{path} holds blank lines only")
    if width < 2 and len(first.split()) > 1:
        message = f"{path} has one field a line, such as {first!r}; expected several"
        raise WrongInput(message, "separate them by comma, semicolon, tab or bar")
    spaced = any(f'{separator} "' in line for line in lines)
    cells, starts = fields(lines, separator, spaced)
    head = header_line(cells)
    notes = []
    if encoding != "utf-8":
        notes.append(f"encoding {encoding}")
    if separator != ",":
        notes.append(f"separator {SEPARATORS.get(separator, separator)}")
    if head:
        notes.append(f"header in line {starts[head] + 1}")
    names = cells[head]
    if width > 1 and all(re.fullmatch(r"[-+\d.,eE\s]+", name) for name in names):
        message = f"{path} has no header: its first line holds only numbers"
        raise WrongInput(message, "write the names of the columns above")
    trailing, note = beyond(path, names, cells[head + 1 :])
    notes += [note] if note else []
    written = Dialect(encoding, separator, skipped=starts[head], trailing=trailing, spaced=spaced)
    rows = pd.read_csv(
        path,
        sep=separator,
        encoding=encoding,
        skiprows=starts[head],
        header=0,
        names=range(len(names)),
        dtype="str",
        keep_default_na=False,
        skipinitialspace=spaced,
        usecols=range(len(names)) if trailing else None,
        index_col=False if trailing else None,
    )
    rows = rows.reset_index(drop=True)
    if rows.empty:
        raise WrongInput(f"{path} holds a header and no row")
    if width > 1 and rows.iloc[-1].fillna("").iloc[-1] == "" and not ended(path):
        rows = rows.iloc[:-1]
        notes.append("last line left out: it is not whole")
    if width > 1 and (rows.iloc[:, -1] == "").any() and (short := short_line(path, written)):
        line, found, expected = short
        notes.append(f"line {line} has {found} fields of {expected}: the others are left empty")
    return without_total(without_notes(Raw(rows.set_axis(names, axis="columns"), written, notes)))


def fields(lines: list[str], separator: str, spaced: bool) -> tuple[list[list[str]], list[int]]:
    """Return the fields of rows that are not blank, and how many rows of any kind are above."""
    csv.field_size_limit(LONGEST_FIELD)
    ended = (f"{line}\n" for line in lines)
    reader = csv.reader(ended, delimiter=separator, skipinitialspace=spaced)
    found = [(row, above) for above, row in enumerate(reader) if any(one.strip() for one in row)]
    return [row for row, _ in found], [above for _, above in found]


def beyond(path: Path, names: list[str], body: list[list[str]]) -> tuple[bool, str]:
    """Say whether a separator ends each line, and what to note of fields that have no name.

    Raises:
        WrongInput: If lines have more fields than the header, and these name no rows.
    """
    more = Counter(len(row) for row in body).most_common(1)
    width = more[0][0] if more else len(names)
    if 2 * width <= len(names):
        message = f"{path} has lines of {width} fields below a header of {len(names)}"
        raise WrongInput(message, "separate the fields of rows as those of the header")
    if width <= len(names):
        return False, ""
    longer = [row for row in body if len(row) == width]
    if not any("".join(row[len(names) :]).strip() for row in longer):
        return True, "lines end with a separator"
    if width == len(names) + 1 and len({row[0] for row in longer}) == len(longer):
        return False, "the first field of a line has no name: left out"
    message = f"{path} has lines of {width} fields below a header of {len(names)}"
    raise WrongInput(message, "name every column in the header")


def without_notes(raw: Raw) -> Raw:
    """Leave out what is no row: the header once more, comments, and notes below the table."""
    names = list(raw.rows)
    first = raw.rows.iloc[:, 0].fillna("")
    odd = first.str.startswith("#") | (first.str.strip() == str(names[0]).strip())
    gone = []
    for place in np.flatnonzero(odd.to_numpy("bool")):
        cells = raw.rows.iloc[place].fillna("").tolist()
        again = [one.strip() for one in cells] == [str(name).strip() for name in names]
        if again or (cells[0].startswith("#") and len(cells) > 2 and not any(cells[1:])):
            gone.append(int(place))
    last = len(raw.rows) - 1
    while len(names) > 2 and 0 < last > len(raw.rows) - 1 - MOST_NOTES:
        if last not in gone:
            cells = raw.rows.iloc[last].fillna("").tolist()
            if not cells[0].strip() or any(one.strip() for one in cells[1:]):
                break
            gone.append(last)
        last -= 1
    if gone:
        raw.rows = raw.rows.drop(index=gone).reset_index(drop=True)
        plural = "lines left out: they are" if len(gone) > 1 else "line left out: it is"
        raw.notes.append(f"{len(gone)} {plural} a note, or the header once more")
    return raw


def ended(path: Path) -> bool:
    """Say whether a file ends with the end of a line: another may still be writing it."""
    with path.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        return file.read(1) in (b"\n", b"\r", b"\0")


def encoding_of(path: Path) -> str:
    """Return how the letters of a file are written; `WrongInput` for something else than text."""
    with path.open("rb") as file:
        head = file.read(4096)
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        if b"\0" in head:
            raise WrongInput(f"{path} is not text: it holds bytes of zero", ZEROS)
        if head.startswith(b"\xef\xbb\xbf"):
            return "utf-8-sig"
        decoder, utf8 = codecs.getincrementaldecoder("utf-8")(), True
        file.seek(0)
        for piece in iter(lambda: file.read(1 << 24), b""):
            if b"\0" in piece:
                raise WrongInput(f"{path} is not text: it holds bytes of zero", ZEROS)
            try:
                utf8 = utf8 and decoder.decode(piece) is not None
            except UnicodeDecodeError:
                utf8 = False
    return "utf-8" if utf8 else "cp1252"


ZEROS = "save it as UTF-8, or take them out"


def separator_of(lines: list[str]) -> tuple[str, int]:
    """Return the separator that gives the most lines the same number of fields, and that number."""
    csv.field_size_limit(LONGEST_FIELD)
    best = (0.0, ",", 1)
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if row)
        width, times = (widths.most_common(1) or [(1, 1)])[0]
        if width > 1:
            best = max(best, (times / sum(widths.values()) + width / 1e6, separator, width))
    return best[1], best[2]


def header_line(cells: list[list[str]]) -> int:
    """Return the place of the first line as wide as most; lines above it are a title."""
    widths = [sum(1 for one in row if one.strip()) for row in cells]
    usual = Counter(width for width in widths if width).most_common(1)[0][0]
    enough = max(2, int(usual * 0.8)) if usual > 1 else 1
    return next(place for place, width in enumerate(widths) if width >= enough)


TOTAL = re.compile(r"(grand |sub)?total|sum|summe|gesamt|insgesamt", re.IGNORECASE)


def without_total(raw: Raw) -> Raw:
    """Leave out a last row that sums up the others."""
    if len(raw.rows) > 2:
        cells = [str(one).strip() for one in raw.rows.iloc[-1] if isinstance(one, str)]
        if any(TOTAL.fullmatch(one.rstrip(":")) for one in cells):
            raw.rows = raw.rows.iloc[:-1].reset_index(drop=True)
            raw.notes.append("last row left out: it is a total")
    return raw


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
    for place, name in enumerate(names):
        columns[name], written[name], said = column(raw.rows.iloc[:, place], name, comma)
        for one in said:
            alike.setdefault(one, []).append(name)
    notes += [f"{listed(names)}: {one}" for one, names in alike.items()]
    spelled = as_pandas(originals) if raw.dialect else originals
    renamed = {new: old for new, old in zip(names, spelled, strict=True) if new != old}
    rows = pd.DataFrame(columns).reset_index(drop=True)
    if renamed:
        notes.append(f"{len(renamed)} names cleaned, such as {shown(next(iter(renamed.items())))}")
    return Source(rows, renamed, written, raw.dialect, tuple(notes), origin, raw.indexed)


def as_pandas(names: list[str]) -> list[str]:
    """Return names as `pandas.read_csv` gives them: an empty one is numbered, one again too."""
    found: list[str] = []
    for place, name in enumerate(names):
        plain = name or f"Unnamed: {place}"
        again, number = plain, 0
        while again in found:
            number += 1
            again = f"{plain}.{number}"
        found.append(again)
    return found


def listed(names: list[str]) -> str:
    """Return a few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def shown(pair: tuple[str, str]) -> str:
    """Say how a name was cleaned."""
    new, old = pair
    return f"{old[:40]!r} to {new!r}"


def clean_names(names: Iterable[str]) -> list[str]:
    """Return names as Python, a request and a report can hold them, each once."""
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        plain = name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
        plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
        plain = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:LONGEST_NAME].strip("_")
        plain = plain or f"column_{place}"
        plain = f"n_{plain}" if plain[0].isdigit() else plain
        if iskeyword(plain) or plain in TAKEN or plain.startswith(("probability", "model_")):
            plain = f"{plain}_value"
        again, number = plain, 1
        while again in found:
            number += 1
            again = f"{plain}_{number}"
        found.append(again)
    return found
