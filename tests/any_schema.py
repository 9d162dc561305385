"""Schemas that users may have, and data that fits them: drawn by Hypothesis."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

ROWS = 700
KINDS = ("integer", "number", "text", "boolean", "timestamp")


@dataclass(frozen=True)
class Field:
    """A column as drawn: its declaration, and whether values of it are missing."""

    name: str
    kind: str
    known: str = "before"
    low: float | None = None
    high: float | None = None
    missing: bool = False
    personal: bool = False
    names: bool = False

    def declared(self) -> str:
        """Return the line of schema.py."""
        options = {n: getattr(self, n) for n in ("low", "high", "missing", "personal", "names")}
        given = "".join(f", {n}={v!r}" for n, v in options.items() if v not in (None, False))
        return f'    Column("{self.name}", "{self.kind}", "{self.known}", "of {self.name}"{given}),'


@dataclass(frozen=True)
class AnySchema:
    """A data set: what names a row, its features, and what is predicted."""

    key: tuple[Field, ...]
    features: tuple[Field, ...]
    target: str
    labels: tuple[str, ...]
    seed: int

    @property
    def columns(self) -> tuple[Field, ...]:
        outcome = Field("outcome", "text" if self.labels else "number", "after", missing=True)
        return (Field("happened", "timestamp"), *self.key, *self.features, outcome)


def limits(kind: str) -> st.SearchStrategy[tuple[float | None, float | None]]:
    """Draw bounds that the written values keep."""
    if kind not in ("integer", "number"):
        return st.just((None, None))
    return st.sampled_from([(None, None), (-1000, None), (None, 1000), (-1000, 1000)])


@st.composite
def fields(draw: st.DrawFn, number: int, kinds: tuple[str, ...]) -> Field:
    """Draw one column besides the signal; some hold names of something, such as of a customer."""
    kind = draw(st.sampled_from(kinds))
    low, high = draw(limits(kind))
    personal = draw(st.integers(0, 4)) == 0
    names = kind in ("integer", "text") and draw(st.integers(0, 2)) == 0
    missing = draw(st.booleans())
    return Field(f"column_{number}", kind, "before", low, high, missing, personal, names)


@st.composite
def schemas(draw: st.DrawFn, task: str) -> AnySchema:
    """Draw a schema; one feature at least may be learned from. One in four has texts only."""
    texts = draw(st.integers(0, 3)) == 0
    keys = [("text",)] if texts else [("integer",), ("text",), ("integer", "text"), ("number",)]
    key = tuple(Field(f"id_{n}", kind) for n, kind in enumerate(draw(st.sampled_from(keys))))
    signal = Field("signal", draw(st.sampled_from(["text"] if texts else ["number", "text"])))
    kinds = ("text",) if texts else KINDS
    drawn = [draw(fields(number, kinds)) for number in range(draw(st.integers(0, 5)))]
    target = draw(st.sampled_from(["outcome", "target"]))
    labels = ("no", "yes") if task == "classification" else ()
    return AnySchema(key, (signal, *drawn), target, labels, draw(st.integers(0, 1000)))


SCHEMA = '''\
"""What a row is."""

import pandas as pd

from ._mlops.interface import Column

MOMENTS: tuple[str, ...] = ("before", "after")
PREDICTION_MOMENT = "before"
COLUMNS: tuple[Column, ...] = (
{columns}
)
KEY: tuple[str, ...] = {key!r}
TIME = "happened"
TARGET = {target!r}
LABELS: tuple[str, ...] = {labels!r}
MISSING_TARGET = "not known yet"


def read_target(rows: pd.DataFrame) -> pd.Series:
    """Return the outcome of each row."""
    return rows["outcome"]
'''
FEATURES = '''\
"""Inputs: every column that may be learned from."""

import pandas as pd

CATEGORIES: list[str] = {categories!r}
NUMBERS: list[str] = {numbers!r}


def build_features(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the texts as they are, and all else as numbers."""
    return rows[CATEGORIES + NUMBERS].astype(dict.fromkeys(NUMBERS, "float64"))
'''
# run by the repo's own Python: the template's environment has no pandas
WRITE = """\
import json, sys
import numpy as np, pandas as pd
from pathlib import Path

columns, rows, seed, labels = json.loads(sys.argv[1])
random = np.random.default_rng(seed)
signal = random.normal(size=rows)
table = pd.DataFrame(index=range(rows))
for column in columns:
    name, kind = column["name"], column["kind"]
    noise = random.normal(size=rows) * 20
    if name == "happened":
        values = pd.date_range("2024-01-01", periods=rows, freq="7h")
    elif name.startswith("id_"):
        values = np.arange(rows) + (0.5 if kind == "number" else 0)
        values = [f"n {{value}}" for value in values] if kind == "text" else values
    elif name == "signal":
        values = np.where(signal > 0, "high", "low") if kind == "text" else signal
    elif name == "outcome":
        values = signal * 10 + noise / 20
        values = np.where(values > 0, labels[-1], labels[0]) if labels else values
    else:
        values = {{
            "integer": noise.round().astype("int64"),
            "number": noise,
            "text": random.choice(["é", "b b", "c,d"], size=rows),
            "boolean": noise > 0,
            "timestamp": pd.Timestamp("2020-01-01") + pd.to_timedelta(noise.round(), "D"),
        }}[kind]
        if column["names"]:
            values = random.choice([f"no {{number}}" for number in range(90)], size=rows)
            values = random.integers(100, 190, size=rows) if kind == "integer" else values
    values = pd.Series(values)
    if column["missing"]:
        values = values.astype("object").where(random.random(rows) > 0.1, None)
        kinds = {{"integer": "float64", "number": "float64", "timestamp": "datetime64[us]"}}
        values = values.astype(kinds.get(kind, "object"))
    table[name] = values
for folder in ("data/raw", "tests/data"):
    for old in Path(folder).glob("*"):
        old.unlink()
    table.to_parquet(Path(folder, "sample.parquet"), index=False)
""".replace("{{", "{").replace("}}", "}")


def write(found: AnySchema, repo: Path, run: Callable[..., object]) -> None:
    """Put a schema and its data in the place of flights, and take the tests of flights away."""
    package = repo / "src/late_flights"
    usable = [field for field in found.features if not (field.personal or field.names)]
    categories = [field.name for field in usable if field.kind == "text"]
    numbers = [f.name for f in usable if f.kind in ("integer", "number", "boolean")]
    text = SCHEMA.format(
        columns="\n".join(field.declared() for field in found.columns),
        key=tuple(field.name for field in found.key),
        target=found.target,
        labels=found.labels,
    )
    (package / "schema.py").write_text(text, encoding="utf-8")
    inputs = FEATURES.format(categories=categories, numbers=numbers)
    (package / "features.py").write_text(inputs, encoding="utf-8")
    for path in repo.glob("tests/test_*.py"):
        path.unlink()
    contract = repo / "contract.yaml"
    slices = "columns: [origin, carrier]"
    lines = contract.read_text(encoding="utf-8")
    assert slices in lines
    contract.write_text(lines.replace(slices, f"columns: {json.dumps(categories)}"), "utf-8")
    columns = [vars(field) for field in found.columns]
    given = json.dumps([columns, ROWS, found.seed, found.labels])
    run(repo, repo / ".venv/bin/python", "-c", WRITE, given)
