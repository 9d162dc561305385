"""Which free text may an answer hold, and how is it written into a file?"""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension

# Controls, surrogates, line and paragraph separators: no file format takes them all.
# The rest are legal but lie to a reader: a byte-order mark, and the marks that
# reorder the text around them (CVE-2021-42574).
UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}
MISLEADING = set("\ufeff\ufffe\uffff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def line_problem(text: str, longest: int = 100) -> str:
    """Say what to type instead of this text, or nothing when it is one plain line."""
    hidden = [c for c in text if unicodedata.category(c) in UNWRITABLE or c in MISLEADING]
    if hidden:
        return f"it contains the character U+{ord(hidden[0]):04X}. Type one line of plain text"
    if not text.strip():
        return "it is empty. Type at least one word"
    if text != text.strip():
        return "it starts or ends with a space. Type it without"
    if len(text) > longest:
        return f"it has {len(text)} characters. Type at most {longest}"
    return ""


def email_problem(text: str) -> str:
    """Say what to type instead of this address, or nothing when it looks like one."""
    if not EMAIL.fullmatch(text) or len(text) > 254:
        return f"{text!r} is not an e-mail address. Type one like data-science@example.com"
    return ""


def whole_number_problem(text: str, lowest: int, highest: int) -> str:
    """Say what to type instead of this text, or nothing when it is a number in the range.

    What to type stands first: a narrow terminal cuts off the rest.
    """
    if text.isascii() and text.isdecimal() and lowest <= int(text) <= highest:
        return ""
    return f"Type {lowest} to {highest}, a whole number, not {text!r}"


def to_readable_json(to_json: Callable[..., str]) -> Callable[..., str]:
    r"""Make a `to_json` filter write characters as they are.

    The usual escapes of an emoji ("\ud83d\ude00") are two halves of a character:
    right in JSON, an error in TOML, garbage in YAML and Python.
    """

    def readable(value: Any, *args: Any, **options: Any) -> str:
        return to_json(value, *args, **{"ensure_ascii": False, **options})

    return readable


class Text(Extension):
    """Offer the checks of free text to `copier.yml`, and `to_json` to every file."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["line_problem"] = line_problem
        environment.filters["email_problem"] = email_problem
        environment.filters["whole_number_problem"] = whole_number_problem
        environment.filters["to_json"] = to_readable_json(
            environment.filters.get("to_json", json.dumps)
        )
