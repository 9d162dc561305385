# The template's. Claims about your own columns go into tests/test_schema.py.
"""The same values are the same table, whatever stored them; or are refused in one line."""

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ..fixtures import Repo
from ..package import data, dialect, errors, interface, schema, tables, validation


def column(kind: str, **more: Any) -> interface.Column:
    """Return a column for the values of a test."""
    return interface.Column("x", kind, schema.PREDICTION_MOMENT, "of a test", missing=True, **more)


def read(values: Any, wanted: interface.Column) -> list[Any]:
    """Return values as a table holds them, missing ones as None; they have to fit."""
    table = tables.conform(pd.DataFrame({"x": values}), [wanted])
    assert validation.check_columns(table, [wanted]) == []
    assert str(table["x"].dtype) in (*tables.TYPES.values(), "object")
    return [None if pd.isna(value) else value for value in table["x"]]


def arrow(values: list[Any], kind: pa.DataType) -> pd.Series:
    """Return values as pandas holds Arrow's."""
    return pd.Series(values, dtype=pd.ArrowDtype(kind))


STORED: list[tuple[str, Any, list[Any]]] = [
    ("number", np.array([71.96, 0.1], "float32"), [71.96, 0.1]),
    ("number", [71.9599990845, 0.1000000015], [71.96, 0.1]),
    ("number", ["71.96", None], [71.96, None]),
    ("number", np.array([0.1], "float16"), [0.1]),
    ("number", [0.123456789012, 2.0**60], [0.123456789012, 2.0**60]),
    ("number", [Decimal("71.96"), None], [71.96, None]),
    ("number", arrow([Decimal("1.10")], pa.decimal128(5, 2)), [1.1]),
    ("number", arrow([71.96, None], pa.float32()), [71.96, None]),
    ("number", pd.Series([1.5, None], dtype="Float64"), [1.5, None]),
    ("number", pd.Series([1, 2], dtype="category"), [1.0, 2.0]),
    ("integer", arrow([1, 2], pa.int64()), [1, 2]),
    ("integer", arrow([1, None], pa.int8()), [1, None]),
    ("integer", pd.Series([1, None], dtype="Int64"), [1, None]),
    ("integer", np.array([3], "uint64"), [3]),
    ("integer", [2**53 + 1, 5], [2**53 + 1, 5]),
    ("integer", [str(2**53 + 1), "5"], [2**53 + 1, 5]),
    ("text", arrow(["a", None], pa.large_string()), ["a", None]),
    ("text", arrow(["a", "b"], pa.dictionary(pa.int32(), pa.string())), ["a", "b"]),
    ("text", pd.Series(["a", None], dtype="category"), ["a", None]),
    ("text", [7.0, None], ["7", None]),
    ("boolean", arrow([True, None], pa.bool_()), [True, None]),
    ("boolean", ["TRUE", "false", None], [True, False, None]),
    ("timestamp", arrow([dt.date(2013, 8, 1)], pa.date32()), [pd.Timestamp("2013-08-01")]),
    ("timestamp", [dt.date(2013, 8, 1)], [pd.Timestamp("2013-08-01")]),
]


@pytest.mark.parametrize(("kind", "stored", "expected"), STORED)
def test_values_are_the_same_whatever_stored_them(
    kind: str, stored: Any, expected: list[Any]
) -> None:
    assert read(stored, column(kind)) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", pd.Series([2**53 + 1, None], dtype="Int64")),
        ("integer", [str(2**53 + 1), None]),
        ("integer", np.array([2**63 + 5], "uint64")),
        ("integer", [10**30]),
        ("integer", [1.5]),
        ("number", ["1,5"]),
        ("number", [True]),
        ("boolean", ["yes"]),
        ("text", [b"bytes"]),
        ("timestamp", [20130801]),
        ("timestamp", ["2013-08-01T09:00:00Z"]),
        ("timestamp", ["1.8.2013 09:00"]),  # in January, by pandas
        ("timestamp", ["08/01/2013 09:00"]),
        ("timestamp", ["Aug 1 2013 9am"]),
        ("timestamp", ["now"]),
        ("timestamp", pd.Series(pd.to_datetime(["2013-08-01"])).dt.tz_localize("UTC")),
    ],
)
def test_what_would_lose_something_is_refused_in_a_line(kind: str, value: Any) -> None:
    table = tables.conform(pd.DataFrame({"x": value}), [column(kind)])
    (problem,) = validation.check_columns(table, [column(kind)])

    assert "1 wrong value (first: row 0 = " in problem["message"]
    assert f"; expected {kind}" in problem["message"]


AT_NINE = [
    ["2013-08-01 09:00:00"],
    ["2013-08-01T09:00:00Z"],
    ["2013-08-01T11:00:00+02:00"],
    [dt.datetime(2013, 8, 1, 9)],
    [dt.datetime(2013, 8, 1, 9, tzinfo=dt.UTC)],
    pd.Series(pd.to_datetime(["2013-08-01T09:00"])).dt.tz_localize("UTC"),
    pd.Series(pd.to_datetime(["2013-08-01T18:00"])).dt.tz_localize("Asia/Tokyo"),
    arrow([dt.datetime(2013, 8, 1, 9, tzinfo=dt.UTC)], pa.timestamp("us", tz="UTC")),
]


@pytest.mark.parametrize("stored", AT_NINE, ids=str)
def test_a_zone_makes_one_moment_of_every_spelling(stored: Any) -> None:
    assert read(stored, column("timestamp", zone="UTC")) == [pd.Timestamp("2013-08-01T09:00")]


@pytest.mark.filterwarnings("error")
def test_each_time_of_a_column_is_read_whatever_stands_above_it() -> None:
    values = ["2013-08-01 09:00", "2013-08-01T09:00:30.5", "2013-08-02", " 2013-8-3 9:00 "]
    table = tables.conform(pd.DataFrame({"x": values}), [column("timestamp")])
    below = tables.conform(pd.DataFrame({"x": ["soon", *values]}), [column("timestamp")])

    assert table["x"].dt.day.tolist() == [1, 1, 2, 3]
    (problem,) = validation.check_columns(below, [column("timestamp")])
    assert problem["row_numbers"] == [0]


def test_a_time_that_a_zone_has_twice_or_never_is_refused() -> None:
    paris = column("timestamp", zone="Europe/Paris")
    values = ["2026-10-25T02:30:00", "2026-03-29T02:30:00", "2026-10-25T00:30:00Z"]
    table = tables.conform(pd.DataFrame({"x": values}), [paris])
    (problem,) = validation.check_columns(table, [paris])

    assert problem["row_numbers"] == [0, 1, 2]
    assert "one that Europe/Paris has exactly once" in problem["message"]
    assert read(["2026-07-01T12:00:00Z"], paris) == [pd.Timestamp("2026-07-01T14:00")]


WRITTEN = {
    "separator semicolon, decimal sign ','": {"sep": ";", "decimal": ","},
    "separator tab": {"sep": "\t"},
    "encoding cp1252": {"encoding": "cp1252"},
    "encoding utf-16": {"encoding": "utf-16"},
}


@pytest.mark.parametrize(("said", "how"), WRITTEN.items(), ids=[*WRITTEN])
@pytest.mark.parametrize("command", ["validate", "predict"])
def test_a_csv_file_of_another_dialect_is_named(
    repo: Repo, tmp_path: Path, sample: pd.DataFrame, command: str, said: str, how: dict[str, str]
) -> None:
    path = tmp_path / "batch.csv"
    first = schema.COLUMNS[0].name
    numbers = pd.DataFrame({"ä note": ["ö"] * 5, "a_number": [1.5] * 5})
    sample.head(5).assign(**{c: numbers[c].to_numpy() for c in numbers}).to_csv(
        path, index=False, **how
    )
    with suppress(Exception):
        if {first, schema.COLUMNS[-1].name} <= set(data.read_batch(path)):
            pytest.skip("your files are written so")
    options = ["--input", path, "--output", tmp_path / "out.csv"]
    done = repo.run(command, *(options if command == "predict" else [path]))

    assert done.code == 2, done.err
    assert f"{path} is written with " in done.err
    assert said in done.err
    assert "hint: in read_batch of data.py: pd.read_csv(path, sep=" in done.err
    assert first not in done.err


@pytest.mark.parametrize(
    ("name", "hint"), [("a.xlsx", "save it as .csv"), ("a.csv.gz", "unpack it")]
)
def test_a_file_whose_ending_is_none_of_a_batch_is_named(name: str, hint: str) -> None:
    with pytest.raises(errors.WrongInput, match=r"expected one of \.parquet, \.csv") as caught:
        tables.require_batch(Path(name))

    assert caught.value.hint == hint


@pytest.mark.parametrize("last", ["", "a value"])
def test_a_line_that_is_cut_is_named_and_an_empty_field_is_not(
    tmp_path: Path, sample: pd.DataFrame, last: str
) -> None:
    path, name = tmp_path / "batch.csv", schema.COLUMNS[-1].name
    rows = sample.head(4).assign(**{name: pd.Series([last] * 4, dtype="str").to_numpy()})
    columns = [one for one in rows if one != name]
    rows[[*columns, name]].to_csv(path, index=False)
    tables.require_full_lines(path, schema)
    cut = path.read_text(encoding="utf-8").splitlines()
    cut[2] = cut[2].rpartition(",")[0]
    path.write_text("\n".join(cut) + "\n", encoding="utf-8")

    with pytest.raises(errors.WrongInput, match=f"line 3 has {len(columns)} fields"):
        tables.require_full_lines(path, schema)


@pytest.mark.parametrize("name", ["asked.csv", "asked.dat", "asked.parquet"])
def test_what_read_batch_alone_can_read_is_asked_for_as_it_is_ingested(
    tmp_path: Path, sample: pd.DataFrame, name: str
) -> None:
    rows, path = sample.head(5), tmp_path / name
    spelled = {one: f"{one} of it" for one in rows}
    names = {new: old for old, new in spelled.items()}
    if path.suffix == ".parquet":
        rows.rename(columns=spelled).to_parquet(path)
    else:
        rows.rename(columns=spelled).to_csv(path, index=False, sep="|", encoding="utf-16")

    def read_batch(path: Path) -> pd.DataFrame:
        if path.suffix == ".parquet":
            return pd.read_parquet(path).rename(columns=names)
        return pd.read_csv(path, sep="|", encoding="utf-16", **tables.AS_TEXT).rename(columns=names)

    ours = SimpleNamespace(read_batch=read_batch)
    pieces = list(tables.chunks(path, 2, schema, ours))

    assert [len(piece) for piece in pieces] == [2, 2, 1]
    for column in tables.known_columns(schema):
        got = pd.concat(pieces)[column.name].tolist()
        assert str(got) == str(tables.conform(rows, schema.COLUMNS)[column.name].tolist())


def test_a_plain_file_is_read_in_pieces_whatever_read_batch_does(
    tmp_path: Path, sample: pd.DataFrame
) -> None:
    sample.to_csv(tmp_path / "asked.csv", index=False)
    calls = []

    def read_batch(path: Path) -> pd.DataFrame:
        calls.append(path)
        raise KeyError("a column of the outcome")

    pieces = tables.chunks(
        tmp_path / "asked.csv", 2, schema, SimpleNamespace(read_batch=read_batch)
    )

    assert len(next(pieces)) == 2
    assert len(calls) == 1


@pytest.mark.parametrize("separator", ["; ", " \t "])
def test_a_line_that_is_cut_is_named_however_the_file_spells_its_columns(
    tmp_path: Path, separator: str
) -> None:
    rows = [["Größe!", "Ziel!"], *(["1,5", "x"] for _ in range(5)), ["2,5"]]
    path = tmp_path / "batch.dat"
    path.write_text("\n".join(separator.join(row) for row in rows) + "\n", encoding="utf-8")

    with pytest.raises(errors.WrongInput, match="line 7 has 1 fields, expected 2"):
        tables.require_full_lines(path, schema)


def test_a_plain_csv_file_is_never_called_another_dialect(
    tmp_path: Path, sample: pd.DataFrame
) -> None:
    path = tmp_path / "batch.csv"
    sample.to_csv(path, index=False, encoding="utf-8-sig")

    assert len(tables.read(path, schema, data)) == len(sample)


@pytest.mark.parametrize(
    "origin",
    [{"sep": ";"}, {"sep": "\t"}, {"sep": ";", "encoding": "utf-16"}, {"sep": r"\s+"}],
    ids=str,
)
def test_a_file_as_this_repo_writes_it_is_read_whatever_the_others_are_like(
    origin: dict[str, str], tmp_path: Path, sample: pd.DataFrame
) -> None:
    path = tmp_path / "batch.csv"
    sample.to_csv(path, index=False)
    ours = SimpleNamespace(read_batch=lambda path: pd.read_csv(path, **origin, **tables.AS_TEXT))

    expected = tables.conform(sample, schema.COLUMNS)
    pd.testing.assert_frame_equal(tables.read(path, schema, ours), expected)


@pytest.mark.parametrize("separator", [",", ";"])
def test_what_read_batch_refuses_is_not_read_in_another_way_and_its_reason_is_said(
    tmp_path: Path, sample: pd.DataFrame, separator: str
) -> None:
    sample.to_csv(tmp_path / "batch.csv", index=False, sep=separator)

    def read_batch(path: Path) -> pd.DataFrame:
        raise ValueError("of another customer. You might want to try:\n - this")

    with pytest.raises(errors.WrongInput, match=r"of another customer$"):
        tables.read(tmp_path / "batch.csv", schema, SimpleNamespace(read_batch=read_batch))


def test_a_name_whose_first_word_is_a_column_is_no_sign_of_spaces(tmp_path: Path) -> None:
    path = tmp_path / "batch.csv"
    path.write_text("age of them|plan of them\n1|a\n2|b\n", encoding="utf-8")

    assert dialect.detect(path, ["age", "plan"]).separator == "|"


def test_backslashes_before_quotes_are_a_dialect_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "batch.csv"
    path.write_text('said,n\n"a \\"b, c\\" d",1\n', encoding="utf-8")
    found = dialect.detect(path, ["said", "n"])

    assert not found.is_plain
    assert "escapechar=" in found.hint
    assert dialect.short_line(path, found) is None
    assert pd.read_csv(path, **found.read_csv_options())["said"].tolist() == ['a "b, c" d']


def test_an_empty_file_is_unreadable_and_of_no_dialect(tmp_path: Path) -> None:
    (tmp_path / "batch.csv").touch()

    with pytest.raises(errors.WrongInput, match="cannot be read"):
        tables.read(tmp_path / "batch.csv", schema, data)
