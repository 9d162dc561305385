"""Pages say what is so: generated ones are current, links lead somewhere."""

import importlib.util
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from rendering import LEVELS, ROOT, TASKS

POSTER = ROOT / "docs/assets/golden-path.svg"
BOX = ("x", "y", "width", "height")
LETTER = 0.6  # of the size of a font: how wide a letter is at most, on average
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.fixture
def make_reference() -> ModuleType:
    """Return the script that writes the reference of the questions."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs/make_reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_copier_yml_and_the_code_say(
    make_reference: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["make_reference.py", "--check"])

    assert make_reference.main() == 0


def test_the_poster_has_no_word_outside_of_its_box() -> None:
    root = ElementTree.fromstring(POSTER.read_text(encoding="utf-8"))
    name = "{http://www.w3.org/2000/svg}"
    boxes = [[float(one.get(key, 0)) for key in BOX] for one in root.iter(f"{name}rect")]

    texts = list(root.iter(f"{name}text"))
    assert len(texts) > 100
    for one in texts:
        x, y, size = (float(one.get(key, 0)) for key in ("x", "y", "font-size"))
        around = [b for b in boxes if b[0] <= x <= b[0] + b[2] and b[1] <= y <= b[1] + b[3]]
        left, _, width, _ = min(around, key=lambda box: box[2])
        assert x + len(one.text or "") * size * LETTER <= left + width, one.text


def test_the_poster_is_printed_as_it_is_drawn_on_one_page(make_reference: ModuleType) -> None:
    """When it says no: uv run python docs/poster.py."""
    printed = POSTER.with_suffix(".pdf").read_bytes()
    named = make_reference.poster.title(POSTER.read_text(encoding="utf-8"))

    assert printed.startswith(b"%PDF-")
    assert f"/Title ({named})".encode() in printed
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert make_reference.poster.title("another drawing") != named


def test_the_page_about_the_workshop_names_each_lab_with_its_minutes() -> None:
    page = (ROOT / "docs/how-to/workshop.md").read_text(encoding="utf-8")
    labs = list((ROOT / "template/workshop/labs").glob("*/README.md.jinja"))

    assert len(labs) == 7
    for lab in labs:
        text = lab.read_text(encoding="utf-8")
        number, title = re.findall(r"^# Lab (\d): (.+)$", text, re.M)[0]
        minutes = re.findall(r"^Minutes: (\d+)\.$", text, re.M)[0]
        assert re.search(rf"^\| {number} \| {title} \| .+ \| {minutes} \|$", page, re.M), title


def test_the_page_of_the_barriers_says_what_the_checks_say(
    make_reference: ModuleType, repos: Callable[[int, str], Path], tmp_path: Path
) -> None:
    page = make_reference.barriers.page(repos(2, TASKS[0]))
    repo = shutil.copytree(repos(2, TASKS[0]), tmp_path / "repo")
    (checks,) = repo.glob("src/*/_mlops/project/proof/checks/monitoring.py")
    text = checks.read_text(encoding="utf-8")
    checks.write_text(text.replace('title = "A worse model is noticed"', 'title = "Another"'))
    other = make_reference.barriers.page(repo)

    assert page == (ROOT / "docs/explanation/barriers.md").read_text(encoding="utf-8")
    assert "| `Mo7` | 1 | A worse model is noticed |" in page
    assert "| `Mo7` | 1 | Another |" in other


def test_a_verb_that_is_gone_stops_the_poster(
    make_reference: ModuleType, monkeypatch: pytest.MonkeyPatch, repos: Callable[[int, str], Path]
) -> None:
    monkeypatch.setattr(make_reference.poster, "STEPS", ("validate", "gone"))

    with pytest.raises(LookupError, match="one verb 'gone'"):
        make_reference.poster.drawn(repos(2, TASKS[0]))


def test_an_old_reference_is_refused(
    make_reference: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["make_reference.py", "--check"])
    monkeypatch.setattr(make_reference, "HEAD", "another head")
    monkeypatch.setattr("stability.HEAD", "another head")
    monkeypatch.setattr("poster.TYPED", ())

    assert make_reference.main() == 1
    said = capsys.readouterr().err
    assert "docs/reference/questions.md" in said
    assert "docs/reference/stability.md" in said
    assert "docs/assets/golden-path.svg" in said


def dead_links(folder: Path) -> list[str]:
    """Return the relative links of a folder's pages that lead nowhere."""
    skipped = {".git", ".venv", ".tools", "template", "variants"}
    return [
        f"{page.relative_to(folder)}: {link}"
        for page in folder.rglob("*.md")
        if not skipped & set(page.relative_to(folder).parts)
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in link and not link.startswith("mailto:")
        if not (page.parent / link).exists()
    ]


def test_links_of_the_template_s_pages_lead_somewhere() -> None:
    assert dead_links(ROOT) == []


def copier_commands(folder: Path) -> list[str]:
    """Return the commands of a folder's pages that fetch copier and run it."""
    texts = [page.read_text(encoding="utf-8") for page in folder.rglob("*.md")]
    return [line for text in texts for line in re.findall(r"^\W*uvx .*\bcopier .+$", text, re.M)]


def test_each_copier_that_a_page_fetches_has_what_the_template_loads(
    repos: Callable[[int, str], Path],
) -> None:
    repo = repos(max(LEVELS), TASKS[0])
    pages = [*copier_commands(ROOT / "docs"), *copier_commands(repo / "docs")]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = [*pages, *re.findall(r"^\$ uvx .+$", readme, re.M)]

    assert len(found) > 4
    assert [line for line in found if "--with copier-template-extensions " not in line] == []


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/new.md"])
def test_a_page_that_starts_somebody_says_what_copier_says_without_it(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert "No module named 'copier_template_extensions'" in text
    assert "No git tags found" in text


def test_the_readme_is_short_above_what_a_newcomer_may_skip() -> None:
    above, _, _ = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What you need")

    assert len(above.splitlines()) <= 60


def test_links_of_a_generated_repo_lead_somewhere(repo: Path) -> None:
    assert dead_links(repo) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("[there](nowhere.md) [here](page.md#head)")

    assert dead_links(tmp_path) == ["page.md: nowhere.md"]


def test_the_handbook_names_for_each_barrier_its_checks_and_a_lab() -> None:
    text = (ROOT / "template/docs/handbook/readiness.md").read_text(encoding="utf-8")
    told = re.findall(r"\*\*(\d)\. [^*]+\*\*\n.*\nChecks: (.*)\. Lab: (\d)\.\nNext: .", text)
    folder = ROOT / "template/src/{{package_name}}/_mlops/project/proof/checks"
    barriers: dict[str, set[str]] = {}
    for path in folder.glob("[!_]*.py"):
        for name, found in re.findall(
            r'    id = "(\w+)"\n(?:.*\n)*?    barriers = \(([\d, ]+)\)', path.read_text("utf-8")
        ):
            for number in re.findall(r"\d", found):
                barriers.setdefault(number, set()).add(name)

    assert {number: set(checks.split(", ")) for number, checks, _ in told} == barriers
    assert sorted(lab for *_, lab in told) == [str(number) for number in range(1, 8)]
    for number, _, lab in told:
        (page,) = (ROOT / "template/workshop/labs").glob(f"{lab}-*/README.md.jinja")
        assert page.is_file(), number
