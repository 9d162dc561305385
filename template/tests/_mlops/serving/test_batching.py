# The template's. That a row alone is answered as among others is for your features.py to keep.
"""Requests that wait together are answered together, and none by what another sent."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ..package import batching, guard

PATIENCE = 30  # seconds until a test that hangs is given up


class Slow:
    """Doubles numbers; the first call lasts until it is let go."""

    def __init__(self) -> None:
        self.calls: list[list[Any]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, records: list[dict[str, Any]]) -> list[int]:
        values = [record["x"] for record in records]
        self.calls.append(values)
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        if 13 in values:
            raise ValueError("13 is not predicted")
        return [2 * value for value in values]


def together(slow: Slow, *asked: tuple[list[int], Any]) -> list[Any]:
    """Let requests wait behind a first one; return the answers, or what was raised."""
    batcher = batching.Batcher(slow)

    def ask(values: list[int], alike: Any) -> list[int]:
        found, place = batcher.ask([{"x": value} for value in values], alike)
        return found[place]

    with ThreadPoolExecutor(len(asked) + 1) as pool:
        first = pool.submit(ask, [0], "first")
        assert slow.begun.wait(PATIENCE)
        waiting = []
        for number, (values, alike) in enumerate(asked, 1):
            waiting.append(pool.submit(ask, values, alike))
            while len(batcher.waiting) < number:  # so that they come in this order
                assert not waiting[-1].done()
        slow.go_on.set()
        assert first.result(PATIENCE) == [0]
        return [one.exception(PATIENCE) or one.result() for one in waiting]


def test_one_that_is_alone_is_answered_at_once_and_by_itself() -> None:
    slow = Slow()
    slow.go_on.set()
    batcher = batching.Batcher(slow)

    assert batcher.ask([{"x": 1}, {"x": 2}], "a") == ([2, 4], slice(0, 2))
    assert batcher.ask([{"x": 3}], "a") == ([6], slice(0, 1))
    assert slow.calls == [[1, 2], [3]]


def test_those_that_wait_share_a_call_and_each_gets_its_own() -> None:
    slow = Slow()

    assert together(slow, ([1, 2], "a"), ([3], "a"), ([4, 5], "a")) == [[2, 4], [6], [8, 10]]
    assert slow.calls == [[0], [1, 2, 3, 4, 5]]


def test_a_neighbour_that_cannot_be_predicted_punishes_nobody() -> None:
    slow = Slow()
    found = together(slow, ([1], "a"), ([2, 13], "a"), ([3], "a"))

    assert [found[0], found[2]] == [[2], [6]]
    assert str(found[1]) == "13 is not predicted"
    assert slow.calls == [[0], [1, 2, 13, 3], [1], [2, 13], [3]]


def test_after_an_error_the_next_is_answered() -> None:
    slow = Slow()
    slow.go_on.set()
    batcher = batching.Batcher(slow)
    with pytest.raises(ValueError, match="13 is not predicted"):
        batcher.ask([{"x": 13}], "a")

    assert batcher.ask([{"x": 1}], "a") == ([2], slice(0, 1))


def test_requests_of_other_types_are_not_joined() -> None:
    slow = Slow()
    asked = (([1], "a"), ([2], "b"), ([3], "a"), ([4], None), ([5], None), ([6], "b"))

    assert together(slow, *asked) == [[2], [4], [6], [8], [10], [12]]
    assert slow.calls == [[0], [1, 3], [2, 6], [4], [5]]


def test_a_call_has_no_more_rows_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MOST_ROWS", 3)
    slow = Slow()
    found = together(slow, ([1, 1, 1, 1], "a"), ([2, 2], "a"), ([3], "a"), ([4], "a"))

    assert found == [[2, 2, 2, 2], [4, 4], [6], [8]]
    assert slow.calls == [[0], [1, 1, 1, 1], [2, 2, 3], [4]]


def test_under_a_storm_every_request_gets_its_own_answer() -> None:
    slow = Slow()
    slow.go_on.set()
    batcher = batching.Batcher(slow)

    def ask(value: int) -> bool:
        found, place = batcher.ask([{"x": value}, {"x": -value}], value % 2)
        return bool(found[place] == [2 * value, -2 * value])

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(100, 2100), timeout=PATIENCE))
    assert not batcher.busy


def test_requests_take_turns_and_who_asks_for_readiness_waits_for_none() -> None:
    at_work, most, ready = 0, 0, asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal at_work, most
        if scope["method"] == "GET":
            ready.set()
            return
        at_work += 1
        most = max(most, at_work)
        await ready.wait()
        at_work -= 1

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def ask(method: str) -> None:
        scope = {"type": "http", "method": method, "path": "/", "headers": []}
        await door(scope, receive, cast("Any", None))

    async def all_at_once() -> None:
        posts = [asyncio.create_task(ask("POST")) for _ in range(3 * guard.TURNS)]
        await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.gather(ask("GET"), *posts), 30)

    door = guard.Guard(app, cast("Any", SimpleNamespace(problem=None)))
    asyncio.run(all_at_once())

    assert (most, at_work) == (guard.TURNS, 0)
