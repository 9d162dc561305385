# The template's. Nothing of yours belongs here; use it from a page of yours.
"""What pages of this repo are made of: one file that loads nothing, for light and dark screens."""

from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --back: #fff; --ink: #1b1b1b; --line: #d0d0d0; --soft: #f3f3f3;
  --full: #1a6b35; --half: #7a5200; --none: #a02020; --on: #fff }
@media (prefers-color-scheme: dark) { :root { --back: #16181c; --ink: #ececec; --line: #44484f;
  --soft: #22252b; --full: #7ed69a; --half: #e9bd6a; --none: #ff9a94; --on: #16181c } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back);
  max-width: 62rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin-top: 2rem }
a { color: inherit } img { max-width: 100% } code { font-size: .95em; overflow-wrap: anywhere }
.step { border-left: .4rem solid var(--half); background: var(--soft); padding: .6rem 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem;
  border-bottom: 1px solid var(--line) }
.wide { overflow-x: auto } .small { font-size: .85rem }
svg { width: 100%; height: auto; background: var(--soft) }
svg path { fill: none; stroke: var(--full); stroke-width: 2 }
@media print { .step { border: 1px solid } details { display: block } body { font-size: 11px } }
"""


def document(title: str, body: str, style: str = "") -> str:
    """Return a page.

    Args:
        title: As text.
        body: As HTML.
        style: What it has beside `STYLE`.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that a keyboard can scroll; the first cell of a row is its head.

    Args:
        name: For who cannot see it.
        heads: As text.
        rows: Cells as HTML.
    """
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines = [
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    ]
    inside = f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return scrolled(name, inside)


def scrolled(name: str, inside: str) -> str:
    """Return a wide thing, as HTML, that scrolls by itself on a narrow screen."""
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(name)}">{inside}</div>'
    )


def number(value: float | None) -> str:
    """Write a number with four significant digits; a dash for one that does not exist."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.4g}"
