# The template's. Your tokens are in .env or in a file that only the service's user may read.
"""Who may ask the service: a token for callers, another for who reads metrics; both are optional.

`SERVICE_TOKEN` and `METRICS_TOKEN` hold a token; with `_FILE` at the end, the path of a file with
one token a line, which is read anew for each request: two lines while callers move to a new one.
The other way round: what is said when a tracking server does not let a command in.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutsideFailed, WrongInput

SERVICE, METRICS = "SERVICE_TOKEN", "METRICS_TOKEN"
TRACKING = "MLFLOW_TRACKING_URI"
USER = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"  # pragma: allowlist secret
UNKNOWN_USER, FORBIDDEN = 401, 403
STATUS = {"UNAUTHENTICATED": UNKNOWN_USER, "PERMISSION_DENIED": FORBIDDEN}  # as MLflow names them
SHORTEST = 16  # characters
NEW = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def tokens(name: str) -> list[str]:
    """Return the tokens that are good now; none when nobody has to show one.

    Raises:
        WrongInput: If a file is named that holds none, or a token is short or cannot be sent.
    """
    given, path = asked_for(name)
    if path:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            message = f"{name}_FILE: {path} cannot be read"
            raise WrongInput(message, "let the service's user read it") from error
        found, source = text.split(), f"{name}_FILE"
    else:
        found, source = [given] if given else [], name
    if path and not found:
        raise WrongInput(f"{source}: {path} holds no token", f"one a line; a new one: {NEW}")
    for token in found:
        if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
            message = f"{source} holds a token of {len(token)} characters, or with odd ones"
            raise WrongInput(message, f"at least {SHORTEST} letters and digits: {NEW}")
    return found


def asked_for(name: str) -> tuple[str, str]:
    """Return the token and the path of the file that the environment names."""
    if name == METRICS:
        return os.environ.get("METRICS_TOKEN", ""), os.environ.get("METRICS_TOKEN_FILE", "")
    return os.environ.get("SERVICE_TOKEN", ""), os.environ.get("SERVICE_TOKEN_FILE", "")


def required(path: str) -> list[str]:
    """Return the tokens of which one has to be shown for a page; none when it is open.

    Whether the service lives and is ready is no secret: who balances the load has no token.
    """
    if path in ("/livez", "/readyz"):
        return []
    if path == "/metrics" and (found := tokens(METRICS)):
        return found
    return tokens(SERVICE)


def shown(header: str, good: list[str]) -> bool:
    """Say whether an Authorization header shows a good token; takes as long for each answer."""
    scheme, _, token = header.partition(" ")
    given = hashlib.sha256(token.strip().encode()).digest()
    same = [hmac.compare_digest(given, hashlib.sha256(one.encode()).digest()) for one in good]
    return scheme.lower() == "bearer" and any(same)


def headers() -> dict[str, str]:
    """Return the header by which this repo's own commands may ask the service."""
    found = tokens(SERVICE)
    return {"Authorization": f"Bearer {found[0]}"} if found else {}


def refusal(error: BaseException | None) -> OutsideFailed | None:
    """Return what to tell when a tracking server does not let us in; nothing for other errors."""
    server = f"the tracking server {os.environ.get(TRACKING, '')} does not let"
    while error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        status = STATUS.get(str(getattr(error, "error_code", "")), status)
        if status == UNKNOWN_USER:
            given = os.environ.get(USER) and os.environ.get(PASSWORD)
            found = f"{USER} and {PASSWORD} are {'wrong' if given else 'not set'}"
            return OutsideFailed(f"{server} us in (401): {found}", "put both into .env")
        if status == FORBIDDEN:
            message = f"{server} {os.environ.get(USER) or 'this user'} do this (403)"
            return OutsideFailed(message, "its administrator gives the permission EDIT, or MANAGE")
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def asking() -> Iterator[None]:
    """Raise `OutsideFailed` where a tracking server does not let us in."""
    try:
        yield
    except Exception as error:
        if problem := refusal(error):
            raise problem from error
        raise
