# The template's. Certificate, key and address are yours, in the environment (.env).
"""Does the public address speak TLS, and who may reach it?"""

import os
from pathlib import Path

from ..errors import WrongInput
from ..files import sha256
from ..local_service import LOOPBACK, authority
from .ports import HOST, door, ports

CERTIFICATE, KEY = "TLS_CERTIFICATE", "TLS_KEY"
OTHERS = 0o007  # may not even read a key
NOT_PLAIN = (
    '{"error": "plain HTTP is refused", "detail": "this address speaks TLS alone", '
    '"hint": "ask https://; a token that was sent without TLS is known to the network: renew it"}'
)


def directives() -> dict[str, str]:
    """Return what the public address says: where it listens, and by which certificate.

    A certificate that was renewed makes another text, so that nginx is told to read it.

    Raises:
        WrongInput: If one of the two is missing or cannot be read, the key is for everybody to
            read, or others would reach the door without TLS.
    """
    certificate, key = os.environ.get(CERTIFICATE, ""), os.environ.get(KEY, "")
    host, listen = door(), authority(door(), ports()["PROXY_PORT"])
    if not certificate and not key:
        if host not in LOOPBACK:
            message = f"{HOST} is {host!r}, which others reach, and there is no TLS"
            raise WrongInput(message, f"{CERTIFICATE} and {KEY} name the files, or unset {HOST}")
        return {"listen": listen, "ssl": "", "tls": ""}
    files = {name: Path(path) for name, path in ((CERTIFICATE, certificate), (KEY, key))}
    for name, path in files.items():
        if not path.is_file() or not os.access(path, os.R_OK):
            found = f"names {path}, which cannot be read" if str(path) != "." else "is not set"
            raise WrongInput(f"{name} {found}", f"{CERTIFICATE} and {KEY} are paths of PEM files")
    if files[KEY].stat().st_mode & OTHERS:
        raise WrongInput(f"{files[KEY]} is a key that everybody may read", "chmod 600 it")
    lines = [
        f"ssl_certificate {quoted(files[CERTIFICATE])}; # {sha256(files[CERTIFICATE])[:12]}",
        f"ssl_certificate_key {quoted(files[KEY])};",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "ssl_session_cache shared:tls:1m;",
        "ssl_session_tickets off;",
        "error_page 497 = @plain;",
        f"location @plain {{ internal; default_type application/json; return 400 '{NOT_PLAIN}'; }}",
    ]
    return {"listen": listen, "ssl": " ssl", "tls": "\n".join(f"        {line}" for line in lines)}


def quoted(path: Path) -> str:
    """Return a path as nginx reads it from any folder."""
    return '"' + str(path.resolve()).replace("\\", "\\\\").replace('"', '\\"') + '"'
