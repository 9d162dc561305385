# The template's. Yours is data.read_batch: read there what is written in another way.
"""How is a CSV file written: its separator, decimal sign and encoding?"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPACES = r"\s+"  # runs of spaces and tabs, as R and instruments write them
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", SPACES: "spaces"}
BETWEEN_SPACES = re.compile(r'"((?:[^"]|"")*)"(?=\s|$)|(\S+)')
ENOUGH = 2**16  # bytes that show how the rest is written
LONGEST_FIELD = 2**31 - 1  # letters
MOST = 0.5  # share of lines that spaces have to give the same number of fields
DECIMAL_COMMA = re.compile(r"^-?\d+,\d+$")
ESCAPED = re.compile(r'\\"(?=\w)')  # as Spark and MySQL write a quote within a value
ESCAPE = "\\"


# words for a missing value
MISSING_WORDS = (
    "NA",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "NULL",
    "null",
    "None",
    "?",
    "#N/A",
    "<NA>",
    "NaT",
    "\\N",  # of MySQL, PostgreSQL and IMDb
)


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    skipped: int = 0  # lines before the header
    trailing: bool = False  # whether a separator ends each line
    spaced: bool = False  # whether a space stands before quotes
    returns: bool = False  # whether lines end by a line feed, and hold carriage returns
    escaped: bool = False  # whether a backslash stands before a quote within a value
    below: tuple[tuple[str, ...], ...] = ()  # lines below the header that are no rows: units
    again: bool = False  # whether the header stands between rows once more
    noted: bool = False  # whether lines between and below rows have a first field only: notes
    foot: tuple[tuple[int, str], ...] = ()  # fields by which a last row is a total, by their place

    @property
    def is_plain(self) -> bool:
        """Say whether the file is as every command reads it."""
        own = (self.encoding, self.separator, self.decimal, self.escaped)
        return own == ("utf-8", ",", ".", False)

    def read_csv_options(self) -> dict[str, Any]:
        """Return what `pandas.read_csv` has to be told to read each value as a text."""
        usual = {
            "sep": ",",
            "encoding": "utf-8",
            "skiprows": 0,
            "index_col": None,
            "skipinitialspace": False,
            "lineterminator": None,
            "escapechar": None,
        }
        found = {
            "sep": self.separator,
            "encoding": self.encoding,
            "skiprows": self.skipped,
            "index_col": False if self.trailing else None,
            "skipinitialspace": self.spaced,
            "lineterminator": "\n" if self.returns else None,
            "escapechar": ESCAPE if self.escaped else None,
        }
        return {name: value for name, value in found.items() if value != usual[name]}

    def __str__(self) -> str:
        """Name what differs most for people."""
        quotes = ", a backslash before quotes" if self.escaped else ""
        return (
            f"separator {SEPARATORS[self.separator]}, decimal sign {self.decimal!r}, "
            f"encoding {self.encoding}{quotes}"
        )

    @property
    def hint(self) -> str:
        """Say what to type in data.py, or what to write instead."""
        options = [f"sep={self.separator!r}", f"decimal={self.decimal!r}"]
        options += [f"encoding={self.encoding!r}"] * (self.encoding != "utf-8")
        options += [f"escapechar={ESCAPE!r}"] * self.escaped
        read = f"pd.read_csv(path, {', '.join(options)})"
        plain = "commas, points, UTF-8 and the names of schema.py"
        return f"in read_batch of data.py: {read}; or write it with {plain}"


def detect(path: Path, columns: Iterable[str]) -> Dialect:
    """Return how a file is written: by the separator that finds most columns in its head.

    Where none finds any, as the file spells them in its own way, the one that most lines agree on.
    """
    with path.open("rb") as file:
        start = file.read(ENOUGH)
    whole = start[: start.rfind(b"\n") + 1] or start  # cut between lines, not within a letter
    utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    encoding, text = ("utf-16", start.decode("utf-16", "ignore")) if utf16 else decoded(whole)
    lines = [line for line in text.splitlines() if line.strip()]
    escaped = bool(ESCAPED.search(text))
    head, body = (lines[:1] or [""])[0], lines[1:100]
    known = set(columns)

    def found(separator: str) -> int:
        return len(known & {name.strip('" ') for name in re.split(pattern(separator), head)})

    separator = max(SEPARATORS, key=found)
    if found(separator) < min(2, len(known)):  # one alone may be the first word of a longer name
        separator, _ = separator_of(lines, escaped)
    cells = [cell.strip('" ') for line in body for cell in re.split(pattern(separator), line)]
    comma = separator != "," and any(DECIMAL_COMMA.match(cell) for cell in cells)
    return Dialect(encoding, separator, "," if comma else ".", escaped=escaped)


def pattern(separator: str) -> str:
    """Return a separator as a regular expression."""
    return separator if separator == SPACES else re.escape(separator)


def separator_of(lines: list[str], escaped: bool = False) -> tuple[str, int]:
    """Return the separator that gives the most lines the same number of fields, and that number.

    Spaces are one only where more lines agree on them than on any other, and most do.
    """
    best, agreed = (0.0, ",", 1), 0.0
    for separator in SEPARATORS:
        rows = rows_of(lines, separator, escaped=escaped)
        found = [len(row) for _, row in rows if row] or [1]
        width, times = Counter(found).most_common(1)[0]
        if separator == SPACES and found[0] == width - 1:
            found[0], times = width, times + 1  # a header that does not name the numbers of rows
        share = (times + 0.5 * (found[0] == width)) / len(found)  # the header counts more
        if width > 1 and (separator != SPACES or share > max(agreed, MOST)):
            best = max(best, (share + width / 1e6, separator, width))
            agreed = max(agreed, share)
    return best[1], best[2]


def rows_of(
    lines: Iterable[str], separator: str, spaced: bool = False, escaped: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Give the fields of each row, and how many lines of the file were read by then."""
    if separator == SPACES:
        for number, line in enumerate(lines, start=1):
            found = BETWEEN_SPACES.findall(line)
            yield number, [bare or quoted.replace('""', '"') for quoted, bare in found]
        return
    csv.field_size_limit(LONGEST_FIELD)
    escape = ESCAPE if escaped else None
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=spaced, escapechar=escape)
    for cells in reader:
        yield reader.line_num, cells


def short_line(
    path: Path, written: Dialect | None = None, width: int = 0
) -> tuple[int, int, int] | None:
    """Return line, fields and expected fields of the first line with less fields than the header.

    pandas fills such a line with missing values and says nothing. `width` is what is expected
    when the header says less.
    """
    written = written or Dialect()
    newline = "\n" if written.returns else ""
    with path.open("r", encoding=written.encoding, newline=newline) as file:
        lines = (line.replace("\r", " ") for line in file) if written.returns else file
        rows = rows_of(lines, written.separator, escaped=written.escaped)
        for number, (line, cells) in enumerate(rows):
            if number < written.skipped or not cells:
                continue
            width = width or len(cells)
            if len(cells) < width:
                return line, len(cells), width
    return None


def decoded(content: bytes) -> tuple[str, str]:
    """Return the first encoding that fits, by its usual name, and the text."""
    try:
        return "utf-8", content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
        return ("utf-8", "") if "\0" in text else ("cp1252", text)  # no text has that byte
