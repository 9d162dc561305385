# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Names of columns as Python, a request and a report can hold them."""

import re
import unicodedata
from collections.abc import Iterable
from keyword import iskeyword

from pydantic import BaseModel

LONGEST_NAME = 60
SHOWN = 3  # names of columns of which the same is said
# names that an answer, a request or the table of a repo takes for itself
TAKEN = {"prediction", "row", "self"} | {name.lower() for name in dir(BaseModel)}
BEGUN = ("probability", "model_dump", "model_validate")  # columns of predictions, and pydantic's


def clean_names(names: Iterable[str]) -> list[str]:
    """Return names as Python, a request and a report can hold them, each once.

    A name that is one already stays, whatever else would become it: no name is another one's.
    """
    names = list(names)
    plain = [clean(name, place) for place, name in enumerate(names, start=1)]
    kept = {name for name, one in zip(names, plain, strict=True) if name == one}
    found: list[str] = []
    for name, one in zip(names, plain, strict=True):
        again, number = one, 1
        while again in found or (again in kept and again != name):
            number += 1
            again = f"{one}_{number}"
        found.append(again)
    return found


def clean(name: str, place: int) -> str:
    """Return the name of the column at this place as Python, a request and a report can hold it."""
    plain = name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    plain = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:LONGEST_NAME].strip("_")
    plain = plain or f"column_{place}"
    plain = f"n_{plain}" if plain[0].isdigit() else plain
    if plain.startswith(BEGUN):
        return f"given_{plain}"
    return f"{plain}_value" if iskeyword(plain) or plain in TAKEN else plain


def as_pandas(names: list[str]) -> list[str]:
    """Return names as `pandas.read_csv` gives them: an empty one is numbered, one again too."""
    found: list[str] = []
    for place, name in enumerate(names):
        plain = name or f"Unnamed: {place}"
        again, number = plain, 0
        while again in found:
            number += 1
            again = f"{plain}.{number}"
        found.append(again)
    return found


def listed(names: list[str]) -> str:
    """Return a few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def shown(pair: tuple[str, str]) -> str:
    """Say how a name was cleaned."""
    new, old = pair
    return f"{old[:40]!r} to {new!r}"
