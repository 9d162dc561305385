"""Where may versioned data live, and what must DVC be installed with to reach it?"""

import re

from jinja2 import Environment
from jinja2.ext import Extension

# The pip extra of DVC for each scheme; a folder and plain HTTP need none.
EXTRAS = {"s3": "[s3]", "gs": "[gs]", "azure": "[azure]", "ssh": "[ssh]", "http": "", "https": ""}

# Neither pattern lets through what ends a value in DVC's INI file.
ADDRESS = re.compile(r"([a-z][a-z0-9]*)://[^\s/\"'#\\,;]+(/[^\s\"'#\\,;]*)?")
FOLDER = re.compile(r"[\w./@+=-]([\w./@+= -]*[\w./@+=-])?")


def remote_problem(address: str) -> str:
    """Say what to type instead of this address, or nothing when DVC can use it.

    The empty address is fine: it stands for a folder inside the repo.
    """
    if not address:
        return ""
    match = ADDRESS.fullmatch(address)
    if match and match[1] in EXTRAS:
        return _password_problem(address)
    if "://" not in address and not address.startswith("-") and FOLDER.fullmatch(address):
        return ""
    return (
        f"{address!r} is no place that the repo can keep data in. Type an address that starts with "
        f"{', '.join(f'{scheme}://' for scheme in EXTRAS)}, or the path of a folder, "
        f"or nothing for a folder inside the repo"
    )


def dvc_extra(address: str) -> str:
    """Return the pip extra that DVC needs for this address, as in `dvc[s3]`."""
    return EXTRAS.get(address.partition("://")[0], "") if "://" in address else ""


def dvc_url(address: str) -> str:
    """Return the address as `.dvc/config` holds it: DVC counts from that file's folder.

    The empty address becomes a folder beside the file, which git ignores.
    """
    if not address:
        return "remote"
    return address if "://" in address or address.startswith("/") else f"../{address}"


def _password_problem(address: str) -> str:
    user = address.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if ":" not in user:
        return ""
    return (
        "an answer is committed, and this one holds a password. Type the address without it; "
        "DVC reads credentials from the environment"
    )


class Remote(Extension):
    """Offer the data address to `copier.yml` and to the files that need it."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["remote_problem"] = remote_problem
        environment.filters["dvc_extra"] = dvc_extra
        environment.filters["dvc_url"] = dvc_url
