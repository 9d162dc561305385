# The template's. A page of yours reads reports/readiness.json.
"""One page for the wall: barriers, sections, each check with its evidence, the trend, one step."""

from collections.abc import Sequence
from html import escape
from typing import Any

from ... import PROJECT, web_page
from ...errors import counted
from .rubric import BARRIERS, MARKS, SECTIONS

COLOURS = {1.0: "full", 0.5: "half", 0.0: "none"}
SHOWN = 40  # past runs
WIDTH, HEIGHT = 600, 90
STYLE = """
.cells { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .4rem;
  list-style: none; padding: 0 }
.cells li { background: var(--soft); border-top: .4rem solid var(--line); padding: .4rem .6rem;
  font-size: .85rem }
.cells b { display: block; font-size: 1.3rem }
.cells .full { border-color: var(--full) } .cells .half { border-color: var(--half) }
.cells .none { border-color: var(--none) }
td:first-child { white-space: nowrap }
.mark { display: inline-block; min-width: 1.3rem; text-align: center; font-weight: bold;
  color: var(--on) }
.mark.full { background: var(--full) } .mark.half { background: var(--half) }
.mark.none { background: var(--none) }
"""


def draw(report: dict[str, Any], past: Sequence[dict[str, Any]]) -> str:
    """Return the page; it loads nothing from elsewhere.

    Args:
        report: As reports/readiness.json holds it.
        past: Records of earlier scores, oldest first.
    """
    level = report["evidenced"]
    reached = "none yet" if level < 0 else f"level {level}"
    body = "\n".join(
        [
            f"<h1>{escape(PROJECT)}: scaffolded for level {report['claimed']}, "
            f"evidenced: {reached}</h1>",
            f"<p>{escape(report['time'])}, commit <code>{report['commit'][:12] or 'none'}</code>. "
            f"Score {report['score']:g}: the smallest of four sections of the ML Test Score.</p>",
            step(report["next"]),
            *(f"<p><strong>Warning:</strong> {escape(said)}</p>" for said in report["warnings"]),
            "<h2>The seven barriers</h2>",
            "<p class='small'>Each as good as its worst check up to this level.</p>",
            cells([(name, score, MARKS[score]) for name, score in report["barriers"].items()]),
            "<h2>The sections</h2>",
            cells(sums(report)),
            *(checks(section, report["checks"]) for section in SECTIONS),
            trend([*past, report]),
        ]
    )
    return web_page.document(f"{PROJECT}: readiness", body, STYLE)


def step(action: dict[str, Any] | None) -> str:
    """Return the one next step."""
    if action is None:
        said = "Every check is proven or signed. Run them again before that is too old."
        return f'<p class="step">{said}</p>'
    return (
        f'<p class="step"><strong>Next:</strong> <code>{escape(action["to_do"])}</code><br>'
        f"It raises {escape(action['check'])}, {escape(action['title'])}: "
        f"{escape(action['detail'])}.</p>"
    )


def sums(report: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Return each section with its colour and its sum."""
    found = []
    for section, total in report["sections"].items():
        of_it = [one for one in report["checks"] if one["section"] == section]
        share = 1.0 if total == len(of_it) else 0.5 if total else 0.0
        found.append((section, share, f"{total:g} of {len(of_it)}"))
    return found


def cells(parts: Sequence[tuple[str, float, str]]) -> str:
    """Return a row of cells: a name, its colour and what stands large in it."""
    items = [
        f'<li class="{COLOURS[colour]}"><b>{escape(large)}</b>{escape(name)}</li>'
        for name, colour, large in parts
    ]
    return f'<ul class="cells">{"".join(items)}</ul>'


def checks(section: str, found: Sequence[dict[str, Any]]) -> str:
    """Return the checks of a section as a table."""
    rows = [row(one) for one in found if one["section"] == section]
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("check", "claim", "evidence"))
    return (
        f"<h2>{section.capitalize()}</h2>"
        f'<div class="wide" role="region" tabindex="0" aria-label="{section}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def row(one: dict[str, Any]) -> str:
    """Return one check: its score, its claim, what proves it, and what a person has to sign."""
    guards = ", ".join(f"{number} {BARRIERS[number - 1].lower()}" for number in one["barriers"])
    said = [escape(f"{one['state']}: {one['detail']}")]
    if record := one["recorded"]:
        files = ", ".join(link(path) for path in record.get("files", {}))
        said.append(
            f"<span class='small'>{escape(record['what'])}, {escape(record['time'])}, "
            f"{record['seconds']:g} s, commit <code>{record['commit'][:12]}</code>, "
            f"record <code>{record['sha256'][:12]}</code>{', ' + files if files else ''}</span>"
        )
    if one["to_do"]:
        said.append(f"<span class='small'>to do: <code>{escape(one['to_do'])}</code></span>")
    if one["sign"]:
        said.append(f"<span class='small'>for a person to sign: {escape(one['sign'])}</span>")
    return (
        f'<tr><td><span class="mark {COLOURS[one["score"]]}">{MARKS[one["score"]]}</span> '
        f"{escape(one['check'])}</td><td>{escape(one['title'])}"
        f"<br><span class='small'>level {one['level']}; guards against {escape(guards)}</span></td>"
        f"<td>{'<br>'.join(said)}</td></tr>"
    )


def link(path: str) -> str:
    """Return a link to a report, from the page beside it."""
    return f'<a href="../{escape(path)}">{escape(path)}</a>'


def trend(past: Sequence[dict[str, Any]]) -> str:
    """Return how the sections' sum went over the past runs, as a line and in words."""
    values = [sum(one["sections"].values()) for one in past][-SHOWN:]
    if len(values) < 2:
        return "<h2>Trend</h2><p>This is the first run; the next one begins a line.</p>"
    top = max(*values, 1)
    points = [
        f"{WIDTH * at / (len(values) - 1):.1f} {(HEIGHT - 8) * (1 - value / top) + 4:.1f}"
        for at, value in enumerate(values)
    ]
    said = f"Sum of all checks over {counted(len(values), 'run')}: "
    said += f"from {values[0]:g} to {values[-1]:g}."
    return (
        f"<h2>Trend</h2><p>{said}</p>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
        f'<path d="M{" L".join(points)}"/></svg>'
    )
