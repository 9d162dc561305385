# The template's. What it writes is yours, and so are the tests that it writes.
"""Does a table take the place of the example whole, or not at all?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ..fixtures import Repo, fresh_repo
from ..package import paths, replacing, source, tables

ROWS = 300


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a table with a signal, and columns of the caller's."""

    def write(**columns: Any) -> Path:
        signal = np.random.default_rng(0).normal(size=ROWS)
        rows = pd.DataFrame({"signal": signal, "bought": np.where(signal > 0.2, "yes", "no")})
        path = tmp_path / "people.csv"
        rows.assign(**columns).to_csv(path, index=False)
        return path

    return write


def own_files(repo: Repo) -> dict[str, bytes]:
    """Return what the repo holds."""
    made = ("__pycache__", ".lock", ".evidence")
    return {
        str(path.relative_to(repo.folder)): path.read_bytes()
        for path in repo.folder.rglob("*")
        if path.is_file() and not set(made) & set(path.parts)
    }


def test_the_files_are_written_and_the_old_batch_waits_aside(
    table: Callable[..., Path], tmp_path: Path
) -> None:
    repo = fresh_repo(tmp_path / "work")
    people = {"phone": 4_915_100_000_000 + np.arange(ROWS), "born": "1980-05-17", "fax": None}
    repo.must("start-from", table(**people), "--target", "bought", "--yes", "--force")
    sample = pd.read_parquet(repo.folder / paths.SAMPLE)
    raw = pd.concat(map(pd.read_parquet, tables.batches(repo.folder / paths.RAW)))
    later = pd.concat(map(pd.read_parquet, tables.batches(repo.folder / paths.INCOMING)))

    assert len(raw) + len(later) == ROWS
    assert raw["phone"].min() > 4_915_000_000_000
    assert sample["phone"].max() <= ROWS, "a person's number stands in git"
    assert "fax" not in raw
    assert list(repo.folder.glob(f"{replacing.ASIDE}/1/data/raw/*.parquet"))
    assert repo.read(replacing.RECORD)["origin"] == "people.csv"
    assert "Start from people.csv" in repo.git("log", "--format=%s")
    assert repo.git("status", "--porcelain") == ""
    assert "xfail" not in (repo.folder / "tests/test_model.py").read_text(encoding="utf-8")


def test_where_the_columns_say_nothing_the_test_written_expects_no_more(
    table: Callable[..., Path], tmp_path: Path
) -> None:
    repo = fresh_repo(tmp_path / "work")
    random = np.random.default_rng(1)
    noise = {f"noise_{number}": random.normal(size=ROWS) for number in range(12)}
    path = table(**noise, bought=random.permutation(["yes", "no"] * (ROWS // 2)))
    done = repo.must("start-from", path, "--target", "bought", "--yes", "--force")

    assert "the model is no better than 'majority'" in done.err
    assert "@pytest.mark.xfail" in (repo.folder / "tests/test_model.py").read_text(encoding="utf-8")


def test_labels_that_only_later_rows_have_are_refused_and_nothing_is_written(
    table: Callable[..., Path], tmp_path: Path
) -> None:
    repo = fresh_repo(tmp_path / "work")
    before = own_files(repo)
    day = pd.date_range("2024-01-01", periods=ROWS, freq="D")
    label = np.where(np.arange(ROWS) < 200, "a", np.where(np.arange(ROWS) % 2, "a", "b"))
    path = table(day=day, bought=label)
    done = repo.run("start-from", path, "--target", "bought", "--yes", "--force")

    assert done.code == 1
    assert "with labels that the training part lacks: ['b']" in done.err
    assert "--time none" in done.err
    assert own_files(repo) == before


@pytest.mark.parametrize("name", ['a"""b', "two\nlines", "back\\slash", "très long " * 20])
def test_a_name_that_would_end_a_comment_is_written_harmlessly(name: str) -> None:
    raw = source.Raw(pd.DataFrame({"x": [1, 2]}))
    origin = source.typed(raw, name).origin

    assert len(origin) <= source.LONGEST_NAME
    assert not set('"\\\n') & set(origin)
    compile(f'"""{origin}"""\n# {origin}\n', "schema.py", "exec")
