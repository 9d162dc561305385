# The template's. A page of yours reads reports/end-to-end.json.
"""What happened, on one page: the batches, each rollout step by step, and the one that was bad."""

import base64
from typing import Any

from .. import PROJECT, paths, web_page
from ..delivery import state
from ..errors import counted
from ..files import whole_file
from ..interface import Contract
from ..monitoring.page import STYLE, number, table, text
from . import timeline
from .in_clone import ROLLOUTS

RECORD, PAGE = (paths.REPORTS / name for name in ROLLOUTS)
UNDECIDED = "nothing decided it"  # how the reason begins when time alone ended a rollout
SHOWN = 3  # reasons of the gate; reports/end-to-end.json has all
BARS = """
.bar { display: flex; margin: .5rem 0; font-size: .8rem }
.bar div { flex: 1; padding: .2rem; margin-right: 2px; text-align: center; color: var(--on) }
.bar .promote, .bar .promoted { background: var(--full) }
.bar .abort, .bar .aborted { background: var(--none) }
.bar .waits { background: var(--soft); color: var(--ink) }
h2 span { color: var(--full) } h2 .aborted, h2 .refused { color: var(--none) }
"""


def line(rollout: dict[str, Any]) -> str:
    """Return a rollout as one line of a timeline."""
    last = rollout["history"][-1]
    passed = " → ".join(share(part["stage"]) for part in rollout["history"])
    why = f": {'; '.join(last['reasons'])}" if rollout["state"] == state.ABORTED else ""
    return f"rollout: version {rollout['version']} {passed}: {rollout['state']}{why}"


def share(stage: str) -> str:
    """Return a stage for people."""
    return f"{stage} %" if stage.isdecimal() else stage


def write(record: dict[str, Any], contract: Contract) -> None:
    """Write the page; it loads nothing from elsewhere."""
    bad = record["bad"]
    parts = [
        f"<h1>{text(PROJECT)}: what happened</h1>",
        summary(record),
        learned(record),
        picture(),
        "<h2>Batch by batch</h2>",
        batches(record, contract),
        *(
            one
            for rollout in record["rollouts"]
            if rollout is not bad["rollout"]
            for one in steps(rollout)
        ),
        '<h2>A bad candidate: <span class="refused">gate ' + text(bad["gate"]) + "</span></h2>",
        "<p>It was trained on wrong outcomes, and was forced past the gate. "
        f"The gate had said: {text('; '.join(bad['reasons'][:SHOWN]))}"
        f"{more(len(bad['reasons']) - SHOWN)}.</p>",
        *steps(bad["rollout"]),
        f"<p>Champion before: version {text(bad['champion_before'])}; "
        f"after: version {text(bad['champion_after'])}.</p>",
    ]
    shown = web_page.document(PROJECT, "\n".join(parts), STYLE + BARS)
    with whole_file(PAGE) as page:
        page.write_text(shown, encoding="utf-8")


def more(count: int) -> str:
    """Say how many reasons are left out."""
    return f"; and {count} more" if count > 0 else ""


def summary(record: dict[str, Any]) -> str:
    """Return the sentence on top, counted from what happened."""
    ended = [rollout["state"] for rollout in record["rollouts"]]
    asked = [rollout["clients"] for rollout in record["rollouts"]]
    requests = sum(one["requests"] for one in asked)
    lost = sum(one["not_answered"] for one in asked)
    trained = sum(bool(part["gate"]) for part in record["parts"])
    left = sum(map(undecided, record["rollouts"]))
    unsaid = f", of which {left} for want of a verdict: see its reasons" if left else ""
    return (
        f"<p>{counted(len(record['parts']), 'batch', 'batches')} arrived after the start; "
        "the pipeline trained "
        f"{counted(trained, 'time')}. {counted(len(ended), 'rollout')}: "
        f"{ended.count(state.PROMOTED)} promoted, {ended.count(state.ABORTED)} aborted{unsaid}. "
        f"During them callers sent {counted(requests, 'request')}; {lost:,} were not answered.</p>"
    )


def learned(record: dict[str, Any]) -> str:
    """Say which version answers in the end, and what was refused or aborted, and why."""
    lines = [f"Version {record['bad']['champion_after']} answers in the end."]
    for part in record["parts"]:
        if part["gate"] == "refused":
            first, *rest = part["reasons"]
            told = f"{first}{more(len(rest))}"
            lines.append(f"{part['batch']}: the gate refused version {part['candidate']}: {told}.")
    for rollout in record["rollouts"]:
        if rollout["state"] == state.ABORTED:
            told = "; ".join(rollout["history"][-1]["reasons"])
            lines.append(f"The rollout of version {rollout['version']} was aborted: {told}.")
    return f"<ul>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>"


def undecided(rollout: dict[str, Any]) -> bool:
    """Say whether time alone ended a rollout: a machine was too busy to judge by."""
    reasons = rollout["history"][-1]["reasons"]
    return bool(rollout["state"] == state.ABORTED and reasons[0].startswith(UNDECIDED))


def picture() -> str:
    """Return the timeline's plot, inside the page."""
    content = base64.b64encode(timeline.PLOT.read_bytes()).decode()
    return f'<p><img alt="quality batch by batch" src="data:image/png;base64,{content}"></p>'


def batches(record: dict[str, Any], contract: Contract) -> str:
    """Return a row for each batch: what was found, and what was decided and why."""
    rows = [
        f"<tr><td>{text(part['batch'])}</td><td>{text('+'.join(part['versions']))}</td>"
        f"{number(part['metric'])}{number(part['happened'])}{number(part['expected'])}"
        f"<td>{text(part['verdict'])}</td>"
        f"<td>{'<br>'.join(text(said) for said in timeline.decisions(part))}</td></tr>"
        for part in record["parts"]
    ]
    heads = ["batch", "version", contract.quality.metric, "happened", "expected", "monitor"]
    return table("batches", [*heads, "decision"], rows)


def steps(rollout: dict[str, Any]) -> list[str]:
    """Return one rollout: a bar of its stages, a table with the reasons, and who was answered."""
    done = {part["stage"]: part["outcome"] for part in rollout["history"]}
    bar = "".join(
        f'<div class="{text(done.get(stage, "waits"))}">{text(share(stage))}</div>'
        for stage in rollout["stages"]
    )
    rows = [
        f"<tr><td>{text(share(part['stage']))}</td>{number(part['seconds'])}{number(part['share'])}"
        f"<td>{text(part['outcome'])}</td>"
        f"<td>{'<br>'.join(text(reason) for reason in part['reasons'])}</td></tr>"
        for part in rollout["history"]
    ]
    asked = rollout["clients"]
    by = ", ".join(f"{count:,} by version {name}" for name, count in asked["versions"].items())
    return [
        f"<h2>Rollout of version {text(rollout['version'])}: "
        f'<span class="{text(rollout["state"])}">{text(rollout["state"])}</span></h2>',
        f'<div class="bar">{bar}</div>',
        table(
            f"stages of version {rollout['version']}",
            ["stage", "seconds", "share seen", "outcome", "reasons"],
            rows,
        ),
        f"<p>{counted(asked['requests'], 'request')} meanwhile; answered: {text(by)}; "
        f"not answered: {asked['not_answered']:,}.</p>",
    ]
