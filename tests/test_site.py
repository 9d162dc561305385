"""Is the site whole? It builds without a warning, asks no other host, and each link arrives."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from browser import DARK, barriers, look_at, opened
from rendering import ROOT, UV, once

CONFIG = (ROOT / "zensical.toml").read_text(encoding="utf-8")
# what a browser fetches by itself; a link is followed by a person
FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}

WIDE = "--window-size=1280,900"  # the list of pages is seen, and the one that is open in it
CUT = """<script>addEventListener("load", () => {
  const blocks = [...document.querySelectorAll(".language-console code, .language-sh code")]
  const said = document.createElement("pre")
  said.id = "cut"
  said.textContent = blocks.filter(one => one.scrollWidth > one.clientWidth).length + " of "
    + blocks.length + ", tables " + [...document.querySelectorAll(".md-typeset__scrollwrap")]
    .filter(one => one.scrollWidth > one.clientWidth).length + ", page "
    + (document.documentElement.scrollWidth > innerWidth)
  document.body.append(said)
})</script>"""


class Page(HTMLParser):
    """The links of a page, what it fetches, and where one can jump to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.names: set[str] = set()
        self.unnamed: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.names |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if address := given.get(FETCHED.get(tag, "")):
            self.fetched.append(address)
        if tag == "img" and not given.get("alt"):
            self.unnamed.append(given.get("src", ""))


def build(source: Path) -> subprocess.CompletedProcess[str]:
    command = [UV, "run", "--project", str(ROOT), "zensical", "build", "--clean", "--strict"]
    return subprocess.run(command, cwd=source, capture_output=True, text=True)


def copied(to: Path) -> Path:
    """Copy what the site is made from: a build leaves nothing in the working tree."""
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "docs", to / "docs", ignore=skipped)
    shutil.copy(ROOT / "zensical.toml", to)
    return to


def make_site(to: Path) -> None:
    done = build(copied(to))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def site(shared: Path) -> Path:
    """Return the site as `make docs` builds it; read it only."""
    return once(shared / "site-of-docs", make_site) / "site"


def foreign(address: str) -> bool:
    return bool(urlparse(address).netloc)


def dead(site: Path) -> Iterator[str]:
    """Name each link between pages that leads nowhere, also one to a heading."""
    pages = {path.resolve(): Page(path) for path in site.rglob("*.html")}
    for path, page in pages.items():
        if path.name == "404.html":  # its links begin at the root of a host
            continue
        for link in page.links + page.fetched:
            parts = urlparse(link)
            if parts.scheme or parts.netloc:
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            to = to / "index.html" if to.is_dir() else to
            known = pages[to].names if to in pages else set()
            if not to.is_file() or (parts.fragment and unquote(parts.fragment) not in known):
                yield f"{path.name}: {link}"


def test_no_page_fetches_anything_from_another_host(site: Path) -> None:
    pages = {path.name: Page(path).fetched for path in site.rglob("*.html")}
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]

    assert [name for name, fetched in pages.items() if any(map(foreign, fetched))] == []
    assert [text for text in styles if re.search(r"url\(['\"]?(https?:)?//", text)] == []


def test_every_link_between_pages_arrives(site: Path) -> None:
    assert list(dead(site)) == []


def test_every_picture_says_in_words_what_it_shows(site: Path) -> None:
    unnamed = {path.name: Page(path).unnamed for path in site.rglob("*.html")}

    assert {name: images for name, images in unnamed.items() if images} == {}


@pytest.mark.e2e
@pytest.mark.parametrize(
    "options", [(WIDE,), (WIDE, DARK), ("--window-size=500,900",)], ids=["light", "dark", "narrow"]
)
@pytest.mark.parametrize("name", ["index", "glossary", "how-to/extras", "reference/questions"])
def test_a_page_can_be_used_by_everybody(
    name: str, options: tuple[str, ...], site: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(site, tmp_path / "site"))

    assert barriers(copy / f"{name}.html", tmp_path / "profile", *options) == []


@pytest.mark.e2e
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["index", "how-to/many", "how-to/new"])
def test_nothing_is_cut_off_and_no_table_scrolls(
    name: str, width: int, site: Path, tmp_path: Path
) -> None:
    page = Path(shutil.copytree(site, tmp_path / "site")) / f"{name}.html"
    page.write_text(page.read_text(encoding="utf-8") + CUT, encoding="utf-8")

    dom = opened(page.as_uri(), tmp_path / "profile", f"--window-size={width},900")

    (said,) = re.findall(r'<pre id="cut">(.+?)</pre>', dom)
    assert re.fullmatch(r"0 of [1-9]\d*, tables 0, page false", said)


def test_search_has_its_index_beside_the_pages(site: Path) -> None:
    assert "instrumented negligence" in (site / "search.json").read_text(encoding="utf-8")


def test_only_pages_pictures_and_what_shows_them_are_published(site: Path) -> None:
    assert {path.suffix for path in site.rglob("*") if path.is_file()} & {".py", ".yaml"} == set()


def test_every_page_is_in_the_navigation() -> None:
    named = set(re.findall(r'= "(.+\.md)"', CONFIG))
    found = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}

    assert named - found == set()
    assert {page for page in found - named if not page.startswith("decisions/")} == set()
    assert tomllib.loads(CONFIG)["project"]["theme"]["font"] is False


def test_a_dead_link_ends_the_build(tmp_path: Path) -> None:
    source = copied(tmp_path)
    page = source / "docs/glossary.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n[nowhere](nowhere.md)\n")

    assert build(source).returncode != 0


def test_a_dead_heading_and_a_foreign_script_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<a href="#none">x</a><script src="https://example.org/x.js"></script>')

    assert list(dead(tmp_path)) == ["page.html: #none"]
    assert [one for one in Page(page).fetched if foreign(one)] == ["https://example.org/x.js"]


@pytest.mark.e2e
def test_a_browser_shows_the_page_with_no_other_host_in_reach(site: Path, tmp_path: Path) -> None:
    said = look_at((site / "glossary.html").as_uri(), tmp_path / "profile")

    assert "Candidate, challenger, champion" in said
    assert "registered version that passed the gate" in said
