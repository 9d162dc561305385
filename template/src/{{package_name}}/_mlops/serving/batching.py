# The template's. That a row alone is answered as among others is for your features.py to keep.
"""Requests that wait together are answered together; one that is alone does not wait."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

MOST_ROWS = 256  # of one call: so many take about twice the time of one
THREADS = 64  # requests that wait at once; others wait before
log = logging.getLogger("bentoml.champion")


@dataclass
class Request:
    """Rows that wait for an answer.

    Args:
        records: At least one.
        alike: Equal for requests whose rows may stand in one table; None for one that is alone.
    """

    records: list[dict[str, Any]]
    alike: Hashable | None
    woken: threading.Event = field(default_factory=threading.Event)
    answer: tuple[Any, slice] | None = None
    error: Exception | None = None


class Batcher:
    """Calls `predict` with the rows of all requests that wait, by one thread at a time.

    The thread of a request does the work of those that wait with it, and hands over to the
    first that came meanwhile. When `predict` fails for several, each is tried alone.

    Args:
        predict: Predicts records; the thread of any request may call it.
    """

    def __init__(self, predict: Callable[[list[dict[str, Any]]], Any]) -> None:
        self.predict = predict
        self.lock = threading.Lock()
        self.waiting: deque[Request] = deque()
        self.busy = False

    def ask(self, records: list[dict[str, Any]], alike: Hashable | None) -> tuple[Any, slice]:
        """Return what `predict` said, and where in it these records are; it may raise as well."""
        own = Request(records, alike)
        with self.lock:
            self.waiting.append(own)
            leads, self.busy = not self.busy, True
        if not leads:
            own.woken.wait()  # until it is answered, or has to lead
        while own.answer is None:
            if own.error:
                raise own.error
            self.lead()
        return own.answer

    def lead(self) -> None:
        """Answer the first that waits and those that go with it; wake them, and the next."""
        together = self.take()
        try:
            self.answer(together)
        finally:
            with self.lock:
                self.busy = bool(self.waiting)
                following = [self.waiting[0]] if self.waiting else []
            for request in [*together[1:], *following]:
                request.woken.set()

    def take(self) -> list[Request]:
        """Take the first request out of the queue, and those behind it that may join it."""
        with self.lock:
            first = self.waiting.popleft()
            together, rows, stay = [first], len(first.records), deque[Request]()
            for request in self.waiting:
                rows_then = rows + len(request.records)
                if first.alike is None or request.alike != first.alike or rows_then > MOST_ROWS:
                    stay.append(request)
                else:
                    together.append(request)
                    rows = rows_then
            self.waiting = stay
        return together

    def answer(self, together: list[Request]) -> None:
        """Give each request its part, or the error that its own rows cause."""
        if len(together) > 1:
            try:
                found = self.predict([record for one in together for record in one.records])
            except Exception:  # whoever is at fault, the others are not
                log.warning("%d requests are answered one by one", len(together), exc_info=True)
            else:
                start = 0
                for request in together:
                    stop = start + len(request.records)
                    request.answer, start = (found, slice(start, stop)), stop
                return
        for request in together:
            try:
                request.answer = (self.predict(request.records), slice(0, len(request.records)))
            except Exception as error:
                request.error = error
