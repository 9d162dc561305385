# The template's. The text is in slides.md and in the pages of the labs, yours included.
"""Make the slides of the workshop, as one HTML file and, with Chromium, as PDF."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

HERE = Path(__file__).parent
DECK, LABS, BUILD = HERE / "slides.md", HERE / "labs", HERE.parent / "build"
PLACE = "<!-- labs -->"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: light-dark(#1b2430, #e8edf2);
  --paper: light-dark(#fff, #131a22); --mark: light-dark(#00695c, #5cc8b5); }}
@page {{ size: 13.333in 7.5in; margin: 0 }}
* {{ box-sizing: border-box }}
body {{ margin: 0 }}
html {{ scroll-snap-type: y mandatory; background: var(--paper); color: var(--ink);
  font: clamp(16px, 2.1vw, 30px)/1.45 system-ui, sans-serif }}
section {{ min-height: 100vh; padding: 6vh 8vw; display: flex; flex-direction: column;
  justify-content: center; scroll-snap-align: start; position: relative; break-after: page }}
h1, h2 {{ color: var(--mark); line-height: 1.15; margin: 0 0 .6em }}
h1 {{ font-size: 2.2em }}
h2 {{ font-size: 1.6em }}
li {{ margin: .3em 0 }}
pre {{ border-left: .2em solid var(--mark); padding-left: .8em; overflow-x: auto }}
code {{ font-family: ui-monospace, monospace; font-size: .92em }}
footer {{ position: absolute; right: 3vw; bottom: 3vh; font-size: .5em }}
@media print {{ html {{ font-size: 23pt; color: #1b2430; background: #fff; --mark: #00695c }}
  section {{ height: 7.49in; min-height: 0; padding: .6in 1in; overflow: hidden }} }}
</style>
<main>
{slides}
</main>
<script>
addEventListener("keydown", (event) => {{
  const step = {{ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1}}[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...document.querySelectorAll("section")];
  const now = all.findIndex((one) => one.getBoundingClientRect().bottom > innerHeight / 2);
  (all[now + step] || all[now]).scrollIntoView();
}});
</script>
"""


def main() -> int:
    """Write build/slides.html and build/slides.pdf, and say where they are."""
    slides = list(texts())
    BUILD.mkdir(exist_ok=True)
    page = BUILD / "slides.html"
    page.write_text(drawn(slides), encoding="utf-8")
    print(f"slides: {len(slides)} in {page.relative_to(HERE.parent)}", file=sys.stderr)
    return print_pdf(page)


def texts() -> Iterator[str]:
    """Yield each slide as Markdown; the labs stand where slides.md says."""
    for text in DECK.read_text(encoding="utf-8").split("\n---\n"):
        if text.strip() != PLACE:
            yield text
            continue
        for folder in sorted(LABS.iterdir()):
            if (folder / "README.md").is_file():
                yield from of_lab(folder)


def of_lab(folder: Path) -> Iterator[str]:
    """Yield what a lab shows before it, and after it for the talk, from its own pages."""
    page = uncommented(folder / "README.md")
    title = re.search(r"^# (.+)$", page, re.MULTILINE)
    opening = page.partition("\n## ")[0]
    yield opening.replace("# ", "## ", 1)
    if not (folder / "instructor.md").is_file():
        return
    lines = uncommented(folder / "instructor.md").splitlines()
    learned = "\n\n".join(line for line in lines if line.startswith(("Barrier:", "Questions:")))
    heading = title[1].partition(":")[0] if title else folder.name
    learned = learned.replace(" The guard:", "\n\nThe guard:").replace("Questions: ", "- ")
    yield f"## {heading}: talk about it\n\n" + learned.replace("? ", "?\n- ")


def uncommented(path: Path) -> str:
    """Return a page without its comments."""
    return re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL).strip()


def drawn(slides: list[str]) -> str:
    """Return the whole deck as one page of HTML that asks nothing of another host."""
    markdown = MarkdownIt("commonmark", {"html": False})
    parts = []
    for number, text in enumerate(slides, 1):
        shown = markdown.render(re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))
        parts.append(f"<section>\n{shown}<footer>{number} / {len(slides)}</footer>\n</section>")
    title = re.search(r"^# (.+)$", "\n".join(slides), re.MULTILINE)
    name = title[1] if title else "Slides"
    return PAGE.format(title=escape(name), slides="\n".join(parts))


def print_pdf(page: Path) -> int:
    """Let Chromium print the deck; without it the page's own print dialogue does the same."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        print("slides: no PDF, there is no Chromium: print the page instead", file=sys.stderr)
        return 0
    target = page.with_suffix(".pdf")
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        options += ["--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri()]
        done = subprocess.run([browser, *options], capture_output=True, text=True, check=False)
    if done.returncode or not target.exists():
        print(f"error: {browser} printed no PDF: exit code {done.returncode}", file=sys.stderr)
        print("\nhint: open build/slides.html and print it", file=sys.stderr)
        return 3
    print(f"slides: {target.relative_to(HERE.parent)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
