# The template's. What your consumer was promised is yours, in contract.yaml.
"""What `bench` counts; never how fast something is."""

import json
import time
from collections.abc import Iterator

import pandas as pd
import pytest

from ..fixtures import Repo, StandIn, standing_in
from ..package import bench, config, errors, paths


@pytest.fixture
def answering() -> Iterator[tuple[str, list[int]]]:
    """Return a server that answers each second request with 500, and the sizes it was asked."""
    sizes: list[int] = []

    class Handler(StandIn):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            asked = json.loads(self.body())
            sizes.append(len(asked["rows"]))
            self.answer(b"{}", 200 if len(sizes) % 2 else 500)

    with standing_in(Handler) as server:
        yield server.address, sizes


def test_answers_and_failures_are_counted_apart(
    answering: tuple[str, list[int]], known: pd.DataFrame
) -> None:
    address, sizes = answering
    found = bench.measure(address, known, 3, 2, 1.0)

    assert set(sizes) == {3}
    assert (found.rows, found.connections) == (3, 2)
    assert found.failed > 0
    assert 0 < found.per_second * 1.0 <= len(sizes)
    assert 0 < found.p50_ms <= found.p99_ms


def test_a_service_that_answers_nothing_is_refused(known: pd.DataFrame) -> None:
    with pytest.raises(errors.Refused, match="answered none of"):
        bench.measure("http://127.0.0.1:9", known, 1, 1, 0.5)


def test_an_answer_that_takes_longer_than_the_whole_measurement_counts(known: pd.DataFrame) -> None:
    class Slow(StandIn):
        def respond(self) -> None:
            self.body()
            time.sleep(0.2)
            self.answer(b"{}")

    with standing_in(Slow) as server:
        found = bench.measure(server.address, known, 1, 1, 0.05)

    assert found.failed == 0
    assert 0 < found.per_second <= 1 / (0.2 - 0.05)


def test_the_promise_of_the_contract_stands_beside_the_figures(repo: Repo) -> None:
    contract = config.load_contract(repo.folder / paths.CONTRACT)
    said = bench.table([bench.Load(1, 4, 100.0, 5.0, 9.0, 0)], 1000.0, contract)

    assert f"p95 of {contract.service.latency_p95_ms:g} ms" in said
    assert "1,000 rows/s" in said


def test_the_repo_s_own_service_is_measured(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "CONNECTIONS", (2,))
    monkeypatch.setattr(bench, "BATCH", 500)
    said = json.loads(repo.must("bench", "--seconds", "0.5", "--json").out)

    assert said["version"] == "1"
    assert [(one["rows"], one["connections"]) for one in said["loads"]] == [(1, 2), (100, 4)]
    assert [one["failed"] for one in said["loads"]] == [0, 0]
    assert all(one["per_second"] > 0 for one in said["loads"])
    assert said["batch_rows_per_second"] > 0
