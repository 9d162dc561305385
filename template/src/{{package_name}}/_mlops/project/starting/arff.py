# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Read ARFF, the format in which OpenML and Weka hand out tables."""

import csv
import re
from collections import Counter
from pathlib import Path

import pandas as pd

from ...errors import WrongInput
from .raw import Raw
from .separated import encoding_of

DATA = re.compile(r"^\s*@data\b.*$", re.IGNORECASE | re.MULTILINE)
NAME = re.compile(
    r"""^\s*@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)""", re.IGNORECASE | re.MULTILINE
)

# a quote that opens a value; within one, the other is a letter like any
QUOTED = re.compile(r"""(?:^|,)\s*(['"])""", re.MULTILINE)


def arff(path: Path) -> Raw:
    """Read an ARFF file, every value as it is written; its names stand above `@data`.

    Raises:
        WrongInput: If it declares no columns, or its rows are sparse or have another width.
    """
    head, *rest = DATA.split(path.read_text(encoding=encoding_of(path)), maxsplit=1)
    names = [unquoted(name) for name in NAME.findall(head)]
    if not names or not rest:
        raise WrongInput(f"{path} is no ARFF: it has no @attribute or no @data", "export it as CSV")
    lines = [line for line in rest[0].splitlines() if line.strip() and line.lstrip()[0] != "%"]
    if lines and lines[0].lstrip().startswith("{"):
        raise WrongInput(f"{path} holds sparse rows", "export it as CSV, with every value")
    quote = max("'\"", key=Counter(QUOTED.findall("\n".join(lines))).__getitem__)
    rows = list(csv.reader(lines, quotechar=quote, escapechar="\\", skipinitialspace=True))
    for line, row in zip(lines, rows, strict=False):
        if len(row) != len(names):
            message = f"{path} declares {len(names)} columns; a row has {len(row)}: {line[:60]!r}"
            raise WrongInput(message, "is the file complete, and are values with commas quoted?")
    values = [[None if value == "?" else value.strip() for value in row] for row in rows]
    return Raw(pd.DataFrame(values, columns=names), None, ["ARFF, ? for a missing value"])


def unquoted(name: str) -> str:
    """Return a name without the quotes around it."""
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name[:1] in ("'", '"') else name
