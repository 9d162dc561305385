"""What did this repo answer last time, and which of it may still change?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment
from jinja2.ext import Extension


def previous_answers(conf: Mapping[str, Any]) -> dict[str, Any]:
    """Read the answers recorded in the folder that is rendered into.

    Args:
        conf: Copier's own `_copier_conf`.

    Returns:
        The recorded answers, none for a folder that was not generated yet.

    """
    recorded = Path(conf["dst_path"]) / str(conf["answers_file"])
    try:
        answers = yaml.safe_load(recorded.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return {}
    return answers if isinstance(answers, dict) else {}


def previous_level(conf: Mapping[str, Any]) -> int:
    """Return the level that the repo has, -1 for a folder that was not generated yet."""
    return int(previous_answers(conf).get("maturity_level", -1))


def previous_extras(conf: Mapping[str, Any]) -> list[str]:
    """Return the extras that the repo has, none for one that was generated before there were."""
    return list(previous_answers(conf).get("extras") or [])


def previous_ci(conf: Mapping[str, Any]) -> str:
    """Return the provider whose workflows the repo has, nothing for a folder with no repo yet."""
    answers = previous_answers(conf)
    return str(answers.get("ci", "github")) if answers else ""


def level_problem(conf: Mapping[str, Any], level: int) -> str:
    """Refuse a level below the one that the repo has."""
    previous = previous_level(conf)
    if level >= previous:
        return ""
    return (
        f"this repo is at level {previous}, and going down to {level} would delete files, your "
        f"edits with them. Type {previous} or more; what a level added may lie unused"
    )


def extra_problem(extra: str, level: int, lowest: int) -> str:
    """Refuse an extra at a level that has nothing for it to run."""
    if level >= lowest:
        return ""
    return (
        f"{extra} needs level {lowest}, and this is level {level}. Raise the level or leave it out"
    )


def change_problem(conf: Mapping[str, Any], question: str, answer: str) -> str:
    """Refuse another answer to a question on which paths and recorded runs depend."""
    previous = previous_answers(conf).get(question, answer)
    if answer == previous:
        return ""
    return (
        f"this repo was generated with {question} {previous!r}, and a change would strand your "
        f"edits under the old name. Type {previous!r}, or generate a new repo with {answer!r} "
        f"and move your files there"
    )


def lasting_address(address: str) -> str:
    """Return where the template is in words that hold in any folder: no relative path."""
    path = Path(address)
    return address if path.is_absolute() or not path.exists() else str(path.resolve())


class Answers(Extension):
    """Offer the recorded answers to `copier.yml`, and what to record of the template."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["previous_level"] = previous_level
        environment.globals["previous_extras"] = previous_extras
        environment.globals["previous_ci"] = previous_ci
        environment.globals["level_problem"] = level_problem
        environment.globals["extra_problem"] = extra_problem
        environment.globals["change_problem"] = change_problem
        environment.filters["lasting_address"] = lasting_address
