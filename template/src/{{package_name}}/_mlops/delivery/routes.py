# The template's. Owners are yours, in contract.yaml; addresses and secrets in the environment.
"""Who is told about an alert: the owner that the contract names, by mail or through a webhook."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from ..errors import WrongInput
from ..files import whole_file
from ..interface import Contract, Owner

FILE = "alertmanager.yml"
WEBHOOK = "ALERT_WEBHOOK"
SMARTHOST, SENDER = "SMTP_SMARTHOST", "SMTP_FROM"
USER, PASSWORD = "SMTP_USERNAME", "SMTP_PASSWORD"  # pragma: allowlist secret
# how long to gather alerts, and when to say it again
PACE = {
    "page": {"group_wait": "10s", "group_interval": "1m", "repeat_interval": "1h"},
    "ticket": {"group_wait": "1m", "group_interval": "10m", "repeat_interval": "1d"},
}
SUBJECT = "{{ .Status | toUpper }} {{ .CommonLabels.severity }} {{ .GroupLabels.alertname }}"


def render(folder: Path, contract: Contract) -> None:
    """Write the routes to a folder that git ignores, for its owner alone: it holds secrets."""
    found = routes(contract, os.environ)
    if not any(set(one) - {"name"} for one in found["receivers"]):
        message = f"neither {WEBHOOK} nor {SMARTHOST} is set: an alert reaches nobody"
        click.echo(f"warning: {message}", err=True)
    with whole_file(folder / FILE, mode=0o600) as part:
        YAML().dump(found, part)


def routes(contract: Contract, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what Alertmanager reads: one receiver for each owner, in two paces.

    Raises:
        WrongInput: If an address in the environment cannot be used.
    """
    owners: dict[str, Owner] = dict(contract.owners)
    means = {role: by(owner, environment) for role, owner in owners.items()}
    children = [
        {
            "receiver": addressee(role, owner),
            "matchers": [f'owner="{role}"', f'severity="{severity}"'],
            **pace,
        }
        for role, owner in owners.items()
        for severity, pace in PACE.items()
    ]
    return {
        "route": {
            "receiver": addressee("model", owners["model"]),
            "group_by": ["alertname"],
            "routes": children,
        },
        # a service that is down burns every budget: one message is enough
        "inhibit_rules": [
            {
                "source_matchers": ['alertname=~"ServiceDown|ProxyDown"'],
                "target_matchers": ['alertname=~"NoRequests|AvailabilityBudgetBurns"'],
            }
        ],
        "receivers": [
            {"name": addressee(role, owner), **means[role]} for role, owner in owners.items()
        ],
    }


def addressee(role: str, owner: Owner) -> str:
    """Return a receiver's name: Alertmanager shows it with dots as it would match them."""
    return f"{role}: {person(owner)}"


def person(owner: Owner) -> str:
    """Return an owner for people; what Prometheus and Alertmanager would fill in stays text."""
    return f"{owner.name} <{owner.email}>".replace("{{", "{ {")


def by(owner: Owner, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return how an owner is told; nothing when the environment names no way."""
    found: dict[str, Any] = {}
    if address := environment.get(WEBHOOK):
        if not address.startswith(("http://", "https://")):
            # never the address itself: it is a secret
            raise WrongInput(f"{WEBHOOK} is not an address of the web")
        found["webhook_configs"] = [{"url": address, "send_resolved": True}]
    if smarthost := environment.get(SMARTHOST):
        found["email_configs"] = [mail(owner, smarthost, environment)]
    return found


def mail(owner: Owner, smarthost: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return how mail is sent to an owner."""
    if not smarthost.rpartition(":")[2].isdecimal():
        raise WrongInput(f"{SMARTHOST} is {smarthost!r}; expected host:port")
    found: dict[str, Any] = {
        "to": owner.email,
        "from": environment.get(SENDER) or owner.email,
        "smarthost": smarthost,
        "headers": {"Subject": SUBJECT},
        "send_resolved": True,
    }
    if user := environment.get(USER):
        found |= {"auth_username": user, "auth_password": environment.get(PASSWORD, "")}
    return found
