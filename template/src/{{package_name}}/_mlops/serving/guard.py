# The template's. The limit of rows in a request is in messages.py.
"""The door of the service: refuses what cannot be answered, in one form for every error."""

import json
import re
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .champion import Champion
from .messages import MAX_ROWS

MAX_BYTES = 2_000_000
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Guard:
    """ASGI middleware around the predicting endpoint.

    Every error leaves as JSON with `error` (what was found), `detail` (which row and column) and
    `hint` (what to do). Every answer carries the request's `X-Request-ID`.
    """

    def __init__(self, app: ASGIApp, champion: Champion) -> None:
        self.app = app
        self.champion = champion

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with an error."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        request_id = headers.get("x-request-id", uuid.uuid4().hex)
        refusal = self.refusal(Headers(scope=scope))
        body = b"" if refusal else await read(receive)
        if body is None:
            refusal = too_large()
        if refusal:
            refusal.headers["x-request-id"] = request_id if REQUEST_ID.fullmatch(request_id) else ""
            await refusal(scope, receive, send)
            return
        headers["x-request-id"] = request_id
        headers["content-type"] = "application/json"
        await self.app(scope, replay(body or b""), reshaped(send, request_id))

    def refusal(self, headers: Headers) -> JSONResponse | None:
        """Return why this request is not read at all, or nothing."""
        if not REQUEST_ID.fullmatch(headers.get("x-request-id", "-")):
            found = "X-Request-ID holds other than letters, digits, '.', '_', ':', '-'"
            return error(400, found, "", "send 1 to 128 of those characters, or leave it out")
        if problem := self.champion.problem:
            return error(503, "no model is served", str(problem), problem.hint)
        kind = headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if kind != "application/json":
            return error(415, f"the content type is {kind!r}", "", "send application/json")
        length = headers.get("content-length", "0")
        return too_large() if length.isdigit() and int(length) > MAX_BYTES else None


def protect(service: Any, champion: Champion) -> None:
    """Put the guard before a BentoML service."""
    service.add_asgi_middleware(Guard, champion=champion)


def error(status: int, found: str, detail: str, hint: str) -> JSONResponse:
    """Return an error in the service's one form."""
    return JSONResponse({"error": found, "detail": detail, "hint": hint}, status_code=status)


def too_large() -> JSONResponse:
    """Return the answer to a body over the limit."""
    hint = f"send at most {MAX_ROWS} rows at once; `predict` takes whole files"
    return error(413, f"the request is larger than {MAX_BYTES:,} bytes", "", hint)


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


def reshaped(send: Send, request_id: str) -> Send:
    """Send answers on with their request's id, and errors in the service's one form."""
    held: dict[str, Any] = {}

    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["x-request-id"] = request_id
            if message["status"] < 400:
                await send(message)
            else:
                held.update(start=message, body=b"")
        elif not held:
            await send(message)
        else:
            held["body"] += message.get("body", b"")
            if not message.get("more_body"):
                await finish(send, held["start"], held["body"])

    return forward


async def finish(send: Send, start: Message, body: bytes) -> None:
    """Send an error of the framework as an error of the service."""
    response = explain(start["status"], body)
    response.headers["x-request-id"] = MutableHeaders(scope=start)["x-request-id"]
    await send({**start, "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})


def explain(status: int, body: bytes) -> JSONResponse:
    """Say in the reader's terms what the framework found."""
    try:
        found = json.loads(body)
    except ValueError:
        found = body.decode(errors="replace")
    problems = found.get("detail") if isinstance(found, dict) else None
    if isinstance(problems, list) and problems:
        first = problems[0]
        where = ".".join(str(part) for part in first["loc"])
        hint = "the columns and their ranges are on the service's page, /"
        if first["type"] == "extra_forbidden":
            hint = "leave it out: the service takes only what is known at the prediction moment"
        count = f"{len(problems)} problem{'s' * (len(problems) > 1)} in the request"
        return error(status, count, f"{where}: {first['msg']}", hint)
    if status >= 500:
        return error(status, "the service failed", "", "the server's log has the details")
    text = found.get("error") if isinstance(found, dict) else str(found)
    return error(status, "the request cannot be read", str(text), 'send JSON: {"rows": [{…}]}')
