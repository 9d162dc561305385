# The template's. Tests of engines of yours stand beside this folder.
"""Work on many pieces is done here, in order, or by the file of an engine that was added."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from .fixtures import Repo
from .package import batch, engines, errors


def test_here_pieces_are_done_in_order_and_read_one_by_one() -> None:
    read = []

    def pieces() -> Iterator[int]:
        for number in range(3):
            read.append(number)
            yield number

    found = engines.spread(engines.HERE, str, pieces())

    assert next(found) == "0"
    assert read == [0]
    assert list(found) == ["1", "2"]


def test_an_engine_that_nobody_added_is_told_before_anything_is_read(
    repo: Repo, tmp_path: Path
) -> None:
    for verb in (("predict", "--input", "x.csv", "--output", "y.csv"), ("tune",)):
        done = repo.run(*verb, "--engine", "spark")

        assert done.code == 2
        assert "--engine is 'spark'; expected one of here" in done.err


def test_an_extra_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "FILES", "nothing-*.py")

    with pytest.raises(errors.WrongInput, match="expected one of here") as told:
        engines.require("ray")
    assert told.value.hint == "uv run just update --data 'extras=[ray]' adds ray"


def test_what_predicts_is_sent_by_name_and_refuses_another_model(
    repo: Repo, known: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAMPION_DIR", str(repo.folder / "models/champion"))
    work = batch.Predictor(Path("in.parquet"))
    sent = pickle.dumps(work)

    assert len(sent) < 1000, "no bytes of the model"
    pd.testing.assert_frame_equal(pickle.loads(sent)(known), work(known))
    with pytest.raises(errors.OutsideFailed, match=r"has the model .*; expected 0000"):
        batch.Predictor(Path("in.parquet"), "0000")
