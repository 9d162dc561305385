# The template's. Tables of yours are tried by tests of yours, in the folder above.
"""ARFF, in which OpenML and Weka hand out tables: names, quotes, missing values, refusals."""

from pathlib import Path

import pytest

from ..package import errors, source

ROWS = "".join(
    f"{number}.5, 'light blue', no, ?\n{number}, red, yes, 'it\\'s'\n" for number in "1234"
)
TABLE = f"""\
% a comment
@RELATION parcels
@attribute weight numeric
@ATTRIBUTE 'main colour' {{'light blue', red}}
@attribute "was late" {{no,yes}}
@attribute note string

@DATA
% another one
{ROWS}
"""


def write(folder: Path, text: str) -> Path:
    """Write a file as OpenML names it."""
    path = folder / "parcels.arff"
    path.write_text(text, encoding="utf-8")
    return path


def test_names_values_and_missing_ones_are_read(tmp_path: Path) -> None:
    found = source.read(write(tmp_path, TABLE))

    assert list(found.rows) == ["weight", "main_colour", "was_late", "note"]
    assert found.rows["weight"].tolist()[:3] == [1.5, 1.0, 2.5]
    assert found.rows["main_colour"].tolist()[:2] == ["light blue", "red"]
    assert found.rows["note"].isna().tolist()[:2] == [True, False]
    assert found.rows["note"].iloc[1] == "it's"
    assert found.names == {"main_colour": "main colour", "was_late": "was late"}


def test_the_other_quote_is_a_letter(tmp_path: Path) -> None:
    text = TABLE.replace("'it\\'s'", '"O\'Brien, J."').replace(
        "'light blue', no", '"light blue", no'
    )
    found = source.read(write(tmp_path, text))

    assert found.rows["note"].iloc[1] == "O'Brien, J."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@DATA", "@dates", "no @data"),
        ("@attribute", "@column", "declares 1 columns"),
        (ROWS, "{0 1.5, 2 yes}\n", "holds sparse rows"),
        (ROWS, "1.5,red\n2.5,red\n", "declares 4 columns; a row has 2: '1.5,red'"),
        (ROWS, "1,red,no,a,b\n1,red,no,a,b\n", "a row has 5"),
        (ROWS, "", "holds no rows"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(errors.WrongInput) as caught:
        source.read(write(tmp_path, TABLE.replace(old, new)))

    assert said in str(caught.value)
