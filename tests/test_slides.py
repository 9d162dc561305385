"""The slides of the workshop: one deck of the text and of every lab, on screen and on paper."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import DARK, barriers, chromium, look_at
from rendering import ROOT, render

OWN = len((ROOT / "template/workshop/slides.md").read_text(encoding="utf-8").split("\n---\n")) - 1
LABS = len(list((ROOT / "template/workshop/labs").glob("*/lab.py")))


@pytest.fixture(scope="module")
def repo(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(template, tmp_path_factory.mktemp("slides") / "late-flights", extras=["workshop"])


def make(repo: Path, **variables: str) -> str:
    command = [sys.executable, "workshop/slides.py"]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, env=variables or None)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.e2e
def test_each_lab_has_a_slide_before_it_and_one_to_talk_about(repo: Path, tmp_path: Path) -> None:
    chromium()
    said = make(repo)
    page = (repo / "build/slides.html").read_text(encoding="utf-8")
    seen = look_at((repo / "build/slides.html").as_uri(), tmp_path / "profile")
    paper = (repo / "build/slides.pdf").read_bytes()

    assert said.startswith(f"slides: {OWN + 2 * LABS} in build/slides.html\n")
    assert page.count("<section>") == OWN + 2 * LABS
    for number in range(1, LABS + 1):
        assert f"uv run just lab start {number}" in seen
        assert f"Lab {number}: talk about it" in seen
    assert "{{" not in page
    assert not re.search(r"https?://", page)
    for options in ([], [DARK]):
        assert barriers(repo / "build/slides.html", tmp_path / "axe", *options) == []
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == OWN + 2 * LABS  # nothing overflows


def test_a_lab_of_yours_is_in_it_and_without_a_browser_there_is_no_pdf(
    repo: Path, tmp_path: Path
) -> None:
    ours = shutil.copytree(repo, tmp_path / "ours")
    shutil.rmtree(ours / "build", ignore_errors=True)
    lab = ours / "workshop/labs/8-ours"
    lab.mkdir()
    (lab / "README.md").write_text("# Lab 8: <ours>\n\nGoal: ours.\n\n## Feel it\n\nNo.\n")
    said = make(ours, PATH="")

    assert "no PDF, there is no Chromium" in said
    assert not (ours / "build/slides.pdf").exists()
    page = (ours / "build/slides.html").read_text(encoding="utf-8")
    assert "<h2>Lab 8: &lt;ours&gt;</h2>" in page
    assert "<p>No.</p>" not in page
