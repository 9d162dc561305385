# The template's. A set-up of yours is a recipe `set-up` in project.just.
"""`set-up` makes a copy ready, commits what is new, and touches nothing of anybody else."""

import subprocess
import sys
from pathlib import Path

import pytest

from ..fixtures import GIT_CONFIG, Repo, fresh_repo
from ..package import config, errors, paths, programs, repository, set_up

pytestmark = pytest.mark.command

DATA_VERSION = set_up.data_version


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes seconds; the pointer that DVC would write is there."""
    for name in ("tracking_store", "hooks"):
        monkeypatch.setattr(set_up, name, str)
    monkeypatch.setattr(set_up, "data_version", lambda: paths.DATA_POINTER.touch() or "")


def committed(repo: Repo, commit: str = "HEAD") -> set[str]:
    """Return the files that one commit touched."""
    return set(repo.git("show", "--name-only", "--format=", commit).splitlines())


def started(folder: Path) -> Repo:
    """Make a fresh copy a git repository, without a commit."""
    repo = fresh_repo(folder)
    repo.git("init", "--quiet", "--initial-branch", "main")
    return repo


def test_a_fresh_copy_ends_clean_with_data_under_dvc(repo: Repo) -> None:
    versioned = repo.git("ls-files").splitlines()

    assert {"uv.lock", "data/raw.dvc", "params.yaml"} <= set(versioned)
    assert not [name for name in versioned if name.startswith("data/raw/")]
    assert not [name for name in versioned if "mlflow.db" in name]
    assert repo.git("status", "--porcelain", "--", *versioned) == ""


@pytest.mark.usefixtures("fast")
def test_a_set_up_that_was_killed_before_a_commit_is_finished_by_the_next(tmp_path: Path) -> None:
    repo = started(tmp_path / "copy")
    repo.git("add", ".")  # as if it was killed after this step
    repo.must("set-up")
    repo.git("reset", "--quiet", "--soft", "HEAD~1")  # and after this one
    repo.must("set-up")

    said = ["Lock the environment and the data", "Start from the template"]
    assert repo.git("log", "--format=%s").splitlines() == said
    assert repo.git("status", "--porcelain", "--untracked-files=no") == ""


@pytest.mark.usefixtures("fast")
def test_where_git_knows_nobody_the_contract_s_owner_is_the_author_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    repo = fresh_repo(tmp_path / "copy")
    owner = config.load_contract(repo.folder / paths.CONTRACT).owners.model
    first = repo.must("set-up").err
    again = repo.must("set-up").err

    assert f"git knew no author; here it is {owner.name}" in first
    assert "git knew no author" not in again
    assert repo.git("config", "--local", "user.email") == owner.email
    assert repo.git("log", "-1", "--format=%an <%ae>") == f"{owner.name} <{owner.email}>"


@pytest.mark.usefixtures("fast")
def test_an_author_whom_git_knows_stays_the_author_and_dvc_knows_them_too(tmp_path: Path) -> None:
    repo = fresh_repo(tmp_path / "copy")
    said = repo.must("set-up").err

    assert "git knew no author" not in said
    assert repo.git("config", "--local", "user.name") == "Test"
    assert repo.git("log", "-1", "--format=%an") == "Test"


def test_git_checks_each_commit(repo: Repo) -> None:
    assert "pre-commit" in (repo.folder / ".git" / "hooks" / "pre-commit").read_text()


def test_data_is_pushed_to_the_remote(repo: Repo) -> None:
    assert any(path.is_file() for path in (repo.folder / ".dvc" / "remote").rglob("*"))


@pytest.mark.usefixtures("fast")
def test_a_rule_that_hides_the_pointer_from_git_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = started(tmp_path / "copy")
    with (repo.folder / ".gitignore").open("a", encoding="utf-8") as rules:
        rules.write("/data/\n")
    monkeypatch.setattr(set_up, "data_version", DATA_VERSION)
    done = repo.run("set-up")

    assert done.code == 3
    assert "data/raw.dvc' is git-ignored" in done.err


def test_an_empty_file_leaves_git_for_dvc_and_another_is_for_you_to_take_out(
    tmp_path: Path,
) -> None:
    repo = started(tmp_path / "copy")
    kept, batch = (repo.folder / paths.RAW / name for name in (".gitkeep", "März 1.csv"))
    kept.touch()
    batch.write_text("a\n1\n", encoding="utf-8")
    repo.git("add", ".")
    repo.git("add", "--force", str(kept), str(batch))
    repo.git("commit", "--quiet", "--message", "Data in git")

    refused = repo.run("set-up")
    repo.git("rm", "-r", "--quiet", "--cached", str(batch))
    repo.git("commit", "--quiet", "--message", "No data in git")
    repo.must("set-up")

    assert refused.code == 2
    assert "git rm -r --cached data/raw" in refused.err
    assert batch.exists()
    assert not repo.git("ls-files", str(paths.RAW))
    assert repo.git("status", "--porcelain") == ""


def test_a_second_run_does_nothing(repo: Repo) -> None:
    before = repo.git("rev-parse", "HEAD"), repo.files()
    done = repo.must("set-up")

    assert (repo.git("rev-parse", "HEAD"), repo.files()) == before
    assert [line for line in done.err.splitlines() if "placeholder" not in line] == []


@pytest.mark.usefixtures("fast")
def test_without_git_it_starts_a_repository_and_commits_all(tmp_path: Path) -> None:
    repo = fresh_repo(tmp_path / "work")
    done = repo.must("set-up")

    assert "started a git repository" in done.err
    assert repo.git("log", "--format=%s").splitlines() == [
        "Lock the environment and the data",
        "Start from the template",
    ]
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.usefixtures("fast")
def test_a_copy_that_is_committed_gets_one_commit_of_what_was_made(tmp_path: Path) -> None:
    repo = started(tmp_path / "work")
    (repo.folder / "uv.lock").unlink()
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--message", "Mine")
    (repo.folder / "uv.lock").write_text("version = 1")
    (repo.folder / "params.yaml").open("a").write("# a change of mine")
    (repo.folder / "notes.txt").write_text("not for git")
    repo.must("set-up")

    assert committed(repo) == {"uv.lock", "data/raw.dvc"}
    assert repo.git("log", "--format=%s", "HEAD~1") == "Mine"
    assert repo.git("status", "--porcelain").split() == ["M", "params.yaml", "??", "notes.txt"]


@pytest.mark.usefixtures("fast")
def test_in_a_folder_of_another_repository_nothing_of_theirs_is_taken(tmp_path: Path) -> None:
    theirs = Repo(tmp_path)
    theirs.git("init", "--quiet", "--initial-branch", "main")
    for name in ("kept.txt", "changed.txt"):
        (tmp_path / name).write_text("theirs")
    theirs.git("add", ".")
    theirs.git("commit", "--quiet", "--message", "Theirs")
    (tmp_path / "changed.txt").write_text("not committed yet")
    (tmp_path / "staged.txt").write_text("staged by them")
    (tmp_path / "new.txt").write_text("not staged")
    theirs.git("add", "staged.txt")
    repo = fresh_repo(tmp_path / "models" / "ours")
    done = repo.must("set-up")

    assert f"belongs to the git repository {tmp_path}" in done.err
    assert not (repo.folder / ".git").exists()
    assert {name.split("/")[:2] == ["models", "ours"] for name in committed(theirs)} == {True}
    assert theirs.git("status", "--porcelain").splitlines() == [
        "M changed.txt",
        "A  staged.txt",
        "?? new.txt",
    ]


def test_hooks_of_another_repository_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Repo(tmp_path).git("init", "--quiet")
    repo = fresh_repo(tmp_path / "ours")
    monkeypatch.chdir(repo.folder)

    assert "no hooks" in set_up.hooks()
    assert not (tmp_path / ".git" / "hooks" / "pre-commit").exists()


def test_a_work_tree_leaves_the_hooks_of_its_repository_alone(
    own_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = own_repo.folder / ".git" / "hooks" / "pre-commit"
    other = hook.read_text().replace(str(Path(sys.executable).parent), "/elsewhere/.venv/bin")
    hook.write_text(other)
    own_repo.git("worktree", "add", "--quiet", str(tmp_path / "branch"))
    monkeypatch.chdir(tmp_path / "branch")

    assert set_up.hooks() == ""
    assert hook.read_text() == other, "of the folder that stays when this one is removed"
    hook.unlink()
    assert "no hooks" in set_up.hooks()
    assert not hook.exists()


def test_where_git_keeps_hooks_elsewhere_none_is_written_and_it_is_said(own_repo: Repo) -> None:
    (own_repo.folder / ".git" / "hooks" / "pre-commit").unlink()
    own_repo.git("config", "core.hooksPath", "team/hooks")

    done = own_repo.must("set-up")

    assert "no hooks: git's core.hooksPath is team/hooks" in done.err
    assert not (own_repo.folder / "team").exists()


def test_a_hook_of_another_folder_is_renewed_and_one_of_yours_is_not(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    hook = own_repo.folder / ".git" / "hooks" / "pre-commit"
    ours = hook.read_text()
    hook.write_text(ours.replace(str(Path(sys.executable).parent), "/elsewhere/.venv/bin"))

    assert "/elsewhere" in hook.read_text()
    assert "git runs the checks" in set_up.hooks()
    assert hook.read_text() == ours
    yours = "#!/bin/sh\necho yours\n"
    for place in (hook, own_repo.folder / ".husky" / "pre-commit"):
        place.parent.mkdir(exist_ok=True)
        place.write_text(yours)
        own_repo.git("config", "core.hooksPath", str(place.parent))
        assert f"no hooks: {place} is yours; call `uv run" in set_up.hooks()
        assert place.read_text() == yours
        place.write_text(yours + "uv run just check")
        assert set_up.hooks() == ""


def test_scripts_of_another_environment_are_left_alone(
    own_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_repo.folder)
    monkeypatch.setattr(programs, "run", None)

    assert set_up.scripts() == ""


@pytest.mark.parametrize(
    ("fails", "tried", "said"),
    [
        ([], ["--offline"], "made the scripts of .venv anew; they belonged to /original"),
        (["--offline"], ["--offline", "--reinstall"], "made the scripts of .venv anew"),
        (["--offline", "--reinstall"], ["--offline", "--reinstall"], "still belong to /original"),
    ],
)
def test_scripts_are_made_anew_without_a_network_where_that_can_be(
    fails: list[str],
    tried: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = tmp_path / ".venv/bin/pre-commit"
    script.parent.mkdir(parents=True)
    script.write_text("#!/original/bin/python\n")
    last: list[str] = []

    def run(*command: str) -> None:
        last.append(command[-1])
        if command[-1] in fails:
            raise errors.OutsideFailed("uv: no network", "is it there?")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr(programs, "run", run)

    assert said in set_up.scripts()
    assert last == tried


@pytest.mark.usefixtures("fast")
def test_without_an_identity_the_owner_of_the_contract_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(GIT_CONFIG.replace("[user]", "[nobody]"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    repo = fresh_repo(tmp_path / "work")
    repo.change(paths.CONTRACT, "owners", "model", to={"name": "Ada", "email": "ada@example.com"})
    repo.must("set-up")

    assert repo.git("log", "-1", "--format=%an <%ae>") == "Ada <ada@example.com>"
    assert repo.git("config", "--local", "user.name") == "Ada"


def test_a_file_that_git_does_not_know_is_new_whatever_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = started(tmp_path / "work")
    repo.git("config", "status.showUntrackedFiles", "no")
    monkeypatch.chdir(repo.folder)
    paths.DATA_POINTER.touch()

    assert set_up.is_new(paths.DATA_POINTER)


@pytest.mark.usefixtures("fast")
def test_a_commit_that_cannot_be_signed_says_why_whatever_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(f"{GIT_CONFIG}[commit]\n    gpgSign = true\n[gpg]\n    program = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("LANGUAGE", "de")
    done = fresh_repo(tmp_path / "work").run("set-up")

    assert done.code == 3
    *_, said, _, hint = done.err.splitlines()
    assert "error: gpg failed to sign the data" in said
    assert hint == "hint: the same command finishes it once git can commit here"


def test_without_git_installed_the_hint_says_so(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository.shutil, "which", lambda name: None)
    done = repo.run("set-up")

    assert (done.code, "install git" in done.err) == (3, True)


def test_a_remote_that_is_away_is_said_and_stops_nothing(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dvc(*arguments: str) -> None:
        if arguments[0] == "push":
            programs.run("git", "no-such-command")

    monkeypatch.chdir(fresh_repo(tmp_path / "work").folder)
    monkeypatch.setattr(programs, "dvc", dvc)

    assert "not pushed yet" in set_up.data_version()


def test_the_hook_of_git_itself_is_not_run_by_our_commits(tmp_path: Path) -> None:
    repo = started(tmp_path / "work")
    hook = repo.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repo.folder)
        repository.first_commit()

    assert repo.git("log", "--format=%s") == "Start from the template"
    assert subprocess.run(["git", "commit", "--allow-empty", "-m", "x"], cwd=repo.folder).returncode


def test_the_environment_names_the_code_beside_it_whatever_letters_the_folder_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "Modèle" / ".venv" / "lib" / "packages"
    packages.mkdir(parents=True)
    place = packages / f"{set_up.PACKAGE}.pth"
    place.write_text(f"{tmp_path}/Modèle/src", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "Modèle")
    monkeypatch.setattr(set_up.sysconfig, "get_path", lambda _: str(packages))
    set_up.own_code()

    assert place.read_text(encoding="utf-8") == "../../../src"


def test_the_author_in_a_record_is_the_one_of_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = started(tmp_path / "work")
    monkeypatch.chdir(repo.folder)
    assert programs.author() == "Test"

    monkeypatch.setenv("GIT_AUTHOR_NAME", "Team <A>")
    repo.git("commit", "--quiet", "--allow-empty", "--message", "x")
    assert programs.author() == repo.git("log", "-1", "--format=%an")


def test_a_user_of_a_container_who_has_no_name_is_recorded_by_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(programs, "git", lambda *words: "")
    monkeypatch.setattr(programs.getpass, "getuser", nobody)

    assert programs.author().startswith("user ")
