# The template's. What a batch may hold is yours, in schema.py.
"""Which batches are taken in, and which stop at the door."""

from pathlib import Path

import pandas as pd
import pytest

from ..broken import STRICT, plant, wrong_values
from ..fixtures import Repo, killing
from ..package import envelope, files, ingest, paths, plausibility, schema, tables


@pytest.fixture
def halved(own_repo: Repo, sample: pd.DataFrame) -> tuple[Repo, Path]:
    """Return a repo that knows the first half of the sample, and a file of the second."""
    half = len(sample) // 2
    ordered = sample.sort_values(schema.TIME, kind="stable") if schema.TIME else sample
    ordered.head(half).to_parquet(own_repo.folder / paths.RAW / paths.SAMPLE.name)
    incoming = own_repo.folder / paths.INCOMING
    incoming.mkdir(parents=True)
    ordered.tail(len(sample) - half).to_parquet(incoming / "later.parquet")
    return own_repo, paths.INCOMING / "later.parquet"


def refused(repo: Repo, path: Path) -> tuple[int, str]:
    """Offer a file that has to be refused, and see that nothing was taken."""
    before = repo.files()
    done = repo.run("ingest", path)
    assert repo.files() == before
    return done.code, done.err


def test_a_good_batch_is_moved_tracked_and_committed(halved: tuple[Repo, Path]) -> None:
    repo, path = halved
    done = repo.must("ingest", path)

    assert (repo.folder / paths.RAW / path.name).is_file()
    assert not (repo.folder / path).exists()
    assert repo.git("log", "-1", "--format=%s") == "Learn from later.parquet"
    assert repo.git("status", "--porcelain", "--", "data/raw.dvc") == ""
    assert "1 new batch," in done.err
    assert repo.read(paths.INGEST)["files"] == ["later.parquet"]


def test_a_batch_with_a_wrong_value_stops_at_the_door(halved: tuple[Repo, Path]) -> None:
    repo, path = halved
    rows = pd.read_parquet(repo.folder / path)
    for value in wrong_values(STRICT).values():
        plant(rows, STRICT.name, value).to_csv(repo.folder / "bad.csv", index=False)
        code, said = refused(repo, Path("bad.csv"))
        assert (code, f"{STRICT.name!r}" in said) == (1, True)


def test_a_batch_that_repeats_known_rows_stops_at_the_door(halved: tuple[Repo, Path]) -> None:
    repo, path = halved
    known = pd.read_parquet(repo.folder / paths.RAW / paths.SAMPLE.name)
    rows = pd.concat([pd.read_parquet(repo.folder / path), known.tail(3)], ignore_index=True)
    rows.to_parquet(repo.folder / "again.parquet")
    code, said = refused(repo, Path("again.parquet"))

    assert (code, "3 rows have a key that data/raw holds already" in said) == (1, True)


def test_another_batch_of_a_known_name_stops_at_the_door(halved: tuple[Repo, Path]) -> None:
    repo, path = halved
    (repo.folder / path).rename(repo.folder / paths.INCOMING / paths.SAMPLE.name)
    code, said = refused(repo, paths.INCOMING / paths.SAMPLE.name)

    assert (code, "is unlike" in said) == (1, True)


def test_a_second_run_finishes_what_the_first_began(halved: tuple[Repo, Path]) -> None:
    repo, path = halved
    there = repo.folder / paths.RAW / path.name
    there.write_bytes((repo.folder / path).read_bytes())  # as if it was killed after this step
    repo.must("ingest", path)

    assert repo.git("log", "-1", "--format=%s") == "Learn from later.parquet"
    assert not (repo.folder / path).exists()


@pytest.mark.parametrize("name", ["whole_file", "keep"])
def test_what_was_found_in_a_batch_outlives_a_kill(halved: tuple[Repo, Path], name: str) -> None:
    repo, path = halved
    with killing(ingest, name):
        repo.run("ingest", path)
    found = repo.read(paths.INGEST)
    repo.must("ingest", path)

    assert found["judgement"].keys() == {path.name}
    assert repo.read(paths.INGEST) == found
    assert repo.git("log", "-1", "--format=%s") == "Learn from later.parquet"


def test_a_file_that_is_not_there_is_wrong_input(halved: tuple[Repo, Path]) -> None:
    assert refused(halved[0], Path("nowhere.parquet"))[0] == 2


def test_a_batch_that_looks_broken_stops_at_the_door_unless_it_is_forced(
    halved: tuple[Repo, Path],
) -> None:
    repo, path = halved
    rows = pd.read_parquet(repo.folder / path)
    known = tables.known_columns(schema)
    columns = [rows[one.name].dropna() for one in plausibility.comparable() if one in known]
    numbers = [one for one in columns if one.dtype.kind in "iuf" and len(one) > len(rows) / 2]
    varied = [one.name for one in numbers if one.value_counts(normalize=True).max() < 0.5]
    if len(rows) < 2 * envelope.FEWEST or not varied:
        pytest.skip("your sample has too few rows, or no number, to tell a stuck column by")
    column = varied[0]
    value = rows[column].dropna().iloc[0]
    rows.assign(**{column: value}).to_parquet(repo.folder / "bad.parquet")
    code, said = refused(repo, Path("bad.parquet"))
    before = repo.git("rev-parse", "HEAD")

    assert (code, f"looks broken: stuck: column {column!r}" in said) == (1, True)
    assert "expected this value in at most" in said
    assert "hint: stuck: ask whether its source stopped" in said

    done = repo.must("ingest", "--force", "the sensor is gone for good", "bad.parquet")
    assert "warning: bad.parquet looks broken: stuck" in done.err
    assert repo.git("rev-parse", "HEAD~1") == before
    assert "the sensor is gone for good" in repo.git("log", "-1", "--format=%b")
    report = repo.read(paths.INGEST)
    assert report["forced"] == "the sensor is gone for good"
    assert report["judgement"]["bad.parquet"]["findings"][0]["kind"] == "stuck"


def test_a_reason_is_recorded_only_where_it_was_needed(halved: tuple[Repo, Path]) -> None:
    repo, path = halved
    repo.must("ingest", "--force", "to be sure", path)

    assert repo.read(paths.INGEST)["forced"] == ""
    assert repo.git("log", "-1", "--format=%b") == ""


def test_nothing_comes_in_while_the_pipeline_learns(halved: tuple[Repo, Path]) -> None:
    repo, path = halved
    with files.one_writer(repo.folder / paths.DATA_LOCK):
        code, said = refused(repo, path)

    assert (code, "is held by another command" in said) == (3, True)
