# The template's. Your own middleware goes into service.py.
"""The door of the service: refuses what cannot be answered, in one form for every error."""

import asyncio
import json
import logging
import re
import uuid
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .added import attach_all
from .batching import THREADS
from .champion import Champion
from .messages import MAX_ROWS, error
from .notes import READER, bound_metrics, without_values
from .page import Page
from .tokens import Tokens

MAX_BYTES = 2_000_000
# requests that are worked on at once; others wait outside of the event loop's round, in which
# whoever asks for readiness would have to wait for a step of each
TURNS = 64
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
HINTS = {
    "extra_forbidden": "leave it out: the service takes what is known at the prediction moment",
    "json_invalid": 'send JSON: {"rows": [{"column": value}]}',
    "missing": 'send {"rows": [{"column": value}]} with every column that may not be missing',
}


class Guard:
    """ASGI middleware around the predicting endpoint.

    Every error leaves as JSON with `error` (what was found), `detail` (which row and column) and
    `hint` (what to do). Every answer carries the request's `X-Request-ID`.
    """

    def __init__(self, app: ASGIApp, champion: Champion) -> None:
        self.app = app
        self.champion = champion
        self.turns = asyncio.Semaphore(TURNS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with an error."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        send = reshaped(send, request_id, self.champion)
        if scope["method"] == "POST":
            refusal = self.refusal(headers)
            body = b"" if refusal else await read(receive)
            if not refusal:
                refusal = too_large() if body is None else repeated(body)
            if refusal:
                await refusal(scope, receive, send)
                return
            headers["x-request-id"] = request_id
            headers["content-type"] = "application/json"
            async with self.turns:
                await self.app(scope, replay(body or b""), send)
            return
        await self.app(scope, receive, send)

    def refusal(self, headers: MutableHeaders) -> JSONResponse | None:
        """Return why this request is not read at all, or nothing."""
        if not REQUEST_ID.fullmatch(headers.get("x-request-id", "-")):
            found = "X-Request-ID holds other than letters, digits, '.', '_', ':', '-'"
            return error(400, found, "", "send 1 to 128 of those characters, or leave it out")
        if self.champion.problem:
            return not_ready(self.champion)
        kind = headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if kind != "application/json":
            return error(415, f"the content type is {kind!r}", "", "send application/json")
        length = headers.get("content-length", "0")
        return too_large() if length.isdigit() and int(length) > MAX_BYTES else None


def protect(service: Any, champion: Champion) -> None:
    """Put before a BentoML service what a level adds, the guard, and a page for people."""
    service.config.setdefault("threads", THREADS)  # else they wait where no two can be joined
    bound_metrics(service)
    logging.getLogger(READER).addFilter(without_values)
    service.add_asgi_middleware(Tokens)  # the first is the outermost
    attach_all(service, champion)
    service.add_asgi_middleware(Guard, champion=champion)
    service.add_asgi_middleware(Page, service=service, champion=champion)


def not_ready(champion: Champion) -> JSONResponse:
    """Return the answer of a service that has no model to answer with."""
    problem = champion.problem
    return error(503, "no model is served", str(problem or ""), problem.hint if problem else "")


def too_large() -> JSONResponse:
    """Return the answer to a body over the limit."""
    hint = f"send at most {MAX_ROWS} rows at once; `predict` takes whole files"
    return error(413, f"the request is larger than {MAX_BYTES:,} bytes", "", hint)


class Repeated(Exception):
    """A key stands twice in one object."""


def once(pairs: list[tuple[str, Any]]) -> None:
    """Raise `Repeated` with the key that an object has twice."""
    if len(dict(pairs)) < len(pairs):
        names = sorted(name for name, _ in pairs)
        twice = next(name for name, other in pairwise(names) if name == other)
        raise Repeated(ascii(twice[:100]))


def repeated(body: bytes) -> JSONResponse | None:
    """Return why JSON with a key twice is refused: whoever reads it takes another of the two."""
    try:
        json.loads(body, object_pairs_hook=once)
    except Repeated as name:
        return error(400, "a key stands twice in one object", str(name), "send each key once")
    except (ValueError, RecursionError):  # who reads it says what is wrong
        pass
    return None


async def read(receive: Receive) -> bytes | None:
    """Read a body up to the limit; nothing when it is larger."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BYTES:
            return None
        if not message.get("more_body"):
            return body


def replay(body: bytes) -> Receive:
    """Give the application a body that was read already."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive


def reshaped(send: Send, request_id: str, champion: Champion) -> Send:
    """Send answers on with their request's id, and errors in the service's one form."""
    held: dict[str, Any] = {}

    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = request_id
            if message["status"] == 307:  # to an address of the caller's, else
                headers["location"] = urlsplit(headers["location"]).path
            if message["status"] < 400:
                await send(message)
            else:
                held.update(start=message, body=b"")
        elif not held:
            await send(message)
        else:
            held["body"] += message.get("body", b"")
            if not message.get("more_body"):
                response = explain(held["start"]["status"], held["body"], champion)
                response.headers["x-request-id"] = request_id
                if allowed := MutableHeaders(raw=held["start"]["headers"]).get("allow"):
                    response.headers["allow"] = allowed
                await send({**held["start"], "headers": response.raw_headers})
                await send({"type": "http.response.body", "body": response.body})

    return forward


def explain(status: int, body: bytes, champion: Champion) -> JSONResponse:
    """Say in the reader's terms what the framework found; our own errors stay as they are."""
    if status == 503:
        return not_ready(champion)
    if status >= 500:
        return error(status, "the service failed", "", "the server's log has the details")
    if status in (404, 405):
        return error(status, "there is nothing here", "", "POST /predict, or read the page at /")
    try:
        found = json.loads(body)
    except ValueError:
        found = body.decode(errors="replace")
    if isinstance(found, dict) and "hint" in found:
        return error(status, **found)
    problems = found.get("detail") if isinstance(found, dict) else None
    if not problems:
        return error(status, "the request cannot be read", str(found), "send JSON")
    first = problems[0]
    message = first["msg"].removeprefix("Value error, ")  # before words of ours
    where = ".".join(str(part) for part in first["loc"])
    count = f"{len(problems)} problem{'s' * (len(problems) > 1)} in the request"
    hint = HINTS.get(first["type"], "the columns and their ranges are on the service's page, /")
    return error(status, count, f"{where}: {message}".removeprefix(": "), hint)
