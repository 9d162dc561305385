# The template's. Claims about your own columns go into tests/test_schema.py.
"""What `validate` refuses, and what it says."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ..broken import ALL, KNOWN, STRICT, cells, plant, wrong_values
from ..fixtures import Repo
from ..package import errors, interface, paths, schema, validation


def refused(repo: Repo, folder: Path, rows: pd.DataFrame) -> str:
    """Return what `validate` says about a batch that it has to refuse."""
    path = folder / "batch.parquet"
    rows.to_parquet(path)
    done = repo.run("validate", path)
    assert done.code == 1, done.err
    assert str(path) in done.err
    return done.err


def test_the_sample_fits(repo: Repo) -> None:
    report = repo.read(paths.VALIDATION)

    assert report["ok"]
    assert [batch["problems"] for batch in report["batches"]] == [[]]


@pytest.mark.parametrize(("column", "value"), cells(ALL))
def test_a_wrong_value_is_found_in_its_row(
    sample: pd.DataFrame, column: interface.Column, value: Any
) -> None:
    problems = validation.check_columns(plant(sample.head(3), column.name, value), [column])

    assert [(p["column"], p["row_numbers"]) for p in problems] == [(column.name, [1])]


def test_the_message_names_file_column_count_and_first_row(
    repo: Repo, sample: pd.DataFrame, tmp_path: Path
) -> None:
    value = next(iter(wrong_values(STRICT).values()))
    rows = plant(plant(sample, STRICT.name, value, row=5), STRICT.name, value, row=7)
    rows[STRICT.name] = rows[STRICT.name].astype("str")  # one type a column, as Parquet wants it

    said = refused(repo, tmp_path, rows)

    assert f"column {STRICT.name!r}: 2 wrong values (first: row 5 = " in said


def test_a_missing_column_is_named(repo: Repo, sample: pd.DataFrame, tmp_path: Path) -> None:
    name = KNOWN[-1].name

    assert f"column {name!r}: the column is missing" in refused(
        repo, tmp_path, sample.drop(columns=name)
    )


def test_an_unknown_column_gets_a_suggestion(
    repo: Repo, sample: pd.DataFrame, tmp_path: Path
) -> None:
    name = KNOWN[0].name
    said = refused(repo, tmp_path, sample.assign(**{f"{name}_": 1}))

    assert f"column '{name}_': the schema does not know this column" in said
    assert f"; expected one of schema.py; did you mean {name!r}?" in said


def test_a_repeated_key_is_refused(repo: Repo, sample: pd.DataFrame, tmp_path: Path) -> None:
    rows = pd.concat([sample, sample.head(2)], ignore_index=True)
    said = refused(repo, tmp_path, rows)

    assert f"2 rows repeat a key (first: row {len(sample)})" in said
    assert "+".join(schema.KEY) in said


def test_an_email_in_an_undeclared_column_is_personal(
    repo: Repo, sample: pd.DataFrame, tmp_path: Path
) -> None:
    rows = sample.assign(remark=["ask ada@example.com", *["none"] * (len(sample) - 1)])

    assert "column 'remark': 1 e-mail addresses (first: row 0)" in refused(repo, tmp_path, rows)


def test_a_column_whose_name_the_contract_denies_is_personal(
    own_repo: Repo, sample: pd.DataFrame, tmp_path: Path
) -> None:
    own_repo.change(paths.CONTRACT, "personal_data", "deny", to=["shoe"])

    assert "the name says personal data (shoe)" in refused(
        own_repo, tmp_path, sample.assign(shoe_size=43)
    )


def test_a_denied_name_that_the_contract_allows_is_an_unknown_column_like_others(
    own_repo: Repo, sample: pd.DataFrame, tmp_path: Path
) -> None:
    own_repo.change(paths.CONTRACT, "personal_data", "deny", to=["shoe"])
    own_repo.change(paths.CONTRACT, "personal_data", "allow", to=["shoe_size"])

    assert "personal data" not in refused(own_repo, tmp_path, sample.assign(shoe_size=43))


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00 no table \xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_wrong_input(
    repo: Repo, tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"batch.{suffix}"
    path.write_bytes(content)
    done = repo.run("validate", path)

    assert done.code == 2
    assert f"error: {path} cannot be read" in done.err


def test_a_truncated_file_is_wrong_input(repo: Repo, tmp_path: Path) -> None:
    whole = (repo.folder / paths.SAMPLE).read_bytes()
    path = tmp_path / "batch.parquet"
    path.write_bytes(whole[: len(whole) // 2])

    assert repo.run("validate", path).code == 2


def test_a_missing_file_is_wrong_input(repo: Repo, tmp_path: Path) -> None:
    done = repo.run("validate", tmp_path / "none.parquet")

    assert (done.code, done.err.count("\n")) == (2, 1)


def test_a_table_without_rows_is_refused(repo: Repo, sample: pd.DataFrame, tmp_path: Path) -> None:
    assert "no rows" in refused(repo, tmp_path, sample.head(0))


def test_csv_is_read_as_parquet_is(repo: Repo, sample: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "batch.csv"
    sample.to_csv(path, index=False)

    assert repo.run("validate", path).code == 0


def test_show_rows_prints_them_and_json_is_the_report(
    repo: Repo, sample: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "batch.parquet"
    sample.drop(columns=KNOWN[-1].name).to_parquet(path)  # the first may be filled in as it is read
    done = repo.run("validate", path, "--json")

    assert '"ok": false' in done.out


def test_a_broken_batch_in_data_raw_is_reported_and_stops_the_pipeline(
    own_repo: Repo, sample: pd.DataFrame
) -> None:
    sample.head(0).to_parquet(own_repo.folder / paths.RAW / "empty.parquet")

    assert own_repo.run("validate").code == 1
    assert own_repo.read(paths.VALIDATION)["ok"] is False


def test_a_report_that_cannot_be_written_is_an_outside_failure(own_repo: Repo) -> None:
    reports = own_repo.folder / paths.REPORTS
    for path in reports.iterdir():
        os.unlink(path)
    reports.rmdir()
    reports.write_text("a file where a folder has to be")
    done = own_repo.run("validate")

    assert done.code == 3
    assert f"error: cannot write {paths.VALIDATION}" in done.err


def test_a_text_that_spells_a_missing_value_is_said_and_not_refused(
    repo: Repo, sample: pd.DataFrame, tmp_path: Path
) -> None:
    texts = [c.name for c in KNOWN if c.kind == "text" and c.name not in schema.KEY]
    if not texts:
        pytest.skip("you declare no text beside the key")
    path = tmp_path / "batch.parquet"  # of a CSV file, data.read_batch may know what is missing
    plant(sample.head(5), texts[0], "NA").to_parquet(path)
    done = repo.run("validate", path)

    assert done.code == 0, done.err
    assert f"warning: {path}: column {texts[0]!r} holds 'NA' 1 time, as text" in done.err


def test_a_label_that_the_schema_does_not_name_is_named(
    sample: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = pd.Series("a", sample.index, dtype="str")
    y.iloc[0], y.iloc[1], y.iloc[2:4] = None, "b", "c"
    monkeypatch.setattr(schema, "LABELS", ("a", "b", "c"))
    monkeypatch.setattr(schema, "read_target", lambda rows: y)
    right = validation.check(sample)
    monkeypatch.setattr(schema, "LABELS", ("a", "b"))
    (wrong,) = validation.check(sample)

    assert right == []
    assert (wrong["column"], wrong["rows"]) == (schema.TARGET, 2)
    assert f"(first: row {sample.index[2]} = c); expected one of a, b" in wrong["message"]


@pytest.mark.parametrize("answer", [lambda rows: ["a"] * len(rows), lambda rows: rows["nowhere"]])
def test_a_target_that_cannot_be_read_is_wrong_input(
    sample: pd.DataFrame,
    answer: Callable[[pd.DataFrame], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schema, "LABELS", ("a", "b"))
    monkeypatch.setattr(schema, "read_target", answer)

    with pytest.raises(errors.WrongInput, match=r"schema\.py: read_target"):
        validation.check(sample)
