# The template's. Another way of yours to know callers, such as OAuth, goes into a proxy before it.
"""The outer door of the service: who has to show a token shows a good one."""

import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import access
from ..errors import Problem
from .messages import error

log = logging.getLogger("bentoml.access")


class Tokens:
    """ASGI middleware: nothing behind it is reached without a token where one is asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401; 503 while nobody can say which token is good."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        try:
            good = access.required(scope["path"])
        except Problem as problem:
            log.error("every request is refused: %s", problem)
            refusal = error(503, "callers cannot be told apart", "", "the server's log says why")
            await refusal(scope, receive, send)
            return
        given = Headers(scope=scope).getlist("authorization")
        if good and not (len(given) == 1 and access.shown(given[0], good)):
            hint = "send the header Authorization: Bearer TOKEN; who answers for the service has it"
            refusal = error(401, "a token is needed", "", hint)
            refusal.headers["www-authenticate"] = "Bearer"
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)
