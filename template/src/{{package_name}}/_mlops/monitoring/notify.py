# The template's. Yours are the owners in contract.yaml; addresses stand in the environment.
"""Tell the owner: through a webhook, else as an issue on GitHub or GitLab."""

import itertools
import json
import os
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError

import click

from ..errors import NO_ANSWER
from ..interface import Owner

WEBHOOK = "ALERT_WEBHOOK"
TOKEN, REPOSITORY, API = "GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL"
# GitLab's own token of a job may write no issue: this one is of the project, a secret variable
GITLAB_TOKEN, GITLAB_PROJECT, GITLAB_API = "GITLAB_TOKEN", "CI_PROJECT_ID", "CI_API_V4_URL"
PATIENCE = 10  # seconds
PAGE = 100  # issues that are listed at once


@dataclass(frozen=True)
class Message:
    """What an owner is told; messages about the same thing have the same title."""

    title: str
    text: str
    owner: Owner
    verdict: str


def tell(message: Message) -> bool:
    """Send a message; a warning when it reaches nobody, for the verdict stands without it."""
    if os.environ.get(WEBHOOK):
        channel, send = WEBHOOK, by_webhook
    elif os.environ.get(TOKEN) and os.environ.get(REPOSITORY):
        channel, send = "GitHub", by_issue
    elif os.environ.get(GITLAB_TOKEN) and os.environ.get(GITLAB_PROJECT):
        channel, send = "GitLab", by_issue_on_gitlab
    else:
        needed = GITLAB_TOKEN if os.environ.get(GITLAB_PROJECT) else f"{TOKEN} with {REPOSITORY}"
        say(message, f"neither {WEBHOOK} nor {needed} is set")
        return False
    try:
        send(message)
    except HTTPError as error:
        say(message, f"{channel} answered {error.code}")
    except (*NO_ANSWER, ValueError, KeyError, TypeError) as error:
        # never the address: it is a secret
        say(message, f"{channel} cannot be reached: {type(error).__name__}")
    else:
        click.echo(f"monitor: told {message.owner.name} through {channel}", err=True)
        return True
    return False


def say(message: Message, reason: str) -> None:
    """Warn that nobody was told."""
    click.echo(f"warning: {message.owner.name} was not told: {reason}", err=True)


def by_webhook(message: Message) -> None:
    """Post the message to the address of the environment."""
    owner = {"name": message.owner.name, "email": message.owner.email}
    content = {"title": message.title, "text": message.text, "verdict": message.verdict}
    post(os.environ[WEBHOOK], {**content, "owner": owner})


def by_issue(message: Message) -> None:
    """Open an issue, or comment on the open one of that title."""
    api = os.environ.get(API) or "https://api.github.com"
    issues = f"{api}/repos/{os.environ[REPOSITORY]}/issues"
    if number := open_issue(f"{issues}?state=open", message.title, "number", github()):
        post(f"{issues}/{number}/comments", {"body": addressed(message)}, **github())
    else:
        post(issues, {"title": message.title, "body": addressed(message)}, **github())


def addressed(message: Message) -> str:
    """Return the text of an issue: it says for whom it is."""
    return f"{message.text}\n\nFor {message.owner.name} <{message.owner.email}>"


def open_issue(issues: str, title: str, number: str, headers: dict[str, str]) -> int | None:
    """Return the number of the open issue with this title, or nothing.

    Args:
        issues: Address of the list of those that are open.
        title: Of the issue.
        number: Key under which an issue has its number.
        headers: Who asks.
    """
    for page in itertools.count(1):
        listed = ask(f"{issues}&per_page={PAGE}&page={page}", **headers)
        for issue in listed:
            if issue["title"] == title and "pull_request" not in issue:
                return int(issue[number])
        if len(listed) < PAGE:
            break
    return None


def by_issue_on_gitlab(message: Message) -> None:
    """Do the same on GitLab, whose words for it are others."""
    api = os.environ.get(GITLAB_API) or "https://gitlab.com/api/v4"
    issues = f"{api}/projects/{urllib.parse.quote(os.environ[GITLAB_PROJECT], safe='')}/issues"
    token = {"PRIVATE-TOKEN": os.environ[GITLAB_TOKEN]}
    if number := open_issue(f"{issues}?state=opened", message.title, "iid", token):
        post(f"{issues}/{number}/notes", {"body": addressed(message)}, **token)
    else:
        post(issues, {"title": message.title, "description": addressed(message)}, **token)


def github() -> dict[str, str]:
    """Return the headers that GitHub asks for."""
    token = os.environ[TOKEN]
    return {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}


def post(address: str, content: dict[str, Any], **headers: str) -> None:
    """Send JSON; whatever comes back is not read."""
    with opened(address, json.dumps(content).encode(), headers):
        pass


def ask(address: str, **headers: str) -> Any:
    """Return the JSON that an address answers."""
    with opened(address, None, headers) as answer:
        return json.load(answer)


def opened(address: str, content: bytes | None, headers: dict[str, str]) -> Any:
    """Open an address of the web; `ValueError` for one of another kind, such as a file."""
    if not address.startswith(("http://", "https://")):
        raise ValueError("not an address of the web")
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(address, content, headers)
    return urllib.request.urlopen(request, timeout=PATIENCE)
