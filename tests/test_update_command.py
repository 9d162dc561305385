"""A generated repo updates itself: whole or not at all, and it says what is left to do by hand.

The repo's own `update` runs with the copier of this project.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from records import RECORDS, unlike
from rendering import clean_environment, commit_all, git, once, render
from used_repo import conflicts, contents

COPIER = shlex.join([sys.executable, "-m", "copier"])
OLD, NEW = "v1000.0.0", "v1000.1.0"
GATE = Path("src/late_flights/_mlops/registry/gate.py")
UNTRACKED, IGNORED = Path("just/pipeline.just"), Path("ops/compose.yaml")
EMPTY = Path("docs/handbook/operate.md")
JUSTFILE = Path("justfile")
REJECTED = Path("justfile.rej")
GONE = Path(".env.example")
LOCK = Path("uv.lock")
NO_MORE = "with your answers the template has it no more"
OURS = "# ours, written before the level that brings a file of this name\n"


@pytest.fixture(scope="module")
def versions(template: Path, shared: Path) -> Path:
    """Return a template of this module's own, whose next version edits a file and drops another."""

    def release(copy: Path) -> None:
        shutil.copytree(template, copy, symlinks=True)
        git(copy, "tag", OLD)
        with (copy / "template" / JUSTFILE).open("a", encoding="utf-8") as file:
            file.write("# a last line of the next version\n")
        (copy / "template" / GONE).unlink()
        commit_all(copy, "The next version")
        git(copy, "tag", NEW)

    return once(shared / "one-more-line" / "template", release)


@pytest.fixture(scope="module")
def fresh(versions: Path, shared: Path) -> Callable[[int], Path]:
    """Return a function that renders a level of the old version once; read it only."""

    def fresh_at(level: int) -> Path:
        folder = shared / "one-more-line" / f"level-{level}"
        return once(folder, partial(render, versions, ref=OLD, maturity_level=level))

    return fresh_at


@pytest.fixture
def start(fresh: Callable[[int], Path], tmp_path: Path) -> Callable[[int], Path]:
    """Return a function that gives a committed repo of the test's own, with what git ignores."""

    def started(level: int) -> Path:
        repo: Path = shutil.copytree(fresh(level), tmp_path / "repo", symlinks=True)
        git(repo, "init", "--quiet")
        commit_all(repo, "Generated")
        (repo / ".env").write_text("TOKEN=precious\n", encoding="utf-8")
        (repo / "mlflow.db").write_bytes(b"runs\0of months")
        return repo

    return started


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "late_flights", "update", *options]


def environment(repo: Path, **more: str) -> dict[str, str]:
    given = {"PYTHONPATH": str(repo / "src"), "COPIER": COPIER, "UV_OFFLINE": "1"}
    return clean_environment(**given | more)


def ask(repo: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    given = environment(repo, **more)
    return subprocess.run(command(*options), cwd=repo, env=given, capture_output=True, text=True)


def raised(repo: Path, level: int = 1, *options: str) -> subprocess.CompletedProcess[str]:
    return ask(repo, "--to", OLD, "--level", str(level), *options)


def files(repo: Path) -> dict[Path, bytes]:
    """Return the bytes of all files, those that git ignores as well, but for Python's cache."""
    return {path: found for path, found in contents(repo).items() if path.suffix != ".pyc"}


def tracked_or_yours(repo: Path) -> dict[Path, bytes]:
    """Return the bytes of all files, but for those that a killed update left in build/."""
    return {path: found for path, found in files(repo).items() if path.parts[0] != "build"}


def state(repo: Path) -> tuple[dict[Path, bytes], list[str]]:
    """Return what an update that did not happen leaves as it was."""
    shown = (("status", "--porcelain"), ("ls-files", "--stage"), ("worktree", "list"))
    return files(repo), [git(repo, *command) for command in shown]


@contextmanager
def working(repo: Path, sign: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Give an update that works and has made a file appear; it and its children are killed."""
    options = command("--to", OLD, "--level", "1")
    with subprocess.Popen(
        options, cwd=repo, env=environment(repo, **more), start_new_session=True
    ) as process:
        try:
            while not sign.exists():
                assert process.poll() is None, "the update ended too early"
                time.sleep(0.05)
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def waiting(sign: Path) -> str:
    """Return a copier that makes a file appear and then takes its time."""
    return shlex.join(["sh", "-c", f"touch {shlex.quote(str(sign))}; sleep 600"])


@pytest.mark.parametrize(
    ("low", "high"),
    [
        pytest.param(0, 1, marks=pytest.mark.all),
        pytest.param(1, 2, marks=pytest.mark.all),
        pytest.param(0, 2, marks=pytest.mark.e2e),
    ],
)
def test_a_raise_is_shown_applied_and_staged(
    start: Callable[[int], Path], fresh: Callable[[int], Path], low: int, high: int
) -> None:
    repo = start(low)

    done = raised(repo, high, "--json")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert unlike(RECORDS["update --json"], said) == []
    staged = git(repo, "diff", "--staged", "--name-only", "--diff-filter=A").split()
    assert said["level"] == [str(low), str(high)]
    assert sorted(said["added"]) == sorted(staged)
    assert said["by_hand"] == []
    commit_all(repo, "Raised")
    assert git(repo, "status", "--porcelain") == ""
    updated, expected = files(repo), contents(fresh(high))
    assert updated.pop(Path(".env")) == b"TOKEN=precious\n"
    assert updated.pop(Path("mlflow.db")) == b"runs\0of months"
    assert updated.keys() == expected.keys()
    assert [path for path in expected if updated[path] != expected[path]] == []


@pytest.mark.e2e
def test_to_pretend_shows_everything_and_changes_nothing(start: Callable[[int], Path]) -> None:
    repo = start(0)
    before = state(repo)

    done = raised(repo, 1, "--pretend")

    assert done.returncode == 0, done.stderr
    assert f"adds     {GATE}" in done.stdout
    assert "changes  pyproject.toml" in done.stdout
    assert state(repo) == before


@pytest.mark.e2e
def test_a_name_clash_keeps_yours_and_names_it_and_an_undo_forgets_the_update(
    start: Callable[[int], Path], fresh: Callable[[int], Path]
) -> None:
    repo = start(0)
    (repo / ".gitignore").write_text(
        (repo / ".gitignore").read_text(encoding="utf-8") + f"/{IGNORED}\n", encoding="utf-8"
    )
    (repo / GATE).write_text(OURS, encoding="utf-8")
    (repo / EMPTY).touch()
    commit_all(repo, "A gate of ours, and an empty page")
    for path in (UNTRACKED, IGNORED):
        (repo / path).parent.mkdir(exist_ok=True)
        (repo / path).write_text(OURS, encoding="utf-8")
    before = state(repo)

    done = raised(repo)

    assert done.returncode == 1, done.stderr
    assert "the command gate of the template" in done.stderr
    for path in (GATE, EMPTY, UNTRACKED, IGNORED):
        assert (repo / path).read_text(encoding="utf-8") == ("" if path == EMPTY else OURS)
        assert (repo / "build/update" / path).read_bytes() == (fresh(1) / path).read_bytes()
        assert f"clash    {path}" in done.stderr
    assert conflicts(repo) == []
    assert (repo / GATE).with_name("cost.py").exists()

    (repo / "params.yaml").write_text("# written after the update\n", encoding="utf-8")
    undone = ask(repo, "--undo")

    assert undone.returncode == 0, undone.stderr
    assert state(repo) == before
    kept = git(repo, "show", "refs/worktree/update/undone:params.yaml")
    assert kept == "# written after the update\n"
    assert ask(repo, "--undo").returncode == 2, "there is nothing to undo any more"


@pytest.mark.e2e
def test_other_line_ends_and_what_is_in_a_submodule_are_no_edits(
    start: Callable[[int], Path], fresh: Callable[[int], Path], tmp_path: Path
) -> None:
    repo, other = start(0), tmp_path / "other"
    other.mkdir()
    (other / "a").touch()
    git(other, "init", "--quiet")
    commit_all(other, "Theirs")
    git(repo, *"-c protocol.file.allow=always submodule --quiet add".split(), str(other), "other")
    commit_all(repo, "A submodule")
    (repo / "other/a").write_text("edited\n", encoding="utf-8")
    for name in ("params.yaml", "pyproject.toml"):
        text = (repo / name).read_bytes()
        (repo / name).write_bytes(text.replace(b"\n", b"\r\n"))

    done = raised(repo)

    assert done.returncode == 0, done.stderr
    assert (repo / "pyproject.toml").read_bytes() == (fresh(1) / "pyproject.toml").read_bytes()
    assert b"\r\n" in (repo / "params.yaml").read_bytes()
    assert (repo / "other/a").read_text(encoding="utf-8") == "edited\n"
    assert not [
        path for path in git(repo, "diff", "--cached", "--name-only").split() if "other" in path
    ]


@pytest.mark.e2e
def test_a_link_that_git_does_not_know_stays_and_nothing_is_written_behind_it(
    start: Callable[[int], Path], tmp_path: Path
) -> None:
    repo, elsewhere = start(0), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (repo / "ops").symlink_to(elsewhere)

    done = raised(repo)

    assert done.returncode == 1, done.stderr
    assert f"clash    {IGNORED}" in done.stderr
    assert (repo / "ops").readlink() == elsewhere
    assert list(elsewhere.iterdir()) == []
    assert (repo / "build/update" / IGNORED).exists()


@pytest.mark.e2e
def test_a_conflict_is_named_cannot_be_committed_and_can_be_undone(
    start: Callable[[int], Path],
) -> None:
    repo = start(0)
    with (repo / JUSTFILE).open("a", encoding="utf-8") as file:
        file.write("# a last line of ours\n")
    commit_all(repo, "Edit a file of the template's")
    before = state(repo)

    done = ask(repo)  # to the newest tag

    assert done.returncode == 1, done.stderr
    assert f"conflict {JUSTFILE}" in done.stderr
    assert (
        f"git reset --hard, for no command starts before the markers are out of {JUSTFILE}\n"
        in done.stderr
    )
    assert {line.split("\t")[1] for line in git(repo, "ls-files", "-u").splitlines()} == {
        "justfile"
    }
    text = (repo / JUSTFILE).read_text(encoding="utf-8")
    assert "# a last line of ours" in text
    assert "# a last line of the next version" in text
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "commit", "--message", "With markers")
    assert ask(repo, "--undo").returncode == 0
    assert state(repo) == before


# What people set for all their repos, and by which copier would lose an edit or miss a clash.
SETTINGS = {
    "apply.whitespace": "error-all",
    "core.excludesFile": "{here}/ignored-everywhere",
    "core.hooksPath": "{here}/hooks",
    "status.showUntrackedFiles": "no",
}


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(SETTINGS, id="all of them", marks=pytest.mark.e2e),
        *(pytest.param({key: SETTINGS[key]}, id=key, marks=pytest.mark.all) for key in SETTINGS),
    ],
)
def test_settings_of_git_change_nothing_of_an_update(
    start: Callable[[int], Path], tmp_path: Path, given: dict[str, str]
) -> None:
    (tmp_path / "ignored-everywhere").write_text("*.yaml\n/ops/\n", encoding="utf-8")
    hook = tmp_path / "hooks/prepare-commit-msg"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho no ticket >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    repo = start(0)
    with (repo / ".gitignore").open("a", encoding="utf-8") as file:
        file.write("/ours/   \n")
    (repo / IGNORED).parent.mkdir()
    (repo / IGNORED).write_text(OURS, encoding="utf-8")
    commit_all(repo, "Ours")

    def result(**settings: str) -> tuple[int, str, str]:
        own = tmp_path / "gitconfig"
        own.unlink(missing_ok=True)
        for key, value in settings.items():
            git(repo, "config", "--file", str(own), key, value.format(here=tmp_path))
        done = ask(repo, "--level", "1", GIT_CONFIG_GLOBAL=str(own))
        tree = git(repo, "write-tree")
        git(repo, "reset", "--quiet", "--hard")
        return done.returncode, done.stderr, tree

    usual = result(**{"user.name": "Team"})
    assert f"clash    {IGNORED}" in usual[1]
    assert result(**given) == usual


def dirty(repo: Path) -> None:
    (repo / "params.yaml").write_text("# not committed\n", encoding="utf-8")


def without_git(repo: Path) -> None:
    shutil.rmtree(repo / ".git")


def without_answers(repo: Path) -> None:
    git(repo, "rm", "--quiet", ".copier-answers.yml")
    git(repo, "commit", "--quiet", "--message", "No template any more")


def name_template(repo: Path, address: str = "../template") -> None:
    answers = repo / ".copier-answers.yml"
    text = answers.read_text(encoding="utf-8")
    answers.write_text(
        re.sub("^_src_path: .*$", f"_src_path: {address}", text, flags=re.M), encoding="utf-8"
    )
    commit_all(repo, "Name another template")


def rename_package(repo: Path) -> None:
    answers = repo / ".copier-answers.yml"
    text = answers.read_text(encoding="utf-8")
    answers.write_text(text.replace("package_name: late_flights", "package_name: flights"), "utf-8")
    commit_all(repo, "Let the code be of another package than the answers say")


def overlook(repo: Path) -> None:
    git(repo, "update-index", "--skip-worktree", str(JUSTFILE))
    (repo / JUSTFILE).write_text("# of this machine alone\n", encoding="utf-8")


def check_out_some(repo: Path) -> None:
    git(repo, "sparse-checkout", "set", "--no-cone", "/*", "!/docs/")


def put_file_for_folder(repo: Path) -> None:
    (repo / "ops").write_text("ours\n", encoding="utf-8")
    commit_all(repo, "A file where level 1 has a folder")


def merge(repo: Path) -> None:
    """Leave a merge open whose result is what the folder had."""
    git(repo, "switch", "--quiet", "--create", "other")
    (repo / "params.yaml").write_text("# of the other\n", encoding="utf-8")
    commit_all(repo, "Theirs")
    git(repo, "switch", "--quiet", "-")
    git(repo, "merge", "--quiet", "--no-commit", "--no-ff", "--strategy=ours", "other")


def pick(repo: Path) -> None:
    """Leave a commit half picked, of which nothing is left once the folder's side is taken."""
    git(repo, "switch", "--quiet", "--create", "other")
    (repo / "params.yaml").write_text("# of the other\n", encoding="utf-8")
    commit_all(repo, "Theirs")
    git(repo, "switch", "--quiet", "-")
    picked = subprocess.run(["git", "cherry-pick", "--strategy=ours", "other"], cwd=repo)
    assert picked.returncode


def put_link_for_folder(repo: Path) -> None:
    (repo / "ops").symlink_to(repo.parent)
    commit_all(repo, "A link out of the repo where level 1 has a folder")


def as_it_is(repo: Path) -> None:
    """Leave the repo clean."""


REFUSED = [
    (0, dirty, ["--level=1"], "params.yaml differ from the last commit"),
    (0, merge, ["--level=1"], "a merge is not finished here"),
    (0, pick, ["--level=1"], "a cherry-pick is not finished here"),
    (0, without_git, ["--level=1"], "uv run just set-up"),
    (0, without_answers, ["--level=1"], "no .copier-answers.yml"),
    (0, name_template, ["--level=1"], "_src_path in .copier-answers.yml is '../template', which"),
    (0, rename_package, ["--level=1"], "is 'flights', this code is the package 'late_flights'"),
    (0, overlook, ["--level=1"], "justfile has edits that git was told to overlook"),
    (0, check_out_some, ["--level=1"], "git sparse-checkout disable"),
    pytest.param(
        *(0, put_file_for_folder, ["--level=1"], "ops is a file where the template has a folder"),
        marks=pytest.mark.e2e,
    ),
    pytest.param(
        *(0, put_link_for_folder, ["--level=1"], "ops/compose.yaml is behind a link of yours"),
        marks=pytest.mark.e2e,
    ),
    (0, as_it_is, ["--undo"], "no update to undo"),
    (0, as_it_is, ["--undo", "--level=1"], "--undo takes no other option"),
    pytest.param(*(1, as_it_is, ["--level=0"], "Type 1 or more"), marks=pytest.mark.e2e),
    (0, as_it_is, ["--data=foo"], "expected KEY=VALUE"),
    (0, as_it_is, ["--data=extras=["], "expected KEY=VALUE"),
    (0, as_it_is, ["--level=2", "--data=maturity_level=1"], "answered twice, with 1 and 2"),
    pytest.param(*(0, as_it_is, ["--data=extra=[ray]"], "asks no 'extra'"), marks=pytest.mark.e2e),
    pytest.param(
        *(0, as_it_is, ["--data=extras=ray"], "Not a YAML list: 'ray'"), marks=pytest.mark.e2e
    ),
    pytest.param(
        *(0, as_it_is, ["--data=project_slug=other"], "Type 'late-flights'"), marks=pytest.mark.e2e
    ),
    pytest.param(*(0, as_it_is, ["--level=7"], "maturity_level"), marks=pytest.mark.e2e),
]


@pytest.mark.parametrize(("level", "make", "options", "told"), REFUSED)
def test_wrong_use_is_refused_in_one_line_and_changes_nothing(
    start: Callable[[int], Path],
    level: int,
    make: Callable[[Path], None],
    options: list[str],
    told: str,
) -> None:
    repo = start(level)
    make(repo)
    before = files(repo)
    options = options if "--undo" in options else ["--to", OLD, *options]

    done = ask(repo, *options)

    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert files(repo) == before


@pytest.mark.e2e
def test_a_template_that_is_away_changes_nothing(start: Callable[[int], Path]) -> None:
    repo = start(0)
    name_template(repo, f"{repo}/gone")
    before = state(repo)

    away, no_copier = raised(repo), ask(repo, COPIER="no-such-copier")

    assert (away.returncode, no_copier.returncode) == (3, 3), away.stderr + no_copier.stderr
    assert "nothing was changed" in away.stderr
    assert "nothing was changed" in no_copier.stderr
    assert state(repo) == before


@pytest.mark.e2e
def test_an_update_that_was_killed_while_it_was_computed_left_everything(
    start: Callable[[int], Path], tmp_path: Path
) -> None:
    repo = start(0)
    before, sign = state(repo), tmp_path / "copier-runs"

    with working(repo, sign, COPIER=waiting(sign)):
        pass

    assert tracked_or_yours(repo) == before[0]
    assert git(repo, "status", "--porcelain") == ""
    assert raised(repo).returncode == 0
    assert ask(repo, "--undo").returncode == 0
    assert state(repo) == before


@pytest.mark.parametrize(
    "way", [pytest.param("undo", marks=pytest.mark.all), pytest.param("git", marks=pytest.mark.e2e)]
)
def test_an_update_that_was_killed_while_files_were_written_is_taken_back(
    start: Callable[[int], Path], tmp_path: Path, way: str
) -> None:
    repo = start(0)
    before, sign = state(repo), tmp_path / "git-writes"
    # A filter of git's stops the writing of one file of the new level.
    (repo / ".git/info/attributes").write_text(f"/{GATE} filter=slow\n", encoding="utf-8")
    git(repo, "config", "filter.slow.smudge", f"touch {shlex.quote(str(sign))}; sleep 600")

    with working(repo, sign):
        pass

    git(repo, "config", "--remove-section", "filter.slow")
    assert not (repo / GATE).exists()
    assert (repo / GATE).with_name("cost.py").exists(), "it was half done"
    again = raised(repo)
    assert again.returncode == 2, again.stderr
    assert "--undo" in again.stderr
    if way == "undo":
        assert ask(repo, "--undo").returncode == 0
        assert state(repo) == before
    else:
        git(repo, "reset", "--hard")
        assert tracked_or_yours(repo) == before[0]
        assert raised(repo, 1, "--pretend").returncode == 0


@pytest.mark.e2e
def test_a_second_update_is_refused_until_the_first_has_ended_or_was_killed(
    start: Callable[[int], Path], tmp_path: Path
) -> None:
    repo = start(0)
    sign = tmp_path / "copier-runs"

    with working(repo, sign, COPIER=waiting(sign)) as first:
        before = files(repo)
        for options in (["--level=1"], ["--level=1", "--pretend"], ["--undo"]):
            second = ask(repo, *options)

            assert second.returncode == 3, second.stderr
            assert f"is held by another command, process {first.pid}\n" in second.stderr
            assert "wait for it to end, then try again" in second.stderr
            assert files(repo) == before

        first.kill()  # and not the copier that it started
        first.wait()

        done = raised(repo)

        assert done.returncode == 0, done.stderr
    assert (repo / GATE).exists()
    assert git(repo, "worktree", "list").count("\n") == 1


@dataclass(frozen=True)
class Left:
    """A repo after an update that left something of each kind to do by hand."""

    repo: Path
    before: tuple[dict[Path, bytes], list[str]]
    said: list[str]

    def named(self, kind: str, path: Path) -> str:
        """Return what was said of a file."""
        start = f"  {kind:8} {path}: "
        return next(line.removeprefix(start) for line in self.said if line.startswith(start))


@pytest.fixture(scope="module")
def left(fresh: Callable[[int], Path], tmp_path_factory: pytest.TempPathFactory) -> Left:
    """Return a repo updated once, by level and version, for all tests of what is left to do."""
    place = tmp_path_factory.mktemp("left")
    repo: Path = shutil.copytree(fresh(0), place / "repo", symlinks=True)
    git(repo, "init", "--quiet")
    for path in (JUSTFILE, GONE):
        with (repo / path).open("a", encoding="utf-8") as file:
            file.write("# a last line of ours\n")
    (repo / REJECTED).write_text("of an update long ago\n", encoding="utf-8")
    (repo / LOCK).write_text('version = 1\nrequires-python = ">=3.11"\n', encoding="utf-8")
    commit_all(repo, "Ours")
    before = state(repo)

    done = ask(repo, "--to", NEW, "--level", "1", UV_CACHE_DIR=str(place / "no-packages"))

    assert done.returncode == 1, done.stderr
    assert "error: the update left by hand: 3\n" in done.stderr
    assert "Traceback" not in done.stderr
    return Left(repo, before, done.stderr.splitlines())


@pytest.mark.e2e
def test_an_edit_that_fits_nowhere_is_named_and_kept(left: Left) -> None:
    assert left.named("rejected", REJECTED) == f"edits are in build/update/{REJECTED}"
    kept = (left.repo / "build/update" / REJECTED).read_text(encoding="utf-8")
    assert "+# a last line of ours" in kept
    assert "a last line of the next version" in (left.repo / JUSTFILE).read_text(encoding="utf-8")
    assert (left.repo / REJECTED).read_bytes() == left.before[0][REJECTED]


@pytest.mark.e2e
def test_an_edited_file_that_the_template_drops_is_named_and_stays_until_it_is_taken_out(
    left: Left, tmp_path: Path
) -> None:
    repo = shutil.copytree(left.repo, tmp_path / "repo", symlinks=True)
    assert (repo / GONE).read_bytes() == left.before[0][GONE]

    remove = left.named("kept", GONE).partition("when you need it no longer: ")[2]
    subprocess.run(shlex.split(remove), cwd=repo / "docs", check=True)

    assert not (repo / GONE).exists()


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param(Path(), id="root", marks=pytest.mark.all),
        pytest.param(Path("models/late"), id="below the root", marks=pytest.mark.e2e),
    ],
)
def test_a_file_that_the_template_drops_and_nobody_edited_goes_without_a_question(
    fresh: Callable[[int], Path], tmp_path: Path, folder: Path
) -> None:
    repo = tmp_path / "repo" / folder
    shutil.copytree(fresh(0), repo, symlinks=True)
    git(tmp_path / "repo", "init", "--quiet")
    commit_all(repo, "Generated")

    done = ask(repo, "--to", NEW)

    assert done.returncode == 0, done.stderr
    assert (
        f"removes  {folder / GONE}: {NO_MORE}, and you never edited it" in done.stdout.splitlines()
    )
    assert "by hand" not in done.stderr
    assert not (repo / GONE).exists()


@pytest.mark.all
def test_another_provider_is_shown_before_and_names_an_edited_workflow(
    start: Callable[[int], Path],
) -> None:
    repo = start(1)
    edited, left = ".github/workflows/check.yml", ".github/workflows/mlops-train.yml"
    with (repo / edited).open("a", encoding="utf-8") as file:
        file.write("# a line of ours\n")
    commit_all(repo, "An edit of a workflow of the template's")
    before = state(repo)

    shown = ask(repo, "--to", OLD, "--data", "ci=gitlab", "--pretend")
    unchanged = state(repo)
    done = ask(repo, "--to", OLD, "--data", "ci=gitlab")

    assert (shown.returncode, unchanged) == (1, before), "what is left by hand is shown too"
    for said in (shown.stdout, done.stdout):
        assert f"removes  {left}: {NO_MORE}, and you never edited it" in said
        assert "adds     .gitlab/ci/mlops-train.yml" in said
    assert done.returncode == 1
    assert f"kept     {edited}: {NO_MORE}, and you edited it" in done.stderr
    assert (repo / edited).read_bytes().endswith(b"# a line of ours\n")
    assert (repo / ".gitlab-ci.yml").exists()
    assert (repo / ".github/dependabot.yml").exists(), "a file of yours stays"


@pytest.mark.e2e
def test_a_lock_that_cannot_be_made_anew_is_named_and_stays(left: Left) -> None:
    said = left.named("lock", LOCK)

    assert said.startswith("error: No solution found when resolving dependencies cause: Because ")
    assert said.endswith("; run uv lock, then commit")
    assert (left.repo / LOCK).read_bytes() == left.before[0][LOCK]


@pytest.mark.e2e
def test_all_that_was_left_by_hand_can_be_undone(left: Left, tmp_path: Path) -> None:
    repo = shutil.copytree(left.repo, tmp_path / "repo", symlinks=True)

    assert ask(repo, "--undo").returncode == 0

    assert state(repo)[0] == left.before[0]
    assert git(repo, "status", "--porcelain") == ""


@pytest.mark.e2e
def test_without_uv_the_lock_stays_and_the_rest_of_the_update_is_done(
    start: Callable[[int], Path],
) -> None:
    repo = start(0)
    (repo / LOCK).write_text("version = 1\n", encoding="utf-8")
    commit_all(repo, "With a lock")

    done = ask(repo, "--to", OLD, "--level", "1", UV="no-such-uv")

    assert done.returncode == 1, done.stderr
    assert (
        "lock     uv.lock: `no-such-uv` does not start: No such file or directory;" in done.stderr
    )
    assert (repo / GATE).exists()


@pytest.mark.e2e
def test_what_was_committed_after_an_update_is_not_undone(start: Callable[[int], Path]) -> None:
    repo = start(0)
    assert raised(repo).returncode == 0
    commit_all(repo, "Raised")
    before = state(repo)

    done = ask(repo, "--undo")

    assert done.returncode == 2, done.stderr
    assert "git revert" in done.stderr
    assert state(repo) == before
