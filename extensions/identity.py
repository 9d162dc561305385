"""Who does git say is sitting here?"""

import subprocess
from collections.abc import Callable

from jinja2 import Environment
from jinja2.ext import Extension


def git_config(key: str) -> str:
    """Return one value of git's configuration, nothing when git cannot tell.

    Args:
        key: For example `user.name`.

    """
    command = ["git", "config", "--get", key]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return found.stdout.strip()


def known_to_git(key: str, fallback: str, problem: Callable[[str], str]) -> str:
    """Return what git knows if the question would accept it, else the fallback.

    Args:
        key: For example `user.email`.
        fallback: A value that the question accepts.
        problem: Says what is wrong with an answer, nothing when it is fine.

    """
    value = git_config(key)
    return fallback if not value or problem(value) else value


class Identity(Extension):
    """Offer git's identity as a default to `copier.yml`; no file body may ask for it."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["git_name"] = lambda fallback: known_to_git(
            "user.name", fallback, environment.filters["line_problem"]
        )
        environment.globals["git_email"] = lambda fallback: known_to_git(
            "user.email", fallback, environment.filters["email_problem"]
        )
