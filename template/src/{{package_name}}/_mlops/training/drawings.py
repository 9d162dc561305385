# The template's. Plots of yours belong in notebooks/ or in a stage of yours.
"""Numbers as SVG that stands in a page: it takes the colours of the page, and says itself aloud."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ..web_page import number

WIDTH, LEFT, RIGHT, ROW = 640, 190, 30, 24
TALL, AXIS = 320, 60  # of a curve, and the room for its axes
NAME = 26  # letters that fit beside a row
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 4", "10 5")
STYLE = """
svg text { fill: var(--ink); font: 13px system-ui, sans-serif }
svg .end { text-anchor: end } svg .middle { text-anchor: middle }
svg .mark { fill: var(--full) } svg .band { fill: var(--full); opacity: .25; stroke: none }
svg line { stroke: var(--full); stroke-width: 2 } svg .rule { stroke: var(--half); stroke-width: 1 }
"""


@dataclass(frozen=True)
class Dot:
    """One row of a drawing: a value, and an interval around it if there is one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Scale:
    """Where a value stands between two ends of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value, in units of the drawing."""
        span = self.high - self.low or 1.0
        return round(self.start + (value - self.low) / span * (self.end - self.start), 1)


def dots(said: str, rows: Sequence[Dot], rules: Sequence[tuple[str, float]] = ()) -> str:
    """Draw values below each other, beside upright rules with names.

    Args:
        said: What the drawing shows, for who cannot see it.
        rows: From top to bottom.
        rules: Such as bars of the contract.
    """
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    scale = across([*ends, *(value for _, value in rules)])
    top = ROW * len(rules)
    height = top + ROW * (len(rows) + 1)
    parts = [
        f'<line class="rule" x1="{scale(value)}" x2="{scale(value)}" y1="{place * ROW + 4}" '
        f'y2="{height - ROW}"/>'
        + words(f"{name} {number(value)}", scale(value) - 5, place * ROW + 15, "end")
        # from the right, so that no rule crosses the name of another
        for place, (name, value) in enumerate(sorted(rules, key=lambda rule: -rule[1]))
    ]
    for place, row in enumerate(rows):
        middle = top + ROW * place + 12
        parts.append(words(row.name, LEFT - 10, middle + 4, "end", NAME))
        if row.low is not None and row.high is not None:
            ends_of_it = f'x1="{scale(row.low)}" x2="{scale(row.high)}"'
            parts.append(f'<line {ends_of_it} y1="{middle}" y2="{middle}"/>')
        parts.append(f'<circle class="mark" cx="{scale(row.value)}" cy="{middle}" r="5"/>')
    return drawing(said, height, [*parts, *ticks(scale, height - 6)])


def bars(said: str, rows: Sequence[tuple[str, float]]) -> str:
    """Draw lengths below each other, from zero."""
    scale = across([0.0, *(value for _, value in rows)])
    height = ROW * (len(rows) + 1)
    parts = [f'<line class="rule" x1="{scale(0)}" x2="{scale(0)}" y1="0" y2="{height - ROW}"/>']
    for place, (name, value) in enumerate(rows):
        start, length = min(scale(0), scale(value)), abs(scale(value) - scale(0))
        parts.append(words(name, LEFT - 10, ROW * place + 16, "end", NAME))
        parts.append(
            f'<rect class="mark" x="{start:.1f}" y="{ROW * place + 5}" width="{length:.1f}" '
            f'height="{ROW - 10}"/>'
        )
    return drawing(said, height, [*parts, *ticks(scale, height - 6)])


Points = Sequence[tuple[float, float]]


def curves(
    said: str,
    lines: Sequence[tuple[str, Points]],
    rule: Points,
    band: Points = (),
    axes: tuple[str, str] = ("", ""),
    most: float = math.inf,
) -> str:
    """Draw lines in a plane, beside the line on which they would be perfect.

    Args:
        said: What the drawing shows, for who cannot see it.
        lines: With their names, which stand at their ends.
        rule: The perfect line.
        band: Corners of a surface, in order.
        axes: What goes to the right, and what upwards.
        most: What no value can exceed, such as 1 of shares.
    """
    every = [*rule, *band, *(point for _, points in lines for point in points)]
    x = Scale(*limits([x for x, _ in every], most), AXIS + 10, WIDTH - 110)
    y = Scale(*limits([y for _, y in every], most), TALL - AXIS, 16)
    parts = [f'<path class="band" d="{path(band, x, y)} Z"/>'] if band else []
    parts.append(f'<path class="rule" d="{path(rule, x, y)}"/>')
    for place, (name, points) in enumerate(lines):
        dashes = DASHES[place % len(DASHES)]
        parts.append(f'<path d="{path(points, x, y)}" stroke-dasharray="{dashes}"/>')
        parts += [f'<circle class="mark" cx="{x(a)}" cy="{y(b)}" r="3.5"/>' for a, b in points]
        parts.append(words(name, x(points[-1][0]) + 8, y(points[-1][1]) + 4, "", 15))
    parts += ticks(x, TALL - AXIS + 20)
    parts += [words(said, AXIS, y(one) + 4, "end") for one, said in marks(y)]
    parts.append(words(axes[0], (x.start + x.end) / 2, TALL - 14, "middle"))
    parts.append(words(f"↑ {axes[1]}", AXIS + 14, 12))
    return drawing(said, TALL, parts)


def across(values: Sequence[float]) -> Scale:
    """Return the scale of rows below each other."""
    return Scale(*limits(values), LEFT, WIDTH - RIGHT)


def limits(values: Sequence[float], most: float = math.inf) -> tuple[float, float]:
    """Return the ends of an axis: a little more than the values need."""
    low, high = min(values), max(values)
    room = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
    return low - room if low else low, min(high + room, most) if high else high


def path(points: Points, x: Scale, y: Scale) -> str:
    """Return points as SVG writes a line."""
    return "M" + " L".join(f"{x(a)} {y(b)}" for a, b in points)


def ticks(scale: Scale, height: float) -> list[str]:
    """Return the numbers of an axis that goes to the right."""
    return [words(said, scale(one), height, "middle") for one, said in marks(scale)]


def marks(scale: Scale) -> list[tuple[float, str]]:
    """Return two to six round numbers of an axis, and how they are written."""
    if not (span := scale.high - scale.low):
        return [(scale.low, number(scale.low))]
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(power * many for many in (1, 2, 5, 10) if power * many >= span / 5)
    steps = range(math.ceil(scale.low / step), math.floor(scale.high / step) + 1)
    return [(one * step, f"{one * step:,.10g}") for one in steps]


def words(said: str, x: float, y: float, anchor: str = "", letters: int = 60) -> str:
    """Return a text; a long one is cut."""
    shown = said if len(said) <= letters else f"{said[: letters - 1]}…"
    return f'<text class="{anchor}" x="{x:.1f}" y="{y:.1f}">{escape(shown)}</text>'


def drawing(said: str, height: float, parts: Sequence[str]) -> str:
    """Return the whole drawing."""
    box = f'viewBox="0 0 {WIDTH} {height}"'
    return f'<svg {box} role="img" aria-label="{escape(said)}">{"".join(parts)}</svg>'
