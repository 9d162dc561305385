# The template's. Claims about what your model says go into tests/test_model.py.
"""The champion by itself: what it answers is what its model says, and as quickly."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ..fixtures import Repo
from ..package import champion, features, paths, schema, tables


class Watched:
    """A model that notes how many threads there are while it predicts."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.threads: list[int] = []

    def __getattr__(self, name: str) -> Any:
        self.threads = [pool["num_threads"] for pool in threadpool_info()]
        return getattr(self.model, name)


@pytest.fixture
def loaded(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the champion of `repo`, loaded."""
    monkeypatch.setenv("CHAMPION_DIR", str(repo.folder / paths.CHAMPION))
    found = champion.Champion(schema, features)
    found.load_or_raise()
    return found


def test_a_request_has_one_thread_and_a_file_has_all(loaded: Any, known: pd.DataFrame) -> None:
    watched = Watched(loaded.served.model)
    loaded.served = replace(loaded.served, model=watched)
    with threadpool_limits(2):
        loaded.answer(tables.as_records(known.head(2)), "few")
        few = watched.threads
        loaded.predict(known)
        many = watched.threads

    assert few
    assert set(few) == {1}
    assert set(many) == {2}
