# The template's. Your own middleware goes into service.py.
"""What the service notes of its callers: they choose neither its size nor what is in it."""

import logging
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

OTHER = "other"
PAGES = ("/", "/docs.json", "/livez", "/readyz", "/healthz", "/metrics")
FOLDERS = ("/static_content",)
READER = "bentoml._internal.server.http_app"  # its logger has a traceback for each wrong request


def bound_metrics(service: Any) -> None:
    """Let BentoML count requests to what does not exist as one: it has a series for each path.

    A caller who tries path after path would fill memory, disk and Prometheus.
    """
    from bentoml._internal.server.http import instruments

    ByName.services.append(service)
    counting = instruments.RunnerTrafficMetricsMiddleware
    if not issubclass(counting, ByName):  # a second service, or the same one read anew
        instruments.RunnerTrafficMetricsMiddleware = type("Bound", (ByName, counting), {})


class ByName:
    """ASGI middleware over one that counts by path; what is behind both sees the path asked for."""

    services: ClassVar[list[Any]] = []  # of this process

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        super().__init__(app=as_asked(app), **options)  # type: ignore[call-arg]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request under a name of the service's."""
        counted = scope
        if scope["type"] == "http":
            counted = {**scope, "path": name_of(scope["path"], self.services), "asked": scope}
        await super().__call__(counted, receive, send)  # type: ignore[misc]


def as_asked(app: ASGIApp) -> ASGIApp:
    """Give an application the scope as it was before."""

    async def forward(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope.get("asked", scope), receive, send)

    return forward


def name_of(path: str, services: Sequence[Any]) -> str:
    """Return the path when a service has it, the folder that it is in, or that it is another."""
    if path in PAGES or any(path == api.route for one in services for api in one.apis.values()):
        return path
    folders = (*FOLDERS, *(folder for one in services for _, folder, _ in one.mount_apps))
    return next((one for one in folders if path.startswith(f"{one.rstrip('/')}/")), OTHER)


def without_values(record: logging.LogRecord) -> bool:
    """Let a log say where a request is wrong, in a line; the values in it may be personal."""
    from pydantic import ValidationError

    wrong = record.exc_info[1] if record.exc_info else None
    if isinstance(wrong, ValidationError):
        first = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"][:3]))
        said = record.getMessage()
        record.msg = "%s: wrong in %d places, the first is %s at %s"
        record.args = (said, wrong.error_count(), first["type"], ascii(where[:100]))
        record.exc_info = None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True
