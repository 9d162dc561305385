# The template's. Files that only you have go into a test of yours.
"""Whatever a table is written like: it is read as a person would, or refused in one line."""

import bz2
import gzip
import os
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ..package import database, errors, source

# they say nothing of your files
pytestmark = pytest.mark.slow

ROWS = 30


def text(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    """Write a file and return where it is."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lines(*rows: str, head: str = "a,b") -> str:
    """Return a file of these rows, each repeated, below a header."""
    return "\n".join([head, *(row for _ in range(ROWS // len(rows)) for row in rows)]) + "\n"


def read(folder: Path, content: str | bytes, name: str = "table.csv") -> Any:
    """Return what is read from a file of this content."""
    return source.read(text(folder, content, name))


def test_a_line_with_less_fields_than_the_header_is_named(tmp_path: Path) -> None:
    cut = read(tmp_path, lines("1,x,", "2,y,z", head="a,b,c") + "3,z\n4,v\n")

    assert "line 32 has 2 fields of 3: the others are left empty" in cut.notes
    assert read(tmp_path, lines("1,x,", "2,y,z", head="a,b,c")).notes == ()


@pytest.mark.parametrize(
    ("content", "first"),
    [
        pytest.param(lines("1,x", "2,y"), (1, "x"), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + lines("1,x", "2,y").encode(), (1, "x"), id="BOM"),
        pytest.param(lines("1,é", "2,y").encode("latin-1"), (1, "é"), id="Latin-1"),
        pytest.param(lines("1,é", "2,y").encode("utf-16"), (1, "é"), id="UTF-16"),
        pytest.param(lines("1,x", "2,y").replace("\n", "\r\n"), (1, "x"), id="Windows"),
        pytest.param(lines("1,x\ry", *["2,y"] * 14), (1, "x\ry"), id="returns"),
        pytest.param(lines("1;x", "2;y", head="a;b"), (1, "x"), id="semicolons"),
        pytest.param(lines("1\tx", "2\ty", head="a\tb"), (1, "x"), id="tabs"),
        pytest.param(lines('1,"x, y"', "2,z"), (1, "x, y"), id="quotes"),
        pytest.param(lines(r'1,"x \"y, z\" w"', "2,z"), (1, 'x "y, z" w'), id="backslashes"),
        pytest.param("Report of May\n\n" + lines("1,x", "2,y"), (1, "x"), id="title"),
        pytest.param(lines(" 1  x ", "2\t y", head="a   b"), (1, "x"), id="spaces"),
        pytest.param(lines("1 'x'", "2 y", head="a b").replace("'", '"'), (1, "x"), id="quoted"),
        pytest.param(lines('1 "x, y"', "2 z", head="a b"), (1, "x, y"), id="two words"),
        pytest.param("Report\n\n" + lines("1 x", "2 y", head="a b"), (1, "x"), id="spaced title"),
    ],
)
def test_however_a_file_is_written_its_rows_are_the_same(
    tmp_path: Path, content: str | bytes, first: tuple[object, ...]
) -> None:
    found = read(tmp_path, content)

    assert list(found.rows) == ["a", "b"]
    assert len(found.rows) == ROWS
    assert tuple(found.rows.iloc[0]) == first


@pytest.mark.parametrize(
    ("values", "kind", "first"),
    [
        (["1", "2"], "integer", 1),
        (["1.5", "2"], "number", 1.5),
        (["1e3", "2"], "number", 1000.0),
        (["007", "123"], "text", "007"),
        (["+49", "+1"], "integer", 49),
        (["9007199254740993", "1"], "integer", 9007199254740993),
        (["92233720368547758080", "1"], "text", "92233720368547758080"),
        (['"1,234"', "5"], "integer", 1234),
        (["$1.50", "$2"], "number", 1.5),
        (["12%", "7.5%"], "number", 12.0),
        (["1", "NA"], "integer", 1),
        (["1", "-"], "integer", 1),
        (["x", "N/A"], "text", "x"),
        (["7", r"\N"], "integer", 7),
        (["NA", "DE", "FR"], "text", "NA"),
        (["Y", "N"], "boolean", True),
        (["TRUE", "FALSE"], "boolean", True),
        (["0", "1"], "integer", 0),
        (["1", "x"], "text", "1"),
        (["yes", "YES", "no", "NO"], "boolean", True),
        (["1", "inf"], "integer", 1),
        (["1.5", "1e400"], "number", 1.5),
        (['"1.234,50 €"', '"3,00 €"'], "number", 1234.5),
        (["-$3.00", "$ 7"], "number", -3.0),
        (["1 234", "12"], "integer", 1234),
        (["$1", "€2"], "text", "$1"),
        (["12%", "0.12"], "text", "12%"),
        (["01/31/2024 10:00 PM", "02/01/2024 9:30 AM"], "timestamp", pd.Timestamp("2024-01-31 22")),
        (["2024-12-31T10:00:00Z", "2024-12-31T10:00:00"], "text", "2024-12-31T10:00:00Z"),
        (["2024-12-31", "2025-01-01"], "timestamp", pd.Timestamp("2024-12-31")),
        (["31.12.2024", "01.02.2024"], "timestamp", pd.Timestamp("2024-12-31")),
        (["12/31/24", "01/02/24"], "timestamp", pd.Timestamp("2024-12-31")),
        (["31-12-2024", "01-02-2024"], "timestamp", pd.Timestamp("2024-12-31")),
        (["31 December 2024", "1 March 2024"], "timestamp", pd.Timestamp("2024-12-31")),
        (['"May 31, 2024"', '"May 1, 2024"'], "timestamp", pd.Timestamp("2024-05-31")),
        (["31-Dec-24", "01-Mar-24"], "timestamp", pd.Timestamp("2024-12-31")),
        (['"Dec 31, 2024 1:05 PM"'] * 2, "timestamp", pd.Timestamp("2024-12-31 13:05")),
        (["2024-12", "2025-01"], "timestamp", pd.Timestamp("2024-12-01")),
        (["Dec 2024", "May 2025"], "timestamp", pd.Timestamp("2024-12-01")),
        (["2024 Dec", "2025 May"], "timestamp", pd.Timestamp("2024-12-01")),
        (["31-12-24", "01-02-24"], "timestamp", pd.Timestamp("2024-12-31")),
        (["2024/12/31 23:00"], "timestamp", pd.Timestamp("2024-12-31 23:00")),
        (["2024-12-31T10:00:00+02:00"], "timestamp", pd.Timestamp("2024-12-31 08:00")),
        (["8/31/20 9:05", "7/1/20 20:40"], "timestamp", pd.Timestamp("2020-08-31 09:05")),
        (["2024-W02", "2024-W03"], "timestamp", pd.Timestamp("2024-01-08")),
        (["2024-W02-1", "2024-W02-2"], "timestamp", pd.Timestamp("2024-01-08")),
        (["(5.50)", "7"], "number", -5.5),
        (['"($1,234.50)"', '"$3.00"'], "number", -1234.5),
        (["\u22125", "7"], "integer", -5),
        (["5-", "7"], "integer", -5),
        (["(1)", "(2)"], "text", "(1)"),
        (["1\u20199", "x"], "text", "1\u20199"),
        (["12\u2019345", "7"], "integer", 12345),
        (["12\u2009345", "7"], "integer", 12345),
        (["1:00:05", "0:59:00.5"], "number", 3605.0),
        (["1:05", "0:59"], "text", "1:05"),
        (["1", "#DIV/0!", "..", "(blank)"], "integer", 1),
        (["2024-12-31", "0000-00-00"], "timestamp", pd.Timestamp("2024-12-31")),
        (["Yes", "Y", "No", "n"], "boolean", True),
        (["R$ 1.50", "R$ 2"], "number", 1.5),
        (['"₹1,23,456"', "₹5"], "integer", 123456),
        (["1h 20m", "45m", "2h"], "number", 4800),
        (['"2 days, 5 hours"', "1 day"], "number", 53 * 3600),
        (["5 m", "7 m"], "text", "5 m"),
    ],
    ids=lambda found: ",".join(found) if isinstance(found, list) else "",
)
def test_values_are_what_all_of_them_say(
    tmp_path: Path, values: list[str], kind: str, first: object
) -> None:
    found = read(tmp_path, lines(*(f"{value},x" for value in values)))

    assert found.written["a"].kind == kind
    assert found.rows["a"].iloc[0] == first


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["1", "2", "n.a."], "a: kept as text: not all values are numbers, such as 'n.a.'"),
        (["1,5", "1.5"], "a: kept as text: its numbers are written in more than one way"),
        (["1.5k", "2,5M"], "a: kept as text: its numbers are written in more than one way"),
        (["1/2", "3/4"], "a: kept as text: is '1/2' a fraction, or a day of a month?"),
        (["2024-01-01", "01.02.2024"], "a: kept as text: its times are written in more than"),
        (["2000-Q1", "2000-Q2"], "a: kept as text: '2000-Q1' is a quarter: write its first day"),
        (["Q1 2000", "Q4 2001"], "a: kept as text: 'Q1 2000' is a quarter: write its first day"),
        (["2000W01", "2000W52"], "a: kept as text: '2000W01' is a week: write its first day"),
        (["KW 1/2000", "KW 52/2000"], "a: kept as text: 'KW 1/2000' is a week: write its first"),
        (["1. März 2024", "12. Mai 2024"], "a: kept as text: months of '1. März 2024' are"),
        (["12 GB", "3 MB", "1.5 GB"], "a: kept as text: are '12 GB' and '3 MB' numbers with units"),
        (["2 years", "5 weeks"], "a: kept as text: are '2 years' and '5 weeks' numbers with"),
        (["CHF 1'234.-", "CHF 17.-"], "a: kept as text: its numbers are written in more than one"),
    ],
)
def test_why_nearly_numbers_are_texts_is_said(tmp_path: Path, values: list[str], said: str) -> None:
    found = read(tmp_path, lines(*(f"{value};x" for value in values), head="a;b"))

    assert any(note.startswith(said) for note in found.notes)


def test_an_address_is_no_time_that_is_written_badly(tmp_path: Path) -> None:
    found = read(tmp_path, lines("10.0.12.5,x", "10.1.128.14,y"))

    assert not any("times" in note for note in found.notes)


def test_days_as_one_number_are_times_in_a_column_of_times(tmp_path: Path) -> None:
    found = read(tmp_path, lines("20241231,20241231", head="day,amount"))

    assert found.rows["day"].iloc[0] == pd.Timestamp("2024-12-31")
    assert found.written["amount"].kind == "integer"

    days = pd.date_range("2024-01-01", periods=ROWS).strftime("%Y%m%d,x")
    assert read(tmp_path, lines(*days)).written["a"].kind == "timestamp"


def test_days_as_excel_counts_them_are_asked_about(tmp_path: Path) -> None:
    found = read(tmp_path, lines("45292,45292", "45293,45293", head="sale_date,amount"))

    said = "is 45292 a day as Excel counts them? write 2024-01-01 for a time"
    assert [note for note in found.notes if "Excel" in note] == [f"sale_date: {said}"]
    assert found.written["sale_date"].kind == "integer"


def test_a_unit_after_each_number_is_left_out(tmp_path: Path) -> None:
    masses = [f"{number}.5 kg,{number}A or {number}" for number in range(1, 20)]
    found = read(tmp_path, lines(*masses))

    assert found.rows["a"].iloc[0] == 1.5
    assert found.written["b"].kind == "text"
    assert "a: kg after each number is left out" in found.notes
    assert read(tmp_path, lines(*(f"{n}.5°C,x" for n in range(1, 20)))).rows["a"].iloc[0] == 1.5
    few = read(tmp_path, lines("3 stars,x", "4 stars,y"))
    assert few.written["a"].kind == "text"


def test_decimal_commas_and_points_of_thousands(tmp_path: Path) -> None:
    found = read(tmp_path, lines("1.234,5;x", "0,25;y", head="a;b"))

    assert found.rows["a"].iloc[:2].tolist() == [1234.5, 0.25]
    assert "a: decimal comma" in found.notes


def test_seconds_since_1970_are_times_in_a_column_of_times(tmp_path: Path) -> None:
    found = read(tmp_path, lines("1735603200,1735603200", head="created_at,amount"))

    assert found.rows["created_at"].iloc[0] == pd.Timestamp("2024-12-31")
    assert found.written["amount"].kind == "integer"


def test_a_number_that_stands_for_a_missing_one_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, lines("5,x", "7,y", "-999,z"))

    assert found.rows["a"].isna().sum() == ROWS // 3
    assert "a: -999 stands for a missing value: all other numbers are positive" in found.notes


def test_a_total_below_the_rows_is_none_of_them(tmp_path: Path) -> None:
    found = read(tmp_path, lines("1,x", "2,y") + "45,Total\n")

    assert len(found.rows) == ROWS
    assert "last row left out: it is a total" in found.notes
    assert len(read(tmp_path, lines("1,x", "2,Total")).rows) == ROWS


@pytest.mark.parametrize(
    ("before", "below"),
    [
        ("", "1,x,3\n\nSource: the office\n"),
        ("", "1,x,3\n45,Total,\n\nMade in May\n"),
        ("", "# half of them\n1,x,3\n"),
        ("", "# half of them, and\n1,x,3\n"),
        ("", "1,x,3\n\nSource: the office\nNotes: this, that\n"),
        ("", f"1,x,3\n,,{3 * ROWS + 3}\n"),
        ("one,one,two\n", "1,x,3\n"),
        ("one,,two\n", "1,x,3\n"),
        ("", "1,x,3\n,,\n,,\n"),
        ("", ",,\n1,x,3\n,,\nSource: the office,,\n,,\n"),
        ("", "a,b,c\n1,x,3\n"),
        ("Report\n\nof May\n\n", "1,x,3\n"),
        ("# made by hand\n# of May\n", "1,x,3\n"),
        ("# a: the first, b: the second, c: the last\n" * 2, "1,x,3\n"),
        ("", "Part two\n1,x,3\n"),
        ('"two\nlines"\n', "1,x,3\n"),
    ],
)
def test_what_stands_around_and_between_the_rows_is_none_of_them(
    tmp_path: Path, before: str, below: str
) -> None:
    found = read(tmp_path, before + lines("1,x,3", head="a,b,c") + below)

    assert (len(found.rows), list(found.rows)) == (ROWS + 1, ["a", "b", "c"])
    assert found.written["a"].kind == "integer"


@pytest.mark.parametrize(
    "units", ["cm,,kg", "(cm),(name),(kg)", "-,-,kg", ",,h:m", "[m2],[],[kg/m2]"]
)
def test_a_line_of_units_below_the_header_is_no_row(tmp_path: Path, units: str) -> None:
    found = read(tmp_path, lines("1,x,3", head=f"a,b,c\n{units}") + "\nSource: the office\n")

    assert (len(found.rows), found.written["a"].kind, found.written["c"].kind) == (
        ROWS,
        "integer",
        "integer",
    )
    assert "holds units, as " in "; ".join(found.notes)
    assert len(read(tmp_path, lines("1,x,3", head="a,b,c\nNA,x,NA")).rows) == ROWS + 1


def test_lines_in_which_orange_describes_columns_are_no_rows(tmp_path: Path) -> None:
    head = "a\tb\tc\nc\tx y\tcontinuous\n\tmeta\tclass"
    found = read(tmp_path, lines("1\tx\t3", "1\ty\t2.5", head=head), "t.tab")

    assert (len(found.rows), found.written["a"].kind, found.written["c"].kind) == (
        ROWS,
        "integer",
        "number",
    )
    assert "Orange describes columns there" in "; ".join(found.notes)
    assert len(read(tmp_path, lines("c\td", head="a\tb"), "t.tab").rows) == ROWS


def test_a_rule_below_the_header_is_no_row(tmp_path: Path) -> None:
    found = read(tmp_path, lines("1 | x", head="a | b\n--|---"))

    assert (len(found.rows), found.written["a"].kind) == (ROWS, "integer")


@pytest.mark.parametrize(
    ("row", "said"), [("1,x,", "lines end with a separator"), ("{},1,x", "has no name: left out")]
)
def test_a_field_beyond_the_header_moves_no_other(tmp_path: Path, row: str, said: str) -> None:
    rows = [row.format(number) for number in range(ROWS)]
    found = read(tmp_path, "\n".join(["a,b", *rows]) + "\n")

    assert tuple(found.rows.iloc[0]) == (1, "x")
    assert said in "; ".join(found.notes)


def test_numbers_of_rows_that_r_writes_are_left_out_of_a_table_with_spaces(tmp_path: Path) -> None:
    rows = [f'"{number}" {number},5 "x y"' for number in range(1, ROWS)]
    found = read(tmp_path, "\n".join(['"a" "b"', *rows]) + "\n", "table.dat")

    assert (tuple(found.rows.iloc[0]), len(found.rows)) == ((1.5, "x y"), ROWS - 1)
    assert "separator spaces" in found.notes


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, lines("1,x", "2,y") + "3")

    assert len(found.rows) == ROWS
    assert "last line left out: it is not whole" in found.notes


def test_names_become_such_as_python_and_a_request_can_hold(tmp_path: Path) -> None:
    odd = ["class", "Körper Maß (g)", "", "a", "a", "x" * 200, "2nd", 'say "x"', "json", "row"]
    head = ",".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in odd)
    found = read(tmp_path, lines(",".join("123456789x"), head=head))
    names = list(found.rows)

    assert names[:5] == ["class_value", "koerper_mass_g", "column_3", "a", "a_2"]
    assert names[6:] == ["n_2nd", "say_x", "json_value", "row_value"]
    assert len(set(names)) == len(odd)
    assert all(name.isidentifier() and len(name) <= 70 for name in names)
    assert found.names["koerper_mass_g"] == "Körper Maß (g)"


def test_no_name_becomes_another_one_of_the_table(tmp_path: Path) -> None:
    odd = ["X", "x", "a b", "a_b", "class", "class_value", "model_year", "model_year_value", "x_2"]
    found = read(tmp_path, lines("1,2,3,4,5,6,7,8,9", head=",".join(odd)))
    values = dict(zip(odd, range(1, 10), strict=True))

    assert found.rows.iloc[0].to_dict() == {
        new: values[found.names.get(new, new)] for new in found.rows
    }
    assert not set(found.names.values()) & set(found.rows), "a batch would be renamed once more"
    assert {"x", "a_b", "class_value", "x_2"} <= set(found.rows)


def test_no_name_is_one_that_predictions_take(tmp_path: Path) -> None:
    found = read(tmp_path, lines("1,2,3", head="probability,Probability of yes,prediction"))

    assert list(found.rows) == ["given_probability", "given_probability_of_yes", "prediction_value"]


def test_three_hundred_columns_and_empty_ones_are_read(tmp_path: Path) -> None:
    head = ",".join(f"c{number}" for number in range(300))
    found = read(tmp_path, lines(",".join([""] + ["1"] * 299), head=head))

    assert found.rows.shape == (ROWS, 300)
    assert found.rows["c0"].isna().all()


def as_parquet(rows: pd.DataFrame, path: Path) -> None:
    rows.to_parquet(path, index=False)


def as_excel(rows: pd.DataFrame, path: Path) -> None:
    rows.to_excel(path, index=False)


def as_json_lines(rows: pd.DataFrame, path: Path) -> None:
    rows.to_json(path, orient="records", lines=True, date_format="iso")


@pytest.mark.parametrize(
    ("name", "write"),
    [("t.parquet", as_parquet), ("t.xlsx", as_excel), ("t.jsonl", as_json_lines)],
)
def test_formats_with_types_keep_them(
    tmp_path: Path, name: str, write: Callable[[pd.DataFrame, Path], None]
) -> None:
    rows = pd.DataFrame({"n": [1, 2], "x": [0.5, None], "t": ["007", "b"], "b": [True, False]})
    write(rows, tmp_path / name)
    found = source.read(tmp_path / name)

    assert [found.written[column].kind for column in rows] == [
        "integer",
        "number",
        "text",
        "boolean",
    ]
    assert found.rows["t"].tolist() == ["007", "b"]
    assert found.dialect is None


def test_an_address_within_a_text_is_left_out_and_a_column_of_them_is_not(tmp_path: Path) -> None:
    said = "write to ann.doe+1@example.com now"
    found = read(tmp_path, lines(f"{said},bob@example.com", "2,eve@example.com", "3,at@home"))

    assert found.rows["a"].tolist()[:2] == ["write to (e-mail) now", "2"]
    assert set(found.rows["b"]) == {"bob@example.com", "eve@example.com", "at@home"}
    assert found.written["a"].mails
    assert "a: e-mail addresses within texts become (e-mail)" in found.notes


def test_a_row_of_one_sign_is_no_other_alphabet(tmp_path: Path) -> None:
    found = read(tmp_path, lines("1,x", "2,Öl").replace("a,b", "a,b" + "Œ" * 30).encode("cp1252"))

    assert len(found.rows) == ROWS
    assert found.rows.iloc[:, 1].tolist()[:2] == ["x", "Öl"]


@pytest.mark.parametrize(
    ("encoding", "place", "doubted"),
    [("cp1250", "Wrocław", True), ("cp1252", "Málaga", False), ("cp1252", "5 m³ São", False)],
)
def test_letters_of_central_europe_that_are_read_as_western_ones_are_doubted(
    tmp_path: Path, encoding: str, place: str, doubted: bool
) -> None:
    found = read(tmp_path, lines(f"1,{place}", "2,Bern").encode(encoding))

    assert any("iconv -f CP1250 -t UTF-8" in note for note in found.notes) == doubted
    assert "encoding cp1252" in found.notes


@pytest.mark.parametrize("head", [",b,c", "a,,c"])
def test_a_column_without_a_name_takes_none_of_a_row(tmp_path: Path, head: str) -> None:
    found = read(tmp_path, lines("one,NA,x", "two,2,y", head=head))

    assert len(found.rows) == ROWS


def test_a_packed_file_is_what_it_holds(tmp_path: Path) -> None:
    content = lines("1,x", "2,y").encode()
    for name, packed in (
        ("t.csv.gz", gzip.compress(content)),
        ("t.csv.bz2", bz2.compress(content)),
    ):
        assert len(read(tmp_path, packed, name).rows) == ROWS
    archive = tmp_path / "t.zip"
    for inner in ("folder/t.csv.zip", "folder/t.csv"):  # some are named after the archive
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(inner, content)
            file.writestr("__MACOSX/._t.csv", "")
        assert len(source.read(archive).rows) == ROWS
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("other.csv", content)
    with pytest.raises(errors.WrongInput, match=r"t\.zip holds 2 files; expected one table"):
        source.read(archive)


def test_shapes_of_other_programs_are_read(tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": range(ROWS), "b": "x"})
    rows.to_feather(tmp_path / "t.feather")
    rows.to_stata(tmp_path / "t.dta", write_index=False)
    for name in ("t.feather", "t.dta"):
        assert source.read(tmp_path / name).rows["a"].sum() == sum(range(ROWS))


def test_a_cell_merged_over_several_rows_is_of_each_of_them(tmp_path: Path) -> None:
    rows = pd.DataFrame({"team": ["red"] * 3 + ["blue"] * 3, "won": [1.5, None, 2, 4, 5, 6]})
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        pd.DataFrame({"n": [1]}).to_excel(book, sheet_name="first", index=False)
        rows.to_excel(book, sheet_name="second", index=False, startrow=2)
        for start in (4, 7):
            book.sheets["second"].merge_cells(f"A{start}:A{start + 2}")
    found = source.read(tmp_path / "t.xlsx")

    assert found.rows["team"].tolist() == rows["team"].tolist()
    assert found.rows["won"].isna().sum() == 1
    assert "a cell that is merged over several rows stands in each of them" in found.notes


def test_durations_and_times_of_day_are_seconds(tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": pd.to_timedelta([90, 60] * 20, "s"), "b": [time(1, 0, 5)] * 40})
    rows.to_parquet(tmp_path / "x.parquet")
    found = source.read(tmp_path / "x.parquet")

    assert found.rows.iloc[0].tolist() == [90.0, 3605.0]
    assert found.notes == ("a, b: hours, minutes and seconds are taken as seconds",)


def test_a_query_is_asked(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as base:
        pd.DataFrame({"n": [1, 2], "day": ["2024-01-01", "2024-01-02"]}).to_sql("sold", base)
    found = source.read(
        None, "select n, day from sold where n > 1", f"sqlite:///{tmp_path}/shop.db"
    )

    assert found.rows["day"].tolist() == [pd.Timestamp("2024-01-02")]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("drop table sold", "readonly"),
        ("insert into sold values (2)", "readonly"),
        ("", "the query gives no rows"),
        ("select n from sold where n > 1", "the query holds no rows"),
    ],
)
def test_a_query_changes_nothing_and_gives_rows(tmp_path: Path, sql: str, said: str) -> None:
    where = f"sqlite:///{tmp_path}/shop.db"
    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute("create table sold as select 1 as n")
    with pytest.raises(errors.WrongInput, match=said):
        source.read(None, sql, where)

    colon = "select n, ':n' as text from sold"  # nothing is bound
    assert source.read(None, colon, where).rows["text"].tolist() == [":n"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///shop.db", "the query failed: no such table: sold"),
        ("sqlite:///no/such/folder/shop.db", "no/such/folder/shop.db does not exist"),
        ("shop.db", "the query failed: .*URL"),
        ("oracles://shop", "the query failed: Can't load plugin"),
    ],
)
def test_a_query_that_fails_is_one_line(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sqlite3.connect("shop.db").close()

    with pytest.raises(errors.WrongInput, match=said) as found:
        source.read(None, "select n from sold", url)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_postgresql_is_asked_by_the_driver_that_is_installed(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "find_spec", lambda name: name == "psycopg")
    assert database.address(f"{scheme}://me@here/shop").drivername == "postgresql+psycopg"

    monkeypatch.setattr(database, "find_spec", lambda name: None)
    with pytest.raises(errors.WrongInput, match="psycopg2 or psycopg; neither is") as found:
        database.address(f"{scheme}://me@here/shop")
    assert found.value.hint == "uv add --dev psycopg2-binary"
    assert database.address("postgresql+asyncpg://here/shop").drivername == "postgresql+asyncpg"


def test_the_files_of_a_folder_are_one_table(tmp_path: Path) -> None:
    for month in ("01", "02"):
        text(tmp_path, lines("1,x", "2,y"), f"{month}.csv")
    assert len(source.read(tmp_path).rows) == 2 * ROWS
    text(tmp_path, lines("1,x", head="a,c"), "03.csv")
    with pytest.raises(errors.WrongInput, match=r"03\.csv has other columns than 01\.csv: b, c"):
        source.read(tmp_path)
    text(tmp_path, lines("x,1", head="b,a"), "03.csv")
    assert source.read(tmp_path).written["a"].kind == "integer"
    text(tmp_path, lines("1;x", head="a;b"), "03.csv")
    with pytest.raises(errors.WrongInput, match=r"03\.csv is written with separator semicolon"):
        source.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("head.csv", b"a,b\n", "holds a header and no row"),
        ("binary.csv", bytes(range(256)) * 8, "is not text: it holds bytes of zero"),
        ("broken.parquet", b"PAR1 and then nothing", "cannot be read"),
        ("broken.xlsx", b"PK and then nothing", "cannot be read"),
        ("broken.json", b'{"a": 1', "is not JSON"),
        ("cut.jsonl", b'{"a": 1}\n{"a": 2}\n{"a"', "delimiter: line 3 column"),
        ("numbers.json", b"[1, 2]", "holds something else than records"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n4,5\n", "cannot be read"),
        ("wide.csv", b"a,b\n1,2,3\n1,2,4\n", "has lines of 3 fields below a header of 2"),
        ("first.csv", b"a,b\n1,x,y\n1,x\n1,x\n", "the first row of .* has 3 fields, expected 2"),
        (
            "two.csv",
            b"a,b,c\n" + b"1,x,2\n" * 30 + b"\nname,city,zip\n",
            "row 31 of .*'name', 'zip'",
        ),
        (
            "closed.csv",
            b'a,b,c\n1,x,2\n1,"y,2\n1,x,2\n1,x,2\n1,z",2\n',
            "a quote in row 2 closes 3 lines later",
        ),
        ("words.csv", b"a b c\n1\n2 x\n1 2 3 4\n7\n", "has one field a line, such as 'a b c'"),
        ("caret.csv", b"a^b\n1^x\n2^y\n", r"has one field a line, such as 'a\^b'"),
        ("single.csv", b"'a','b'\n'1','x'\n", "has values between single quotes, such as 'a'"),
        ("gap.dat", b"a  b  c\n1  2  3\n1     3\n4  5  6\n", "line 3 has 2 fields between spaces"),
        ("two.dat", b"a b\n1 x\n2 x\n1 x y\n", "line 4 has 3 fields between spaces, expected 2"),
        ("late.dat", b"a b\n" + b"1 x\n" * 700 + b"2\n", "line 702 has 1 fields between spaces"),
        ("blank.csv", b" \n\n", "holds blank lines only"),
        ("zeros.csv", b"a,b\n" + b"1,x\n" * 2000 + b"\0", "bytes of zero"),
        ("quote.csv", b'a,b\n1,x\n2,"y\n', "cannot be read: .*EOF inside string"),
        ("login.csv", b"<!DOCTYPE html><html>", "is a web page; expected a table"),
        ("packed.rds.gz", gzip.compress(b"X"), "packed.rds of .*packed.rds.gz ends with '.rds'"),
        ("packed.csv.gz", b"\x1f\x8b\x08", "packed.csv.gz cannot be read: .*ended before the end"),
        ("zipped.csv", b"PK\x03\x04 and more", "is packed with zip; expected a table"),
        ("russian.csv", lines("1,да", "2,нет").encode("cp1251"), "in other letters than UTF-8"),
        (
            "mixed.csv",
            lines("é,é").encode() + b"\xe9,1\n",
            r"is UTF-8, but for some letters, such as that after '.*é",
        ),
        ("text.xlsx", b"a,b\n1,x\n", "is no Excel file"),
        ("columns.json", b'{"a": {"0": 1}, "b": {"0": 2}}', "holds columns, or several tables"),
        ("headless.csv", b"1,2\n3,4\n", "has no header: its first line holds only numbers"),
        ("iris.data", b"5.1,rose\n4.9,rose\n4.7,lily\n", "header: its first line is a row, such"),
        ("cars.data", b"low, big\nhigh, big\nlow, small\n", "has no header: its first line is a"),
        (
            "log.txt",
            b"Sat, 22 Apr 2017 15:11:58 -0500\nFri, 21 Apr 2017 8:20:57 -0500\n",
            "no header",
        ),
        ("a.libsvm.txt", b"-1 1:-1.6 2:0.9\n1 1:2.3 2:-0.1\n-1 1:0.2 2:4\n", "has no header"),
        ("picture.png", b"\x89PNG", "ends with '.png'; expected one of .csv"),
        ("nowhere.csv", None, "does not exist"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        text(tmp_path, content, name)
    with pytest.raises(errors.WrongInput, match=said) as caught:
        source.read(tmp_path / name)

    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "name", ["pipe.csv", "https://example.com/table.csv", "gone.csv", "openml:iris"]
)
def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    with pytest.raises(
        errors.WrongInput,
        match=r"no file|is an address|a link to nothing|in the network",
    ):
        source.read(Path(name) if ":" in name else tmp_path / name)


def test_a_text_that_cannot_fit_into_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = text(tmp_path, lines("1,x", "2,y"))
    monkeypatch.setattr(source, "free_memory", lambda: 100)
    with pytest.raises(errors.OutsideFailed, match="GB of memory or more"):
        source.read(path)

    monkeypatch.setattr(source, "free_memory", lambda: 0)  # nobody knows
    assert len(source.read(path).rows) == ROWS


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.csv.bz2", "bomb.zip", "bomb.xlsx"])
def test_a_small_file_that_unpacks_to_more_than_fits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path, content = tmp_path / name, b"a,b\n" + b"1,2\n" * 1_000_000
    packed = {".gz": gzip.compress, ".bz2": bz2.compress}
    if path.suffix in packed:
        path.write_bytes(packed[path.suffix](content))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("t.csv", content)
    monkeypatch.setattr(source, "free_memory", lambda: 4_000_000)

    with pytest.raises(errors.OutsideFailed, match=r"there is no room|GB of memory") as told:
        source.read(path)

    assert "head" not in str(told.value.hint), "it takes no part of a packed file"


def test_the_index_of_a_data_frame_is_a_column(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=3, name="day")
    pd.DataFrame({"a": [1, 2, 3]}, days).to_parquet(tmp_path / "t.parquet")
    found = source.read(tmp_path / "t.parquet")

    assert (list(found.rows), found.indexed) == (["day", "a"], True)


def test_the_sheet_that_holds_a_table_is_read(tmp_path: Path) -> None:
    codes = pd.DataFrame({"code": ["x", "y"], "means": ["one", "two"]})
    head = [["a", "seen", None, None, None], [None, "b", "c", "d", "e"], [None, None, "kg", "m"]]
    rows = [*head, *([n, "x", 2.5, 1, 2] for n in range(ROWS)), [], ["Source: the office"]]
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        codes.to_excel(book, sheet_name="Codes", index=False)
        pd.DataFrame(rows).to_excel(book, sheet_name="Data", index=False, header=False)
        pd.DataFrame([[1] * 99] * 99).to_excel(book, sheet_name="Machine", index=False)
        book.sheets["Machine"].sheet_state = "hidden"
    found = source.read(tmp_path / "t.xlsx")

    kinds = {name: written.kind for name, written in found.written.items()}
    assert kinds == dict(zip("abcde", ("integer", "text", "number", *["integer"] * 2), strict=True))
    assert len(found.rows) == ROWS
    assert "sheet 'Data', not 'Codes', 'Machine'" in found.notes
    assert "the line below the header is left out: it holds units, as 'kg'" in found.notes


def test_a_formula_without_a_result_and_more_sheets_alike_are_named(tmp_path: Path) -> None:
    rows = [{"a": n, "b": f"=A{n + 2}*2", "c": n} for n in range(ROWS)]
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        for month in ("January", "February", "March"):
            pd.DataFrame(rows).to_excel(book, sheet_name=month, index=False)
        pd.DataFrame(rows[:3]).drop(columns="b").to_excel(book, sheet_name="Notes", index=False)
    found = source.read(tmp_path / "t.xlsx")

    assert found.rows["b"].isna().all()
    said = "results of formulas in b are not stored: open the file in Excel and save it"
    assert said in found.notes
    alike = "'February', 'March' have the same columns: to take all, save each as a file"
    assert any(note.startswith(alike) for note in found.notes)


def test_what_a_workbook_has_beside_values_is_no_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "t.xlsx"
    pd.DataFrame({"a": range(ROWS), "b": "x"}).to_excel(path, index=False)
    with zipfile.ZipFile(path) as book:
        files = {name: book.read(name) for name in book.namelist()}
    more = b'<extLst><ext uri="{A}"/></extLst></worksheet>'
    with zipfile.ZipFile(path, "w") as book:
        for name, content in files.items():
            book.writestr(name, content.replace(b"</worksheet>", more))

    assert len(source.read(path).rows) == ROWS
    assert [str(one.message) for one in recwarn] == []


def test_a_sheet_without_a_header_is_refused(tmp_path: Path) -> None:
    pd.DataFrame([[n, 2.5] for n in range(ROWS)]).to_excel(
        tmp_path / "t.xlsx", index=False, header=False
    )
    with pytest.raises(errors.WrongInput, match="has no header: its first line holds only numbers"):
        source.read(tmp_path / "t.xlsx")


def test_records_are_found_where_an_interface_puts_them(tmp_path: Path) -> None:
    content = '{\n"count": 2, "data": [{"a": 1, "who": {"age": 3}}, {"a": 2, "who": {"age": 4}}]}'
    found = read(tmp_path, content, "t.json")

    assert found.rows.to_dict("list") == {"a": [1, 2], "who_age": [3, 4]}


def test_a_data_set_of_scikit_learn_is_named_with_its_labels() -> None:
    found = source.read(Path("sklearn:iris"))

    assert found.rows["target"].unique().tolist() == ["setosa", "versicolor", "virginica"]
    assert found.names["sepal_length_cm"] == "sepal length (cm)"
    with pytest.raises(errors.WrongInput, match="carries no data set 'irsi'"):
        source.read(Path("sklearn:irsi"))


def test_floats_stay_as_they_are(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=50)
    pd.DataFrame({"x": values}).to_csv(tmp_path / "x.csv", index=False)

    assert source.read(tmp_path / "x.csv").rows["x"].tolist() == values.tolist()
