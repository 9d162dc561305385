"""How is a text that many files share compiled once?"""

from functools import lru_cache

from jinja2 import Environment
from jinja2.ext import Extension


class Compiled(Extension):
    """Remember each compiled text: Copier renders a folder's name once per file in it."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        remembered = lru_cache(maxsize=None)(environment.from_string)
        environment.from_string = remembered  # type: ignore[method-assign, assignment]
