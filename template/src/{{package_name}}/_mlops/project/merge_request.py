# The template's. Nothing of yours belongs here: `changes` runs it.
"""Write into a merge request of GitLab what its branch changes in the model."""

import itertools
import json
import os
import urllib.parse
import urllib.request
from typing import Any
from urllib.error import HTTPError

import click

from .. import PROJECT
from ..errors import NO_ANSWER

# GitLab's own token of a job may write no note: this one is of the project, a masked variable
TOKEN, API = "MERGE_REQUEST_TOKEN", "CI_API_V4_URL"
OWNER, NUMBER = "CI_MERGE_REQUEST_PROJECT_ID", "CI_MERGE_REQUEST_IID"
MARK = f"<!-- {PROJECT}: changes of the model -->"  # by which the note of an earlier push is known
PATIENCE = 10  # seconds
PAGE = 100  # notes that are listed at once


def note(text: str) -> None:
    """Write a note into the merge request of this job, in the place of that of an earlier push.

    Outside of a merge request, or without a token, nothing happens. When GitLab takes no note a
    warning says so, for the artefact has the same text.
    """
    token, number = os.environ.get(TOKEN), os.environ.get(NUMBER)
    if not token or not number:
        return
    try:
        write(f"{MARK}\n{text}", number, {"PRIVATE-TOKEN": token})
    except HTTPError as error:
        say(f"GitLab answered {error.code}")
    except (*NO_ANSWER, ValueError, KeyError, TypeError) as error:
        say(f"GitLab cannot be reached: {type(error).__name__}")
    else:
        click.echo(f"changes: noted in merge request !{number}", err=True)


def say(reason: str) -> None:
    """Warn that the merge request does not show it."""
    click.echo(f"warning: the merge request has no note: {reason}", err=True)


def write(text: str, number: str, headers: dict[str, str]) -> None:
    """Make a note, or write the earlier one anew."""
    api = os.environ.get(API) or "https://gitlab.com/api/v4"
    owner = urllib.parse.quote(os.environ[OWNER], safe="")
    notes = f"{api}/projects/{owner}/merge_requests/{number}/notes"
    earlier = find(notes, headers)
    method, address = ("PUT", f"{notes}/{earlier}") if earlier else ("POST", notes)
    ask(method, address, headers, {"body": text})


def find(notes: str, headers: dict[str, str]) -> int | None:
    """Return the number of the note of an earlier push, or nothing."""
    for page in itertools.count(1):
        listed = ask("GET", f"{notes}?per_page={PAGE}&page={page}", headers)
        for one in listed:
            if one["body"].startswith(MARK):
                return int(one["id"])
        if len(listed) < PAGE:
            break
    return None


def ask(method: str, address: str, headers: dict[str, str], content: Any = None) -> Any:
    """Return the JSON that an address of the web answers; `ValueError` for another address."""
    if not address.startswith(("http://", "https://")):
        raise ValueError("not an address of the web")
    body = json.dumps(content).encode() if content else None
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(address, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)
