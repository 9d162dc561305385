"""Each lab of the workshop, from start to solution, and what must not count as one."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from first_run import FirstRuns
from rendering import ROOT, clean_environment, commit_all, git, render
from used_repo import contents

pytestmark = pytest.mark.e2e

LABS = sorted(path.parent.name for path in (ROOT / "template/workshop/labs").glob("*/lab.py"))
EVERY_LAB = pytest.mark.parametrize("lab", [name.partition("-")[0] for name in LABS], ids=LABS)
# The quick ones; `make test-all` plays every lab.
SHORT = ("3", "4", "5", "6")
A_FEW_LABS = pytest.mark.parametrize(
    "lab",
    [
        pytest.param(number, id=name, marks=() if number in SHORT else pytest.mark.all)
        for name in LABS
        for number in [name.partition("-")[0]]
    ],
)
MISTAKES = """\
import sys
sys.path.insert(0, "workshop")
import ground, lab
mistakes = lab.load(lab.find(sys.argv[1])).MISTAKES
if len(sys.argv) > 2:
    mistakes[int(sys.argv[2])](ground.running().broken)
    lab.save("Try this")
print(len(mistakes))
"""


@pytest.fixture(scope="module")
def repo(template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repo with the workshop after its demo, committed."""
    folder = tmp_path_factory.mktemp("workshop") / "late-flights"
    made = first_runs.equip(render(template, folder, extras=["workshop"]))
    done = run(made, "uv", "run", "just", "demo")
    assert done.returncode == 0, done.stderr
    commit_all(made, "First model")
    return made


def run(repo: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=repo, env=clean_environment(**variables), capture_output=True, text=True
    )


def lab(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `just lab` without a network."""
    return run(repo, "uv", "run", "--offline", "just", "lab", *words)


def must(repo: Path, *words: str, code: int = 0) -> str:
    done = lab(repo, *words)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def python(repo: Path, *words: str) -> str:
    done = run(repo, "uv", "run", "--frozen", "python", "-c", MISTAKES, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def mine(repo: Path) -> dict[Path, bytes]:
    """Return what a lab has to bring back: everything but caches and what it says it leaves."""
    left = {".venv", ".dvc", "build", "mlruns"}
    return {
        path: content
        for path, content in contents(repo).items()
        if path.parts[0] not in left and not any("cache" in part for part in path.parts)
    }


@A_FEW_LABS
def test_a_lab_says_no_until_it_is_solved_and_leaves_everything_as_it_was(
    repo: Path, lab: str
) -> None:
    before, branch = mine(repo), git(repo, "branch", "--show-current")

    must(repo, "start", lab)
    broken = must(repo, "check", lab, code=1)
    must(repo, "solve", lab)
    solved = must(repo, "check", lab)
    must(repo, "stop", lab)

    assert "\nno   " in f"\n{broken}"
    assert f"lab {lab} is solved" in solved
    assert mine(repo) == before
    assert git(repo, "branch", "--show-current") == branch


@pytest.mark.all
@EVERY_LAB
def test_what_looks_like_a_solution_is_none(repo: Path, lab: str) -> None:
    count = int(python(repo, lab))
    assert count >= 3

    for number in range(count):
        must(repo, "start", lab)
        python(repo, lab, str(number))
        said = must(repo, "check", lab, code=1)
        must(repo, "stop", lab)
        assert "is not solved" in said
        assert "cannot be checked" not in said or "ValueError" in said


@pytest.mark.all
@EVERY_LAB
@pytest.mark.parametrize("strength", ["1", "2", "3"])
def test_a_hint_has_three_strengths(repo: Path, lab: str, strength: str) -> None:
    assert len(must(repo, "hint", lab, strength)) > 40


WRONG = [
    ((), "stop 3", "lab 3 does not run"),
    ((), "check 3", "lab 3 does not run"),
    ((), "start 99", "there is no lab '99'"),
    ((), "start", "takes the number of a lab"),
    ((), "begin 3", "there is no `lab begin`"),
    ((), "hint 3 4", "there is no hint '4'"),
    (("start 3",), "start 3", "lab 3 runs already"),
    (("start 3",), "start 4", "lab 3 runs on the branch"),
    (("start 3",), "check 4", "lab 3 runs, not 4"),
]


@pytest.mark.all
@pytest.mark.parametrize(("first", "words", "told"), WRONG)
def test_wrong_use_is_one_line_and_changes_nothing(
    repo: Path, first: tuple[str, ...], words: str, told: str
) -> None:
    for earlier in first:
        must(repo, *earlier.split())
    before = mine(repo)

    said = must(repo, *words.split(), code=2)

    assert told in said
    assert mine(repo) == before
    for earlier in first:
        must(repo, "stop", earlier.split()[1])


@pytest.mark.all
def test_a_project_that_predicts_a_number_is_told_so_before_a_lab_begins(
    repo: Path, template: Path, tmp_path: Path
) -> None:
    number = render(template, tmp_path / "late-flights", extras=["workshop"], task="regression")
    shutil.copy(number / "src/late_flights/schema.py", repo / "src/late_flights/schema.py")
    before = mine(repo)

    for lab in ("1", "7"):
        said = must(repo, "start", lab, code=2)
        assert "this project predicts a number" in said
        assert "task=classification" in said

    assert mine(repo) == before
    assert git(repo, "branch", "--show-current").strip() == "main"
    git(repo, "checkout", "--quiet", "--", "src")


def own_branch(repo: Path) -> None:
    git(repo, "switch", "--quiet", "--create", "elsewhere")


def syntax_error(repo: Path) -> None:
    (repo / "src/late_flights/schema.py").write_text("COLUMNS = (\n", encoding="utf-8")


def no_features(repo: Path) -> None:
    shutil.rmtree(repo / "data/features")


CANNOT: list[tuple[str, Callable[[Path], None], int, str]] = [
    ("3", own_branch, 2, "you are on elsewhere"),
    ("3", syntax_error, 1, "cannot be checked: SyntaxError"),
    ("4", no_features, 1, "cannot be checked: FileNotFoundError"),
]


@pytest.mark.all
@pytest.mark.parametrize(("lab", "spoil", "code", "told"), CANNOT)
def test_a_check_that_cannot_run_says_so_and_is_never_green(
    repo: Path, lab: str, spoil: Callable[[Path], None], code: int, told: str
) -> None:
    before = mine(repo)
    must(repo, "start", lab)
    branch = git(repo, "branch", "--show-current").strip()

    spoil(repo)
    said = must(repo, "check", lab, code=code)

    assert told in said
    git(repo, "checkout", "--quiet", "--force", branch)
    must(repo, "stop", lab)
    assert mine(repo) == before
    run(repo, "git", "branch", "--delete", "--force", "elsewhere")


@pytest.mark.all
def test_a_lab_starts_from_a_clean_folder_only(repo: Path) -> None:
    (repo / "ours.txt").write_text("ours\n", encoding="utf-8")

    said = must(repo, "start", "3", code=2)

    assert "ours.txt not committed" in said
    assert (repo / "ours.txt").read_text(encoding="utf-8") == "ours\n"
    (repo / "ours.txt").unlink()


@pytest.mark.all
def test_a_lab_left_halfway_keeps_what_was_done_on_its_branch(repo: Path) -> None:
    must(repo, "start", "4")
    branch = git(repo, "branch", "--show-current").strip()
    (repo / "ours.txt").write_text("ours\n", encoding="utf-8")

    must(repo, "stop", "4")

    assert not (repo / "ours.txt").exists()
    assert git(repo, "show", f"{branch}:ours.txt") == "ours\n"


@pytest.mark.all
def test_a_file_that_is_not_the_starter_s_stops_a_lab_before_it_begins(repo: Path) -> None:
    features = repo / "src/late_flights/features.py"
    before = features.read_text(encoding="utf-8")
    features.write_text(before.replace('    "visib",\n', ""), encoding="utf-8")
    commit_all(repo, "Do without visibility")

    said = must(repo, "start", "3", code=2)

    assert "features.py is not as the template wrote it" in said
    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "branch", "--show-current").strip() == "main"
    git(repo, "reset", "--quiet", "--hard", "HEAD~1")
