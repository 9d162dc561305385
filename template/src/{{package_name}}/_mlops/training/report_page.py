# The template's. A page of yours reads reports/metrics.json.
"""How good is the model? One page from the records that are there, with nothing to load."""

from html import escape
from pathlib import Path
from typing import Any

from .. import PROJECT, paths, web_page
from ..config import load_contract
from ..errors import Problem
from ..files import read_json, whole_file
from ..tracking import artifact
from . import card_text, drawings
from .report_sections import EVALUATE, REPRO, Records, Section, reached, sections

OTHERS = {
    paths.REPORTS / "readiness.html": "what this repo has proven",
    paths.DRIFT_PAGE: "drift, column by column",
    paths.MONITOR_PAGE: "the monitor's last look",
    paths.TUNE_PAGE: "the last search",
}
STYLE = drawings.STYLE + card_text.STYLE + "nav a { margin-right: 1rem }\n"
UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def write() -> None:
    """Write reports/index.html; what is missing is named there, and stops nobody."""
    page = draw(read())
    with whole_file(paths.REPORT_PAGE) as part:
        part.write_text(page, encoding="utf-8")


def read() -> Records:
    """Return the records that are there."""
    card = paths.CARD
    return Records(
        report=record(paths.METRICS),
        manifest=record(paths.CANDIDATE / artifact.MANIFEST),
        contract=load_contract(),
        card=card.read_text(encoding="utf-8", errors="replace") if card.is_file() else "",
        drift=record(paths.DRIFT),
    )


def record(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds; nothing when it is missing or damaged."""
    try:
        found = read_json(path)
    except Problem:
        return {}
    return found if isinstance(found, dict) else {}


def draw(records: Records) -> str:
    """Return the page: what was learned on top, then each part."""
    parts = sections(records)
    links = "".join(f'<a href="#{anchor(title)}">{title}</a>' for title, *_ in parts)
    body = [
        f"<h1>{escape(PROJECT)}: {headline(records)}</h1>",
        about(records),
        *(f'<p class="step"><strong>Warning:</strong> {said}</p>' for said in warnings(records)),
        f'<nav aria-label="parts of this page">{links}</nav>',
        *(filled(part, records) for part in parts),
        elsewhere(),
    ]
    return web_page.document(f"{PROJECT}: how good is the model?", "\n".join(body), STYLE)


def headline(records: Records) -> str:
    """Return what was learned in a line."""
    if not records.report:
        return "nothing was evaluated yet"
    if records.value is None:
        return f"{escape(records.metric)} is missing"
    low, high = records.interval(records.metric)
    said = f"{escape(records.metric)} {web_page.number(records.value)}"
    if low is None or high is None:
        return said
    return f"{said} (95 %: {web_page.number(low)} to {web_page.number(high)})"


def about(records: Records) -> str:
    """Say what it is for, whether it is good enough, and whom to ask."""
    contract, manifest = records.contract, records.manifest
    quality, owner = contract.quality, contract.owners.model
    verdicts = {
        "yes": f"It reaches the bar of the contract, {quality.accept:g}.",
        "no": f"It does <strong>not</strong> reach the bar of the contract, {quality.accept:g}.",
        "": "Whether it is good enough is not known.",
    }
    made = ""
    if manifest:
        commit = escape(str(manifest.get("commit") or "none")[:12])
        made = (
            f"Model <code>{escape(str(manifest.get('model_sha256'))[:12])}</code>, trained on "
            f"{escape(str(manifest.get('created'))[:10])} at commit <code>{commit}</code>."
        )
    return (
        f"<p>{escape(contract.purpose)}<br>For: {escape(contract.service.consumer)}. "
        f"Ask: {escape(owner.name)}, {escape(owner.email)}.</p>"
        f'<p class="step">{verdicts[reached(records.value, quality.accept, quality.better)]} '
        f"{made}</p>"
    )


def warnings(records: Records) -> list[str]:
    """Return what a reader has to know before the numbers."""
    found = []
    if not records.report:
        found.append(f"{paths.METRICS} is not there: <code>{REPRO}</code> makes it.")
    elif records.value is None:
        found.append(
            f"{paths.METRICS} has no value for {escape(records.metric)}, by which the contract "
            f"judges: <code>{EVALUATE}</code> computes it anew."
        )
    this, made = records.report.get("model_sha256"), records.manifest.get("model_sha256")
    if this and made and this != made:
        found.append(
            f"{paths.METRICS} is about model <code>{escape(this[:12])}</code>, not about the "
            f"candidate: <code>{EVALUATE}</code>."
        )
    return found


def filled(part: Section, records: Records) -> str:
    """Return one part; one without its record says which command writes it."""
    title, fill, command = part
    try:
        inside = fill(records)
    except UNREADABLE as error:
        said = f"{type(error).__name__}: {error}"
        inside = f"<p>Its record cannot be read ({escape(said)}): <code>{command}</code>.</p>"
    inside = inside or f"<p>Not recorded yet: <code>{command}</code>.</p>"
    return f'<section id="{anchor(title)}"><h2>{title}</h2>\n{inside}</section>'


def anchor(title: str) -> str:
    """Return the name by which a part is linked to."""
    return title.lower().replace(" ", "-")


def elsewhere() -> str:
    """Return links to the other pages that are there."""
    items = [
        f'<li><a href="{path.name}">{escape(said)}</a></li>'
        for path, said in OTHERS.items()
        if path.is_file()
    ]
    return f"<h2>Other pages</h2><ul>{''.join(items)}</ul>" if items else ""
