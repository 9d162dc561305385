"""The tutorials, typed from top to bottom: every command runs, and says what its page shows."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from first_run import FirstRuns, patient, try_to_run
from postgres import free_port
from rendering import ROOT, TASKS, clean_environment, commit_all, git, render

PAGES = ROOT / "docs/tutorials"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIER = "uvx --with copier-template-extensions copier"
MONTHS = 1  # of the five that come later: enough for each kind of step of a year
# what a page itself says of a command: that it says no, or that it may; in the page's order
CODES: dict[str, list[tuple[int, ...]]] = {
    "uv run just register": [(1,), (0,)],
    "uv run just trigger": [(0, 1), (0, 1)],  # no and yes are two answers
    "uv run just pipeline": [(0, 1)],  # it stops at the first no
    "uv run just gate": [(0, 1)],
    "uv run late-flights trace": [(0, 1)],  # months came in since, or none did
    "uv run just monitor": [(0, 10, 11)],
}


@dataclass(frozen=True)
class Shown:
    """A command of a page, and the lines that the page shows below it."""

    command: str
    lines: list[str]

    def unlike(self, said: str) -> list[str]:
        """Return the lines that are in nothing that was said; `…` stands for anything."""
        patterns = (re.escape(line).replace("…", ".*") for line in self.lines)
        return [one for one in patterns if not re.search(f"^{one}$", said, re.MULTILINE)]


def shown(page: str) -> list[Shown]:
    """Return the commands of a page's blocks in order."""
    found: list[Shown] = []
    for block in BLOCK.findall(page):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Shown(line.removeprefix("$ "), []))
            elif line:
                found[-1].lines.append(line)
    return found


@dataclass
class Reader:
    """Somebody who types what a tutorial shows, in a folder."""

    folder: Path
    template: Path
    codes: dict[str, Iterator[tuple[int, ...]]] = field(
        default_factory=lambda: {command: iter(codes) for command, codes in CODES.items()}
    )
    said: dict[str, str] = field(default_factory=dict)

    def walk(self, page: str, before: dict[str, Callable[["Reader"], None]] | None = None) -> None:
        """Type every command of a page; `before` does what its prose asks for ahead of one."""
        left = dict(before or {})
        for one in shown((PAGES / page).read_text(encoding="utf-8")):
            if one.command in left:
                left.pop(one.command)(self)
            said = self.type(one.command)
            self.said[one.command] = said
            assert one.unlike(said) == [], f"{page}: {one.command}\n{said}"
        assert left == {}, f"{page} does not show them"

    def type(self, command: str) -> str:
        """Run one command as a shell does; return what it said."""
        if command.startswith("cd "):
            self.folder = self.folder / command.removeprefix("cd ")
            return ""
        if command == "uv run just serve":
            return self.serve(command)
        copier = shlex.join([sys.executable, "-m", "copier"])
        typed = command.replace(COPIER, copier)
        typed = typed.replace("path/to/this/repo", shlex.quote(str(self.template)))
        done = try_to_run(self.folder, "bash", "-c", typed, COPIER=copier)
        allowed = next(self.codes.get(command, iter([])), (0,))
        assert done.returncode in allowed, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def serve(self, command: str) -> str:
        """Serve on a free port until it answers; return its page."""
        port = free_port()
        server = subprocess.Popen(
            [*command.split(), "--port", str(port)],
            cwd=self.folder,
            env=clean_environment(),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(300):
                assert server.poll() is None, "the service ended"
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.3)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
                page: str = answer.read().decode()
                return page
        finally:
            os.killpg(server.pid, signal.SIGINT)  # Ctrl-C
            server.wait()


def test_what_a_page_shows_below_a_command_belongs_to_it() -> None:
    page = "```console\n$ one\nfirst 1\nsecond …\n$ two\n```\n\n```\n$ three\n```\n"
    one, two = shown(page)

    assert (one.command, one.lines, two.command, two.lines) == (
        *("one", ["first 1", "second …"]),
        *("two", []),
    )
    assert one.unlike("first 1\nsecond time\n") == []
    assert one.unlike("first 12\nsecond time\n") == ["first\\ 1"]


def test_every_tutorial_is_walked() -> None:
    names = {page.name for page in PAGES.glob("*.md")}

    assert names == {"first-model.md", "your-data.md", "raise-the-level.md", "a-year.md"}
    assert all(shown((PAGES / name).read_text(encoding="utf-8")) for name in names)


def fewer_trees(reader: Reader) -> None:
    """Do what the first tutorial asks for in `params.yaml`."""
    path = reader.folder / "params.yaml"
    text = path.read_text(encoding="utf-8")
    assert "  max_iter: 150\n" in text
    path.write_text(text.replace("  max_iter: 150\n", "  max_iter: 30\n"), encoding="utf-8")


def packages(first_runs: FirstRuns) -> Callable[[Reader], None]:
    """Let a repo have its packages already: to compile them takes a minute."""
    return lambda reader: (first_runs.equip(reader.folder), None)[1]


@pytest.mark.e2e
@pytest.mark.all
def test_from_a_first_model_to_a_year_in_production(
    template: Path, first_runs: FirstRuns, tmp_path: Path
) -> None:
    """Three pages, one repo: what a reader has after one page is what the next begins with."""
    reader = Reader(tmp_path, template)
    reader.walk(
        "first-model.md",
        {"uv run just demo": packages(first_runs), "uv run just repro": fewer_trees},
    )
    page = (PAGES / "first-model.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z-]+)` \| ", page, re.MULTILINE)
    demo = re.findall(r"^([a-z-]+)[: ]", reader.said["uv run just demo"], re.MULTILINE)
    assert [name for name in dict.fromkeys(demo) if name in told] == told
    assert "-" in reader.said["git diff reports/metrics.json"], "the number changed nothing"
    assert "late-flights" in reader.said["uv run just serve"]

    repo = reader.folder
    patient(repo)  # a busy machine is slow
    commit_all(repo, "What a busy machine keeps as well")
    for batch in sorted((repo / "data/incoming").iterdir())[MONTHS:]:
        batch.unlink()
    reader.walk("raise-the-level.md")
    assert "late_flights/schema.py" not in reader.said["uv run just update --level 1 --pretend"]
    assert git(repo, "log", "-1", "--format=%s") == "Raise the level to 1\n"
    story = (repo / "reports/timeline.txt").read_text(encoding="utf-8")
    assert len(story.splitlines()) >= MONTHS

    reader.walk("a-year.md")
    assert reader.folder == repo / "build/replay"
    assert (reader.folder / "reports/gate.json").is_file()
    left = {command: list(codes) for command, codes in reader.codes.items()}
    assert not any(left.values()), left


@pytest.mark.e2e
@pytest.mark.all
def test_your_data_takes_the_place_of_the_flights(
    template: Path, first_runs: FirstRuns, tmp_path: Path
) -> None:
    repo = first_runs.equip(render(template, tmp_path / "late-flights", task=TASKS[0]))
    try_to_run(repo, "uv", "run", "just", "set-up")
    reader = Reader(repo, template)
    proposal = "uv run just start-from sklearn:iris --target target --pretend"
    reader.walk("your-data.md")

    assert git(repo, "status", "--porcelain", "tests") == ""
    assert "feature" in reader.said[proposal]
    assert " passed" in reader.said["uv run just test"]
    assert "YOURS:" in (repo / "contract.yaml").read_text(encoding="utf-8")
