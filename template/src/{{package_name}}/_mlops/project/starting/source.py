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
from dataclasses import dataclass, field
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel

from ...data.dialect import SEPARATORS, Dialect, short_line
from ...errors import OutsideFailed, WrongInput, did_you_mean, first_cause
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
}
POSTGRESQL = ("psycopg2", "psycopg")  # drivers, the one of the tracking server first
SNIFFED = 2_000_000  # letters from which the way of writing is found out
LINES = 500
LONGEST_NAME = 60
SHOWN = 3  # names of columns of which the same is said
# names that an answer, a request or the table of a repo takes for itself
TAKEN = {"prediction", "row"} | {name.lower() for name in dir(BaseModel)}


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
    """

    rows: pd.DataFrame
    names: dict[str, str]
    written: dict[str, Written]
    dialect: Dialect | None
    notes: tuple[str, ...]
    origin: str

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
    if not path.exists():
        raise WrongInput(f"{path} does not exist")
    if path.is_dir():
        return typed(folder(path), name)
    return typed(one_file(path), name)


def folder(path: Path) -> Raw:
    """Read the files of a folder one below the other; they have the same columns."""
    files = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
    if not files:
        raise WrongInput(f"{path} holds no file")
    parts = [one_file(one) for one in files]
    first = list(parts[0].rows)
    for one, part in zip(files, parts, strict=True):
        if list(part.rows) != first:
            other = sorted(set(first) ^ set(map(str, part.rows))) or ["their order"]
            message = f"{one} has other columns than {files[0].name}: {', '.join(other[:3])}"
            raise WrongInput(message, "the files of a folder are batches of one table")
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    notes = [*dict.fromkeys(note for part in parts for note in part.notes)]
    return Raw(rows, parts[0].dialect, [f"{len(files)} files", *notes])


def one_file(path: Path) -> Raw:
    """Read one file by its content and ending."""
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if not head:
            raise WrongInput(f"{path} is empty")
        for magic, (what, hint) in NO_TABLE.items():
            if head.startswith(magic):
                raise WrongInput(f"{path} {what}; expected a table", hint)
        if head[:4] == b"PAR1" or suffix == ".parquet":
            return Raw(pd.read_parquet(path))
        if head[:2] == b"PK" and suffix in (".xlsx", ".xlsm"):
            return sheet(path)
        if suffix in JSON_SUFFIXES:
            return records(path)
        if suffix in TEXT_SUFFIXES:
            return text(path)
    except WrongInput:
        raise
    except MemoryError as error:
        raise OutsideFailed(f"{path} does not fit into memory", "take a part of it") from error
    except Exception as error:  # whatever a reader raises for a damaged file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WrongInput(f"{path} cannot be read: {reason}", "is it what its name says?") from error
    known = (*TEXT_SUFFIXES, ".parquet", *JSON_SUFFIXES, ".xlsx")
    raise WrongInput(f"{path} ends with {path.suffix!r}; expected one of {', '.join(known)}")


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
        engine = sqlalchemy.create_engine(address(url))
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(postgresql_readonly=True)
        try:
            connection = engine.connect()
        except sqlalchemy.exc.OperationalError as error:
            if engine.dialect.name == "sqlite":
                raise
            raise OutsideFailed(f"the database cannot be asked: {first_cause(error)}") from error
        with connection:
            return Raw(pd.read_sql_query(sqlalchemy.text(sql), connection))
    except wrong as error:
        raise WrongInput(f"the query failed: {first_cause(error)}") from error


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
    """Read JSON lines, or one list of records."""
    content = path.read_bytes()
    lines = content.lstrip()[:1] != b"["
    try:
        rows = (
            [json.loads(line) for line in content.splitlines() if line.strip()]
            if lines
            else json.loads(content)
        )
    except ValueError as error:
        raise WrongInput(f"{path} is not JSON: {error}", "one record a line, or a list") from error
    if not all(isinstance(one, dict) for one in rows):
        raise WrongInput(f"{path} holds something else than records", '{"column": value} a line')
    table = pd.DataFrame(rows)
    nested = [str(name) for name in table if table[name].map(type).isin([dict, list]).any()]
    notes = [f"{', '.join(nested)} holds lists or records, taken as text"] if nested else []
    for name in nested:
        table[name] = table[name].map(json.dumps, na_action="ignore")
    return Raw(table, None, notes)


def sheet(path: Path) -> Raw:
    """Read the first sheet of a workbook."""
    with pd.ExcelFile(path, engine="openpyxl") as book:
        name, others = book.sheet_names[0], len(book.sheet_names) - 1
        table = book.parse(name, header=None, dtype="object")
    notes = [f"sheet {name!r}, not the {others} others"] if others else []
    cells = table.astype("object").where(table.notna(), None)
    head = header_line(
        [[str(one) if one is not None else "" for one in row] for row in cells.head(50).to_numpy()]
    )
    if head:
        notes.append(f"header in line {head + 1}")
    rows = cells.iloc[head + 1 :].reset_index(drop=True)
    rows.columns = ["" if one is None else str(one) for one in cells.iloc[head]]
    return without_total(Raw(rows.dropna(how="all").infer_objects(), None, notes))


def text(path: Path) -> Raw:
    """Read separated text, every value as it is written.

    pandas keeps texts in Arrow's memory, about their bytes and eight more: flat, and fast enough
    for millions of rows, while other readers guess types before anybody can look.
    """
    encoding = encoding_of(path)
    with path.open("r", encoding=encoding, newline="") as file:
        begin = file.read(SNIFFED)
    lines = [line for line in begin.splitlines()[:LINES] if line.strip()] or [""]
    separator, width = separator_of(lines)
    cells = list(csv.reader(lines, delimiter=separator))
    head = header_line(cells)
    notes = []
    if encoding != "utf-8":
        notes.append(f"encoding {encoding}")
    if separator != ",":
        notes.append(f"separator {SEPARATORS.get(separator, separator)}")
    if head:
        notes.append(f"header in line {head + 1}")
    names = cells[head]
    if width > 1 and all(re.fullmatch(r"[-+\d.,eE\s]+", name) for name in names):
        message = f"{path} has no header: its first line holds only numbers"
        raise WrongInput(message, "write the names of the columns above")
    rows = pd.read_csv(
        path,
        sep=separator,
        encoding=encoding,
        skiprows=head,
        header=0,
        names=range(len(names)),
        dtype="str",
        keep_default_na=False,
        skipinitialspace=True,
    )
    if rows.empty:
        raise WrongInput(f"{path} holds a header and no row")
    if width > 1 and rows.iloc[-1].fillna("").iloc[-1] == "" and not ended(path):
        rows = rows.iloc[:-1]
        notes.append("last line left out: it is not whole")
    written = Dialect(encoding, separator, skipped=head)
    if width > 1 and (rows.iloc[:, -1] == "").any() and (short := short_line(path, written)):
        line, found, expected = short
        notes.append(f"line {line} has {found} fields of {expected}: the others are left empty")
    return without_total(Raw(rows.set_axis(names, axis="columns"), written, notes))


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
            raise WrongInput(f"{path} is not text: it holds bytes of zero")
        if head.startswith(b"\xef\xbb\xbf"):
            return "utf-8-sig"
        try:
            decoder = codecs.getincrementaldecoder("utf-8")()
            file.seek(0)
            for piece in iter(lambda: file.read(1 << 24), b""):
                decoder.decode(piece)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def separator_of(lines: list[str]) -> tuple[str, int]:
    """Return the separator that gives the most lines the same number of fields, and that number."""
    best = (0.0, ",", 1)
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if row)
        width, times = widths.most_common(1)[0]
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
    renamed = {new: old for new, old in zip(names, originals, strict=True) if new != old}
    rows = pd.DataFrame(columns).reset_index(drop=True)
    if renamed:
        notes.append(f"{len(renamed)} names cleaned, such as {shown(next(iter(renamed.items())))}")
    return Source(rows, renamed, written, raw.dialect, tuple(notes), origin)


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
