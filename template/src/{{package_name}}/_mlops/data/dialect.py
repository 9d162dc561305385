# The template's. Yours is data.read_batch: read there what is written in another way.
"""How is a CSV file written: its separator, decimal sign and encoding?"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
ENOUGH = 2**16  # bytes that show how the rest is written
LONGEST_FIELD = 2**31 - 1  # letters
DECIMAL_COMMA = re.compile(r"^-?\d+,\d+$")


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

    @property
    def is_plain(self) -> bool:
        """Say whether the file is as every command reads it."""
        return (self.encoding, self.separator, self.decimal) == ("utf-8", ",", ".")

    def read_csv_options(self) -> dict[str, Any]:
        """Return what `pandas.read_csv` has to be told to read each value as a text."""
        usual = {
            "sep": ",",
            "encoding": "utf-8",
            "skiprows": 0,
            "index_col": None,
            "skipinitialspace": False,
        }
        found = {
            "sep": self.separator,
            "encoding": self.encoding,
            "skiprows": self.skipped,
            "index_col": False if self.trailing else None,
            "skipinitialspace": self.spaced,
        }
        return {name: value for name, value in found.items() if value != usual[name]}

    def __str__(self) -> str:
        """Name all three for people."""
        return (
            f"separator {SEPARATORS[self.separator]}, decimal sign {self.decimal!r}, "
            f"encoding {self.encoding}"
        )

    @property
    def hint(self) -> str:
        """Say what to type in data.py, or what to write instead."""
        options = [f"sep={self.separator!r}", f"decimal={self.decimal!r}"]
        options += [f"encoding={self.encoding!r}"] * (self.encoding != "utf-8")
        read = f"pd.read_csv(path, {', '.join(options)})"
        return f"in read_batch of data.py: {read}; or write it with commas, points and UTF-8"


def detect(path: Path, columns: Iterable[str]) -> Dialect:
    """Return how a file is written: by the separator that finds most columns in its head."""
    with path.open("rb") as file:
        start = file.read(ENOUGH)
    whole = start[: start.rfind(b"\n") + 1] or start  # cut between lines, not within a letter
    utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    encoding, text = ("utf-16", start.decode("utf-16", "ignore")) if utf16 else decoded(whole)
    lines = [line for line in text.splitlines() if line.strip()]
    head, body = (lines[:1] or [""])[0], lines[1:100]
    known = set(columns)

    def found(separator: str) -> int:
        return len(known & {name.strip('" ') for name in head.split(separator)})

    separator = max(SEPARATORS, key=found)
    cells = [cell.strip('" ') for line in body for cell in line.split(separator)]
    comma = separator != "," and any(DECIMAL_COMMA.match(cell) for cell in cells)
    return Dialect(encoding, separator, "," if comma else ".")


def short_line(path: Path, written: Dialect | None = None) -> tuple[int, int, int] | None:
    """Return line, fields and expected fields of the first line with less fields than the header.

    pandas fills such a line with missing values and says nothing.
    """
    written = written or Dialect()
    csv.field_size_limit(LONGEST_FIELD)
    with path.open("r", encoding=written.encoding, newline="") as file:
        lines = csv.reader(file, delimiter=written.separator)
        width = 0
        for number, cells in enumerate(lines):
            if number < written.skipped or not cells:
                continue
            width = width or len(cells)
            if len(cells) < width:
                return lines.line_num, len(cells), width
    return None


def decoded(content: bytes) -> tuple[str, str]:
    """Return the first encoding that fits, by its usual name, and the text."""
    try:
        return "utf-8", content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
        return ("utf-8", "") if "\0" in text else ("cp1252", text)  # no text has that byte
