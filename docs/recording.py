"""What does a first run look like? Draws README's output as a terminal that fills line by line."""

import io
import re

from refresh_readme import BEGIN, END
from rich.console import Console
from rich.text import Text

WIDTH = 104  # characters
PAUSE = 0.35  # seconds from line to line; a first run takes a minute or more
# rich's own loads its font from another host
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" role="img"
  aria-label="A first run in a terminal" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-title {{ font-family: system-ui, sans-serif; font-size: 18px; font-weight: bold }}
{styles}
/* lines */
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
APPEAR = "@keyframes appear { from { opacity: 0 } }"
STILL = "@media (prefers-reduced-motion: reduce) { text { animation: none !important } }"


def drawn(readme: str) -> str:
    """Return the commands and the output that README shows as an animated SVG."""
    (commands,) = re.findall(r"```console\n(.+?)```", readme.partition(BEGIN)[0], re.DOTALL)
    output = readme.partition(BEGIN)[2].partition(END)[0].strip().strip("`").strip("\n")
    console = Console(record=True, width=WIDTH, file=io.StringIO(), legacy_windows=False)
    for line in commands.splitlines():
        console.print(Text(line, style="bold"))
    for line in output.splitlines():
        word, gap, rest = line.partition(" ")
        console.print(Text.assemble((word, "cyan"), gap, rest), soft_wrap=False)
    picture = console.export_svg(
        title="a first run, shortened", code_format=FORMAT, unique_id="run"
    )
    shown = sorted({int(found) for found in re.findall(r'url\(#run-line-(\d+)\)"', picture)})
    rules = [
        f'[clip-path="url(#run-line-{line})"] {{ animation: appear .1s {place * PAUSE:.2f}s both }}'
        for place, line in enumerate(shown)
    ]
    return picture.replace("/* lines */", "\n".join([APPEAR, *rules, STILL]))
