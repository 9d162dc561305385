"""What is the way from a table to a model that can be operated? Draws it on one page."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from html import escape
from pathlib import Path

import lookup
from barriers import prose
from source import CONFIG, ROOT, glue, level, tree

WIDTH, HEIGHT = 1400, 990  # A4 or A3, landscape
EDGE, BAND, LABEL, BOX, GAP = 30, 150, 170, 130, 15
# in the order in which they come; the level of each is where its file is
STEPS = (
    *("validate", "featurize", "train", "evaluate", "register", "promote", "serve", "drift"),
    *("ingest", "trigger", "gate", "deploy", "monitor", "rollback"),
    *("package", "accept", "release", "stack", "rollout", "dora"),
)
BELOW = 96 + 3 * (BAND + 10) + 30
FILLS = ("#e8f1ec", "#e6edf7", "#f4ecdf")
WHOSE = (
    ("yours: no update touches it", "owner_yours"),
    ("shared: merged line by line", "owner_shared"),
    ("the template's: replaced", "owner_template"),
)
TYPED = (
    ("uv run just demo", "from nothing to a served, checked prediction"),
    ("uv run just test", "tests, on the sample in git"),
    ("uv run just check", "format, lint, types, layers"),
    ("uv run just readiness", "what is proven, and the next step"),
    ("uv run just update", "a newer template, or a higher level"),
)

DRAWING = ROOT / "docs/assets/golden-path.svg"
PRINTED = DRAWING.with_suffix(".pdf")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SHEET = """<!doctype html><html lang="en"><title>{title}</title>
<style>@page {{ size: A3 landscape; margin: 0 }} body {{ margin: 0 }}
svg {{ display: block; width: 420mm; height: 296.9mm }}</style>{drawing}"""


def main() -> int:
    """Print the drawing as PDF, by Chromium; its title says which drawing it is."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        print("error: there is no Chromium to print with", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "poster.html")
        drawing = DRAWING.read_text(encoding="utf-8")
        page.write_text(SHEET.format(title=title(drawing), drawing=drawing), encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", f"--user-data-dir={folder}/profile"]
        command += ["--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={PRINTED}"]
        return subprocess.run([*command, page.as_uri()], capture_output=True).returncode


def title(drawing: str) -> str:
    """Return the title of the PDF of a drawing."""
    return f"The golden path, {hashlib.sha256(drawing.encode()).hexdigest()[:12]}"


def drawn(repo: Path) -> str:
    """Return the poster as SVG, by what a repo of the highest level holds."""
    parts = [
        text(EDGE, 48, "The golden path: from a table to a model that can be operated", 28, True),
        text(
            *(EDGE, 76),
            "Go as far down as it takes for the model to be reliable, auditable and improvable, "
            "and no further.",
            16,
        ),
        *(part for number in (0, 1, 2) for part in band(repo, number)),
        *owners(),
        *typed(),
        *barriers(),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif">\n<title>The golden path on one page</title>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def band(repo: Path, number: int) -> Iterator[str]:
    """Draw a level: its name, and its verbs in order."""
    top = 96 + number * (BAND + 10)
    yield box(EDGE, top, WIDTH - 2 * EDGE, BAND, FILLS[number])
    (name,) = (one for one in CONFIG["maturity_level"]["choices"] if one.startswith(f"{number}:"))
    yield text(EDGE + 14, top + 30, f"Level {number}", 20, True)
    yield from lines(EDGE + 14, top + 54, name.partition(": ")[2], 18, 14)
    found = [(verb, path) for verb, path in verbs(repo) if level(repo, path) == number]
    for place, (verb, path) in enumerate(found):
        left = EDGE + LABEL + place * (BOX + GAP)
        yield box(left, top + 14, BOX, BAND - 28, "#ffffff", "#445")
        yield text(left + 9, top + 38, verb, 16, True)
        yield from lines(left + 9, top + 59, lookup.first_line(tree(path)).rstrip("."), 16, 12)
        if place:
            middle = top + BAND / 2
            yield (
                f'<path d="M{left - GAP + 2} {middle} h{GAP - 4} m-6 -5 l6 5 l-6 5" fill="none" '
                'stroke="#445" stroke-width="2"/>'
            )


def verbs(repo: Path) -> Iterator[tuple[str, Path]]:
    """Return each verb of the path with its file; `LookupError` for one that there is not."""
    for name in STEPS:
        files = [
            path
            for path in glue(repo).rglob(f"{name.replace('-', '_')}.py")
            if b"\ndef command(" in path.read_bytes() or b"\n@click.group" in path.read_bytes()
        ]
        if len(files) != 1:
            raise LookupError(f"docs/poster.py: expected one verb {name!r}, found {files}")
        yield name, files[0]


def owners() -> Iterator[str]:
    """Say whose the files are."""
    left, top = EDGE, BELOW
    yield text(left, top, "Every file has one owner", 18, True)
    for place, (said, owner) in enumerate(WHOSE):
        patterns = [one.strip("/").replace("src/*/", "") for one in CONFIG[owner]["default"]]
        shown = ", ".join(sorted(patterns, key=lambda one: one.startswith(".")))
        at = top + 28 + place * 112
        yield text(left, at, said, 14, True)
        yield from lines(left, at + 20, shown, 54, 12, most=4)


def typed() -> Iterator[str]:
    """Say what a person types."""
    left, top = EDGE + 440, BELOW
    yield text(left, top, "What you type", 18, True)
    for place, (command, said) in enumerate(TYPED):
        yield text(left, top + 28 + place * 60, command, 14, True, "ui-monospace, monospace")
        yield text(left, top + 48 + place * 60, said, 13)


def barriers() -> Iterator[str]:
    """Name the seven reasons why models stop, and what answers each."""
    left, top = EDGE + 800, BELOW
    yield text(left, top, "Seven reasons why models stop, and the answer", 18, True)
    for place, one in enumerate(prose()):
        at = top + 28 + place * 50
        yield text(left, at, one["name"], 13, True)
        yield from lines(left, at + 16, one["answer"].replace("`", ""), 76, 12, most=2)


def box(left: float, top: float, width: float, height: float, fill: str, line: str = "none") -> str:
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="8" fill="{fill}" '
        f'stroke="{line}"/>'
    )


def lines(
    left: float, top: float, said: str, letters: int, size: float, most: int = 6
) -> Iterator[str]:
    """Write a text in several lines."""
    wrapped = textwrap.wrap(said, letters, max_lines=most, placeholder=" …", break_on_hyphens=False)
    for place, line in enumerate(wrapped):
        yield text(left, round(top + place * size * 1.3, 1), line, size)


def text(
    left: float, top: float, said: str, size: float, strong: bool = False, font: str = ""
) -> str:
    weight = ' font-weight="600"' if strong else ""
    family = f' font-family="{font}"' if font else ""
    return (
        f'<text x="{left}" y="{top}" font-size="{size}"{weight}{family} fill="#112">'
        f"{escape(said)}</text>"
    )


if __name__ == "__main__":
    sys.exit(main())
