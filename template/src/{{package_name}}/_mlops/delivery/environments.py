# The template's. Who approves production is yours: the reviewers of that environment.
"""May a version move on to the next environment, and who has to say so?"""

import json
import os
import urllib.request
from collections.abc import Mapping
from itertools import pairwise

from ..errors import NO_ANSWER, OutsideFailed, Refused, first_cause
from ..interface import Contract

ORDER = ("test", "staging", "production")
AUTOMATIC = "production-automatic"  # the environment that asks nobody
OUTPUT = "GITHUB_OUTPUT"  # a file through which a step tells later jobs


def hindrance(environment: str, number: str, aliases: Mapping[str, str | None], gate: str) -> str:
    """Return why a version may not enter an environment, or nothing.

    Args:
        environment: One of ORDER.
        number: Of the version.
        aliases: Which version each environment and `champion` have now.
        gate: What the gate said about the version.
    """
    if gate != "accepted" and number != aliases.get("champion"):
        return f"version {number} was not accepted by the gate"
    position = ORDER.index(environment)
    before = ORDER[position - 1]
    if position and aliases.get(before) != number:
        found = aliases.get(before)
        has = f"has version {found}" if found else "has none"
        return f"version {number} was not in {before}, which {has}"
    return ""


def after(environment: str, contract: Contract) -> str:
    """Return GitHub's environment for the next step; production asks unless the contract acts."""
    following = dict(pairwise(ORDER)).get(environment, "")
    automatic = following == "production" and contract.rollout.autonomy == "act"
    return AUTOMATIC if automatic else following


def tell_next(environment: str, contract: Contract) -> None:
    """Let later jobs of a workflow know in which environment of GitHub they run."""
    if page := os.environ.get(OUTPUT):
        with open(page, "a", encoding="utf-8") as file:
            file.write(f"next={after(environment, contract)}\n")


def waits(environment: str, contract: Contract) -> bool:
    """Say whether a job of GitLab asks nobody although the contract wants a person to be asked.

    Its jobs cannot choose their environment while they run, so there are two that release to
    production: one that a person starts, and this one, which leaves the version to the other.
    """
    automatic = os.environ.get("CI_ENVIRONMENT_NAME", "").endswith(f"/{AUTOMATIC}")
    return automatic and environment == "production" and contract.rollout.autonomy != "act"


def require_approval(environment: str, contract: Contract) -> None:
    """Raise `Refused` when a workflow would enter production although nobody has to approve it.

    GitHub makes an environment that does not exist, and such a one asks nobody.
    A job of GitLab says itself whether a person started it.

    Raises:
        OutsideFailed: If GitHub does not say who has to approve.
    """
    asks = environment == "production" and contract.rollout.autonomy != "act"
    by_person = os.environ.get("CI_JOB_MANUAL") == "true"
    if asks and os.environ.get("GITLAB_CI") == "true" and not by_person:
        message = f"no person started the job that enters {environment}"
        raise Refused(message, "give it `when: manual`; or rollout.autonomy: act")
    repository = os.environ.get("GITHUB_REPOSITORY")
    in_workflow = os.environ.get("GITHUB_ACTIONS") == "true" and repository
    if not asks or not in_workflow:
        return
    api = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    request = urllib.request.Request(
        f"{api}/repos/{repository}/environments/{environment}",
        headers={
            "Authorization": f"Bearer {os.environ.get('GITHUB_TOKEN', '')}",
            "Accept": "application/vnd.github+json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            rules = json.load(response).get("protection_rules", [])
    except (*NO_ANSWER, ValueError) as error:
        message = f"GitHub does not say who approves {environment}: {first_cause(error)}"
        raise OutsideFailed(message, "does the token have the permission actions: read?") from error
    if not any(rule.get("type") == "required_reviewers" for rule in rules):
        message = f"the environment {environment} has no required reviewers"
        raise Refused(
            message, "add them in GitHub: Settings, Environments; or rollout.autonomy: act"
        )
