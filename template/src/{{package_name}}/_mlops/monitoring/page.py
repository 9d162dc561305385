# The template's. A page of yours reads reports/monitor.json.
"""What does a person have to see first? One page, with nothing to load from elsewhere."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pandas as pd

from .. import web_page
from ..errors import counted
from ..interface import Contract
from ..training import plots

Drawing = Callable[[Any], None]
Pairs = dict[str, tuple[pd.Series, pd.Series]]
STYLE = """
td.number { text-align: right; font-variant-numeric: tabular-nums }
h1 span, .raised { font-weight: bold; color: var(--none) } h1 span.ok { color: var(--full) }
@media (max-width: 44rem) { tr { display: grid; border-bottom: 1px solid var(--line);
    grid-template-columns: repeat(auto-fit, minmax(4rem, 1fr)) }
  th, td { border: 0; font-size: .8rem; overflow-wrap: anywhere; padding: .3rem .2rem;
    text-align: left !important }
  tr > :last-child:not(.number) { grid-column: 1 / -1 } }
"""


def draw(
    report: dict[str, Any],
    scores: Pairs,
    history: Sequence[dict[str, Any]],
    contract: Contract,
) -> str:
    """Return the page: verdict, reason and owner on top, each check, then the plots.

    Args:
        report: As reports/monitor.json holds it.
        scores: For each column of predictions, the expected and the logged values.
        history: Windows of this version, oldest first.
        contract: For the bars in the plots.
    """
    owner, verdict = report["owner"], report["verdict"]
    drawings = [
        *(distribution(name, *pair) for name, pair in scores.items()),
        columns(report["drift"].get("columns", [])),
        quality([window for window in history if window["quality"] is not None], contract),
    ]
    parts = [
        f'<h1>Version {text(report["version"])}: <span class="{verdict}">{verdict}</span></h1>',
        f"<p>{text(report['reason'] or 'No finding is an alarm.')}</p>",
        f"<p>{text(report['done'])}</p>" if report["done"] else "",
        f"<p>Owner: {text(owner['name'])} &lt;{text(owner['email'])}&gt;<br>",
        f"{text(report['since'])} to {text(report['until'])}, {counted(report['rows'], 'row')} in "
        f"{counted(report['requests'], 'request')}, "
        f"{counted(len(report['damaged']), 'damaged line')}; "
        f"{counted(report['waiting'], 'row waits', 'rows wait')} for the outcome.</p>",
        check_table(report["checks"]),
        version_table(report["versions"]),
        *(plots.image(drawing, 3.5) for drawing in drawings if drawing),
    ]
    return web_page.document(verdict, "\n".join(part for part in parts if part), STYLE)


def text(value: object) -> str:
    """Return a value as HTML shows it."""
    return escape(str(value))


def number(value: float | None) -> str:
    """Return a cell with a number, or an empty one."""
    return f'<td class="number">{"" if value is None else f"{value:.4g}"}</td>'


def check_table(found: Sequence[dict[str, Any]]) -> str:
    """Return a row for each check."""
    rows = [
        f'<tr class="{text(one["state"])}"><td>{text(one["name"])}</td>{number(one["found"])}'
        f"{number(one['bound'])}<td>{text(one['state'])}</td>{number(one['raised_in'])}"
        f"<td>{text(one['says']) if one['alarm'] else ''}</td><td>{text(one['detail'])}</td></tr>"
        for one in found
    ]
    return table("checks", ["check", "found", "bound", "state", "windows", "alarm", "detail"], rows)


def version_table(versions: dict[str, dict[str, Any]]) -> str:
    """Return a row for each version that answered, with its scores."""
    names = list(dict.fromkeys(name for one in versions.values() for name in one["scores"]))
    rows = [
        f"<tr><td>{text(version)}</td>{number(one['rows'])}{number(one['labelled'])}"
        + "".join(number(one["scores"].get(name)) for name in names)
        + "</tr>"
        for version, one in versions.items()
    ]
    return table("versions", ["version", "rows", "with outcome", *names], rows)


def table(name: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    """Return a table that scrolls by itself; its name is for who cannot see it."""
    top = "".join(f"<th>{text(head)}</th>" for head in heads)
    return web_page.scrolled(name, f"<table><tr>{top}</tr>{''.join(rows)}</table>")


def distribution(name: str, before: pd.Series, after: pd.Series) -> Drawing:
    """Draw how often each prediction was expected, and how often it was made."""

    def drawn(axes: Any) -> None:
        both = pd.concat([before, after]).astype(float)
        span = (float(both.min()), float(both.max()))
        for values, label in ((before, "expected from training"), (after, "in this window")):
            axes.hist(
                values.astype(float), bins=40, range=span, density=True, alpha=0.5, label=label
            )
        axes.set(xlabel=name, ylabel="density", title="Predictions")
        axes.legend()

    return drawn


def columns(found: Sequence[dict[str, Any]]) -> Drawing | None:
    """Draw each column's distance as a part of its threshold, the largest on top."""
    parts = {one["column"]: one["score"] / one["threshold"] for one in found if one["score"]}
    shown = pd.Series(parts, dtype=float).sort_values().tail(20)

    def drawn(axes: Any) -> None:
        axes.barh(shown.index, shown.to_numpy())
        axes.axvline(1, color="grey", linewidth=1, linestyle="--")
        axes.tick_params(axis="y", labelsize=7)
        axes.set(xlabel="distance from training, 1 is the threshold", title="Drift of inputs")

    return drawn if len(shown) else None


def quality(history: Sequence[dict[str, Any]], contract: Contract) -> Drawing | None:
    """Draw the metric window by window, with the contract's bars."""
    shown = history[-30:]

    def drawn(axes: Any) -> None:
        days = [window["until"][:10] for window in shown]
        axes.plot(range(len(days)), [window["quality"] for window in shown], "o-")
        axes.set_xticks(range(len(days)), days, rotation=45, ha="right", fontsize=7)
        for name in ("accept", "retrain", "withdraw"):
            bar = getattr(contract.quality, name)
            axes.axhline(bar, color="grey", linewidth=1, linestyle="--")
            axes.annotate(name, (0, bar), fontsize=7)
        axes.set(ylabel=contract.quality.metric, title="Quality in each window, by its end")

    return drawn if shown else None
