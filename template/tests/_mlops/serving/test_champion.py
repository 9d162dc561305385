# The template's. Claims about what your model says go into tests/test_model.py.
"""The champion by itself: what it answers is what its model says, and as quickly."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ..fixtures import Repo, nearly
from ..package import champion, features, messages, paths, schema, tables


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
    found.load_or_raise(warm_up=1)
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


@pytest.mark.slow
def test_requests_that_wait_together_are_answered_as_alone(
    loaded: Any, known: pd.DataFrame
) -> None:
    """Each row of the sample, by as many callers as there may be."""
    given = [row.model_dump() for row in request(known)]
    heard: list[champion.Answered] = []
    loaded.on_answer.append(heard.append)
    alone = [loaded.predict_records([row]) for row in given]
    with ThreadPoolExecutor(32) as pool:
        ids = [str(number) for number in range(len(given))]
        found = list(pool.map(lambda row, name: loaded.answer([row], name), given, ids))

    assert [one["request_id"] for one in found] == ids
    assert {one["model_version"] for one in found} == {"1"}
    for one, by_itself in zip(found, alone, strict=True):
        assert one["predictions"] == nearly(by_itself.answer["predictions"])
        for shares, expected in zip(
            one.get("probabilities", []), by_itself.answer.get("probabilities", []), strict=True
        ):
            assert shares == pytest.approx(expected, abs=1e-9)
    assert len({id(one.call) for one in heard}) < len(given)  # some were joined
    by_id = {one.request_id: one for one in heard}
    for name, one in zip(ids, alone, strict=True):
        pd.testing.assert_frame_equal(by_id[name].rows, one.rows)
        assert by_id[name].part(by_id[name].call.given) == one.given
        assert list(by_id[name].y_pred.index) == [0]


def request(known: pd.DataFrame) -> list[Any]:
    """Return rows as the service's door lets them in."""
    rows = tables.as_records(known.head(messages.MAX_ROWS))
    made: Any = messages.input_model(schema).model_validate_json(json.dumps({"rows": rows}))
    return list(made.rows)


def test_it_is_ready_after_it_predicted_its_example_a_few_times(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAMPION_DIR", str(repo.folder / paths.CHAMPION))
    seen: list[tuple[int, bool]] = []

    def build_features(rows: pd.DataFrame) -> pd.DataFrame:
        seen.append((len(rows), found.ready))
        return features.build_features(rows)

    found = champion.Champion(schema, SimpleNamespace(build_features=build_features))
    heard: list[champion.Answered] = []
    found.on_answer.append(heard.append)
    found.load()

    assert found.ready
    assert seen[-champion.WARM_UP :] == [(1, False)] * champion.WARM_UP
    assert not any(ready for _, ready in seen)
    assert not heard


def test_one_that_does_not_predict_its_example_says_so_and_is_served(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CHAMPION_DIR", str(repo.folder / paths.CHAMPION))

    def build_features(rows: pd.DataFrame) -> pd.DataFrame:
        raise ValueError("no features today")

    found = champion.Champion(schema, SimpleNamespace(build_features=build_features))
    found.load()

    assert found.ready
    assert "version 1 does not predict its example" in caplog.text
    with pytest.raises(ValueError, match="no features today"):
        found.answer([found.example()], "a request")


def test_an_exit_in_a_file_of_yours_fails_a_request_and_ends_no_service(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAMPION_DIR", str(repo.folder / paths.CHAMPION))
    found = champion.Champion(schema, SimpleNamespace(build_features=lambda rows: sys.exit()))
    found.load()

    assert found.ready
    with pytest.raises(RuntimeError, match="ends the process"):
        found.answer([found.example()], "a request")
