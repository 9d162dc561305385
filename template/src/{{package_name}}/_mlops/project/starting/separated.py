# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Read separated text that nobody described, every value as it is written."""

import codecs
import io
import re
import shlex
from collections import Counter
from pathlib import Path

import pandas as pd

from ...data.dialect import (
    ESCAPED,
    SEPARATORS,
    SPACES,
    Dialect,
    rows_of,
    separator_of,
    short_line,
)
from ...errors import WrongInput
from .raw import Raw, header_line, without_kinds, without_notes, without_total, without_units
from .values import LIKE_A_TIME, PLAIN

SNIFFED = 2_000_000  # letters from which the way of writing is found out
LINES = 500
LINE_END = re.compile(r"\r\n|\n|\r")
NAME_COLUMNS = "write the names of the columns above"
SEPARATED = "put a value that holds the separator between quotes"
ZEROS = "save it as UTF-8, or take them out"
TIMED = re.compile(rf"{LIKE_A_TIME}|.*\d:[-+]?\d.*")  # a day, or one with a time of day
IN_RUNS = 0.4  # share of such bytes
EASTERN = re.compile(r"\b[^\W\d]+[¹³¿£¥¾][^\W\d¹³]+")  # what letters of CP1250 look like otherwise
RUN = re.compile(rb"[\x80-\xff]{3,}")  # letters of an alphabet that no Western encoding has


def text(path: Path) -> Raw:
    """Read separated text, every value as it is written.

    pandas keeps texts in Arrow's memory, about their bytes and eight more: flat, and fast enough
    for millions of rows, while other readers guess types before anybody can look.
    """
    encoding = encoding_of(path)
    with path.open("r", encoding=encoding, newline="") as file:
        begin = file.read(SNIFFED)
    returns = encoding != "utf-16" and holds_returns(path)
    begin = begin.replace("\r", " ") if returns else begin
    lines = LINE_END.split(begin)[:LINES]
    escaped = bool(ESCAPED.search(begin))
    separator, width = separator_of([line for line in lines if line.strip()], escaped)
    escaped = escaped and separator != SPACES
    first = next((line.strip() for line in lines if line.strip()), "")[:40]
    if not first:
        raise WrongInput(f"{path} holds blank lines only")
    if width < 2 and not re.fullmatch(r"\w+", first):
        message = f"{path} has one field a line, such as {first!r}; expected several"
        raise WrongInput(message, "separate them by comma, semicolon, tab, bar or spaces")
    quoted = re.compile(re.escape(separator) + ' +"')
    spaced = separator != SPACES and any(map(quoted.search, lines))
    cells, starts = fields(lines, separator, spaced, escaped)
    head = header_line(cells)
    notes = []
    if encoding != "utf-8":
        notes.append(f"encoding {encoding}")
    if encoding == "cp1252" and (odd := EASTERN.search(begin)):
        hint = f"iconv -f CP1250 -t UTF-8 {shlex.quote(path.name)} > new.csv"
        notes.append(f"are letters such as those of {odd[0]!r} other ones? {hint}")
    if separator != ",":
        notes.append(f"separator {SEPARATORS[separator]}")
    if escaped:
        notes.append("a backslash stands before quotes")
    if head:
        notes.append(f"header in line {starts[head] + 1}")
    names = cells[head]
    require_header(path, names, cells[head + 1 :])
    if width > 1 and all(re.fullmatch(r"'.*'", name.strip()) for name in names):
        message = (
            f"{path} has values between single quotes, such as {names[0]}; expected double ones"
        )
        raise WrongInput(message, "write \" in place of '")
    if separator == SPACES:
        require_even(path, cells[head:], starts[head:])
    trailing, note = beyond(path, names, cells[head + 1 :])
    notes += [note] if note else []
    written = Dialect(
        encoding,
        separator,
        skipped=starts[head],
        trailing=trailing,
        spaced=spaced,
        returns=returns,
        escaped=escaped,
    )
    rows = pd.read_csv(
        path,
        **written.read_csv_options(),
        header=0,
        names=range(len(names)),
        dtype="str",
        keep_default_na=False,
        usecols=range(len(names)) if trailing else None,
    )
    rows = rows.reset_index(drop=True)
    require_closed_quotes(path, rows, separator)
    if rows.empty:
        raise WrongInput(f"{path} holds a header and no row")
    gaps = bool((rows.iloc[:, -1].fillna("") == "").any())
    if separator == SPACES and gaps and (short := short_line(path, written, width)):
        raise uneven(path, *short)
    if width > 1 and rows.iloc[-1].fillna("").iloc[-1] == "" and not ended(path):
        rows = rows.iloc[:-1]
        notes.append("last line left out: it is not whole")
    if width > 1 and (rows.iloc[:, -1] == "").any() and (short := short_line(path, written)):
        line, found, expected = short
        notes.append(f"line {line} has {found} fields of {expected}: the others are left empty")
    table = Raw(rows.set_axis(names, axis="columns"), written, notes)
    return without_total(without_units(without_notes(without_kinds(table))))


def fields(
    lines: list[str], separator: str, spaced: bool, escaped: bool
) -> tuple[list[list[str]], list[int]]:
    """Return the fields of rows that are not blank, and how many rows of any kind are above."""
    ended = (f"{line}\n" for line in lines)
    rows = enumerate(row for _, row in rows_of(ended, separator, spaced, escaped))
    found = [(row, above) for above, row in rows if any(one.strip() for one in row)]
    return [row for row, _ in found], [above for _, above in found]


def require_header(path: Path, names: list[str], body: list[list[str]]) -> None:
    """Raise `WrongInput` when what should be names is a row of several fields."""
    if len(names) > 1 and all(re.fullmatch(r"[-+\d.,eE\s]+", name) for name in names):
        message = f"{path} has no header: its first line holds only numbers"
        raise WrongInput(message, NAME_COLUMNS)
    if len(names) > 1 and is_row(names, body):
        message = f"{path} has no header: its first line is a row, such as {','.join(names)[:40]!r}"
        raise WrongInput(message, NAME_COLUMNS)


def is_row(names: list[str], body: list[list[str]]) -> bool:
    """Say whether a first line is a row: beside numbers, a text of it comes again below it.

    Without numbers, all of its texts do; or it has a time above times.
    """
    rows = [row for row in body if row != names]
    again = [
        name
        for place, name in enumerate(names)
        if name.strip() and any(row[place : place + 1] == [name] for row in rows)
    ]
    numbers = [name for name in names if re.fullmatch(PLAIN, name.strip())]
    timed = any(
        TIMED.fullmatch(name.strip())
        and all(TIMED.fullmatch(row[place].strip()) for row in rows if len(row) > place)
        for place, name in enumerate(names if rows else [])
    )
    return timed or len(again) == len(names) or bool(numbers and set(again) - set(numbers))


def require_closed_quotes(path: Path, rows: pd.DataFrame, separator: str) -> None:
    """Raise `WrongInput` when a value holds whole rows: another quote closed its own."""
    for values in (rows.iloc[:, place] for place in range(rows.shape[1])):
        for place, value in values[values.str.contains("\n", regex=False, na=False)].items():
            inner = LINE_END.split(value)[1:-1]
            if len(inner) > 1 and all(
                line.count(separator) == rows.shape[1] - 1 > 0 for line in inner
            ):
                message = f"{path}: a quote in row {place + 1} closes {len(inner) + 1} lines later"
                raise WrongInput(message, "close it, or write two in place of one within a value")


def require_even(path: Path, cells: list[list[str]], above: list[int]) -> None:
    """Raise `WrongInput` when lines between whose fields stand spaces differ in their number.

    There a missing value, or one of two words, moves all that follow it. The header may have one
    less than all others.
    """
    widths = Counter(map(len, cells[1:]))
    usual = widths.most_common(1)[0][0] if widths else len(cells[0])
    for row, lines in zip(cells[1:], above[1:], strict=True):
        if len(row) != usual:
            raise uneven(path, lines + 1, len(row), usual)
    if len(cells[0]) not in (usual, usual - 1):
        raise uneven(path, above[0] + 1, len(cells[0]), usual)


def uneven(path: Path, line: int, found: int, expected: int) -> WrongInput:
    """Return what is wrong with a line between whose fields stand spaces."""
    message = f"{path} line {line} has {found} fields between spaces, expected {expected}"
    return WrongInput(message, "write NA for a missing value, and quotes around one of two words")


def beyond(path: Path, names: list[str], body: list[list[str]]) -> tuple[bool, str]:
    """Say whether a separator ends each line, and what to note of fields that have no name.

    Raises:
        WrongInput: If lines have more fields than the header, and these name no rows.
    """
    more = Counter(len(row) for row in body).most_common(1)
    width = more[0][0] if more else len(names)
    if body and len(body[0]) > max(width, len(names)):
        message = f"the first row of {path} has {len(body[0])} fields, expected {width}"
        raise WrongInput(message, SEPARATED)
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


def ended(path: Path) -> bool:
    """Say whether a file ends with the end of a line: another may still be writing it."""
    with path.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        return file.read(1) in (b"\n", b"\r", b"\0")


def holds_returns(path: Path) -> bool:
    """Say whether carriage returns stand within lines that end by a line feed, as in messages."""
    returns = feeds = 0
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(1 << 24), b""):
            returns, feeds = returns + piece.count(b"\r"), feeds + piece.count(b"\n")
            if b"\r\n" in piece:
                return False
    return 0 < 10 * returns < feeds


def encoding_of(path: Path) -> str:
    """Return how the letters of a file are written: UTF-8, or as Western Windows does.

    Raises:
        WrongInput: If it is no text, or of letters that neither of them has.
    """
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
                require_western(path, piece)
    return "utf-8" if utf8 else "cp1252"


def require_western(path: Path, piece: bytes) -> None:
    """Raise `WrongInput` for a text that is no UTF-8, when it would be read as other letters.

    Letters of most alphabets stand in runs, accents of Western ones by themselves; a sign that
    comes many times at once is an ornament.
    """
    read = piece.decode("utf-8", "replace")
    whole = sum(map(len, re.findall(r"[^\x00-\x7f\ufffd]+", read)))
    if whole > 2 * read.count("\ufffd"):
        place = read.index("\ufffd")
        before = read[max(0, place - 20) : place]
        message = f"{path} is UTF-8, but for some letters, such as that after {before!r}"
        hint = f"leave them out: iconv -c -f UTF-8 -t UTF-8 {shlex.quote(path.name)} > new.csv"
        raise WrongInput(message, hint)
    high = len(re.findall(rb"[\x80-\xff]", piece))
    runs = sum(len(run) for run in RUN.findall(piece) if len(set(run)) > 1)
    if runs > high * IN_RUNS:
        message = f"{path} is written in other letters than UTF-8 or Western Windows has"
        name = shlex.quote(path.name)
        hint = f"iconv -f CP1251 -t UTF-8 {name} > new.csv, or what it is for CP1251"
        raise WrongInput(message, hint)
