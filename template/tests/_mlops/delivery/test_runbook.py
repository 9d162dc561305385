# The template's. Pages of yours go into another folder of docs/.
"""Whoever is called at night finds a section for each alert, and nothing that is not there."""

import re

import pytest

from ..fixtures import ROOT
from ..package import config, rules

PARTS = ("**Means:**", "**Look:**", "**Do:**", "**Call:**")


def sections() -> dict[str, str]:
    """Return the page's sections by title; those after the first are about alerts."""
    text = (ROOT / rules.RUNBOOK).read_text(encoding="utf-8")
    found = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[3:]
    return dict(zip(found[::2], found[1::2], strict=True))


def alerts() -> dict[str, str]:
    """Return each alert's name and where it says to read on."""
    groups = rules.rules(config.load_contract(ROOT / "contract.yaml"))["groups"]
    found = [one for group in groups for one in group["rules"] if "alert" in one]
    return {one["alert"]: one["annotations"]["runbook"] for one in found}


def test_alerts_and_sections_are_the_same() -> None:
    assert set(sections()) == set(alerts())


def test_each_alert_leads_to_its_section() -> None:
    for name, runbook in alerts().items():
        assert runbook == f"{rules.RUNBOOK}#{name.lower()}"  # as GitHub makes anchors


@pytest.mark.parametrize("alert", sections())
def test_each_section_says_what_it_means_where_to_look_what_to_do_and_whom_to_call(
    alert: str,
) -> None:
    places = [sections()[alert].find(part) for part in PARTS]

    assert -1 not in places
    assert places == sorted(places)
