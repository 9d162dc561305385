# The template's. Claims about what your model says go into tests/test_model.py.
"""Files in, predictions out: whole, in order, and the same from every format."""

from pathlib import Path

import pandas as pd
import pytest

from ..broken import KNOWN, STRICT, UNREAD, plant, wrong_values
from ..fixtures import Repo
from ..package import artifact, batch, paths, schema, tables


def written(repo: Repo, rows: pd.DataFrame, folder: Path, suffix: str = ".parquet") -> pd.DataFrame:
    """Return what `predict` writes for these rows, from and to files of one kind."""
    source, destination = folder / f"in{suffix}", folder / f"out{suffix}"
    if suffix == ".csv":
        rows.to_csv(source, index=False)
        repo.must("predict", "--input", source, "--output", destination)
        texts = {"prediction": "str"} if schema.LABELS else None  # a label may be 1, or None
        return pd.read_csv(
            destination,
            dtype=texts,
            keep_default_na=False,
            na_values=[""],
            float_precision="round_trip",
        )
    rows.to_parquet(source)
    repo.must("predict", "--input", source, "--output", destination)
    return pd.read_parquet(destination)


def refused(repo: Repo, source: Path, destination: Path) -> tuple[int, str]:
    """Run a prediction that has to fail, and see that an older output is still whole."""
    destination.write_text("the output of yesterday")
    before = sorted(destination.parent.iterdir())
    done = repo.run("predict", "--input", source, "--output", destination)
    assert destination.read_text() == "the output of yesterday"
    assert sorted(destination.parent.iterdir()) == before
    return done.code, done.err


def test_a_line_with_less_fields_than_the_header_is_not_filled_in_silence(
    repo: Repo, known: pd.DataFrame, tmp_path: Path
) -> None:
    lines = known.head(5).to_csv(index=False).splitlines()
    lines[3] = lines[3].rsplit(",", 1)[0]
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, said = refused(repo, tmp_path / "in.csv", tmp_path / "out.csv")

    assert (code, f"line 4 has {known.shape[1] - 1} fields" in said) == (2, True)


def test_rows_come_back_in_order_with_predictions_beside_them(
    repo: Repo, known: pd.DataFrame, tmp_path: Path
) -> None:
    found = written(repo, known, tmp_path)

    pd.testing.assert_frame_equal(found[list(known)], known)
    assert found["prediction"].notna().all()


def test_csv_gives_what_parquet_gives(repo: Repo, known: pd.DataFrame, tmp_path: Path) -> None:
    found = [written(repo, known, tmp_path, suffix) for suffix in (".parquet", ".csv")]
    added = found[0].columns.difference(known.columns)

    pd.testing.assert_frame_equal(
        found[1][added], found[0][added], check_dtype=False, check_exact=True
    )


def test_a_file_read_in_pieces_gives_what_it_gives_at_once(
    repo: Repo, known: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = known.head(60)
    for column in KNOWN:
        if column.missing:  # pieces may differ in what is missing
            rows = plant(rows, column.name, None, row=0)
    rows = tables.conform(rows, KNOWN)
    at_once = written(repo, rows, tmp_path)
    monkeypatch.setattr(batch, "ROWS_AT_ONCE", 7)

    pd.testing.assert_frame_equal(written(repo, rows, tmp_path), at_once)


def test_what_is_known_too_late_has_no_influence(
    repo: Repo, sample: pd.DataFrame, known: pd.DataFrame, tmp_path: Path
) -> None:
    assert written(repo, sample, tmp_path)["prediction"].equals(
        written(repo, known, tmp_path)["prediction"]
    )


def test_columns_of_your_own_are_passed_through(
    repo: Repo, known: pd.DataFrame, tmp_path: Path
) -> None:
    rows = known.head(2).assign(remark=["first", "second"])

    assert list(written(repo, rows, tmp_path)["remark"]) == ["first", "second"]


def test_a_category_not_seen_in_training_is_answered(
    repo: Repo, known: pd.DataFrame, tmp_path: Path
) -> None:
    text = [column.name for column in KNOWN if column.kind == "text"]
    rows = known.head(2).assign(**dict.fromkeys(text, "??"))

    assert written(repo, rows, tmp_path)["prediction"].notna().all()


def test_values_that_may_be_missing_are_answered_without_them(
    repo: Repo, known: pd.DataFrame, tmp_path: Path
) -> None:
    empty = [column.name for column in KNOWN if column.missing]
    rows = tables.conform(known.head(2).assign(**dict.fromkeys(empty)), KNOWN)

    assert written(repo, rows, tmp_path)["prediction"].notna().all()


@pytest.mark.parametrize("value", wrong_values(STRICT).values(), ids=wrong_values(STRICT))
def test_a_wrong_value_is_refused(
    repo: Repo, known: pd.DataFrame, tmp_path: Path, value: object
) -> None:
    source = tmp_path / "in.csv"
    plant(known.head(3), STRICT.name, value).to_csv(source, index=False)
    code, said = refused(repo, source, tmp_path / "out.csv")

    assert code == 1
    assert f"{source}: column {STRICT.name!r}: 1 wrong value (first: row 1 = " in said


def test_a_missing_column_is_refused(repo: Repo, known: pd.DataFrame, tmp_path: Path) -> None:
    source, name = tmp_path / "in.parquet", next(c.name for c in KNOWN if c.name not in UNREAD)
    known.drop(columns=name).to_parquet(source)
    code, said = refused(repo, source, tmp_path / "out.parquet")

    assert code == 1
    assert f"column {name!r}: the column is missing" in said


def test_a_column_that_no_feature_reads_may_be_left_out(
    repo: Repo, known: pd.DataFrame, tmp_path: Path
) -> None:
    few = known.head(5)
    found = written(repo, few.drop(columns=UNREAD), tmp_path)

    assert found["prediction"].tolist() == written(repo, few, tmp_path)["prediction"].tolist()


def test_a_wrong_value_in_a_later_piece_leaves_no_output(
    repo: Repo, known: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "ROWS_AT_ONCE", 7)
    source = tmp_path / "in.csv"
    value = next(iter(wrong_values(STRICT).values()))
    plant(known.head(30), STRICT.name, value, row=20).to_csv(source, index=False)
    code, said = refused(repo, source, tmp_path / "out.csv")

    assert (code, "row 20 = " in said) == (1, True)
    assert said.startswith("error: ")
    assert "\r" not in said, "nobody looks"


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".xlsx"])
@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY\x01\x00 no table \xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_wrong_input(
    repo: Repo, tmp_path: Path, suffix: str, content: bytes | None
) -> None:
    source = tmp_path / f"in{suffix}"
    if content is not None:
        source.write_bytes(content)
    code, said = refused(repo, source, tmp_path / "out.parquet")

    assert (code, str(source) in said) == (2, True)


def test_a_truncated_file_is_wrong_input(repo: Repo, known: pd.DataFrame, tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    known.to_parquet(source)
    source.write_bytes(source.read_bytes()[:-100])

    assert refused(repo, source, tmp_path / "out.parquet")[0] == 2


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_without_rows_is_wrong_input(
    repo: Repo, known: pd.DataFrame, tmp_path: Path, suffix: str
) -> None:
    source = tmp_path / f"in{suffix}"
    empty = known.head(0)
    empty.to_csv(source, index=False) if suffix == ".csv" else empty.to_parquet(source)
    code, said = refused(repo, source, tmp_path / "out.parquet")

    assert (code, "has no rows" in said) == (2, True)


@pytest.mark.parametrize("there", [".", str(paths.RAW)])
def test_an_output_that_would_replace_what_is_read_or_learned_from_is_refused(
    repo: Repo, sample: pd.DataFrame, there: str
) -> None:
    source = repo.folder / there / "in.parquet"
    source.parent.mkdir(exist_ok=True)
    sample.to_parquet(source)
    before = source.read_bytes()
    other = source if there == "." else source.with_name("out.parquet")
    done = repo.run("predict", "--input", source, "--output", other)
    kept, made = source.read_bytes() == before, other != source and other.exists()
    source.unlink()

    assert (done.code, kept, made) == (2, True, False)
    assert "is the file of --input" in done.err or "from which models learn" in done.err


def test_a_folder_is_not_said_to_be_missing(repo: Repo, tmp_path: Path) -> None:
    done = repo.run("predict", "--input", tmp_path, "--output", tmp_path / "out.csv")

    assert (done.code, f"{tmp_path.name} is a folder; expected a file" in done.err) == (2, True)


def test_an_output_of_unknown_kind_is_wrong_use(repo: Repo, tmp_path: Path) -> None:
    code, said = refused(repo, repo.folder / "params.yaml", tmp_path / "out.xlsx")

    assert (code, "expected one of .parquet, .csv" in said) == (2, True)


def test_an_output_that_cannot_be_written_is_an_outside_failure(
    repo: Repo, known: pd.DataFrame, tmp_path: Path
) -> None:
    source, file = tmp_path / "in.parquet", tmp_path / "file"
    known.to_parquet(source)
    file.touch()
    done = repo.run("predict", "--input", source, "--output", file / "out.parquet")

    assert done.code == 3
    assert f"error: cannot write {file / 'out.parquet'}" in done.err


def test_without_a_champion_the_command_to_run_is_named(
    own_repo: Repo, known: pd.DataFrame, tmp_path: Path
) -> None:
    (own_repo.folder / paths.CHAMPION / artifact.POINTER).unlink()
    source = tmp_path / "in.parquet"
    known.to_parquet(source)
    known_to_git = refused(own_repo, source, tmp_path / "out.parquet")
    (own_repo.folder / paths.CHAMPION.with_suffix(".dvc")).unlink()
    first = refused(own_repo, source, tmp_path / "out.parquet")

    assert (known_to_git[0], first[0]) == (2, 2)
    assert "dvc pull brings back the champion that git knows" in known_to_git[1]
    assert artifact.FIRST_CHAMPION in first[1]


def test_the_target_is_not_needed(known: pd.DataFrame) -> None:
    assert schema.TARGET not in known
